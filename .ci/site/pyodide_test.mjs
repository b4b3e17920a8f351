// SPDX-License-Identifier: GPL-2.0-only
// Run tests under Pyodide: pyodide_test.mjs PYODIDE PROJECT PYTEST-ARGUMENT...
// The package under test is the wheel that lies in PYODIDE; the tests are those of PROJECT's folder.

import { pathToFileURL } from "node:url";

const [pyodide, project, ...options] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`));
const python = await loadPyodide();
await python.loadPackage(["kvmplanes", "pytest", "hypothesis"], { messageCallback: () => {} });
python.mountNodeFS("/project", project);
python.globals.set("options", python.toPy(options));
process.exitCode = await python.runPythonAsync(`
import os, platform, sys
import kvmplanes, pytest

os.chdir("/project")
os.environ["COLUMNS"] = "100"
assert not kvmplanes.__file__.startswith("/project"), "the installed wheel is what is tested"
print(f"Python {platform.python_version()} on {sys.platform} ({platform.machine()}), kvmplanes from its wheel")
int(pytest.main(["-q", "-p", "no:cacheprovider", *options]))
`);
