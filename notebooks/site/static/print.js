// SPDX-License-Identifier: GPL-2.0-only
// On paper a page is light, and what the reader could open is open: answers, hints, folded words. A fold of code and the
// list of a run's steps stay closed; their titles name them.
const CLOSED = "details:not([open], .kp-fold, .player *)";
const paper = matchMedia("print");
let end;

function begin() {
  if (end) return;
  const closed = document.querySelectorAll(CLOSED);
  const { theme } = document.documentElement.dataset;
  document.documentElement.dataset.theme = "light";
  for (const fold of closed) fold.open = true;
  end = () => {
    document.documentElement.dataset.theme = theme;
    for (const fold of closed) fold.open = false;
    end = undefined;
  };
}

addEventListener("beforeprint", begin);
addEventListener("afterprint", () => end?.());
paper.addEventListener("change", () => (paper.matches ? begin() : end?.()));
if (paper.matches) begin();
