// SPDX-License-Identifier: GPL-2.0-only
// What a browser has saved of a reader's notebooks. JupyterLite saves them in a database that belongs to one edition of the
// notebooks, so a new edition shows its own; this script shows the start page what is saved, of earlier ones as well,
// and says on the pages of a notebook where that is, or that nothing can be saved.
(() => {
  const { src, dataset } = document.currentScript;
  const root = new URL(".", src);
  const current = dataset.storage;
  const editions = `${current.slice(0, current.lastIndexOf(" "))} `;
  const unnamed = `JupyterLite Storage - ${root.pathname}`; // the name that JupyterLite gives, and that we had

  function element(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function button(words, act) {
    const made = element("button", { type: "button" }, words);
    made.addEventListener("click", act);
    return made;
  }

  // What a request of the database gives.
  function given(request) {
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  // Calls `use` with the saved files of an edition. JupyterLite adds its other stores later, if this one comes first.
  async function within(name, mode, use) {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore("files");
    const database = await given(request);
    try {
      if (!database.objectStoreNames.contains("files")) return [];
      return await use(database.transaction("files", mode).objectStore("files"));
    } finally {
      database.close();
    }
  }

  async function files(name) {
    const saved = await within(name, "readonly", (store) => given(store.getAll()));
    return saved.filter(({ type }) => type !== "directory");
  }

  // The editions of which this browser keeps something: this one first.
  async function editionsHere() {
    const names = (await indexedDB.databases()).map(({ name }) => name);
    return names
      .filter((name) => name.startsWith(editions) || name === unnamed)
      .sort((one, other) => (other === current) - (one === current));
  }

  // -- the start page --------------------------------------------------------------------------------

  // The first free name: "05-teardown-earlier.ipynb", then "05-teardown-earlier-2.ipynb".
  function free(name, taken) {
    const [, stem, suffix] = name.match(/^(.*?)(\.[^.]*)?$/);
    for (let number = 1; ; number++) {
      const path = `${stem}-earlier${number > 1 ? `-${number}` : ""}${suffix ?? ""}`;
      if (!taken.has(path)) return path;
    }
  }

  // Puts a file of an earlier edition beside this edition's own, and opens it.
  async function copy(file) {
    const saved = await files(current);
    const path = free(file.name, new Set(saved.map((other) => other.path)));
    await within(current, "readwrite", (store) => given(store.put({ ...file, path, name: path }, path)));
    location.assign(`notebooks/index.html?path=${encodeURIComponent(path)}`);
  }

  function download({ name, format, mimetype, content }) {
    const text = format === "json" ? JSON.stringify(content, null, 1) : content;
    const href = format === "base64" ? `data:${mimetype};base64,${content}` : URL.createObjectURL(new Blob([text]));
    element("a", { href, download: name }).click();
  }

  // A button that asks before it acts.
  function asking(words, sure, act) {
    const whole = element("span", {});
    const first = () => whole.replaceChildren(button(words, second));
    const second = () => {
      whole.replaceChildren(`${sure} `, button("Yes", act), " ", button("No", first));
      whole.querySelector("button:last-of-type").focus();
    };
    first();
    return whole;
  }

  function row(edition, file) {
    const own = edition === current;
    const remove = async () => {
      await within(edition, "readwrite", (store) => given(store.delete(file.path)));
      await show();
    };
    const link = element("a", { href: `notebooks/index.html?path=${encodeURIComponent(file.path)}` }, file.path);
    const day = new Date(file.last_modified).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const acts = [
      ...(own ? [] : [button("Copy into this edition and open", () => copy(file)), " "]),
      button("Download", () => download(file)),
      " ",
      asking(own ? "Back to the original" : "Delete", `Delete what you saved of ${file.path}?`, remove),
    ];
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, own ? link : file.path),
      element("td", {}, `${own ? "" : "an earlier edition, "}${day}`),
      element("td", {}, ...acts),
    );
  }

  // Removes all that JupyterLite keeps: every edition, its settings and its layout.
  async function reset() {
    for (const name of new Set([...(await editionsHere()), unnamed])) await given(indexedDB.deleteDatabase(name));
    await show();
  }

  async function show() {
    const place = document.getElementById("saved");
    const rows = [];
    for (const edition of await editionsHere()) {
      for (const file of await files(edition)) rows.push(row(edition, file));
    }
    place.hidden = !rows.length;
    place.querySelector("tbody").replaceChildren(...rows);
    place
      .querySelector("p:last-child")
      .replaceChildren(
        asking("Reset everything", "Delete all of it, and JupyterLite's settings in this browser?", reset),
      );
  }

  // -- a notebook's page -----------------------------------------------------------------------------

  // A bar below JupyterLite, which makes room for it.
  function say(words, link) {
    const looks = "position:fixed;inset:auto 0 0;z-index:1000;padding:8px 16px;font:14px/1.5 system-ui,sans-serif";
    const bar = element("div", { role: "status", style: `${looks};background:#1f1f1f;color:#fff` }, words, " ");
    const room = element("style", {}, `#main{bottom:var(--kvmplanes-bar) !important}`);
    const sized = () => document.body.style.setProperty("--kvmplanes-bar", `${bar.offsetHeight}px`);
    const close = button("Close", () => {
      bar.remove();
      sized();
      dispatchEvent(new Event("resize"));
    });
    bar.append(...(link ? [link, " "] : []), close);
    document.body.append(room, bar);
    sized();
    addEventListener("resize", sized);
  }

  const linked = (words, href, target) =>
    element("a", { href, target, style: "color:#8cf;text-decoration:underline" }, words);

  function denied() {
    try {
      return !localStorage;
    } catch {
      return true;
    }
  }

  async function tell() {
    const out = self === top ? undefined : linked("Open it in a page of its own", location.href, "_top");
    if (origin === "null") {
      // The frame may not even lead away; then the address can be copied.
      const address = linked(location.href, location.href, "_top");
      say(
        "The page around this one shuts it off from its own site, so Python cannot start here. Open it on its own:",
        address,
      );
    } else if (denied()) {
      say("This browser keeps nothing here: what you change is lost when you leave, unless you download it.", out);
    } else {
      const path = new URLSearchParams(location.search).get("path");
      const isHere = async (edition) => (await files(edition)).some((file) => file.path === path);
      const earlier = (await editionsHere()).filter((edition) => edition !== current);
      if (!(await Promise.all(earlier.map(isHere))).includes(true)) return;
      const there = linked("Show it", new URL("index.html#saved", root), "_blank");
      say("You changed this notebook in an earlier edition, and what you saved is still here.", there);
    }
  }

  if (document.getElementById("saved")) {
    if (!denied()) show();
  } else {
    tell();
  }
})();
