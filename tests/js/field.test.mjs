// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";
import { test } from "node:test";
import { met, named, summary } from "../../kvmplanes/learn/review/field.js";

test("lines are found in what a reader writes", () => {
  assert.deepEqual(named("L33: order. L09, l7; see L22..L24 and L32-34, L1 to L2"), [
    "L01",
    "L02",
    "L07",
    "L09",
    "L22",
    "L23",
    "L24",
    "L32",
    "L33",
    "L34",
  ]);
  assert.deepEqual(named("+54 is late; +47..+49 are not. 3+4"), ["+47", "+48", "+49", "+54"]);
  assert.deepEqual(named("nothing on 33, HTML5, L123 or L9..L7"), []);
});

test("a finding is met by its own lines alone", () => {
  assert.deepEqual(met(["L09", "L33"], "L32 L33 L34"), ["L33"]);
  assert.deepEqual(met(["L09"], ""), []);
});

test("the summary counts what is met, and names lines that meet nothing", () => {
  const [findings, alarms] = [["L09 L10", "L33", ""], ["L10"]];
  const told = (...lines) => summary(lines, findings, alarms);
  assert.match(told("L09", "L10"), /^Your lines meet 1 of 3 known findings, and 1 of 1 things .*the same\.$/);
  assert.match(told("L02", "L33"), /meet 1 of 3 .* 0 of 1 .* For L02 nothing is known here/);
  assert.match(told(), /^You have named no line/);
});
