// SPDX-License-Identifier: GPL-2.0-only
// Puts a button beside a text that is meant to be taken along, such as a mail.
import { element, enliven } from "./dom.js";

function bring(host, style) {
  const text = host.querySelector("pre");
  const status = element("span", { role: "status" });
  const button = element("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      status.textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(text);
      status.textContent = "Selected: copy it with Ctrl+C.";
    }
  });
  host.classList.add("kp-copied");
  host.prepend(element("style", {}, style), element("p", {}, button, " ", status));
}

export function start({ style }) {
  enliven("copied", (host) => bring(host, style));
}

// The same for a text that changes, as a widget.
export function render({ model, el }, { style }) {
  const text = element("pre", { tabindex: 0 });
  const show = () => {
    text.textContent = model.get("value");
  };
  el.append(text);
  bring(el, style);
  model.on("change:value", show);
  show();
  return () => model.off("change:value", show);
}
