// SPDX-License-Identifier: GPL-2.0-only
// Pickers on a page without a kernel: lists in front of each stored first frame, and the file of what is chosen in
// its place. offline.py wrote the files, beside this script. Without this script the first frame stands as it is.
import { attend, element, enliven, follow } from "../page/dom.js";

// The labels that a list offers under what is chosen in the lists before it. A choice is its labels, then its key.
export function offered(choices, before) {
  const level = before.length;
  const under = choices.filter((choice) => before.every((label, i) => choice[i] === label));
  return [...new Set(under.map((choice) => choice[level]))];
}

// The choice in every list, as near to the wanted ones as what is offered allows.
export function nearest(choices, wanted) {
  const chosen = [];
  for (const label of wanted) {
    const labels = offered(choices, chosen);
    chosen.push(labels.includes(label) ? label : labels[0]);
  }
  return chosen;
}

class Picker {
  // `load(key)` fetches what a key shows.
  constructor(host, id, index, load) {
    this.id = id;
    this.choices = index.choices;
    this.load = load;
    this.lists = index.lists.map(() => element("select"));
    const changed = () => this.choose(this.lists.map(({ value }) => value));
    for (const list of this.lists) list.addEventListener("change", changed);
    this.verdict = element("div", { role: "status" });
    const looks = { class: "kp-shown", tabindex: 0, role: "group", "aria-label": "What is chosen, in pictures" };
    // The first frame but for its first sentence, which asks to run the cell: the lists stand in its place.
    const [, ...frame] = host.childNodes;
    this.shown = element("div", looks, ...frame);
    this.link = element("a", {}, "link to this choice");
    const labels = index.lists.map((label, level) => element("label", {}, `${label} `, this.lists[level]));
    const fields = element("fieldset", { "aria-label": "Choices" }, ...labels);
    const foot = element("p", { class: "kp-foot" }, this.link, element("span", {}, index.note));
    host.classList.add("kp-choices");
    host.id = id;
    host.replaceChildren(fields, this.verdict, this.shown, foot);
  }

  // Sets the lists to the nearest choice that there is, and shows it.
  async choose(wanted) {
    const chosen = nearest(this.choices, wanted);
    this.lists.forEach((list, level) => {
      const labels = offered(this.choices, chosen.slice(0, level));
      list.replaceChildren(...labels.map((label) => element("option", { value: label }, label)));
      list.value = chosen[level];
    });
    const key = this.choices.find((choice) => chosen.every((label, i) => choice[i] === label)).at(-1);
    this.key = key;
    this.link.href = `#${this.id}-${key}`;
    try {
      const { verdict, views } = await this.load(key);
      // The reader may have gone on.
      if (key !== this.key) return;
      this.verdict.innerHTML = verdict;
      const folds = () => [...this.shown.querySelectorAll("details")];
      const opened = folds().map(({ open }) => open);
      this.shown.innerHTML = views;
      // What the reader has opened stays open.
      folds().forEach((fold, i) => {
        fold.open = opened[i] ?? fold.open;
      });
      this.shown.dataset.key = key;
    } catch (error) {
      this.verdict.textContent = `This choice could not be loaded (${error.message}). What is shown below is the one before it.`;
    }
  }

  // Goes to the choice that an address names, if there is one.
  async visit(key) {
    const choice = this.choices.find((other) => other.at(-1) === key);
    if (choice) await this.choose(choice.slice(0, -1));
    return Boolean(choice);
  }
}

async function bring(host, id, folder) {
  const load = async (key) => {
    const answer = await fetch(new URL(`${host.dataset.kvmplanesChoices}/${key}.json`, folder));
    if (!answer.ok) throw new Error(`${key}: ${answer.status}`);
    return answer.json();
  };
  let index;
  try {
    index = await load("index");
  } catch {
    // A page opened as a file, or without these files: the first frame stays.
    return;
  }
  const picker = new Picker(host, id, index, load);
  if (!(await picker.visit(host.dataset.key))) await picker.choose(index.lists);
  attend(host, { addressed: follow(host, id, (key) => picker.visit(key)) });
}

export function start({ style }) {
  const folder = document.currentScript.src;
  const begin = () => {
    let count = 0;
    enliven("choices", (host) => {
      if (!count) document.head.append(element("style", {}, style));
      count += 1;
      bring(host, `picker-${count}`, folder);
    });
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
  else begin();
}
