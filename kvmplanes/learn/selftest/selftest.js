// SPDX-License-Identifier: GPL-2.0-only
// Makes the self-test of a page answerable: keeps each choice in this browser, and compares two forms. Python has drawn
// all that is shown of questions, replies and verdicts; here it is chosen from.
import { element, enliven, quiet } from "../../view/page/dom.js";
import { forgetting } from "../questions/forgetting.js";
import { isLasting, keep, kept } from "../questions/kept.js";

const LETTERS = "abcde";
const FORGET = "This drops your answers in both forms.";

// One line with all that a reader has answered, to be copied by hand: a letter for each question, "-" for no answer.
// The names are those under which the answers are kept; the first form has none of the second.
export function line(stamp, before, after, answer = kept) {
  const letters = (all) => before.map((_, place) => LETTERS[answer(all[place])] ?? "-").join("");
  return `kvmplanes-selftest ${stamp} before=${letters(before)} after=${letters(after)}`;
}

// What the sum says; a form counts when all of its questions are answered.
export function summed(before, after, count) {
  const score = (word, { right, answered }) =>
    answered === count ? `${word}: ${right} of ${count} right.` : `${word}: ${answered} of ${count} answered.`;
  const parts = [score("Before", before), score("After", after)];
  if (before.answered < count) parts.push("So there is no whole first form to compare with.");
  return parts.join(" ");
}

// Shows of one question the reader's answer and the right one; says whether there is an answer, and a right one.
function reveal(column) {
  column.kvmplanesReplies ??= [...column.querySelectorAll("li")]; // in the order of the options
  const replies = column.kvmplanesReplies;
  const chosen = replies[kept(column.dataset.of)];
  const right = column.querySelector(".kp-right");
  for (const reply of replies) {
    reply.querySelector(".kp-whose")?.remove();
    reply.hidden = reply !== chosen && reply !== right;
    const whose = reply === chosen ? "Your answer: " : "Right: ";
    if (!reply.hidden) reply.prepend(element("em", { class: "kp-whose" }, whose));
  }
  right.parentNode.prepend(chosen ?? element("li", { class: "kp-whose" }, "You did not answer."));
  return { answered: chosen ? 1 : 0, right: chosen && chosen === right ? 1 : 0 };
}

function total(host, form) {
  const sum = { answered: 0, right: 0 };
  for (const column of host.querySelectorAll(`[data-of^="${form}-"]`)) {
    for (const old of column.querySelectorAll("li.kp-whose")) old.remove();
    const { answered, right } = reveal(column);
    sum.answered += answered;
    sum.right += right;
  }
  return sum;
}

function bring(host, style) {
  const { kvmplanesSelftest: form, kvmplanesKeeps: stamp, before } = host.dataset;
  const done = `${form}-compared-${stamp}`;
  const items = [...host.querySelectorAll("fieldset")];
  const own = items.map(({ dataset }) => dataset.name);
  const first = before.split(" ");
  const fold = host.querySelector("[data-kvmplanes-sum]")?.parentNode;
  const button = (words, act) => {
    const made = element("button", { type: "button" }, words);
    made.addEventListener("click", act);
    return made;
  };
  const status = element("p", { role: "status" });
  const copied = element("input", { readonly: true, "aria-label": "All my answers in one line" });

  const refresh = () => {
    const isDone = Boolean(fold && kept(done));
    const count = own.filter((name) => LETTERS[kept(name)]).length;
    for (const item of items) {
      const chosen = kept(item.dataset.name);
      for (const [place, input] of [...item.querySelectorAll("input")].entries()) {
        input.checked = chosen === place;
        input.disabled = isDone;
      }
    }
    const where = isLasting() ? "in this browser" : "until you leave this page: this browser stores nothing for it";
    status.textContent = `Kept ${where}: ${count} of ${items.length} answers.`;
    copied.value = line(stamp, first, form === "before" ? [] : own);
    if (!fold) return;
    compare.disabled = count < items.length;
    compare.hidden = isDone;
    fold.hidden = !isDone;
    if (isDone) {
      fold.open = true;
      const [early, late] = [total(host, "before"), total(host, "after")];
      host.querySelector("[data-kvmplanes-sum]").textContent = summed(early, late, items.length);
    }
  };

  for (const [number, item] of items.entries()) {
    for (const [place, label] of [...item.querySelectorAll("label")].entries()) {
      const input = element("input", { type: "radio", name: `item-${number}`, autocomplete: "off" });
      input.addEventListener("change", () => {
        keep(item.dataset.name, place);
        refresh();
      });
      label.prepend(input);
    }
  }
  const compare = button("Compare with the first form", () => {
    keep(done, true);
    refresh();
    fold.scrollIntoView({ block: "nearest" });
  });
  const copy = button("Copy my answers", async () => {
    copied.select();
    try {
      await navigator.clipboard.writeText(copied.value);
      status.textContent = "Copied.";
    } catch {
      status.textContent = "Selected: copy it with Ctrl+C.";
    }
  });
  const isTest = (name) => name.startsWith("before-") || name.startsWith("after-");

  // One question is in sight at a time; a reader who comes back finds the first one without an answer.
  let shown = 0;
  const position = element("span", { "aria-live": "polite" });
  const show = (place) => {
    shown = Math.min(Math.max(place, 0), items.length - 1);
    for (const [number, item] of items.entries()) item.hidden = number !== shown;
    position.textContent = `Question ${shown + 1} of ${items.length} `;
    back.disabled = shown === 0;
    next.disabled = shown === items.length - 1;
  };
  const back = button("Back", () => show(shown - 1));
  const next = button("Next", () => show(shown + 1));
  const open = own.findIndex((name) => !LETTERS[kept(name)]);

  // A form keeps its radio buttons apart from those of the same test in another output.
  const form_ = element("form", { novalidate: true }, ...items, element("p", {}, position, back, next));
  form_.addEventListener("submit", (event) => event.preventDefault());
  host.querySelector("[data-kvmplanes-paper]").remove();
  host.prepend(element("style", {}, style));
  const parts = [form_, status, ...(fold ? [element("p", {}, compare), fold] : [])];
  host.append(...parts, element("p", {}, copy, copied), forgetting("Forget the self-test", isTest, FORGET));
  host.classList.add("kp-test");
  quiet(host);
  host.kvmplanesForget = refresh;
  show(open);
  refresh();
}

export function start({ style }) {
  enliven("selftest", (host) => bring(host, style));
}
