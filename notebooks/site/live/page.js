// SPDX-License-Identifier: GPL-2.0-only
// A chapter's cells, to be changed and run in the page. Without this script the page shows its stored outputs.
import { Cell, Group } from "./group.js";

// The cells above the last of a group that are C belong to it: its C is what they run.
function grouped(cells) {
  const groups = [];
  let group = [];
  for (const cell of cells) {
    if (!cell.isOffered) continue;
    group.push(cell);
    if (!cell.isC) {
      groups.push(group);
      group = [];
    }
  }
  return groups;
}

const cells = [...document.querySelectorAll(".cell:has(> .cell_input pre, > .kp-fold > .cell_input pre)")].map(
  (node) => new Cell(node),
);
for (const group of grouped(cells)) new Group(group, () => cells.slice(0, cells.indexOf(group.at(-1)) + 1)).restore();
