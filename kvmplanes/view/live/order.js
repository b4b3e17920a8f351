// SPDX-License-Identifier: GPL-2.0-only
// The line-order editor: lines that change places by buttons, by keys and by dragging, and the verdict on each order.
// It decides nothing: verdicts come from Python, all of them beforehand (a page) or one at a time (a widget).
import { attend, element, enliven, follow, isLinked, quiet, stored } from "../page/dom.js";

class Order {
  // `ask(order)` asks for the verdict on an order; `answer` takes it.
  constructor(host, data, { style }, ask) {
    this.data = data;
    this.ask = ask;
    this.past = [];
    this.list = element("ol", { class: "kp-lines", "aria-label": "Lines" });
    this.place = element("div", { class: "kp-gone", role: "status" });
    this.verdict = element("div", { role: "status" });
    this.undo = element("button", { type: "button" }, "Undo");
    this.reset = element("button", { type: "button" }, "Reset");
    this.link = element("a", {}, "link to this order");
    this.link.hidden = true;
    this.undo.addEventListener("click", () => this.back(1));
    this.reset.addEventListener("click", () => this.back(this.past.length));
    const title = element("b", {}, `Order the lines: ${data.title}.`);
    const how = " Move a line with its buttons, with Alt+↑ and Alt+↓ on them, or drag it by ⠿.";
    const tools = element("div", { class: "kp-tools" }, this.undo, this.reset, this.link);
    const head = element("p", {}, title, how);
    host.replaceChildren(element("style", {}, style), head, this.list, tools, this.verdict, this.place);
    host.classList.add("kp-order-live");
    quiet(host, (event) => this.key(event));
    this.lines = data.items.map((text, item) => this.line(text, item));
  }

  line(text, item) {
    const grip = element("span", { class: "kp-grip", title: "Drag", "aria-hidden": "true" }, "⠿");
    const ways = [
      ["↑", "up", -1],
      ["↓", "down", 1],
    ];
    const buttons = ways.map(([sign, way, by]) => {
      const label = `Move ${way}: ${text}`;
      const looks = { type: "button", title: `Move ${way}`, "aria-label": label, "data-by": by };
      const button = element("button", looks, sign);
      button.addEventListener("click", () => this.move(item, by, button));
      return button;
    });
    const looks = { class: "kp-line", "data-label": text.endsWith(":"), "data-item": item };
    const row = element("li", looks, grip, element("code", {}, text), ...buttons);
    grip.addEventListener("pointerdown", (event) => this.drag(event, grip, row));
    return row;
  }

  key(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const row = event.target.closest(".kp-line");
    if (!by || !event.altKey || !row) return;
    event.preventDefault();
    this.move(Number(row.dataset.item), by, event.target);
  }

  move(item, by, button) {
    const from = this.order.indexOf(item);
    const order = moved(this.order, from, from + by);
    if (!order) return;
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
      const target = rows.find((other) => clientY < other.getBoundingClientRect().bottom) ?? rows.at(-1);
      const [from, to] = [rows.indexOf(row), rows.indexOf(target)];
      // The others move round it: a node that is taken out loses the pointer.
      if (from < to) row.before(...rows.slice(from + 1, to + 1));
      if (from > to) row.after(...rows.slice(to, from));
    };
    const done = () => {
      grip.removeEventListener("pointermove", over);
      delete row.dataset.moved;
      const order = [...this.list.children].map((other) => Number(other.dataset.item));
      if (!isSame(order, this.order)) this.go(order, Number(row.dataset.item));
    };
    grip.addEventListener("pointermove", over);
    grip.addEventListener("lostpointercapture", done, { once: true });
  }

  go(order, item) {
    this.past.push(this.order);
    this.show(order, item);
  }

  back(steps) {
    if (!this.past.length || !steps) return;
    const order = this.past.at(-steps);
    this.past.length -= steps;
    this.show(order);
  }

  // Goes to the order that an address names, if there is a verdict on it.
  visit(name) {
    if (!Object.hasOwn(this.data.verdicts, name)) return false;
    if (name !== this.order.join("")) this.go([...name].map(Number));
    return true;
  }

  // Shows an order, and which line has moved, if one has.
  show(order, item) {
    this.order = order;
    this.item = item;
    const focused = document.activeElement;
    this.list.replaceChildren(...order.map((line) => this.lines[line]));
    if (this.list.contains(focused)) focused.focus();
    order.forEach((line, at) => {
      const row = this.lines[line];
      row.toggleAttribute("data-moved", line === item);
      for (const button of row.querySelectorAll("button")) {
        button.setAttribute("aria-disabled", !moved(order, at, at + Number(button.dataset.by)));
      }
    });
    for (const button of [this.undo, this.reset]) button.setAttribute("aria-disabled", !this.past.length);
    this.link.href = `#order-${this.data.name}-${order.join("")}`;
    this.ask(order);
  }

  // Shows the verdict on an order, unless the reader has gone on.
  answer(order, html) {
    if (!isSame(order, this.order)) return;
    this.verdict.innerHTML = html;
    const { items } = this.data;
    const at = `${items[this.item]} is at place ${order.indexOf(this.item) + 1} of ${order.length}. `;
    this.place.textContent = this.item === undefined ? "" : at;
  }
}

// An order with the line at one place moved to another; undefined where there is no such place.
export function moved(order, from, to) {
  if (to < 0 || to >= order.length) return undefined;
  const others = order.toSpliced(from, 1);
  return others.toSpliced(to, 0, order[from]);
}

export function isSame(order, other) {
  return String(order) === String(other);
}

// A page: verdicts by order, in a table of texts.
export function start(looks) {
  enliven("order", (host) => {
    const data = stored(host);
    const ask = (order) => editor.answer(order, data.texts[data.verdicts[order.join("")]]);
    const editor = new Order(host, data, looks, ask);
    editor.show(data.first);
    if (!isLinked()) return;
    editor.link.hidden = false;
    attend(host, { addressed: follow(host, `order-${data.name}`, (name) => editor.visit(name)) });
  });
}

// A widget: `order` goes to Python, and `verdict`, which names the order it is for, comes back.
export function render({ model, el }, looks) {
  const host = el.appendChild(element("div", { "data-lm-suppress-shortcuts": "true" }));
  const answer = () => {
    const { order, html } = model.get("verdict");
    editor.answer(order, html);
  };
  const ask = (order) => {
    model.set("order", order);
    model.save_changes();
    // Python says nothing when it has this order already.
    answer();
  };
  const editor = new Order(host, model.get("data"), looks, ask);
  model.on("change:verdict", answer);
  editor.show(model.get("data").first);
  return () => model.off("change:verdict", answer);
}
