// SPDX-License-Identifier: GPL-2.0-only
// A JupyterLab extension without a build: JupyterLab loads this file and asks its container for "./extension".

const QUIET = 1000; // ms without a move: the notebook has drawn its outputs
const LONGEST = 20000; // ms after which a link gives up

const RUNS = /^(notebook|runmenu):(run|restart-and-run)/;
// What these hosts show is fetched by a line of Python that nobody needs to read. Enter on the selected cell shows it.
const FETCHED = "question verdict selftest exercise findings progress"
  .split(" ")
  .map((host) => `[data-kvmplanes-${host}]`);
const STYLE = `
  .jp-RenderedMarkdown > :not(table, pre) { max-width: 52rem }
  .jp-Notebook .jp-OutputArea-output pre { word-break: normal; overflow-wrap: anywhere }
  .jp-CodeCell:has(> .jp-Cell-outputWrapper :is(${FETCHED})):not(.jp-mod-editMode .jp-mod-active)
    > .jp-Cell-inputWrapper { display: none }`;

// The heading or entry that a fragment names; JupyterLab keeps it in `id` or, cleaned, in `data-jupyter-id`.
function target(panel, fragment) {
  const name = CSS.escape(fragment);
  return panel.querySelector(`[id="${name}"], [data-jupyter-id="${name}"]`);
}

// JupyterLab asks for the fragment before a notebook that it has just opened has its height; so ask again until the
// heading stays where it is, or the reader scrolls.
function land(app, path, fragment) {
  const begun = performance.now();
  let last = null;
  let since = begun;
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  for (const event of ["wheel", "keydown", "pointerdown"])
    document.addEventListener(event, stop, { once: true, capture: true });
  const look = () => {
    const now = performance.now();
    if (stopped || now - begun > LONGEST) return;
    const panel = app.shell.currentWidget;
    const heading = panel?.context?.path === path && panel.context.isReady ? target(panel.node, fragment) : null;
    if (heading) {
      const top = heading.getBoundingClientRect().top;
      if (last === null || Math.abs(top - last) > 2) {
        heading.scrollIntoView({ block: "start" });
        last = heading.getBoundingClientRect().top;
        since = now;
      } else if (now - since > QUIET) return;
    }
    setTimeout(look, 100);
  };
  look();
}

// A cell that is run before its kernel is there loses its output and is not run: so whoever asks early waits.
function wait(app) {
  const execute = app.commands.execute.bind(app.commands);
  app.commands.execute = async (id, args) => {
    if (RUNS.test(id)) await app.shell.currentWidget?.sessionContext?.ready;
    return execute(id, args);
  };
}

function activate(app) {
  wait(app);
  const style = document.createElement("style");
  style.textContent = STYLE;
  document.head.append(style);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".jp-Notebook a[href*='.ipynb'][href*='#']");
    if (!link) return;
    const url = new URL(link.href);
    const path = decodeURIComponent(url.pathname).split("/files/")[1];
    if (path) land(app, path, decodeURIComponent(url.hash.slice(1)));
  });
}

const extension = { id: "@kvmplanes/reading:plugin", autoStart: true, activate };

window._JUPYTERLAB ??= {};
window._JUPYTERLAB["@kvmplanes/reading"] = {
  init() {},
  get: (module) =>
    module === "./extension"
      ? Promise.resolve(() => ({ __esModule: true, default: extension }))
      : Promise.reject(new Error(`no module ${module}`)),
};
