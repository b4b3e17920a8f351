// SPDX-License-Identifier: GPL-2.0-only
// A notebook in JupyterLab in Firefox: a player, a question, the picker and an exercise.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { opened } from "./firefox.mjs";

let firefox;
let page;

before(async () => {
  firefox = await opened();
  page = firefox.page;
  await page.waitForFunction(() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === "connected" && kernel.status === "idle";
  });
  await page.evaluate(() => void window.jupyterapp.commands.execute("notebook:run-all-cells"));
});

after(() => firefox?.close());

test("the player steps by button and by key", async () => {
  const player = "[data-kvmplanes-player] >>> ";
  await page.waitForSelector(`${player}.count`);
  const count = () => page.$eval(`${player}.count`, (node) => node.textContent);
  assert.equal(await count(), "step 0 of 65");
  await page.locator(`${player}[aria-label="Next step"]`).click();
  assert.equal(await count(), "step 1 of 65");
  await page.keyboard.press("End");
  assert.equal(await count(), "step 65 of 65");
  assert.ok(await page.$(`${player}.heap svg`));
});

test("a question judges an answer", async () => {
  const question = "[data-kvmplanes-question]";
  await page.locator(`${question} label::-p-text(Plane 0 leaks)`).click();
  await page.locator(`${question} button::-p-text(Check)`).click();
  await firefox.says(`${question} [role=status]`, "✓ right");
});

test("the picker shows another run when another call fails", async () => {
  await firefox.says(".kp-verdict", "KVM_CREATE_VM returns ENOMEM");
  const calls = await page.waitForSelector('::-p-aria([name="Failing call"][role="combobox"])');
  await calls.select("anon_inode_getfile: ENFILE");
  await firefox.says(".kp-verdict", "KVM_CREATE_VM returns ENFILE");
});

test("an exercise is answered in a cell", async () => {
  const output = ".jp-OutputArea-output";
  await firefox.says(output, "As given: 2 of 18 paths are not clean.");
  await (await page.$$(".jp-CodeCell .cm-content")).at(-1).click();
  await firefox.chord("Control", "a");
  await page.keyboard.type('check("teardown-order", "kvm_destroy_planes(kvm);kvm_arch_free_vm(kvm);")');
  await firefox.chord("Shift", "Enter");
  await firefox.says(output, "Every path of 09 is clean.");
});

test("no script has failed", () => assert.deepEqual(firefox.errors, []));
