# SPDX-License-Identifier: GPL-2.0-only
"""What draws is a function of what it is given: no drawing runs a kernel."""

from collections.abc import Callable

import pytest

import kvmplanes as kp
from kvmplanes import view
from kvmplanes.model.floor import Kernel
from kvmplanes.runs.shown import bundle

TRACE = kp.run("09", fail="init_srcu_struct")
LADDER, CERTIFICATE = kp.ladder(TRACE), kp.certify("09")

DRAWINGS: dict[str, Callable[[], object]] = {
    "heap_picture": lambda: view.heap_picture(TRACE, 3),
    "scene_picture": lambda: view.scene_picture(CERTIFICATE.paths[-1].trace),
    "slots_picture": lambda: view.slots_picture(TRACE, at=3),
    "ladder_picture": lambda: view.ladder_picture(LADDER),
    "ladder as Jupyter shows it": lambda: bundle(LADDER),
    "certificate as Jupyter shows it": lambda: bundle(CERTIFICATE),
    "report": lambda: view.report(CERTIFICATE.paths[-1].trace),
    "player": lambda: view.player(TRACE),
    "diff_html": lambda: view.diff_html(hunk=5),
    "lines_html": lambda: view.lines_html(["+24"]),
    "plot_lifetimes": lambda: view.plot_lifetimes(TRACE).svg,
    "plot_occupancy": lambda: view.plot_occupancy(TRACE).svg,
    "plot_paths": lambda: view.plot_paths([CERTIFICATE]).svg,
    "plot_runs": lambda: view.plot_runs({"one": [TRACE]}).svg,
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_drawing_runs_a_kernel(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError(f"{name} runs a kernel")

    monkeypatch.setattr(Kernel, "__init__", refuse)
    assert DRAWINGS[name]()


def test_a_run_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kernel, "__init__", lambda *_, **__: pytest.fail("a kernel"))
    with pytest.raises(pytest.fail.Exception, match="a kernel"):
        kp.run("09")
