// SPDX-License-Identifier: GPL-2.0-only
// What the player works out of a recorded run, without a page: player.py says what the data is.

// Each step's picture as a list of parts: the one before, changed.
export function pictures(steps) {
  const drawn = [];
  for (const { changes = [] } of steps) {
    const picture = [...(drawn.at(-1) ?? [])];
    for (const change of changes) picture.splice(...change);
    drawn.push(picture);
  }
  return drawn;
}

// Folds: a step with `to` stands for those behind it up to that number, which are alike. The folds that a reader has
// opened are known by their first number; what is left is shown.
export function unfolded(steps, opened) {
  let fold;
  return steps.filter((step) => {
    if ("to" in step) {
      fold = step;
      return !opened.has(step.n);
    }
    return fold === undefined || step.n > fold.to || opened.has(fold.n);
  });
}

// The fold around a step, if there is one.
export function foldOf(steps, number) {
  return steps.find((step) => "to" in step && step.n <= number && number <= step.to);
}

// The number of a step, or its numbers: "45", "47 to 61".
export function numbers({ n, to }) {
  return to === undefined ? `${n}` : `${n} to ${to}`;
}

// The same with the last one, where all are shown: "step 45 of 65", "steps 47 to 61 of 65"; else "step 45".
export function counted(step, last) {
  return `step${"to" in step ? "s" : ""} ${numbers(step)}${last === undefined ? "" : ` of ${last}`}`;
}

// The steps that are there beside the folds.
export function single(steps) {
  return steps.filter((step) => !("to" in step));
}

// How many steps one stands for.
export function size({ n, to = n }) {
  return to - n + 1;
}

// What is left out before a position: "8 to 25 left out: no plane"; "" for nothing. Players leave out what concerns no
// plane, and nothing else.
export function leftOut(steps, position) {
  const before = position ? (steps[position - 1].to ?? steps[position - 1].n) : -1;
  const { n } = steps[position];
  if (n === before + 1) return "";
  return `${numbers({ n: before + 1, to: n > before + 2 ? n - 1 : undefined })} left out: no plane`;
}

// The position of a step of the trace, or of the next one that is shown.
export function find(steps, number) {
  const position = steps.findIndex((step) => step.n >= number);
  return position < 0 ? steps.length - 1 : position;
}

// The step nearest to a position, backwards first, of which something holds: so a pane keeps what it showed.
export function near(steps, position, test) {
  return steps.slice(0, position + 1).findLast(test) ?? steps.find(test);
}

// The longest text of all steps: it keeps the room, so that nothing moves from step to step.
export function longest(steps, words) {
  return steps.map(words).reduce((most, text) => (text.length > most.length ? text : most), "");
}

// The system calls, one after the other, each with the position at which it begins.
export function calls(steps) {
  return steps.flatMap((step, from) => (step.op === steps[from - 1]?.op ? [] : [{ op: step.op, from }]));
}

// A line of C in pieces that are kept whole, spaces among them: it may part at a space and behind a "(" alone, since a
// browser would break it within "->".
export function pieces(text) {
  return text.split(/( +)|(?<=\()/).filter(Boolean);
}

// A step's call stack, outermost first: what each function's button says, its place on the stack, and whether it is
// the one shown. Another file than the shown one's is named. `where` is the shown line, "" when no line is at work.
export function callStack(data, step, shown = data.stacks[step.stack]?.at) {
  if (!("stack" in step)) return { where: "", frames: [] };
  const frames = data.stacks[step.stack].frames.map(([at, number]) => ({ ...data.functions[at], number }));
  const { file, number } = frames[shown];
  const labels = frames.map((frame, depth) => {
    const other = frame.file === file ? "" : ` ${frame.file.split("/").at(-1)}`;
    const id = frame.ids[frame.number] ? ` ${frame.ids[frame.number]}` : "";
    return { label: `${frame.name}${other}:${frame.number}${id}`, depth, isShown: depth === shown };
  });
  return { where: `${file}:${number}`, frames: labels.reverse() };
}
