// SPDX-License-Identifier: GPL-2.0-only
// The editor for a cell: CodeMirror, which a page loads when a reader first wants to change a cell. Its colours are those
// of the page's theme (live.css).
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { cpp } from "@codemirror/lang-cpp";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Transaction } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

const C = [cpp(), indentUnit.of("\t")];
const PYTHON = [python(), indentUnit.of("    ")];

// Puts an editor into an element. `label` and `described` are for screen readers; `changed` is called when the reader
// has changed the text, `run` when the reader presses Ctrl+Enter or Shift+Enter.
export function edit(parent, { text, isC, label, described, changed, run }) {
  const begin = () => {
    run();
    return true;
  };
  const view = new EditorView({
    parent,
    doc: text,
    extensions: [
      keymap.of([
        { key: "Mod-Enter", run: begin },
        { key: "Shift-Enter", run: begin },
      ]),
      keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
      history(),
      isC ? C : PYTHON,
      EditorState.tabSize.of(8),
      indentOnInput(),
      bracketMatching(),
      syntaxHighlighting(classHighlighter),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": described }),
      EditorView.updateListener.of((update) => {
        // What the page itself puts in is no change of the reader's.
        if (update.docChanged && update.transactions.some((one) => one.annotation(Transaction.userEvent))) changed();
      }),
    ],
  });
  return {
    focus: () => view.focus(),
    text: () => view.state.doc.toString(),
    replace: (insert) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert } }),
  };
}
