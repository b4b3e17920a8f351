// SPDX-License-Identifier: GPL-2.0-only
// Python in a worker: Pyodide and the package, from the folder that JupyterLite has them in. Not thebe-lite, which brings
// a Jupyter server and an older Pyodide from another host, and not JupyterLite in a frame, which is a whole application:
// one function of Python (cells.py) is enough for a cell.
// The builder fills in WHEELS, the names of the package's wheel and of those that it needs.
import CELLS from "./cells.py";

const PYODIDE = new URL("../../lite/static/pyodide/", import.meta.url);
const A_STEP = 200_000; // bytes between two reports

// Reports what is being loaded, whoever asks for it.
const fetched = fetch;
let bytes = 0;
let reported = 0;
globalThis.fetch = async (...wanted) => {
  const answer = await fetched(...wanted);
  if (!answer.ok) return answer;
  const counter = new TransformStream({
    transform(chunk, stream) {
      bytes += chunk.byteLength;
      if (bytes - reported > A_STEP) {
        reported = bytes;
        postMessage({ bytes });
      }
      stream.enqueue(chunk);
    },
  });
  return new Response(answer.body.pipeThrough(counter), answer);
};

async function wheel(name) {
  const answer = await fetch(new URL(name, PYODIDE));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.arrayBuffer();
}

async function load() {
  const wheels = Promise.all(WHEELS.map(wheel));
  const { loadPyodide } = await import(new URL("pyodide.mjs", PYODIDE).href);
  const [pyodide, archives] = await Promise.all([loadPyodide({ indexURL: PYODIDE.href }), wheels]);
  for (const archive of archives) pyodide.unpackArchive(archive, "wheel");
  pyodide.runPython(CELLS);
  return pyodide.globals.get("run_json");
}

let python;

addEventListener("message", async ({ data }) => {
  try {
    python ??= load();
    const run = await python;
    postMessage({ began: true });
    postMessage(JSON.parse(run(JSON.stringify(data))));
  } catch (error) {
    postMessage({ broken: String(error) });
  }
});
