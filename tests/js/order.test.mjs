// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";
import { test } from "node:test";
import { isSame, moved } from "../../kvmplanes/view/live/order.js";

test("a line moves to a place, and the others keep their order", () => {
  const order = [3, 0, 2, 1];
  assert.deepEqual(moved(order, 0, 1), [0, 3, 2, 1]);
  assert.deepEqual(moved(order, 3, 0), [1, 3, 0, 2]);
  assert.deepEqual(order, [3, 0, 2, 1]);
});

test("no line moves beyond the ends", () => {
  assert.equal(moved([0, 1], 0, -1), undefined);
  assert.equal(moved([0, 1], 1, 2), undefined);
});

test("orders are compared line by line", () => {
  assert.ok(isSame([1, 0], [1, 0]));
  assert.ok(!isSame([1, 0], [0, 1]));
  assert.ok(!isSame(undefined, [0, 1]));
});
