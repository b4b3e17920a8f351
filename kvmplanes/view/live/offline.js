// SPDX-License-Identifier: GPL-2.0-only
// Pickers on a page without a kernel: lists in front of each stored first frame, and the file of what is chosen in
// its place. choices.py wrote the files, beside this script. Without this script the first frame stands as it is.
(() => {
  const BASE = document.currentScript.src;
  const STYLE = `
    .kp-choices fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 8px 16px; min-width: 0; }
    .kp-choices label { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: baseline; min-width: 0; }
    .kp-choices select { font: inherit; min-height: 28px; max-width: 100%; }
    .kp-choices .kp-shown { overflow-x: auto; }
    .kp-choices .kp-shown svg { max-width: 100%; height: auto; }
    .kp-choices .kp-foot { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 0.9em; }`;

  const element = (tag, set, ...inside) => {
    const node = Object.assign(document.createElement(tag), set);
    node.append(...inside);
    return node;
  };

  const file = async (name, key) => {
    const answer = await fetch(new URL(`${name}/${key}.json`, BASE));
    if (!answer.ok) throw new Error(`${key}: ${answer.status}`);
    return answer.json();
  };

  class Picker {
    constructor(host, id, index) {
      this.id = id;
      this.name = host.dataset.choices;
      this.states = index.states;
      this.lists = index.lists.map((label, level) => {
        const select = element("select", {});
        select.addEventListener("change", () => this.changed(level));
        return { select, row: element("label", {}, `${label} `, select) };
      });
      this.said = element("div", {});
      this.said.setAttribute("role", "status");
      this.shown = element("div", { className: "kp-shown", tabIndex: 0 });
      this.shown.setAttribute("role", "group");
      this.shown.setAttribute("aria-label", "What is chosen, in pictures");
      this.link = element("a", { textContent: "link to this choice" });
      this.still = [...host.childNodes];
      const fields = element("fieldset", {}, ...this.lists.map((list) => list.row));
      fields.setAttribute("aria-label", "Choices");
      const foot = element("p", { className: "kp-foot" }, this.link, element("span", { textContent: index.note }));
      host.classList.add("kp-choices");
      host.id = id;
      host.replaceChildren(fields, this.said, this.shown, foot);
      this.shown.append(...this.still.slice(1));
    }

    get key() {
      const chosen = this.lists.map((list) => list.select.value);
      return this.states.find((row) => chosen.every((label, i) => row[i] === label)).at(-1);
    }

    // What the lists offer, each under what is chosen in those before it; a choice is kept where it is still offered.
    offer(row) {
      this.lists.forEach(({ select }, level) => {
        const before = this.lists.slice(0, level).map((list) => list.select.value);
        const under = this.states.filter((state) => before.every((label, i) => state[i] === label));
        const labels = [...new Set(under.map((state) => state[level]))];
        const kept = row?.[level] ?? select.value;
        select.replaceChildren(...labels.map((label) => element("option", { value: label, textContent: label })));
        select.value = labels.includes(kept) ? kept : labels[0];
      });
    }

    choose(key) {
      const row = this.states.find((state) => state.at(-1) === key);
      if (row) this.offer(row);
      return row;
    }

    async changed() {
      this.offer();
      await this.show();
    }

    async show() {
      const { key } = this;
      this.link.href = `#${this.id}-${key}`;
      try {
        const { verdict, views } = await file(this.name, key);
        // The reader may have gone on.
        if (key !== this.key) return;
        this.said.innerHTML = verdict;
        this.shown.innerHTML = views;
        this.shown.dataset.key = key;
      } catch (error) {
        this.said.textContent = `This choice could not be loaded (${error.message}). What is shown below is the one before it.`;
      }
    }
  }

  const start = async (host, place) => {
    let index;
    try {
      index = await file(host.dataset.choices, "index");
    } catch {
      // A page opened as a file, or without these files: the first frame stays.
      return;
    }
    const picker = new Picker(host, `picker-${place + 1}`, index);
    const first = host.dataset.key || index.states[0].at(-1);
    const follow = async () => {
      const [, key] = location.hash.match(`^#${picker.id}-(.+)$`) ?? [];
      if (!key || !picker.choose(decodeURIComponent(key))) return false;
      await picker.show();
      host.scrollIntoView();
      return true;
    };
    picker.choose(first);
    addEventListener("hashchange", follow);
    if (!(await follow())) await picker.show();
  };

  const begin = () => {
    const hosts = document.querySelectorAll("[data-choices]");
    if (hosts.length) document.head.append(element("style", { textContent: STYLE }));
    hosts.forEach(start);
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
  else begin();
})();
