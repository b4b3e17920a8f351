// SPDX-License-Identifier: GPL-2.0-only
// A page in a real Firefox, for tests that Node runs; its address and the browser's path are in ADDRESS and FIREFOX.
import { createRequire } from "node:module";

// Where `make build/npm/installed` puts it.
const { launch } = createRequire(new URL("../../build/npm/package.json", import.meta.url))("puppeteer-core");

// The page, what a test does with it, and the scripts' errors until now.
export async function opened() {
  const browser = await launch({ browser: "firefox", executablePath: process.env.FIREFOX });
  const page = await browser.newPage();
  const errors = [];
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => errors.push(error.message));
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(process.env.ADDRESS);
  return { page, errors, close: () => browser.close(), ...hands(page) };
}

function hands(page) {
  return {
    // Waits for words in an element.
    says: (selector, words) =>
      page.waitForFunction(
        (selector, words) => [...document.querySelectorAll(selector)].some((node) => node.textContent.includes(words)),
        {},
        selector,
        words,
      ),
    // Presses a key with another one held.
    chord: async (held, key) => {
      await page.keyboard.down(held);
      await page.keyboard.press(key);
      await page.keyboard.up(held);
    },
  };
}
