// SPDX-License-Identifier: GPL-2.0-only
// What a reader has answered is kept in this browser, in its localStorage, and is never sent. Where the browser refuses,
// it is kept in the page for as long as the page lives.
const PREFIX = "kvmplanes:";

// One for all scripts of a page; each output brings its own copy of this file. Beside it, `kvmplanesFollow` is a function
// of progress.js: it has the page show what is kept now.
globalThis.kvmplanesKept ??= new Map();

function lasting() {
  try {
    const probe = `${PREFIX}probe`;
    localStorage.setItem(probe, "");
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    return undefined; // no such thing, or forbidden
  }
}

// Whether what is kept is there again after a reload.
export function isLasting() {
  return lasting() !== undefined;
}

export function keep(name, value) {
  const text = JSON.stringify(value);
  globalThis.kvmplanesKept.set(PREFIX + name, text);
  try {
    lasting()?.setItem(PREFIX + name, text);
  } catch {
    // Full: the page has it.
  }
  globalThis.kvmplanesFollow?.();
}

// What was kept under a name; undefined for nothing, and for what is no JSON of ours.
export function kept(name) {
  try {
    return JSON.parse(lasting()?.getItem(PREFIX + name) ?? globalThis.kvmplanesKept.get(PREFIX + name));
  } catch {
    return undefined;
  }
}

// The names under which something is kept.
export function names() {
  const storage = lasting();
  const stored = storage ? Array.from({ length: storage.length }, (_, place) => storage.key(place)) : [];
  const all = new Set([...stored, ...globalThis.kvmplanesKept.keys()]);
  return [...all].filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
}

// Drops what is kept, and empties what is in the page: a host with a function `kvmplanesForget` has it called.
export function forget(isMeant = () => true) {
  for (const name of names().filter(isMeant)) {
    globalThis.kvmplanesKept.delete(PREFIX + name);
    lasting()?.removeItem(PREFIX + name);
  }
  for (const host of document.querySelectorAll("[data-kvmplanes-keeps]")) host.kvmplanesForget?.(isMeant);
  globalThis.kvmplanesFollow?.();
}
