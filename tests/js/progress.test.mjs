// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";
import { test } from "node:test";
import { counted } from "../../kvmplanes/learn/progress/progress.js";

test("what is kept is counted, and a sign says that nothing is left", () => {
  const kept = new Set(["a", "b", "z"]);
  assert.equal(counted("a c", "questions answered", kept), "1 of 2 questions answered");
  assert.equal(counted("c", "exercise done", kept), "0 of 1 exercise done");
  assert.equal(counted("a b", undefined, kept), "✓ 2 of 2");
});
