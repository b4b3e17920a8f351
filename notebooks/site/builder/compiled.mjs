// SPDX-License-Identifier: GPL-2.0-only
// Compile what modules import: compiled.mjs FOLDER-WITH-PYODIDE-AND-WHEELS MODULE...
// A failure is one line. The same bytes come out each time: the order of a set is fixed, which is by chance elsewhere.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

process.on("uncaughtException", (error) => {
  console.error(error.message.trim().split("\n").at(-1));
  process.exit(1);
});
const [folder, ...modules] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide({ env: { PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1" } });
python.mountNodeFS("/folder", folder);
python.runPython(readFileSync(new URL("compiled.py", import.meta.url), "utf8"));
python.globals.get("main")("/folder", python.toPy(modules));
