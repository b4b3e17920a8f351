// SPDX-License-Identifier: GPL-2.0-only
// From what speaks of a step to that step. A view has marks, `data-kvmplanes-step="44"` (and `data-kvmplanes-run="2"`
// for another run than the first), and its host the runs: jump.py packed them. A mark becomes a button. A fold with a
// player is added below the view; a mark opens it and sends the player to its step.
import { element, enliven, quiet } from "../page/dom.js";
import { Player } from "./player.js";

const HINT = "Point at a call, or move to it with Tab, to read here what it is for. A click or Enter shows its step.";

function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

// What jump.py packed: for each run what a player shows.
async function unpacked(text) {
  const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const { runs, parts, ...shared } = await new Response(stream).json();
  const own = (run, name) => run[name].map((place) => shared[name][place]);
  return runs.map((run) => {
    const lists = Object.keys(shared).map((name) => [name, own(run, name)]);
    return { ...run, parts, ...Object.fromEntries(lists) };
  });
}

// Puts a picture that has marks into the page itself, so that they can be pressed.
function inlined(image) {
  const text = new TextDecoder().decode(bytes(image.src.split("base64,")[1] ?? ""));
  const picture = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (!picture.querySelector("[data-kvmplanes-step]")) return;
  picture.style.cssText = image.style.cssText;
  // What has buttons in it is no image.
  picture.setAttribute("role", "group");
  image.replaceWith(document.adoptNode(picture));
  const says = element("p", { class: "kp-says", "aria-hidden": "true" }, HINT);
  picture.parentElement.after(says);
  for (const title of picture.querySelectorAll("g > title")) explain(title.parentElement, title.textContent, says);
}

// A part of a picture says what it is: to whom points at it, and to whom comes to it by keys. Its name is what is seen.
function explain(part, words, says) {
  part.setAttribute("tabindex", 0);
  part.setAttribute("role", "img");
  const texts = [...part.querySelectorAll("text")];
  for (const text of texts.slice(1)) text.before(" "); // in one go they are read apart as well, as in the name
  const seen = texts.map((text) => text.textContent).join(" ");
  part.setAttribute("aria-label", seen.replace(/ {2,}/g, "")); // a call's second line is indented
  part.setAttribute("aria-description", words);
  for (const event of ["pointerenter", "focus"]) part.addEventListener(event, () => says.replaceChildren(words));
}

class Runs {
  constructor(host, { style }, looks) {
    this.host = host;
    this.looks = looks;
    quiet(host);
    host.prepend(element("style", {}, style));
    for (const image of host.querySelectorAll('img[src^="data:image/svg"]')) inlined(image);
    const marks = [...host.querySelectorAll("[data-kvmplanes-step]")].map((mark) => this.button(mark));
    this.run = Number(marks[0]?.dataset.kvmplanesRun ?? 0);
    this.back = element("button", { type: "button", class: "kp-back", hidden: true }, "↑ back to where you came from");
    this.back.addEventListener("click", () => this.from.focus());
    const hint = host.querySelector(".kp-step") ? ", or begin at what is underlined above" : "";
    this.fold = element("details", {}, element("summary", {}, `Step through it${hint}`), this.back);
    this.fold.addEventListener("toggle", () => this.fold.open && this.show(this.run));
    host.append(this.fold);
  }

  // A mark as a button. In a picture, where there is none, its part acts as one.
  button(mark) {
    const { kvmplanesStep: step, kvmplanesRun: run = 0 } = mark.dataset;
    const drawn = mark instanceof SVGElement;
    const title = mark.title || `to step ${step}`;
    const button = drawn ? mark : element("button", { type: "button", class: "kp-step", title }, ...mark.childNodes);
    const go = () => this.go(button, Number(run), Number(step));
    button.addEventListener("click", go);
    if (!drawn) {
      mark.append(button);
      mark.removeAttribute("title");
      return mark;
    }
    button.setAttribute("role", "button");
    button.addEventListener("keydown", (event) => {
      if (!["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      go();
    });
    return mark;
  }

  async go(from, run, step) {
    this.from = from;
    this.back.hidden = false;
    this.fold.open = true;
    await this.show(run);
    this.player.dispatchEvent(new CustomEvent("kvmplanes:step", { detail: { step } }));
  }

  // Has the player show a run; one that it shows already stays at its step.
  async show(run) {
    this.run = run;
    this.runs ??= unpacked(this.host.dataset.kvmplanesRuns);
    const runs = await this.runs;
    if (this.shown === this.run) return;
    this.shown = this.run;
    this.player?.remove();
    this.player = element("div", { "data-lm-suppress-shortcuts": "true" });
    this.fold.append(this.player);
    new Player(this.player, runs[this.run], this.looks);
  }
}

// A page: every view with runs in it that is not yet alive. `own` is the style of marks, `looks` the player's.
export function start(own, looks) {
  enliven("runs", (host) => new Runs(host, own, looks));
}
