// SPDX-License-Identifier: GPL-2.0-only
// The page's one Python: a worker that is started when something is to be run, and ended when that does not end.
const LIMIT = 60; // seconds for a run

let worker;
let before = Promise.resolve();

// Runs the last of some cells, after all that was to be run before. `heard` is called with the number of bytes loaded
// while Python is loaded, and with nothing when the run begins. `stops` is given what ends it: a function of the reason.
// The answer is what cells.py says, or { broken: a sentence }.
export function run(sources, heard, stops) {
  const mine = before.then(() => begin(sources, heard, stops));
  before = mine;
  return mine;
}

function begin(sources, heard, stops) {
  worker ??= new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  let answered;
  const answer = new Promise((resolve) => {
    answered = resolve;
  });
  let clock;
  const end = (said) => {
    clearTimeout(clock);
    if ("broken" in said) {
      worker.terminate();
      worker = undefined;
    }
    answered(said);
  };
  const stop = (reason) => end({ broken: `${reason} The next run starts Python anew.` });
  worker.onmessage = ({ data }) => {
    if (data.began)
      clock = setTimeout(() => stop(`It did not end within ${LIMIT} seconds and was stopped.`), LIMIT * 1000);
    if (data.began || data.bytes) heard(data.bytes);
    else end("broken" in data ? unloaded() : data);
  };
  worker.onerror = () => end(unloaded());
  stops(() => stop("Stopped."));
  worker.postMessage(sources);
  return answer;
}

function unloaded() {
  return { broken: "Python could not be loaded here. The page stays as it was; nothing was run." };
}
