// SPDX-License-Identifier: GPL-2.0-only
// A page's policy asks that what a script writes into it as HTML was looked at. All of it comes through here: pictures,
// replies, the theme's icons. Nothing in it may run; what a search has fetched is parsed into a document of its own,
// where nothing runs.
// A handler is one inside of a tag only, and outside of its quotes: C of a reader's own may well say "int one = 1;".
const TAG = /<[a-z](?:[^=>]|=\s*(?:"[^"]*"|'[^']*'|(?=[^\s"'])))*/;
const RUNS = new RegExp(`<script|<iframe|=\\s*["']?\\s*javascript:|${TAG.source}(?<=[\\s/"'])on\\w+\\s*=`, "i");
globalThis.trustedTypes?.createPolicy("default", {
  createHTML: (text, _, sink) => (sink.startsWith("DOMParser") || !RUNS.test(text) ? text : null),
  createScriptURL: (address) => (new URL(address, document.baseURI).origin === location.origin ? address : null),
});
