// SPDX-License-Identifier: GPL-2.0-only
// The player's picture, on a light or a dark page. It becomes the next one: what is alike stays where it is, so that
// a browser lays out the rest alone.

// Puts an SVG, as text, into a frame.
export function draw(frame, svg) {
  const template = document.createElement("template");
  template.innerHTML = svg;
  const fresh = template.content.firstElementChild;
  if (frame.firstElementChild) become(frame.firstElementChild, fresh);
  else frame.replaceChildren(fresh);
}

// Whether the page around a node is dark: JupyterLab says so; elsewhere its text is light.
export function isDark(node) {
  const light = document.body.dataset.jpThemeLight;
  if (light) return light === "false";
  const colour = getComputedStyle(node).color;
  const [first, second, third] = colour.match(/[\d.]+/g).map(Number);
  return colour.startsWith("rgb") ? first + second + third > 384 : first > 0.5;
}

// Only what has the same tag, attributes and number of nodes in it is gone through further.
function become(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const [olds, news] = [old, fresh].map((node) => [...node.childNodes]);
  const isAlike = olds.length && olds.length === news.length && old.cloneNode().isEqualNode(fresh.cloneNode());
  if (!isAlike) old.replaceWith(fresh);
  else for (const [i, child] of olds.entries()) become(child, news[i]);
}
