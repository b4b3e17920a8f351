// SPDX-License-Identifier: GPL-2.0-only
// Makes the questions of a page answerable: without a kernel, as often as it runs, in whichever output.
// What is there before (options as a list, replies folded) is what a reader without scripts keeps.
import { element, enliven, quiet } from "../../view/page/dom.js";
import { remember } from "../progress/place.js";
import { keep, kept } from "./kept.js";

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

// A paragraph with words of ours and a copy of what Python has drawn.
function paragraph(words, drawn) {
  return element("p", {}, words, ...[...drawn.childNodes].map((node) => node.cloneNode(true)));
}

function bring(ask, style) {
  const { kvmplanesQuestion: type, kvmplanesKeeps: name, kind } = ask.dataset;
  const isJudged = kind !== "commit";
  const fold = ask.querySelector("details");
  const replies = [...fold.querySelectorAll("li")];
  const inputs = [...ask.querySelectorAll("label")].map((label, value) => {
    const looks = { type, name: "answer", autocomplete: "off", spellcheck: "false", step: "any" };
    const input = element("input", type === "radio" ? { ...looks, value } : looks);
    label[type === "radio" ? "prepend" : "append"](input);
    return input;
  });
  const status = element("div", { role: "status" });
  const check = element("button", {}, isJudged ? "Check" : "Keep");
  const skip = element("button", { type: "button", class: "kp-skip" }, "Show the result without an answer");
  const form = element("form", { novalidate: true }, ask.firstElementChild, check, skip, status);
  ask.prepend(element("style", {}, style), form);
  ask.classList.add("kp-live");
  let first;

  // Nothing is answered: the replies are hidden, and so is the output below that a prediction is about.
  const open = () => {
    form.reset();
    status.replaceChildren();
    fold.hidden = true;
    fold.open = false;
    first = undefined;
    ask.classList.toggle("kp-asks", kind === "predict");
  };

  // What the reader answers, how it is shown again, and the reply to it; undefined while there is no answer.
  const answer = () => {
    if (type === "radio") {
      const input = inputs.find((other) => other.checked);
      return input && { value: input.value, shown: input.nextElementSibling, reply: replies[input.value] };
    }
    const value = inputs[0].value.trim();
    const given = plain(value, type);
    const reply = replies.find(({ dataset }) => dataset.value === given) ?? replies.at(-1);
    return given && { value, shown: element("span", {}, value), reply };
  };

  // Puts an answer of another day back; false where there is no such answer any more.
  const put = (value) => {
    if (type === "radio" && !inputs[value]) return false;
    if (type === "radio") inputs[value].checked = true;
    else inputs[0].value = value;
    return Boolean(answer());
  };

  const show = (given) => {
    ask.classList.remove("kp-asks");
    const isRight = given.reply.className === "kp-right";
    if (isJudged) first ??= paragraph(`Your first answer (${judged(isRight)}): `, given.shown);
    else first = paragraph("Your answer: ", given.shown);
    const reply = paragraph("", given.reply);
    const again = element("p", {}, "Try another answer, or open the replies below.");
    status.replaceChildren(first, reply, isRight || !isJudged ? fold.lastElementChild.cloneNode(true) : again);
    fold.hidden = false;
  };

  quiet(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = answer();
    if (!given) {
      status.textContent = FIRST[type];
      return;
    }
    show(given);
    keep(name, { first: kept(name)?.first ?? given.value, last: given.value });
    remember(ask);
  });
  skip.addEventListener("click", () => ask.classList.remove("kp-asks"));
  ask.kvmplanesForget = (isMeant) => isMeant(name) && open();
  open();
  const old = kept(name);
  for (const value of [old?.first, old?.last]) if (value !== undefined && put(value)) show(answer());
}

// On a later page: the reader's own answer, and what is said to it, above the fold with all of them.
function look(host, style) {
  const given = [...host.querySelectorAll("li")][kept(host.dataset.kvmplanesVerdict)?.last];
  const none = element("p", {}, "This browser has no answer of yours.");
  host.querySelector("details").before(given ? paragraph("Your answer: ", given) : none);
  host.prepend(element("style", {}, style));
  host.classList.add("kp-live");
}

export function start({ style }) {
  enliven("question", (ask) => bring(ask, style));
  enliven("verdict", (host) => look(host, style));
}
