# SPDX-License-Identifier: GPL-2.0-only
"""Run notebooks from a fresh kernel, in order, and store their outputs in one normal form.

The same sources give the same bytes: no timings, no widget models or views (both carry random
ids), no traces of the editor. Cell ids stay; a cell without one gets the notebook's name and its
place.

Usage: execute_notebooks.py NOTEBOOK...
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_METADATA = {"jupyter", "tags"}
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    # Only a stored Python version would keep JupyterLab from marking an opened notebook as changed, and that varies.
    "language_info": {"name": "python"},
}


def normalise(notebook: NotebookNode, stem: str) -> NotebookNode:
    """Bring a notebook into its stored form, in place.

    Args:
        notebook: an executed notebook of format 4.
        stem: the notebook's file name without suffix, for cells that have no id.

    Returns:
        The same notebook.
    """
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    for place, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"{stem}-{place:02d}")
        kept = sorted(CELL_METADATA & set(cell.metadata))
        cell.metadata = {key: cell.metadata[key] for key in kept}
        for output in cell.get("outputs", ()):
            # A stored view without its model is an error message in JupyterLab; text and HTML stay.
            output.get("data", {}).pop(WIDGET_VIEW, None)
            output.get("metadata", {}).pop(WIDGET_VIEW, None)
    return notebook


def execute(path: Path) -> None:
    """Run one notebook beside its file and write it back; not when a cell fails."""
    # Not nbformat.read(): it would give cells without an id a random one.
    notebook = nbformat.reader.reads(path.read_text(encoding="utf-8"))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    notebook = normalise(notebook, path.stem)
    client = NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # each kernel would warn of plain text on this machine's own loopback
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    client.execute()
    nbformat.write(normalise(notebook, path.stem), path)


def main(names: list[str]) -> str | None:
    """Execute each notebook and say what became of it; the first failure ends the run."""
    if not names:
        return "There is no notebook in notebooks/: nothing to run."
    for path in map(Path, names):
        before = path.read_bytes()
        try:
            execute(path)
        except CellExecutionError as error:
            return f"{path}: a cell failed, the file is as it was.\n{error}"
        print(f"{path}: {'unchanged' if path.read_bytes() == before else 'written'}")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
