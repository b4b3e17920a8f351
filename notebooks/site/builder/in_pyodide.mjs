// SPDX-License-Identifier: GPL-2.0-only
// Run tests under Pyodide: in_pyodide.mjs PYODIDE PROJECT PYTEST-ARGUMENT...
// The package under test is the wheel that lies in PYODIDE; the tests are those of PROJECT's folder.

import { pathToFileURL } from "node:url";

const [pyodide, project, ...options] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`));
const python = await loadPyodide();
await python.loadPackage(["kvmplanes", "pytest", "hypothesis"], { messageCallback: () => {} });
python.mountNodeFS("/project", project);
python.globals.set("options", python.toPy(options));
process.exitCode = await python.runPythonAsync(`
import os, platform, sys, time

start = time.perf_counter()
import kvmplanes
kvmplanes.certify("09")
seconds = time.perf_counter() - start
assert "pycparser" not in sys.modules, "the translations in the wheel are those of its C and its machine"

import pytest

os.chdir("/project")
os.environ["COLUMNS"] = "100"
assert not kvmplanes.__file__.startswith("/project"), "the installed wheel is what is tested"
print(f"Python {platform.python_version()} on {sys.platform} ({platform.machine()}), kvmplanes from its wheel")
print(f"{seconds:.2f} s from the import to the first certificate")
int(pytest.main(["-q", "-p", "no:cacheprovider", *options]))
`);
