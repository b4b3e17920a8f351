# SPDX-License-Identifier: GPL-2.0-only
"""For browser tests: a folder served, a JupyterLab started, views on a page, saved outputs in JupyterLab's folder."""

import functools
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kvmplanes.runs.shown import Shown
from notebooks.site.builder import layout

SITE = Path(os.environ.get("SITE", layout.SITE))  # make test-site SITE=... tests another folder
FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
TOKEN = "browser-tests"  # noqa: S105 - for a server that only these tests see
BELOW = "/some/folder"  # where a project's pages usually stand: not at the root of their host
NARROW = {"width": 360, "height": 800}  # a phone
LOOKS = {"light": "background:#fff;color:#222", "dark": "background:#111;color:#eee"}

AT_REST = """(id) => {
    const shown = jupyterapp.shell.currentWidget;
    const heading = shown?.context?.isReady && shown.node.querySelector(`[id="${id}"], [data-jupyter-id="${id}"]`);
    if (!heading) return null;
    const top = Math.round(heading.getBoundingClientRect().top);
    window.tops = [...(window.tops ?? []), top].slice(-15);
    return window.tops.length === 15 && new Set(window.tops).size === 1 ? {top} : null;
}"""
# Whether the notebook of a path is in front, with a kernel that waits.
OPENED = """(path) => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const kernel = panel?.context?.path === path && panel.context.isReady && panel.sessionContext.session?.kernel;
    return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
# Whether all cells of the notebook in front have run since their outputs were cleared, or one has failed.
RUN_IS_OVER = """() => {
    const { model, sessionContext } = jupyterapp.shell.currentWidget;
    const cells = model.toJSON().cells;
    const code = cells.filter((cell) => cell.cell_type === "code" && [cell.source].flat().join("").trim());
    const failed = code.some((cell) => cell.outputs.some((output) => output.output_type === "error"));
    // A cell has its number before its outputs; the kernel is idle after them.
    const isIdle = sessionContext.session?.kernel?.status === "idle";
    return failed || (isIdle && code.every((cell) => cell.execution_count !== null));
}"""

Open = Callable[..., Any]  # the fixture `open_notebook`


def expect(locator: Any) -> Any:
    """Playwright's, which waits; imported here so that a machine without it can still collect the tests."""
    from playwright.sync_api import expect as waiting

    return waiting(locator)


def top_of(page: Any, heading: str) -> int:
    """Where a heading of the notebook in front is, in px, once it has not moved for 1.5 s."""
    page.evaluate("window.tops = []")
    return int(page.wait_for_function(AT_REST, arg=heading, polling=100, timeout=20_000).json_value()["top"])


def change_theme(page: Any, theme: str) -> None:
    """Change JupyterLab's theme, and wait until its splash is gone: JupyterLab fails when a second change meets it."""
    page.evaluate("(theme) => void jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.wait_for_function(
        "(theme) => document.body.dataset.jpThemeName === theme && !document.getElementById('jupyterlab-splash')",
        arg=theme,
    )


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class Below(Quiet):
    """The built site below a folder, with the types that browsers insist on."""

    def translate_path(self, path: str) -> str:
        inside = path.removeprefix(BELOW)
        return super().translate_path(inside if inside != path else "/there-is-nothing-here")


Below.extensions_map = {
    **Quiet.extensions_map, ".mjs": "text/javascript", ".wasm": "application/wasm",
}  # fmt: skip


@contextmanager
def served(folder: Path, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """Address of a folder, served on loopback."""
    of_folder = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), of_folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def jupyter_environment(folder: Path) -> dict[str, str]:
    """Jupyter's folders moved below one of ours: no settings of this machine's user, no traces in them."""
    (folder / "config").mkdir()
    (folder / "config" / "jupyter_lab_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    names = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return {**os.environ, "JUPYTER_TOKEN": TOKEN, **{name: str(folder / below) for name, below in names.items()}}


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - our own http address
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"no JupyterLab at {address} after {seconds} s")


@contextmanager
def jupyterlab(folder: Path, command: list[str]) -> Iterator[str]:
    """Address of the JupyterLab that a command starts; Jupyter's folders and its output, `log`, are in a folder."""
    port = free_port()
    command = [*command, "--no-browser", f"--port={port}"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, env=jupyter_environment(folder), stdout=log, stderr=log) as server,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/api", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def set_lite(pages: Any, lite: str, **settings: str) -> None:
    """From now on JupyterLite has these settings on a page, or in a browser, and its application is within reach."""

    def answered(route: Any) -> None:
        answer = route.fetch()
        content = answer.json()
        content["jupyter-config-data"] |= {"exposeAppInBrowser": True, **settings}
        route.fulfill(response=answer, json=content)

    pages.route(f"{lite}/jupyter-lite.json", answered)


def in_firefox(tests: Path, address: str, need: Callable[[object, str], None]) -> int:
    """Run tests for Node on a page in the distribution's Firefox; every one passes. Return how many they are."""
    need(FIREFOX, "This test needs the distribution's Firefox (Debian: apt install firefox-esr).")
    installed = (layout.BUILD / "npm" / "node_modules" / "puppeteer-core").is_dir()
    need(installed and shutil.which("node"), "This test needs Node.js and npm: run `make build/npm/installed`.")
    environment = {**os.environ, "ADDRESS": address, "FIREFOX": str(FIREFOX)}
    command = ["node", "--no-warnings", "--test", "--test-reporter=tap", str(tests)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    return int(re.findall(r"^# pass (\d+)$", result.stdout, flags=re.MULTILINE)[0])


def assert_fits_when_open(page: Any, live: Any) -> None:
    """With every fold open a `NARROW` page does not scroll sideways, and what is to be hit in `live` is large."""
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    heights = live.locator("label:visible, button:visible").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24  # WCAG 2.2, target size


def html_page(title: str, body: str, look: str = "light") -> str:
    """A page of our own around views."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    icon = '<link rel="icon" href="data:,">'
    return f'<!doctype html><html lang="en"><head>{head}{icon}</head><body style="{LOOKS[look]}">{body}</body></html>'


def saved(view: Shown) -> Any:
    """A cell that has been run."""
    output = nbformat.v4.new_output("execute_result", view._repr_mimebundle_(), execution_count=1)
    return nbformat.v4.new_code_cell("view", outputs=[output], execution_count=1)


def store(lab: str, name: str, trusted: bool, *code: Any) -> None:
    """Put a notebook into JupyterLab's folder; its server signs it when every cell is trusted."""
    cells = [nbformat.v4.new_markdown_cell(f"# {name}"), *code]
    for cell in code:
        cell.metadata.trusted = trusted
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    content = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    request = urllib.request.Request(  # noqa: S310 - our own http address
        f"{lab}/api/contents/{name}",
        json.dumps({"type": "notebook", "content": content}).encode(),
        {"Authorization": f"token {TOKEN}"},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
