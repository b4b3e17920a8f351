// SPDX-License-Identifier: GPL-2.0-only
// A page of the built site in Firefox, under its policy: a player, a question and an exercise in its own Python.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { opened } from "../browser/firefox.mjs";

let firefox;
let page;

before(async () => {
  firefox = await opened();
  page = firefox.page;
});

after(() => firefox?.close());

test("the player steps", async () => {
  const player = "[data-kvmplanes-player] >>> ";
  await page.waitForSelector(`${player}.count`);
  await page.locator(`${player}[aria-label="Next step"]`).click();
  assert.equal(await page.$eval(`${player}.count`, (node) => node.textContent), "step 45");
});

test("a question judges an answer", async () => {
  const question = '[data-kvmplanes-question="radio"]'; // the first one: a) is right
  await page.locator(`${question} label`).click();
  await page.locator(`${question} button::-p-text(Check)`).click();
  await firefox.says(`${question} [role=status]`, "✓ right");
});

test("an exercise is answered in the page", async () => {
  await page.locator(".kp-try button::-p-text(Answer here)").click();
  const editor = await page.waitForSelector('::-p-aria([name="Your C"][role="textbox"])');
  await editor.click();
  await firefox.chord("Control", "a");
  await page.keyboard.type("kvm_destroy_planes(kvm);kvm_arch_free_vm(kvm);");
  await firefox.chord("Control", "Enter");
  await firefox.says(".kp-try [role=status]", "Right: this exercise is done.");
});

test("no script has failed", () => assert.deepEqual(firefox.errors, []));
