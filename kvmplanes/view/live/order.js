// SPDX-License-Identifier: GPL-2.0-only
// The line-order editor: lines that change places by buttons, by keys and by dragging, and the verdict on each order.
// It decides nothing: verdicts come from Python, all of them beforehand (a page) or one at a time (a widget).
// order.py puts STYLE (order.css) in front, and what starts it behind.

function element(tag, set, ...inside) {
  const node = Object.assign(document.createElement(tag), set);
  node.append(...inside);
  return node;
}

class Order {
  constructor(host, data, { linked = false, ask } = {}) {
    this.host = host;
    this.data = data;
    this.linked = linked;
    this.ask = ask;
    this.past = [];
    this.list = element("ol", { className: "kp-lines" });
    this.said = element("div", { className: "kp-gone" });
    this.said.setAttribute("role", "status");
    this.verdict = element("div", {});
    this.verdict.setAttribute("role", "status");
    this.undo = element("button", { type: "button", textContent: "Undo" });
    this.reset = element("button", { type: "button", textContent: "As at first" });
    this.link = element("a", { textContent: "link to this order", hidden: true });
    this.undo.addEventListener("click", () => this.back(1));
    this.reset.addEventListener("click", () => this.back(this.past.length));
    const head = element("p", {}, element("b", { textContent: `Order the lines: ${data.title}.` }),
      " Move a line with its buttons, with Alt+↑ and Alt+↓ on them, or drag it by ⠿.");
    this.list.setAttribute("aria-label", "Lines");
    host.replaceChildren(element("style", { textContent: STYLE }), head, this.list,
      element("div", { className: "kp-tools" }, this.undo, this.reset, this.link), this.verdict, this.said);
    host.classList.add("kp-order-live");
    // The page's own shortcuts (JupyterLab has one-letter ones) are not meant here.
    host.addEventListener("keydown", (event) => this.key(event));
    this.lines = data.items.map((text, item) => this.line(text, item));
    this.show(data.first);
  }

  line(text, item) {
    const label = text.endsWith(":");
    const grip = element("span", { className: "kp-grip", textContent: "⠿", title: "Drag" });
    grip.setAttribute("aria-hidden", "true");
    const buttons = [["↑", "up", -1], ["↓", "down", 1]].map(([sign, way, by]) => {
      const button = element("button", { type: "button", textContent: sign, title: `Move ${way}` });
      button.setAttribute("aria-label", `Move ${way}: ${text}`);
      button.dataset.by = by;
      button.addEventListener("click", () => this.move(item, by, button));
      return button;
    });
    const row = element("li", { className: "kp-line" }, grip, element("code", { textContent: text }), ...buttons);
    if (label) row.dataset.label = "";
    row.dataset.item = item;
    grip.addEventListener("pointerdown", (event) => this.drag(event, grip, row));
    return row;
  }

  key(event) {
    event.stopPropagation();
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const row = event.target.closest(".kp-line");
    if (!by || !event.altKey || !row) return;
    event.preventDefault();
    this.move(Number(row.dataset.item), by, event.target);
  }

  move(item, by, button) {
    const from = this.order.indexOf(item);
    const to = from + by;
    if (to < 0 || to >= this.order.length) return;
    const order = [...this.order];
    order.splice(from, 1);
    order.splice(to, 0, item);
    this.go(order, item);
    button.focus();
  }

  // The line follows the pointer from place to place; the verdict is asked for when it is let go.
  drag(event, grip, row) {
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    row.dataset.moved = "";
    const over = ({ clientY }) => {
      const rows = [...this.list.children];
      const place = rows.findIndex((one) => clientY < one.getBoundingClientRect().bottom);
      const target = rows[place < 0 ? rows.length - 1 : place];
      const [from, to] = [rows.indexOf(row), rows.indexOf(target)];
      // The others move round it: a node that is taken out loses the pointer.
      if (from < to) row.before(...rows.slice(from + 1, to + 1));
      if (from > to) row.after(...rows.slice(to, from));
    };
    const done = () => {
      grip.removeEventListener("pointermove", over);
      delete row.dataset.moved;
      const order = [...this.list.children].map((one) => Number(one.dataset.item));
      if (String(order) !== String(this.order)) this.go(order, Number(row.dataset.item));
    };
    grip.addEventListener("pointermove", over);
    grip.addEventListener("lostpointercapture", done, { once: true });
  }

  go(order, moved) {
    this.past.push(this.order);
    this.show(order, moved);
  }

  back(steps) {
    if (!this.past.length || !steps) return;
    const order = this.past.at(-steps);
    this.past.length -= steps;
    this.show(order);
  }

  async show(order, moved) {
    this.order = order;
    const focused = document.activeElement;
    this.list.replaceChildren(...order.map((item) => this.lines[item]));
    if (this.list.contains(focused)) focused.focus();
    order.forEach((item, place) => {
      const row = this.lines[item];
      row.toggleAttribute("data-moved", item === moved);
      for (const button of row.querySelectorAll("button")) {
        const end = Number(button.dataset.by) < 0 ? 0 : order.length - 1;
        button.setAttribute("aria-disabled", place === end);
      }
    });
    for (const button of [this.undo, this.reset]) button.setAttribute("aria-disabled", !this.past.length);
    this.link.hidden = !this.linked;
    this.link.href = `#order-${this.data.name}-${order.join("")}`;
    const found = await this.ask(order);
    // The reader may have gone on.
    if (this.order !== order) return;
    this.verdict.innerHTML = found;
    const place = moved === undefined ? "" : `${this.data.items[moved]} is at place ${order.indexOf(moved) + 1} of ${order.length}. `;
    this.said.textContent = place;
  }
}

// A page: verdicts by order, in a table of texts.
function start() {
  const linked = /^(https?|file):$/.test(location.protocol) && !document.getElementById("jupyter-config-data");
  for (const host of document.querySelectorAll("[data-kvmplanes-order]:not(.kp-order-live)")) {
    const data = JSON.parse(host.querySelector('script[type="application/json"]').textContent);
    const ask = (order) => data.texts[data.verdicts[order.join("")]];
    const editor = new Order(host, data, { linked, ask });
    const follow = () => {
      const [, state] = location.hash.match(new RegExp(`^#order-${data.name}-(\\d+)$`)) ?? [];
      if (!state || !(state in data.verdicts)) return;
      if (state !== editor.order.join("")) editor.go([...state].map(Number));
      host.scrollIntoView();
    };
    if (linked) addEventListener("hashchange", follow);
    if (linked) follow();
  }
}

// A widget: `order` goes to Python, and the text of `verdict`, which names the order it is for, comes back.
function render({ model, el }) {
  const host = el.appendChild(element("div", {}));
  host.dataset.lmSuppressShortcuts = "true";
  const ask = (order) => new Promise((resolve) => {
    const answered = () => {
      const { order: of, html } = model.get("verdict");
      if (String(of) !== String(order)) return;
      model.off("change:verdict", answered);
      resolve(html);
    };
    model.on("change:verdict", answered);
    model.set("order", order);
    model.save_changes();
    answered();
  });
  new Order(host, model.get("data"), { ask });
}
