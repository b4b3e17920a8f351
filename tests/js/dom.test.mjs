// SPDX-License-Identifier: GPL-2.0-only
import assert from "node:assert/strict";
import { test } from "node:test";
import { behind, quiet, stored } from "../../kvmplanes/view/page/dom.js";

test("an address is for one prefix, and its names may be written with percent signs", () => {
  assert.equal(behind("order-ladder", "#order-ladder-02341"), "02341");
  assert.equal(behind("picker-1", "#picker-1-29-p1%2E3"), "29-p1.3");
  assert.equal(behind("picker-1", "#picker-12-09"), undefined);
  assert.equal(behind("picker-1", ""), undefined);
  assert.equal(behind("picker-1", "#picker-1-%"), undefined);
});

test("keys typed in a host stay in it, and the host hears them", () => {
  const host = new EventTarget();
  const heard = [];
  quiet(host, (event) => heard.push(event.type));
  const event = new Event("keydown", { bubbles: true, cancelable: true });
  host.dispatchEvent(event);
  assert.deepEqual(heard, ["keydown"]);
  assert.equal(event.cancelBubble, true);
  assert.equal(event.defaultPrevented, false);
});

test("what Python stored is read with the comment around it, and without", () => {
  const host = (textContent) => ({ querySelector: () => ({ textContent }) });
  assert.deepEqual(stored(host('<!--{"a":{"b":"-->"}}-->')), { a: { b: "-->" } });
  assert.deepEqual(stored(host('{"a":1}')), { a: 1 });
});
