// SPDX-License-Identifier: GPL-2.0-only
// Makes the questions of a page answerable: without a kernel, as often as it runs, in whichever output.
// What is there before (options as a list, replies folded) is what a reader without scripts keeps.
for (const ask of document.querySelectorAll(".kp-ask:not(.kp-live)")) {
  const make = (tag, set, ...inside) => {
    const element = Object.assign(document.createElement(tag), set);
    element.append(...inside);
    return element;
  };
  const type = ask.dataset.type;
  const fold = ask.querySelector("details");
  const replies = [...fold.querySelectorAll("li")];
  const inputs = [...ask.querySelectorAll("label")].map((label, value) => {
    const input = make("input", { type, name: "answer", autocomplete: "off", spellcheck: false, step: "any" });
    if (type === "radio") input.value = value;
    label[type === "radio" ? "prepend" : "append"](input);
    return input;
  });
  const said = make("div", {});
  said.setAttribute("role", "status");
  const form = make("form", { noValidate: true }, ask.firstElementChild, make("button", { textContent: "Check" }), said);
  ask.prepend(form);
  ask.classList.add("kp-live");
  fold.hidden = true;
  let first;

  // The page's own shortcuts (JupyterLab has one-letter ones) are not meant while the reader answers.
  form.addEventListener("keydown", (event) => event.stopPropagation());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = type === "radio" ? inputs.find((one) => one.checked) : inputs[0];
    const text = type === "radio" ? input?.parentNode.textContent : input.value.trim();
    if (!text) {
      said.textContent = { radio: "Choose an answer first.", number: "Write a number first." }[type] ?? "Write an answer first.";
      return;
    }
    const plain = type === "number" ? String(Number(text)) : text.replace(/[\s;`]/g, "");
    const known = type === "radio" ? replies[input.value] : replies.find((reply) => reply.dataset.value === plain);
    const reply = known ?? replies.at(-1);
    const right = reply.className === "kp-right";
    first ??= `Your first answer (${right ? "✓ right" : "✗ not so"}): ${text}`;
    said.replaceChildren(
      make("p", { textContent: first }),
      make("p", { innerHTML: reply.innerHTML }),
      right ? fold.lastElementChild.cloneNode(true) : make("p", { textContent: "Try another answer, or open the replies below." }),
    );
    fold.hidden = false;
  });
}
