// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  callStack,
  calls,
  counted,
  find,
  foldOf,
  leftOut,
  longest,
  near,
  numbers,
  pictures,
  pieces,
  single,
  size,
  unfolded,
} from "../../kvmplanes/view/live/steps.js";

const vectors = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8")).pictures;
const STEPS = [
  { n: 1, op: "KVM_CREATE_VM", text: "one", stack: 0 },
  { n: 4, op: "KVM_CREATE_VM", text: "three" },
  { n: 5, op: "close(vm)", text: "five", stack: 1, bad: "use-after-free" },
  { n: 9, op: "exit", text: "" },
];
const DATA = {
  functions: [
    { name: "kvm_destroy_vm", file: "virt/kvm/kvm_main.c", ids: { 173: "+54" } },
    { name: "kvm_arch_free_vm", file: "virt/kvm/neighbours.c", ids: {} },
  ],
  stacks: [
    {
      at: 1,
      frames: [
        [1, 12],
        [0, 172],
      ],
    },
    { at: 0, frames: [[0, 173]] },
  ],
};

test("pictures are put together from changes", () => {
  const drawn = pictures(vectors.changes.map((changes) => (changes.length ? { changes } : {})));
  const texts = drawn.map((picture) => picture.map((part) => vectors.parts[part]).join(""));
  assert.deepEqual(texts, vectors.pictures);
});

test("a number leads to its step, to the next one that is shown, or to the last", () => {
  assert.deepEqual(
    [0, 1, 2, 4, 5, 9, 10].map((number) => find(STEPS, number)),
    [0, 0, 1, 1, 2, 3, 3],
  );
});

// Two folds, 3 to 5 and 6 to 8, and steps around them.
const FOLDS = [{ n: 2 }, { n: 3, to: 5 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6, to: 8 }].concat([
  { n: 6 },
  { n: 7 },
  { n: 8 },
  { n: 9 },
  { n: 14 },
]);
const told = (steps) => steps.map(numbers).join(", ");

test("a fold stands for its steps, until it is opened", () => {
  assert.equal(told(unfolded(FOLDS, new Set())), "2, 3 to 5, 6 to 8, 9, 14");
  assert.equal(told(unfolded(FOLDS, new Set([3]))), "2, 3, 4, 5, 6 to 8, 9, 14");
  assert.equal(told(unfolded(FOLDS, new Set([3, 6]))), "2, 3, 4, 5, 6, 7, 8, 9, 14");
  assert.equal(told(unfolded(STEPS, new Set())), "1, 4, 5, 9");
});

test("a number lies in a fold or in none, and a fold has a size", () => {
  assert.deepEqual(
    [2, 3, 5, 6, 8, 9].map((number) => foldOf(FOLDS, number)?.n),
    [undefined, 3, 3, 6, 6, undefined],
  );
  assert.deepEqual([size({ n: 3, to: 5 }), size({ n: 3 })], [3, 1]);
  assert.deepEqual([counted({ n: 3, to: 5 }, 9), counted({ n: 3 }, 9)], ["steps 3 to 5 of 9", "step 3 of 9"]);
  assert.deepEqual([counted({ n: 3, to: 5 }), counted({ n: 3 })], ["steps 3 to 5", "step 3"]);
  assert.equal(told(single(FOLDS)), "2, 3, 4, 5, 6, 7, 8, 9, 14");
});

test("what is left out before a step is named", () => {
  const shown = unfolded(FOLDS, new Set());
  assert.deepEqual(
    shown.map((_, position) => leftOut(shown, position)),
    ["0 to 1 left out: no plane", "", "", "", "10 to 13 left out: no plane"],
  );
  assert.equal(leftOut([{ n: 1 }], 0), "0 left out: no plane");
  assert.equal(leftOut([{ n: 0 }, { n: 2 }], 1), "1 left out: no plane");
});

test("the nearest step is looked for backwards first", () => {
  const hasStack = (step) => "stack" in step;
  assert.deepEqual(
    [0, 1, 2, 3].map((position) => near(STEPS, position, hasStack).n),
    [1, 1, 5, 5],
  );
  assert.equal(near(STEPS, 0, (step) => step.bad).n, 5);
  assert.equal(
    near(STEPS, 3, (step) => step.n > 9),
    undefined,
  );
});

test("the longest text keeps the room", () => {
  assert.equal(
    longest(STEPS, (step) => step.text),
    "three",
  );
});

test("each system call begins where another one was before", () => {
  assert.deepEqual(calls(STEPS), [
    { op: "KVM_CREATE_VM", from: 0 },
    { op: "close(vm)", from: 2 },
    { op: "exit", from: 3 },
  ]);
});

test("a line of C parts at spaces and behind a bracket, and loses nothing", () => {
  const text = "    if (kvm->planes[i] == NULL)";
  assert.deepEqual(pieces(text), ["    ", "if", " ", "(", "kvm->planes[i]", " ", "==", " ", "NULL)"]);
  assert.equal(pieces(text).join(""), text);
  assert.deepEqual(pieces(""), []);
});

test("a call stack is told outermost first, another file and posted lines by name", () => {
  assert.deepEqual(callStack(DATA, STEPS[0]), {
    where: "virt/kvm/kvm_main.c:172",
    frames: [
      { label: "kvm_destroy_vm:172", depth: 1, isShown: true },
      { label: "kvm_arch_free_vm neighbours.c:12", depth: 0, isShown: false },
    ],
  });
  assert.equal(callStack(DATA, STEPS[0], 0).where, "virt/kvm/neighbours.c:12");
  assert.deepEqual(callStack(DATA, STEPS[2]).frames, [{ label: "kvm_destroy_vm:173 +54", depth: 0, isShown: true }]);
  assert.deepEqual(callStack(DATA, STEPS[1]), { where: "", frames: [] });
});
