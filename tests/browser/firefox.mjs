// SPDX-License-Identifier: GPL-2.0-only
// A notebook in JupyterLab in a real Firefox: node --test tests/browser/firefox.mjs, with the address of the notebook and
// the browser's path in LAB and FIREFOX. test_firefox.py stores the notebook and starts this.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

// Where `make build/npm/installed` puts it.
const { launch } = createRequire(new URL("../../build/npm/package.json", import.meta.url))("puppeteer-core");
const { LAB, FIREFOX } = process.env;
const errors = [];
let browser;
let page;

before(async () => {
  browser = await launch({ browser: "firefox", executablePath: FIREFOX });
  page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => errors.push(error.message));
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(LAB);
  await page.waitForFunction(() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === "connected" && kernel.status === "idle";
  });
  await page.evaluate(() => void window.jupyterapp.commands.execute("notebook:run-all-cells"));
});

after(() => browser?.close());

// Waits for words in an element.
const says = (selector, words) =>
  page.waitForFunction(
    (selector, words) => [...document.querySelectorAll(selector)].some((node) => node.textContent.includes(words)),
    {},
    selector,
    words,
  );

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
  await says(`${question} [role=status]`, "✓ right");
});

test("the picker shows another run when another call fails", async () => {
  await says(".kp-verdict", "KVM_CREATE_VM returns ENOMEM");
  const calls = await page.waitForSelector('::-p-aria([name="Failing call"][role="combobox"])');
  await calls.select("anon_inode_getfile: ENFILE");
  await says(".kp-verdict", "KVM_CREATE_VM returns ENFILE");
});

test("an exercise is answered in a cell", async () => {
  const output = ".jp-OutputArea-output";
  await says(output, "As given: 2 of 18 paths are not clean.");
  await (await page.$$(".jp-CodeCell .cm-content")).at(-1).click();
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.type('check("teardown-order", "kvm_destroy_planes(kvm);kvm_arch_free_vm(kvm);")');
  await page.keyboard.down("Shift");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Shift");
  await says(output, "Every path of 09 is clean.");
});

test("no script has failed", () => assert.deepEqual(errors, []));
