// SPDX-License-Identifier: GPL-2.0-only
// The stepping player: one recorded run, one step at a time. It decides nothing and draws nothing: pictures come
// ready from Python, as parts and what changes from one to the next. It lives in a shadow root, whose style
// (player.css and the palette) and shell (player.html) Python gives.
import { attend, element, enliven, follow, isLinked, quiet, stored } from "../page/dom.js";
import { line, mark } from "./listing.js";
import { draw, isDark } from "./picture.js";
import {
  callStack,
  calls,
  counted,
  find,
  foldOf,
  leftOut,
  longest,
  near,
  numbers,
  pictures,
  single,
  size,
  unfolded,
} from "./steps.js";

// Milliseconds that a step stays while playing: its sentence must be read.
const PACE = 1600;
const KEYS = { ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last", " ": "play" };
// Where Space presses what has the focus, or scrolls it.
const OWN_SPACE = "button, a, summary, .code";

export class Player {
  constructor(host, data, { style, shell }, { linked = false, shown = () => {} } = {}) {
    const root = host.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${style}</style>${shell}`;
    this.at = (selector) => root.querySelector(selector);
    this.host = host;
    this.linked = linked;
    this.shown = shown;
    this.slider = this.at("input");
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.at(".player").addEventListener("click", (event) => this.clicked(event.target));
    quiet(host, (event) => this.key(event));
    // What else on the page knows a step of this run sends the player there.
    host.addEventListener("kvmplanes:step", ({ detail }) => this.sent(detail.step));
    // A click anywhere inside gives the keys to the player.
    host.tabIndex = -1;
    this.load(data, data.start);
    const leave = attend(host, {
      themed: () => this.theme(),
      addressed: linked ? follow(host, `${data.id}-step`, (number) => this.visit(number)) : undefined,
      resized: () => {
        this.theme();
        this.show();
      },
    });
    this.end = () => {
      this.pause();
      leave();
    };
  }

  load(data, number) {
    this.pause();
    this.data = data;
    this.opened = new Set();
    this.pictures = new Map(pictures(data.steps).map((picture, i) => [data.steps[i], picture]));
    this.function = "";
    this.at(".player").setAttribute("aria-label", `Player, ${data.title}`);
    this.at(".title b").textContent = data.title;
    this.at(".player").style.setProperty("--picture", `${data.size[0]}px`);
    this.at(".heap div").style.aspectRatio = data.size.join("/");
    const heads = (step) => this.head(step).map((node) => node.textContent ?? node);
    this.at(".source .longest").textContent = longest(data.steps, (step) => heads(step).join(""));
    this.at(".say .longest").textContent = longest(data.steps, (step) => step.text);
    this.at(".count").style.minWidth = `${longest(data.steps, (step) => counted(step, data.last)).length}ch`;
    const bad = single(data.steps).filter((step) => step.bad).length;
    this.at("[data-do=defect]").hidden = !bad;
    this.at("[data-do=defect]").textContent = `✗ next defect (${bad})`;
    this.at("[data-do=fold]").hidden = single(data.steps).length === data.steps.length;
    this.at("[data-do=whole]").hidden = !data.steps.some((step) => step.aside);
    this.arrange(number, false);
  }

  // Sets out what is shown, all or what matters to planes, with the folds as the reader has them, and shows a step. A
  // number inside a fold opens it.
  arrange(number, whole = this.whole) {
    this.whole = whole;
    const fold = foldOf(this.data.steps, number);
    if (fold && number > fold.n) this.opened.add(fold.n);
    const told = this.data.steps.filter((step) => whole || !step.aside);
    this.which(single(told).length, this.data.last + 1);
    this.steps = unfolded(told, this.opened);
    this.defects = this.steps.flatMap((step, i) => (step.bad ? [i] : []));
    this.slider.max = this.steps.length - 1;
    this.calls = calls(this.steps);
    this.at(".marks").replaceChildren(...this.marks());
    this.at(".calls").replaceChildren(
      ...this.calls.map(({ op, from }) => element("button", { type: "button", "data-go": from }, op)),
    );
    this.at("ol").replaceChildren(...this.steps.map((step, i) => this.item(step, i)));
    this.position = find(this.steps, number);
    this.show();
  }

  // Says how many of the steps are shown, and which.
  which(shown, all) {
    this.last = shown < all ? undefined : this.data.last;
    this.at(".which").textContent = shown < all ? `${shown} of the ${all} steps, those that matter to planes` : "";
    this.at("[data-do=whole]").textContent = shown < all ? "All steps" : "Only what matters to planes";
    this.at("summary").textContent = `${shown < all ? `${shown} of` : "All"} ${all} steps in words`;
  }

  item(step, i) {
    const words = "to" in step ? `${numbers(step)}. ${step.text}` : step.text;
    const go = element("button", { type: "button", "data-go": i }, words);
    if (step.bad) go.prepend(element("b", { class: "bad" }, `✗ ${step.bad}`), " ");
    return element("li", { value: step.n, class: "to" in step && "fold" }, go);
  }

  // Under the slider: the defects as ticks, and where each system call begins.
  marks() {
    const end = this.steps.length - 1 || 1;
    const at = (i) => ({ style: `left:${(100 * i) / end}%` });
    return [
      ...this.defects.map((i) => element("i", at(i))),
      ...this.calls.map(({ from }) => element("span", at(from))),
    ];
  }

  go(position) {
    this.position = Math.max(0, Math.min(position, this.steps.length - 1));
    this.show();
    this.shown(this.steps[this.position].n);
  }

  // Goes to the step that an address names, if it is a number.
  visit(number) {
    if (!/^\d+$/.test(number)) return false;
    this.arrange(Number(number));
    this.shown(this.steps[this.position].n);
    return true;
  }

  // Goes where a row, a rung or a line of a report leads: to the step itself, were it the first of a fold.
  sent(number) {
    const fold = foldOf(this.data.steps, number);
    if (fold) this.opened.add(fold.n);
    this.visit(`${number}`);
    this.slider.focus({ preventScroll: true });
    this.host.scrollIntoView({ block: "nearest" });
  }

  show() {
    const { steps, position, data } = this;
    const step = steps[position];
    const count = counted(step, this.last);
    const parts = this.pictures.get(step).map((part) => data.parts[part]);
    draw(this.at(".heap div"), parts.join(""));
    const facts = {
      goal: step.goal,
      errno: step.errno && `▲ ${step.errno}`,
      bad: step.bad && `✗ ${step.bad}${"to" in step ? `, ${size(step)} times` : ""}`,
      gap: leftOut(steps, position),
    };
    const badges = Object.entries(facts).filter(([, fact]) => fact);
    this.at(".facts").replaceChildren(...badges.flatMap(([kind, fact]) => [element("b", { class: kind }, fact), " "]));
    this.at(".say .text").textContent = step.text;
    this.at(".count").textContent = count;
    this.slider.value = position;
    this.slider.setAttribute("aria-valuetext", step.bad ? `${count}, ${step.bad}` : count);
    const ends = { first: 0, previous: 0, next: steps.length - 1, last: steps.length - 1 };
    for (const [name, end] of Object.entries(ends)) {
      this.at(`[data-do=${name}]`).setAttribute("aria-disabled", position === end);
    }
    this.at("ol [aria-current]")?.removeAttribute("aria-current");
    this.at(`ol [data-go="${position}"]`).setAttribute("aria-current", "step");
    this.at(".calls [aria-current]")?.removeAttribute("aria-current");
    this.at(`.calls [data-go="${this.calls.findLast(({ from }) => from <= position).from}"]`).setAttribute(
      "aria-current",
      "true",
    );
    const [fold, turn] = [foldOf(data.steps, step.n), this.at("[data-do=fold]")];
    if (!fold && turn.matches(":focus")) this.host.focus();
    turn.classList.toggle("unseen", !fold);
    if (fold) turn.textContent = `${fold === step ? "unfold" : "fold"} ${size(fold)} steps`;
    this.at("a").hidden = !this.linked;
    this.at("a").href = `#${data.id}-step-${step.n}`;
    this.showSource(step);
  }

  // The function at work, or of those on its call stack the one that the reader asks for. The keyboard's focus stays.
  showSource(step, depth) {
    const source = near(this.steps, this.position, (other) => "stack" in other);
    const shown = depth ?? this.data.stacks[source?.stack]?.at;
    const focused = this.at(".source .text :focus");
    this.at(".source .text").replaceChildren(...this.head(step, shown));
    if (focused) (this.at(".source .text [aria-current]") ?? this.host).focus();
    this.at(".source").classList.toggle("idle", !("stack" in step));
    if (!source) return;
    const [at, number] = this.data.stacks[source.stack].frames[shown];
    const { name, first, lines, ids } = this.data.functions[at];
    const listing = this.at(".source .code");
    if (this.function !== name) {
      listing.replaceChildren(...lines.map((text, i) => line(first + i, ids[first + i] ?? "", text)));
    }
    this.function = name;
    mark(listing, number);
  }

  // Where the shown line stands, and the call stack: buttons that show each function.
  head(step, shown) {
    const { where, frames } = callStack(this.data, step, shown);
    const buttons = frames.flatMap(({ label, depth, isShown }, i) => [
      i ? " › " : " ",
      element("button", { type: "button", "data-frame": depth, "aria-current": isShown && "true" }, label),
    ]);
    return [element("b", {}, where || "no line at work"), ...buttons];
  }

  theme() {
    this.at(".player").dataset.jpThemeLight = !isDark(this.host);
  }

  play() {
    if (this.position === this.steps.length - 1) this.go(0);
    this.timer = setInterval(() => {
      this.go(this.position + 1);
      if (!this.host.isConnected || this.position === this.steps.length - 1) this.pause();
    }, PACE);
    this.label("Pause");
  }

  pause() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.label("Play");
  }

  label(text) {
    this.at("[data-do=play]").setAttribute("aria-label", text);
    this.at("[data-do=play]").title = text;
  }

  act(name) {
    const playing = this.timer;
    this.pause();
    if (name === "first") this.go(0);
    else if (name === "previous") this.go(this.position - 1);
    else if (name === "next") this.go(this.position + 1);
    else if (name === "last") this.go(this.steps.length - 1);
    else if (name === "defect") this.go(this.defects.find((i) => i > this.position) ?? this.defects[0]);
    else if (name === "fold") this.turn(foldOf(this.data.steps, this.steps[this.position].n));
    else if (name === "whole") this.arrange(this.steps[this.position].n, !this.whole);
    else if (!playing) this.play();
  }

  // Opens a fold, or closes it.
  turn(fold) {
    if (!this.opened.delete(fold.n)) this.opened.add(fold.n);
    this.visit(fold.n);
  }

  clicked(target) {
    const asked = target.closest("[data-do], [data-go], [data-frame]")?.dataset;
    if (asked?.do) this.act(asked.do);
    else if (asked?.go) this.go(Number(asked.go));
    else if (asked) this.showSource(this.steps[this.position], Number(asked.frame));
  }

  key(event) {
    const name = KEYS[event.key];
    if (!name || event.ctrlKey || event.altKey || event.metaKey) return;
    if (name === "play" && event.composedPath()[0].matches(OWN_SPACE)) return;
    event.preventDefault();
    this.act(name);
  }
}

// A page: every player in it that is not yet alive.
export function start(looks) {
  enliven("player", (host) => new Player(host, stored(host), looks, { linked: isLinked() }));
}

// A widget: `data` is the run, `value` the number of the step in it.
export function render({ model, el }, looks) {
  const host = el.appendChild(element("div", { "data-lm-suppress-shortcuts": "true" }));
  const shown = (number) => {
    model.set("value", number);
    model.save_changes();
  };
  const player = new Player(host, model.get("data"), looks, { shown });
  const load = () => player.load(model.get("data"), model.get("value"));
  const go = () => {
    if (player.steps[player.position].n !== model.get("value")) player.visit(`${model.get("value")}`);
  };
  go();
  model.on("change:data", load);
  model.on("change:value", go);
  return () => {
    player.end();
    model.off("change:data", load);
    model.off("change:value", go);
  };
}
