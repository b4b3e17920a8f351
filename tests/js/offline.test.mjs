// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, offered } from "../../kvmplanes/view/live/offline.js";

const CHOICES = [
  ["09", "none", "nothing", "09"],
  ["09", "none", "2. kzalloc", "09-n2"],
  ["29", "none", "nothing", "29"],
  ["29", "1", "nothing", "29-p1"],
  ["29", "1", "2. kzalloc", "29-p1-n2"],
];

test("a list offers what there is under the choices before it, each once", () => {
  assert.deepEqual(offered(CHOICES, []), ["09", "29"]);
  assert.deepEqual(offered(CHOICES, ["29"]), ["none", "1"]);
  assert.deepEqual(offered(CHOICES, ["29", "none"]), ["nothing"]);
});

test("a choice is kept where it is still offered, and is else the first", () => {
  assert.deepEqual(nearest(CHOICES, ["29", "1", "2. kzalloc"]), ["29", "1", "2. kzalloc"]);
  assert.deepEqual(nearest(CHOICES, ["09", "1", "2. kzalloc"]), ["09", "none", "2. kzalloc"]);
  assert.deepEqual(nearest(CHOICES, ["29", "none", "2. kzalloc"]), ["29", "none", "nothing"]);
  assert.deepEqual(nearest(CHOICES, ["Version", "Planes", "What fails"]), ["09", "none", "nothing"]);
});
