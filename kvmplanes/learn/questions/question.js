// SPDX-License-Identifier: GPL-2.0-only
// Makes the questions of a page answerable: without a kernel, as often as it runs, in whichever output.
// What is there before (options as a list, replies folded) is what a reader without scripts keeps.
import { element, enliven, quiet } from "../../view/page/dom.js";

const FIRST = { radio: "Choose an answer first.", number: "Write a number first.", text: "Write an answer first." };
const NUMBER = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i;

// A typed answer in the form in which answers are compared, "" for no answer; question.py does the same.
export function plain(typed, control) {
  const text = typed.trim();
  if (control !== "number") return text.replace(/[\s;`]/g, "");
  if (!NUMBER.test(text)) return "";
  const number = Number(text);
  return Number.isSafeInteger(number) ? String(number) : text;
}

// The sign and the words for an answer; question.py has them too.
export function judged(isRight) {
  return isRight ? "✓ right" : "✗ not so";
}

function bring(ask, style) {
  const type = ask.dataset.kvmplanesQuestion;
  const fold = ask.querySelector("details");
  const replies = [...fold.querySelectorAll("li")];
  const inputs = [...ask.querySelectorAll("label")].map((label, value) => {
    const looks = { type, name: "answer", autocomplete: "off", spellcheck: "false", step: "any" };
    const input = element("input", type === "radio" ? { ...looks, value } : looks);
    label[type === "radio" ? "prepend" : "append"](input);
    return input;
  });
  const status = element("div", { role: "status" });
  const check = element("button", {}, "Check");
  const form = element("form", { novalidate: true }, ask.firstElementChild, check, status);
  ask.prepend(element("style", {}, style), form);
  ask.classList.add("kp-live");
  fold.hidden = true;
  let first;

  // What the reader answers, and the reply to it; undefined while there is no answer.
  const answer = () => {
    if (type === "radio") {
      const input = inputs.find((other) => other.checked);
      return input && { text: input.parentNode.textContent, reply: replies[input.value] };
    }
    const [{ value }] = inputs;
    const given = plain(value, type);
    return (
      given && { text: value.trim(), reply: replies.find(({ dataset }) => dataset.value === given) ?? replies.at(-1) }
    );
  };

  quiet(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = answer();
    if (!given) {
      status.textContent = FIRST[type];
      return;
    }
    const isRight = given.reply.className === "kp-right";
    first ??= `Your first answer (${judged(isRight)}): ${given.text}`;
    const reply = element("p");
    reply.innerHTML = given.reply.innerHTML;
    const again = element("p", {}, "Try another answer, or open the replies below.");
    status.replaceChildren(element("p", {}, first), reply, isRight ? fold.lastElementChild.cloneNode(true) : again);
    fold.hidden = false;
  });
}

export function start({ style }) {
  enliven("question", (ask) => bring(ask, style));
}
