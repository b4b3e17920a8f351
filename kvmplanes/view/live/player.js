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

// A line of C: its number, the id of the posted line that it is, its text. Words are kept whole, and may part behind
// a "(" alone: a browser would break a line within "->". What does not fit hangs below, further in.
function line(number, id, text) {
  const words = text.split(/( +)|(?<=\()/).filter(Boolean).map((word) => (word.trim() ? element("span", {}, word) : word));
  const indent = text.search(/[^ ]|$/) + 4;
  const body = element("code", { style: `padding-left:${indent}ch;text-indent:-${indent}ch` }, ...words);
  const margins = [number, id].map((words) => element("span", { class: "margin" }, words));
  return element("div", { class: id ? "line added" : "line", "data-line": number }, ...margins, body);
}

// Marks a line of a listing as the one at work, and brings it into the middle without moving the page.
function mark(listing, number) {
  listing.querySelector("[aria-current]")?.removeAttribute("aria-current");
  const found = listing.querySelector(`[data-line="${number}"]`);
  found.setAttribute("aria-current", "step");
  const middle = found.offsetTop - (listing.clientHeight - found.offsetHeight) / 2;
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
    this.at(".heap div").style.aspectRatio = data.size.join("/");
    this.at(".source .longest").textContent = this.longest((step) => this.head(step).map(({ textContent }) => textContent).join(""));
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
    this.showSource(step);
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

  // The function at work, or of those on its call stack the one that the reader asks for. The keyboard's focus stays.
  showSource(step, depth) {
    const near = this.near((other) => "stack" in other);
    const shown = depth ?? this.data.stacks[near?.stack]?.at;
    const focused = this.at(".source .text :focus");
    this.at(".source .text").replaceChildren(...this.head(step, shown));
    if (focused) (this.at(".source .text [aria-current]") ?? this.host).focus();
    this.at(".source").classList.toggle("idle", !("stack" in step));
    if (!near) return;
    const [place, number] = this.data.stacks[near.stack].frames[shown];
    const listing = this.at(".source .code");
    const { name, first, lines, ids } = this.data.functions[place];
    if (this.function !== name) listing.replaceChildren(...lines.map((text, i) => line(first + i, ids[first + i] ?? "", text)));
    this.function = name;
    mark(listing, number);
  }

  // Where the shown line stands, and the call stack, outermost first: buttons that show each function. Another file is named.
  head(step, shown = this.data.stacks[step.stack]?.at) {
    if (!("stack" in step)) return [element("b", {}, "no line at work")];
    const frames = this.data.stacks[step.stack].frames.map(([place, number]) => ({ ...this.data.functions[place], number }));
    const here = frames[shown];
    const buttons = frames.map(({ name, file, number, ids }, i) => {
      const other = file === here.file ? "" : ` ${file.split("/").at(-1)}`;
      const id = ids[number] ? ` ${ids[number]}` : "";
      const button = element("button", { type: "button", "data-frame": i }, `${name}${other}:${number}${id}`);
      if (i === shown) button.setAttribute("aria-current", "true");
      return [i === frames.length - 1 ? " " : " › ", button];
    });
    return [element("b", {}, `${here.file}:${here.number}`), ...buttons.reverse().flat()];
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
    const asked = target.closest("[data-do], [data-go], [data-frame]")?.dataset;
    if (asked?.do) this.act(asked.do);
    else if (asked?.go) this.go(Number(asked.go));
    else if (asked) this.showSource(this.steps[this.position], Number(asked.frame));
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
