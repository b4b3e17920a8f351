// SPDX-License-Identifier: GPL-2.0-only
// Puts a text box before the known findings: the reader writes first, then compares. What they write stays in this
// browser. What is there before (a fold with the findings) is what a reader without scripts keeps.
import { element, enliven, quiet } from "../../view/page/dom.js";
import { isLasting, keep, kept } from "../questions/kept.js";

const LINES = /(?<![\w+])([L+])0?(\d{1,2})\b(?:\s*(?:\.\.|-|\u2013|to)\s*\1?0?(\d{1,2})\b)?/gi;
const KEPT = "Kept in this browser only, and sent nowhere. Empty the box to remove it.";
const LOST = "This browser keeps nothing: what you write is lost when you close the page.";
const EMPTY = "Nothing is written yet. Write one finding, or press Show once more.";

// The lines that a text names, such as L16 or +54, in order: ranges as "L22..L26", "L22-26" or "L22 to L26".
export function named(text) {
  const lines = new Set();
  for (const [, kind, first, last = first] of text.matchAll(LINES)) {
    for (let number = Number(first); number <= Number(last); number++) {
      lines.add(`${kind.toUpperCase()}${String(number).padStart(2, "0")}`);
    }
  }
  return [...lines].sort();
}

// The lines of the reader that a finding is about.
export function met(lines, finding) {
  const about = new Set(finding.split(" "));
  return lines.filter((line) => about.has(line));
}

// What to say of all of them: how many known findings the lines meet, how many things that are not so, and which lines
// meet neither.
export function summary(lines, findings, alarms) {
  if (!lines.length) return "You have named no line, so nothing is marked below. Compare your rows with the list.";
  const count = (entries) => entries.filter((entry) => met(lines, entry).length).length;
  const alone = lines.filter((line) => ![...findings, ...alarms].some((entry) => met([line], entry).length));
  const rest = alone.length
    ? ` For ${alone.join(", ")} nothing is known here: that may be the best of your review.`
    : "";
  return (
    `Your lines meet ${count(findings)} of ${findings.length} known findings, and ${count(alarms)} of ${alarms.length} ` +
    `things that only look wrong. Read whether you mean the same.${rest}`
  );
}

function bring(host, style) {
  const fold = host.querySelector("details");
  const items = [...fold.querySelectorAll("li")];
  const name = `findings-${host.dataset.kvmplanesFindings}`;
  const box = element("textarea", { rows: 7, spellcheck: "false", "aria-label": "Your findings" });
  const show = element("button", { type: "button" }, "Show");
  const note = element("p", {}, isLasting() ? KEPT : LOST);
  const status = element("div", { role: "status" });
  let warned = false;
  box.value = kept(name) ?? "";
  fold.before(element("style", {}, style), box, show, note, status);
  host.classList.add("kp-field");
  host.dataset.kvmplanesKeeps = "";
  host.kvmplanesForget = (isMeant) => {
    if (isMeant(name)) box.value = "";
  };
  fold.hidden = true;
  quiet(host);
  box.addEventListener("input", () => keep(name, box.value));
  show.addEventListener("click", () => {
    if (!box.value.trim() && !warned) {
      warned = true;
      status.textContent = EMPTY;
      return;
    }
    const lines = named(box.value);
    for (const item of items) {
      item.querySelector(".kp-met")?.remove();
      const own = met(lines, item.dataset.lines);
      if (own.length) item.append(element("p", { class: "kp-met" }, `◆ You named ${own.join(", ")}.`));
    }
    const entries = (isAlarm) => items.filter(({ dataset }) => "alarm" in dataset === isAlarm);
    const [findings, alarms] = [false, true].map((isAlarm) => entries(isAlarm).map(({ dataset }) => dataset.lines));
    status.textContent = summary(lines, findings, alarms);
    fold.hidden = false;
    fold.open = true;
  });
}

export function start({ style }) {
  enliven("findings", (host) => bring(host, style));
}
