// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { forget, isLasting, keep, kept, names } from "../../kvmplanes/learn/questions/kept.js";
import { line, summed } from "../../kvmplanes/learn/selftest/selftest.js";

// What a browser has, as far as it is used.
class Storage {
  #all = new Map();
  get length() {
    return this.#all.size;
  }
  key = (place) => [...this.#all.keys()][place] ?? null;
  getItem = (name) => this.#all.get(name) ?? null;
  setItem = (name, text) => this.#all.set(name, text);
  removeItem = (name) => this.#all.delete(name);
}

const hosts = [];
globalThis.document = { querySelectorAll: () => hosts };

function give(storage) {
  const get =
    storage instanceof Error
      ? () => {
          throw storage;
        }
      : () => storage;
  Object.defineProperty(globalThis, "localStorage", { get, configurable: true });
}

beforeEach(() => {
  globalThis.kvmplanesKept.clear();
  hosts.length = 0;
  give(new Storage());
});

test("what is kept is there for another page of this browser, under a name of ours", () => {
  keep("nb05-1", { first: "0", last: "2" });
  assert.equal(localStorage.key(0), "kvmplanes:nb05-1");
  globalThis.kvmplanesKept.clear(); // another page
  assert.deepEqual(kept("nb05-1"), { first: "0", last: "2" });
  assert.equal(kept("nb05-2"), undefined);
  assert.equal(isLasting(), true);
  assert.equal(localStorage.length, 1);
});

test("without a storage it is kept while the page lives", () => {
  for (const storage of [undefined, new Error("forbidden")]) {
    give(storage);
    assert.equal(isLasting(), false);
    keep("nb05-1", 3);
    assert.equal(kept("nb05-1"), 3);
    assert.deepEqual(names(), ["nb05-1"]);
  }
});

test("a storage that is full is as good as none", () => {
  const full = new Storage();
  full.setItem = (_, text) => {
    if (text) throw new Error("quota");
  };
  give(full);
  keep("nb05-1", 3);
  assert.equal(kept("nb05-1"), 3);
});

test("what is no JSON is no answer", () => {
  localStorage.setItem("kvmplanes:nb05-1", "{");
  assert.equal(kept("nb05-1"), undefined);
});

test("forgetting drops what is meant, leaves what is not ours, and tells what is on the page", () => {
  localStorage.setItem("jupyter", "x");
  for (const name of ["before-a", "after-a", "nb05-1"]) keep(name, 1);
  const told = [];
  hosts.push({ kvmplanesForget: (isMeant) => told.push(isMeant("nb05-1")) }, {});
  forget((name) => !name.startsWith("nb"));
  assert.deepEqual(names(), ["nb05-1"]);
  forget();
  assert.deepEqual(names(), []);
  assert.equal(localStorage.getItem("jupyter"), "x");
  assert.deepEqual(told, [false, true]);
});

test("all answers are one line, with a sign for what is not answered", () => {
  const answers = { a: 0, b: 4, d: 2 };
  assert.equal(
    line("12ab", ["a", "b", "c"], ["d", "e", "f"], (name) => answers[name]),
    "kvmplanes-selftest 12ab before=ae- after=c--",
  );
  assert.equal(
    line("12ab", ["a"], [], (name) => answers[name]),
    "kvmplanes-selftest 12ab before=a after=-",
  );
});

test("a form that is not whole has no sum", () => {
  const [whole, part] = [
    { right: 3, answered: 8 },
    { right: 3, answered: 7 },
  ];
  assert.equal(summed(whole, whole, 8), "Before: 3 of 8 right. After: 3 of 8 right.");
  assert.match(summed(part, whole, 8), /^Before: 7 of 8 answered\. After: 3 of 8 right\. So there is no whole first/);
});
