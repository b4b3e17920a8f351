// SPDX-License-Identifier: GPL-2.0-only
// Check an answer as a page does, and say which modules had to be compiled: first_use.mjs PYODIDE CELLS WHEEL...

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, cells, ...wheels] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide();
for (const wheel of wheels) python.unpackArchive(readFileSync(wheel).buffer, "wheel");
python.globals.set("cells", readFileSync(cells, "utf8"));
const said = python.runPython(`
import json, sys

library = next(path for path in sys.path if path.endswith(".zip"))
origins = [str(module.__spec__.origin) for module in sys.modules.values() if getattr(module, "__spec__", None)]
compiled = [origin for origin in origins if origin.startswith(library) and origin.endswith(".py")]
sys.addaudithook(lambda event, of: compiled.append(of[1]) if event == "compile" and str(of[1]).endswith(".py") else None)
exec(cells)
answer = "%%c mine\\nkvm_destroy_planes(kvm);\\nkvm_arch_free_vm(kvm);"
done = run(["from kvmplanes.learn import check", answer, 'check("teardown-order", mine)'])
json.dumps({"passed": done["passed"], "compiled": compiled})
`);
console.log(said);
