# SPDX-License-Identifier: GPL-2.0-only
"""One JupyterLab: what `kvmplanes lab` starts, and what Binder starts by `start`, have the same settings."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from kvmplanes.lab import WIDGET
from tests.browser.web import TOKEN, jupyterlab, store
from tests.helpers.minutes import ROOT

pytestmark = pytest.mark.browser


@pytest.fixture(params=["kvmplanes lab", "Binder"])
def server(request: pytest.FixtureRequest, lab: str, tmp_path: Path) -> Iterator[str]:
    """Address of a JupyterLab."""
    if request.param == "kvmplanes lab":
        yield lab
        return
    command = [str(ROOT / "start"), sys.executable, "-m", "jupyter_server", "--allow-root"]
    with jupyterlab(tmp_path, [*command, f"--ServerApp.root_dir={tmp_path}"]) as address:
        yield address


def test_a_connection_is_closed_when_several_pings_have_no_answer() -> None:
    from jupyter_server.base.websocket import WebSocketMixin
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("jupyter_lab_config.py", str(ROOT / "kvmplanes/lab/jupyter")).load_config()
    settings = {"settings": config.ServerApp.get("tornado_settings", {})}
    connection = type("Connection", (WebSocketMixin,), settings)()
    assert connection.ping_timeout >= 2 * connection.ping_interval > 0


def fetched(server: str, path: str) -> str:
    request = urllib.request.Request(f"{server}{path}", headers={"Authorization": f"token {TOKEN}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310 - our own http address
        return str(reply.read().decode())


def test_the_settings_are_the_shipped_ones(server: str) -> None:
    shipped = json.loads((ROOT / "kvmplanes/lab/jupyter/labconfig/default_setting_overrides.json").read_text())
    for plugin, values in shipped.items():
        properties = json.loads(fetched(server, f"/lab/api/settings/{plugin}"))["schema"]["properties"]
        for name, value in values.items():
            assert properties[name]["default"] == value or value.items() <= properties[name]["default"].items()
    page = fetched(server, "/lab")
    assert '"@kvmplanes/reading"' in page
    assert '"@jupyterlab/apputils-extension:announcements"' in page


def test_a_widget_is_saved_as_its_first_frame(server: str) -> None:
    view = {"model_id": "x", "version_major": 2, "version_minor": 0}
    output = nbformat.v4.new_output("display_data", {WIDGET: view, "text/html": "<p>first</p>"})
    store(server, "widget.ipynb", True, nbformat.v4.new_code_cell("x", outputs=[output], execution_count=1))
    saved = json.loads(fetched(server, "/api/contents/widget.ipynb"))["content"]["cells"][-1]["outputs"][0]["data"]
    assert saved == {"text/html": "<p>first</p>"}
