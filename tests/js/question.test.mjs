// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { judged, plain } from "../../kvmplanes/learn/questions/question.js";

const vectors = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8"));

test("an answer is read as Python reads it", () => {
  for (const [control, typed, wanted] of vectors.plain) {
    assert.equal(plain(typed, control), wanted ?? "", `${control} ${JSON.stringify(typed)}`);
  }
});

test("an answer is judged in Python's words", () => {
  for (const [isRight, words] of vectors.judged) assert.equal(judged(isRight), words);
});
