// SPDX-License-Identifier: GPL-2.0-only
// Cells that run together: a reader's C with the cell that checks or runs it, or one cell alone.
// The builder fills in what is loaded for Python: MEGABYTES in all, BYTES of it while the worker counts.
import { forget, keep, kept } from "../../../kvmplanes/learn/questions/kept.js";
import { element, quiet } from "../../../kvmplanes/view/page/dom.js";
import { run } from "./python.js";

const KEYS = "Tab indents; Escape, then Tab leaves the editor; Ctrl+Enter";
const SCRIPTS = new URL("../outputs/", import.meta.url); // policy.py wrote them
let isLoaded = false;
let count = 0;

export class Cell {
  constructor(node) {
    this.node = node;
    this.input = node.querySelector(".cell_input");
    this.isOffered = node.classList.contains("tag_live");
    const source = this.input.querySelector("pre").textContent.trimEnd();
    // The line that makes a cell one of C is not the reader's to change.
    [, this.head = "", this.given] = source.match(/^(%%c \w+\n)?([\s\S]*)$/);
    this.isC = this.head !== "";
  }

  get text() {
    return this.editor?.text() ?? this.given;
  }

  get source() {
    return this.head + this.text;
  }

  // The output's box; the stored output is kept, for the reader may want it back.
  get output() {
    this.box ??= this.node.querySelector(":scope > .cell_output") ?? element("div", { class: "cell_output" });
    this.stored ??= [...this.box.childNodes];
    if (!this.box.isConnected) this.node.append(this.box);
    return this.box;
  }

  open(edit, { text, described, changed, run }) {
    const language = this.isC ? "C" : "Python";
    const head = this.isC ? [element("code", { class: "kp-head" }, this.head.trim())] : [];
    const host = element("div", { class: "kp-editor" }, ...head);
    quiet(host);
    this.input.replaceChildren(host);
    this.editor = edit(host, { text, isC: this.isC, label: `Your ${language}`, described, changed, run });
  }
}

export class Group {
  // `above` gives the page's cells down to the last of these.
  constructor(cells, above) {
    this.cells = cells;
    this.above = above;
    this.last = cells.at(-1);
    this.exercise = this.last.given.match(/\bcheck\("([^"]+)"/)?.[1];
    this.opener = button(this.exercise ? "Answer here" : "Edit and run", () => this.open());
    const size = this.exercise ? ` Your answer is checked in this page; that loads Python once, ${MEGABYTES} MB.` : "";
    this.door = element("div", { class: `kp-try${this.exercise ? "" : " kp-quiet"}` }, this.opener, size);
    cells[0].input.after(this.door);
  }

  get answer() {
    return `answer:${this.exercise}`;
  }

  // An answer of an earlier visit stands where the reader left it.
  restore() {
    const texts = this.exercise && kept(this.answer);
    if (Array.isArray(texts) && texts.length === this.cells.length) this.open(texts);
  }

  async open(texts) {
    let edit;
    try {
      ({ edit } = await import("./editor.js"));
    } catch {
      this.door.append(element("span", { role: "status" }, "The editor could not be loaded."));
      return;
    }
    if (this.start) return;
    const described = this.bar(texts);
    this.cells.forEach((cell, place) => {
      cell.open(edit, {
        text: texts?.[place] ?? cell.given,
        described,
        changed: () => this.changed(),
        run: () => this.run(),
      });
    });
    this.door.remove();
    if (!texts) this.cells[0].editor.focus();
  }

  // Puts what belongs to the editors below the last of them; returns the id of what describes their keys.
  bar(texts) {
    this.start = button(this.exercise ? "Check" : "Run", () => this.run());
    this.stop = button("Stop", () => this.end());
    this.again = button("Begin again", () => this.begin());
    this.said = element("span", { role: "status" });
    const load = isLoaded ? "" : `The first run loads Python, ${MEGABYTES} MB.`;
    this.say(texts ? `Your last answer; the reply below is still that to the given one. ${load}` : load);
    this.progress = element("progress", { max: BYTES, "aria-label": "Python loaded" });
    this.stop.hidden = this.progress.hidden = true;
    count += 1;
    const keys = element(
      "small",
      { id: `kp-keys-${count}`, class: "kp-keys" },
      `${KEYS} ${this.exercise ? "checks" : "runs"}.`,
    );
    const parts = [this.start, this.stop, this.again, this.progress, this.said, keys];
    this.last.input.after(element("div", { class: "kp-try" }, ...parts));
    return keys.id;
  }

  changed() {
    if (this.exercise)
      keep(
        this.answer,
        this.cells.map((cell) => cell.text),
      );
  }

  // The given code and the stored output again.
  begin() {
    if (this.isBusy) return;
    if (this.exercise) forget((name) => name === this.answer);
    for (const cell of this.cells) cell.editor.replace(cell.given);
    this.last.output.replaceChildren(...this.last.stored);
    this.say("");
  }

  async run() {
    if (this.isBusy) return;
    this.busy(true);
    this.say(isLoaded ? "Waiting for what runs before …" : `Loading Python, ${MEGABYTES} MB, once for this page …`);
    const sources = this.above().map((cell) => cell.source);
    const answer = await run(
      sources,
      (bytes) => this.heard(bytes),
      (stop) => this.busy(true, stop),
    );
    this.busy(false);
    isLoaded = !answer.broken;
    if (answer.broken) this.say(answer.broken);
    else this.show(answer);
  }

  // While something runs the buttons that cannot be pressed say so, and keep the focus. `end` is what ends it.
  busy(isBusy, end) {
    this.isBusy = isBusy;
    if (!end && document.activeElement === this.stop) this.start.focus();
    this.end = end;
    this.stop.hidden = !end;
    this.start.ariaDisabled = this.again.ariaDisabled = String(isBusy);
    if (!isBusy) this.progress.hidden = true;
  }

  heard(bytes) {
    this.progress.hidden = !bytes;
    if (bytes) this.progress.value = bytes;
    else this.say(this.exercise ? "Checking …" : "Running …");
  }

  say(sentence) {
    this.said.textContent = sentence;
  }

  show({ outputs, passed, failed }) {
    const boxes = outputs.map(box);
    this.last.output.replaceChildren(...boxes);
    for (const dead of this.last.output.querySelectorAll("script[src]")) {
      dead.replaceWith(element("script", { src: new URL(dead.getAttribute("src"), SCRIPTS) }));
    }
    if (failed) this.say("It ended with an error, which is shown below.");
    else if (passed === null) this.say(outputs.length ? "It has run; see below." : "It has run, and shows nothing.");
    else this.say(passed ? "Right: this exercise is done." : "Not yet. The reply is below.");
  }
}

function button(name, pressed) {
  const made = element("button", { type: "button" }, name);
  made.addEventListener("click", pressed);
  return made;
}

// One output, as the builder lays them out.
function box({ html, text }) {
  if (html === undefined) {
    const lines = element("div", { class: "highlight" }, element("pre", {}, text));
    return element("div", { class: "output stream highlight-none notranslate" }, lines);
  }
  // Parsed apart, where nothing runs, as the page's policy wants it.
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return element("div", { class: "output text_html" }, ...parsed.head.childNodes, ...parsed.body.childNodes);
}
