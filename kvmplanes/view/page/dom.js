// SPDX-License-Identifier: GPL-2.0-only
// What all scripts of the pages share.

// An element with attributes and children. An attribute that is undefined or false is left out, true is an empty one.
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// Calls `make` for each host of a name, `<div data-kvmplanes-NAME>`, that is not alive yet. A notebook may run its
// scripts late, and more than once.
export function enliven(name, make) {
  for (const host of document.querySelectorAll(`[data-kvmplanes-${name}]`)) {
    if (host.kvmplanes) continue;
    host.kvmplanes = true;
    make(host);
  }
}

// What Python stored in a host, in a comment.
export function stored(host) {
  const text = host.querySelector('script[type="application/json"]').textContent;
  return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
}

// Keys typed in a host stay in it: the page around has shortcuts of its own (JupyterLab has one-letter ones).
export function quiet(host, heard = () => {}) {
  host.addEventListener("keydown", (event) => {
    event.stopPropagation();
    heard(event);
  });
}

// Whether a link to a place in this page makes sense: not in JupyterLab, and not in a frame without an address.
export function isLinked() {
  return /^(https?|file):$/.test(location.protocol) && !document.getElementById("jupyter-config-data");
}

// What an address says behind "#PREFIX-"; undefined where it says something else, or what is no address.
export function behind(prefix, hash) {
  const start = `#${prefix}-`;
  if (!hash.startsWith(start)) return undefined;
  try {
    return decodeURIComponent(hash.slice(start.length));
  } catch {
    return undefined;
  }
}

// What to do when the page's address changes: `go` where it leads, and scroll there if `go` finds the place.
export function follow(host, prefix, go) {
  return async () => {
    const asked = behind(prefix, location.hash);
    if (asked !== undefined && (await go(asked))) host.scrollIntoView();
  };
}

// Listens to the page for a host, but only while the host is in it: a notebook takes an output out when its cell runs
// again, and for a while when it is scrolled away. So a host that is taken out is held by nothing here.
// Calls `themed` and `addressed` at once and when the page's theme or address may have changed, and `resized` when the
// host is shown or changes its size; what is not given is not listened for. Returns what ends it.
export function attend(host, { themed, addressed, resized } = {}) {
  let presence;
  const heard = (call) => () => {
    update();
    if (presence) call?.();
  };
  const update = () => {
    if (host.isConnected === Boolean(presence)) return;
    presence?.abort();
    presence = host.isConnected ? new AbortController() : undefined;
    if (!presence) return;
    const { signal } = presence;
    if (themed) {
      const themes = new MutationObserver(heard(themed));
      for (const node of [document.documentElement, document.body]) themes.observe(node, { attributes: true });
      signal.addEventListener("abort", () => themes.disconnect());
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", heard(themed), { signal });
    }
    if (addressed) addEventListener("hashchange", heard(addressed), { signal });
    themed?.();
    addressed?.();
  };
  const sizes = new ResizeObserver(heard(resized));
  sizes.observe(host);
  update();
  return () => {
    sizes.disconnect();
    presence?.abort();
  };
}
