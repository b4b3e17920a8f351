// SPDX-License-Identifier: GPL-2.0-only
// Where the reader was last: the page, and the heading above what they answered there.
import { keep } from "../questions/kept.js";

export const LAST = "last";
const MARKS = ".jp-InternalAnchorLink, .headerlink"; // which JupyterLab and the site put into a heading

function words(heading) {
  const copy = heading.cloneNode(true);
  for (const mark of copy.querySelectorAll(MARKS)) mark.remove();
  return copy.textContent.trim();
}

export function remember(host) {
  const page = host.closest(".jp-Notebook, article") ?? document.body;
  const above = [...page.querySelectorAll("h1, h2")].filter(
    (heading) => heading.compareDocumentPosition(host) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  if (above.length) keep(LAST, { title: words(above[0]), heading: words(above.at(-1)) });
}
