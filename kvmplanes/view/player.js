// SPDX-License-Identifier: GPL-2.0-only
// The stepping player: one recorded run, one step at a time. It decides nothing and draws nothing: pictures come
// ready from Python, as parts and what changes from one to the next. player.py puts STYLE (player.css) and SHELL
// (player.html) in front, and what starts it behind: start() in a page, render() in a widget. Comments stand on
// lines of their own and statements end in ";": a notebook stores all this without comments on a single line.

// Milliseconds that a step stays while playing: its sentence must be read.
const PACE = 1600;
const KEYS = { ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last", " ": "play" };

function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Each step's picture as a list of parts: the one before, changed.
function pictures(steps) {
  const made = [];
  for (const { changes = [] } of steps) {
    const picture = [...(made.at(-1) ?? [])];
    for (const change of changes) picture.splice(...change);
    made.push(picture);
  }
  return made;
}

// A line of a listing. Words are kept whole: a browser would break a line within "->". What does not fit hangs
// below, further in.
function line(name, text, kind = "") {
  const [code, comment] = text.split(/(?=\s\s# )/, 2);
  const words = code.split(/( +)/).map((word) => (word.trim() ? element("span", {}, word) : word));
  const indent = code.search(/[^ +]|$/) + 4;
  const body = element("code", { style: `padding-left:${indent}ch;text-indent:-${indent}ch` }, ...words);
  if (comment) body.append(element("i", {}, comment));
  return element("div", { class: `line ${kind}`, "data-line": name }, element("span", { class: "margin" }, name), body);
}

// Marks lines of a listing, the first as the one at work, and brings that into the middle without moving the page.
function mark(listing, names) {
  for (const old of listing.querySelectorAll("[data-at]")) {
    old.removeAttribute("data-at");
    old.removeAttribute("aria-current");
  }
  const found = names.map((name) => listing.querySelector(`[data-line="${name}"]`)).filter(Boolean);
  found.forEach((node, depth) => node.setAttribute("data-at", depth ? "caller" : "now"));
  if (!found.length) return;
  found[0].setAttribute("aria-current", "step");
  const middle = found[0].offsetTop - (listing.clientHeight - found[0].offsetHeight) / 2;
  listing.scrollTop = [...listing.children].find((node) => node.offsetTop >= middle).offsetTop;
}

// Whether the page around a node is dark: JupyterLab says so; elsewhere its text is light.
function isDark(node) {
  const said = document.body.dataset.jpThemeLight;
  if (said) return said === "false";
  const colour = getComputedStyle(node).color;
  const [first, ...more] = colour.match(/[\d.]+/g).map(Number);
  return colour.startsWith("rgb") ? first + more[0] + more[1] > 384 : first > 0.5;
}

class Player {
  constructor(host, data, { linked = false, shown = () => {} } = {}) {
    const root = host.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${STYLE}</style>${SHELL}`;
    this.at = (selector) => root.querySelector(selector);
    this.host = host;
    this.linked = linked;
    this.shown = shown;
    this.slider = this.at("input");
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.at(".player").addEventListener("click", (event) => this.clicked(event.target));
    host.addEventListener("keydown", (event) => this.key(event));
    // A click anywhere inside gives the keys to the player.
    host.tabIndex = -1;
    // Shown for the first time, shown again after a notebook took it away, or in another width.
    new ResizeObserver(() => this.show()).observe(host);
    const themes = new MutationObserver(() => this.theme());
    for (const node of [document.documentElement, document.body]) themes.observe(node, { attributes: true });
    this.load(data, data.start);
  }

  load(data, number) {
    this.pause();
    this.data = data;
    this.steps = data.steps;
    this.pictures = pictures(data.steps);
    this.defects = this.steps.flatMap((step, i) => (step.bad ? [i] : []));
    this.function = "";
    this.at(".player").setAttribute("aria-label", `Player, ${data.title}`);
    this.at(".title b").textContent = data.title;
    this.at(".diff .code").replaceChildren(...data.patch.map((row) => line(...row)));
    this.at(".diff").hidden = !data.patch.length;
    this.at(".heap div").style.aspectRatio = data.size.join("/");
    this.at(".model .longest").textContent = this.longest((step) => `model ${this.stack(step)}`);
    this.at(".say .longest").textContent = this.longest((step) => step.text);
    this.slider.max = this.steps.length - 1;
    this.at(".marks").replaceChildren(...this.marks());
    this.at("[data-do=defect]").hidden = !this.defects.length;
    this.at("[data-do=defect]").textContent = `✗ next defect (${this.defects.length})`;
    const all = data.last + 1;
    this.at("summary").textContent = `${this.steps.length < all ? `${this.steps.length} of ${all}` : `All ${all}`} steps in words`;
    this.at("ol").replaceChildren(...this.steps.map((step, i) => this.item(step, i)));
    this.position = this.find(number);
    this.show();
  }

  longest(words) {
    return this.steps.map(words).reduce((longest, text) => (text.length > longest.length ? text : longest));
  }

  item(step, i) {
    const go = element("button", { type: "button", "data-go": i }, step.text);
    if (step.bad) go.prepend(element("b", { class: "bad" }, `✗ ${step.bad}`), " ");
    return element("li", { value: step.n }, go);
  }

  // Under the slider: the defects as ticks, the system calls as stretches.
  marks() {
    const end = this.steps.length - 1;
    const place = (from, to) => `left:${(100 * from) / (end || 1)}%;width:${(100 * (to - from)) / (end || 1)}%`;
    const starts = this.steps.flatMap((step, i) => (step.op === this.steps[i - 1]?.op ? [] : [i]));
    const ops = starts.map((from, i) => {
      const { op } = this.steps[from];
      return element("span", { style: place(from, starts[i + 1] ?? end), title: op }, element("b", {}, op));
    });
    return [...this.defects.map((i) => element("i", { style: place(i, i) })), ...ops];
  }

  // The position of a step of the trace, or of the next one that is shown.
  find(number) {
    const i = this.steps.findIndex((step) => step.n >= number);
    return i < 0 ? this.steps.length - 1 : i;
  }

  // The nearest step, backwards first, of which something holds: so a pane keeps what it showed.
  near(test) {
    return this.steps.slice(0, this.position + 1).findLast(test) ?? this.steps.find(test);
  }

  go(position) {
    this.position = Math.max(0, Math.min(position, this.steps.length - 1));
    this.show();
    this.shown(this.steps[this.position].n);
  }

  show() {
    const { steps, position, data } = this;
    const step = steps[position];
    const count = `step ${step.n} of ${data.last}`;
    this.theme();
    this.showPatch(step);
    this.showModel(step);
    this.at(".heap div").innerHTML = this.pictures[position].map((part) => data.parts[part]).join("");
    const facts = { op: step.op, goal: step.goal, errno: step.errno && `▲ ${step.errno}`, bad: step.bad && `✗ ${step.bad}` };
    const badges = Object.entries(facts).filter(([, fact]) => fact).map(([kind, fact]) => element("b", { class: kind }, fact));
    this.at(".facts").replaceChildren(...badges.flatMap((badge) => [badge, " "]));
    this.at(".say .text").textContent = step.text;
    this.at(".count").textContent = count;
    this.slider.value = position;
    this.slider.setAttribute("aria-valuetext", step.bad ? `${count}, ${step.bad}` : count);
    for (const name of ["first", "previous"]) this.at(`[data-do=${name}]`).setAttribute("aria-disabled", position === 0);
    for (const name of ["next", "last"]) this.at(`[data-do=${name}]`).setAttribute("aria-disabled", !steps[position + 1]);
    this.at("ol [aria-current]")?.removeAttribute("aria-current");
    this.at(`[data-go="${position}"]`).setAttribute("aria-current", "step");
    this.at("a").hidden = !this.linked;
    this.at("a").href = `#${data.id}-step-${step.n}`;
  }

  showPatch({ ids: [id, ...callers] = [] }) {
    const words = id ? `added line ${[id, ...callers].join(", reached from ")}` : "no added line at work";
    this.at(".diff .head").replaceChildren(element("b", {}, "patch 09/60"), ` ${words}`);
    this.at(".diff").classList.toggle("idle", !id);
    mark(this.at(".diff .code"), this.near((step) => step.ids)?.ids ?? []);
  }

  showModel(step) {
    const near = this.near((other) => other.stack);
    this.at(".model .text").replaceChildren(element("b", {}, "model"), ` ${this.stack(step)}`);
    this.at(".model").classList.toggle("idle", !step.stack);
    if (!near) return;
    const [name, lineno] = near.stack[0];
    const listing = this.at(".model .code");
    if (this.function !== name) listing.replaceChildren(...this.data.functions[name].map((text, i) => line(i + 1, text)));
    this.function = name;
    mark(listing, [lineno]);
  }

  // The call stack in words, outermost first.
  stack({ stack = [] }) {
    return stack.map((frame) => frame.join(":")).reverse().join(" › ") || "no line at work";
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
    else if (!playing) this.play();
  }

  clicked(target) {
    const asked = target.closest("[data-do], [data-go]")?.dataset;
    if (asked?.do) this.act(asked.do);
    else if (asked) this.go(Number(asked.go));
  }

  // Keys typed inside stay inside: the notebook around has shortcuts of its own. Space on a button presses it.
  key(event) {
    event.stopPropagation();
    const name = KEYS[event.key];
    if (!name || event.ctrlKey || event.altKey || event.metaKey) return;
    if (name === "play" && event.composedPath()[0].matches("button, a, summary")) return;
    event.preventDefault();
    this.act(name);
  }
}

// A page: every player in it that is not yet alive. A notebook may run its scripts late, and more than once.
function start() {
  const linked = /^(https?|file):$/.test(location.protocol) && !document.getElementById("jupyter-config-data");
  for (const host of document.querySelectorAll("[data-kvmplanes-player]")) {
    if (host.shadowRoot) continue;
    const data = JSON.parse(host.querySelector('script[type="application/json"]').textContent);
    const player = new Player(host, data, { linked });
    const follow = () => {
      const [, number] = location.hash.match(`^#${data.id}-step-(\\d+)$`) ?? [];
      if (!number) return;
      player.go(player.find(Number(number)));
      host.scrollIntoView();
    };
    if (linked) addEventListener("hashchange", follow);
    if (linked) follow();
  }
}

// A widget: `data` is the run, `value` the number of the step in it.
function render({ model, el }) {
  const host = el.appendChild(element("div", { "data-lm-suppress-shortcuts": "true" }));
  const shown = (number) => {
    model.set("value", number);
    model.save_changes();
  };
  const player = new Player(host, model.get("data"), { shown });
  const load = () => player.load(model.get("data"), model.get("value"));
  const go = () => {
    if (player.steps[player.position].n !== model.get("value")) player.go(player.find(model.get("value")));
  };
  go();
  model.on("change:data", load);
  model.on("change:value", go);
  return () => {
    player.pause();
    model.off("change:data", load);
    model.off("change:value", go);
  };
}
