// SPDX-License-Identifier: GPL-2.0-only
// Shows what of a page, or of all pages, is answered and done in this browser, marks exercises that are done, and drops
// all of it when the reader wants to begin again. Python has written what there is; names are those of kept.js.
import { element, enliven } from "../../view/page/dom.js";
import { forgetting } from "../questions/forgetting.js";
import { keep, kept, names } from "../questions/kept.js";
import { LAST, remember } from "./place.js";

const STYLE = "kp-progress";
const AGAIN = "This drops every answer and every mark that this browser keeps. What you wrote into cells stays.";

// How many of some names are among those that are kept, with a sign when none is missing.
export function counted(listed, words, have) {
  const all = listed.split(" ");
  const done = all.filter((name) => have.has(name)).length;
  return `${done === all.length ? "✓ " : ""}${done} of ${all.length}${words ? ` ${words}` : ""}`;
}

// Has the whole page show what is kept now.
function refresh() {
  const have = new Set(names());
  for (const span of document.querySelectorAll("[data-kvmplanes-names]")) {
    span.textContent = counted(span.dataset.kvmplanesNames, span.dataset.words, have);
  }
  for (const frame of document.querySelectorAll("[data-kvmplanes-exercise]")) {
    frame.querySelector(".kp-done")?.remove();
    if (have.has(`exercise:${frame.dataset.kvmplanesExercise}`)) {
      frame.querySelector("p").append(element("b", { class: "kp-done" }, "✓ done"));
    }
  }
  for (const line of document.querySelectorAll(".kp-last")) tell(line);
}

// Says where the reader was last, with a button that follows the table's own link to that page.
function tell(line) {
  const { title, heading } = kept(LAST) ?? {};
  const link = [...line.parentNode.querySelectorAll("a")].find((other) => other.textContent === title);
  line.hidden = !link;
  if (!link) return;
  const go = element("button", { type: "button" }, "Go on there");
  go.addEventListener("click", () => {
    const { href } = link;
    if (heading !== title) link.hash = heading.replaceAll(" ", "-");
    link.click();
    link.href = href;
  });
  const place = heading === title ? title : `${title}, “${heading}”`;
  line.replaceChildren(`You were last at ${place}. `, go);
}

function bring(host) {
  if (!host.querySelector("table")) return;
  host.prepend(element("p", { class: "kp-last" }));
  host.append(forgetting("Begin again", () => true, AGAIN));
  const fold = host.closest("details");
  if (fold && kept(LAST)) fold.open = true;
}

// A right answer, once: a page that is opened again is no new place where the reader is.
function solve(host) {
  const name = `exercise:${host.dataset.kvmplanesDone}`;
  if (names().includes(name)) return;
  keep(name, "done");
  remember(host);
}

export function start({ style }) {
  if (!document.getElementById(STYLE)) document.head.append(element("style", { id: STYLE }, style));
  enliven("progress", bring);
  enliven("done", solve);
  // The browser may show a page again as it was before another one was read.
  if (!globalThis.kvmplanesFollow) addEventListener("pageshow", () => globalThis.kvmplanesFollow());
  globalThis.kvmplanesFollow = refresh;
  refresh();
}
