// SPDX-License-Identifier: GPL-2.0-only
// A button that drops what this browser keeps, and asks before it does.
import { element } from "../../view/page/dom.js";
import { forget } from "./kept.js";

function button(words, act) {
  const made = element("button", { type: "button" }, words);
  made.addEventListener("click", act);
  return made;
}

// A paragraph with the button; `warning` stands before the two answers to the question whether the reader is sure.
export function forgetting(words, isMeant, warning) {
  const sure = element("span", { "aria-live": "polite" });
  const ask = button(words, () => {
    const yes = button("Yes, forget", () => {
      forget(isMeant);
      sure.replaceChildren("Forgotten.");
    });
    const no = button("No", () => sure.replaceChildren());
    sure.replaceChildren(warning, " ", yes, no);
    no.focus();
  });
  return element("p", {}, ask, " ", sure);
}
