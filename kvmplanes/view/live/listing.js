// SPDX-License-Identifier: GPL-2.0-only
// The player's listing of a function in C.
import { element } from "../page/dom.js";
import { pieces } from "./steps.js";

// A line of C: its number, the id of the posted line that it is, its text. What does not fit hangs below, further in.
export function line(number, id, text) {
  const words = pieces(text).map((piece) => (piece.trim() ? element("span", {}, piece) : piece));
  const indent = text.search(/[^ ]|$/) + 4;
  const body = element("code", { style: `padding-left:${indent}ch;text-indent:-${indent}ch` }, ...words);
  const margins = [number, id].map((label) => element("span", { class: "margin" }, label));
  return element("div", { class: id ? "line added" : "line", "data-line": number }, ...margins, body);
}

// Marks a line of a listing as the one at work, and brings it into the middle without moving the page.
export function mark(listing, number) {
  listing.querySelector("[aria-current]")?.removeAttribute("aria-current");
  const current = listing.querySelector(`[data-line="${number}"]`);
  current.setAttribute("aria-current", "step");
  const middle = current.offsetTop - (listing.clientHeight - current.offsetHeight) / 2;
  listing.scrollTop = [...listing.children].find((node) => node.offsetTop >= middle).offsetTop;
}
