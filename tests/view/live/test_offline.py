# SPDX-License-Identifier: GPL-2.0-only
"""What a picker's lists offer on a page without a kernel, and the files behind them."""

import json
from pathlib import Path
from types import MappingProxyType

import pytest

import kvmplanes as kp
from kvmplanes.model.faults import CALLS, base
from kvmplanes.view.live.controls import failure_key
from kvmplanes.view.live.failures import picker
from kvmplanes.view.live.offline import PLANES_TO_CREATE, Choices, failure_choices
from kvmplanes.view.report import summary

CHOICES = MappingProxyType({choice.key: choice for choice in failure_choices().choices})


def test_every_run_of_every_version_can_be_chosen_once() -> None:
    assert len(CHOICES) == len(failure_choices().choices) == len({choice.labels for choice in CHOICES.values()})
    assert {choice.labels[0].partition(":")[0] for choice in CHOICES.values()} == {*kp.VERSIONS} - {"29"}
    for name, version in kp.VERSIONS.items():
        if name == "29":  # notebook 08 lets a reader judge it
            continue
        for planes in PLANES_TO_CREATE if version.creates_planes else ((),):
            calls = kp.run(name, planes=planes).calls
            errnos = sum(len(CALLS[base(call)][0]) for call in calls)
            first = CHOICES[failure_key(name, planes)].labels
            assert sum(choice.labels[:2] == first[:2] for choice in CHOICES.values()) == errnos + 1


@pytest.mark.parametrize(
    ("key", "run"),
    [
        ("09", lambda: kp.run("09")),
        ("09-n2", lambda: kp.run("09", fail=2)),
        ("29-fixed-p1.3-n20", lambda: kp.run("29-fixed", planes=(1, 3), fail=20)),
        ("11-n14-EINTR", lambda: kp.run("11", fail="kvm_init_mmu_notifier: EINTR")),
    ],
)
def test_a_choice_shows_the_run_that_its_key_names(key: str, run: object) -> None:
    trace = run()  # type: ignore[operator]
    verdict, views = CHOICES[key].html()
    assert verdict == summary(trace).html
    assert views.count("<svg") >= 2
    assert ("BUG: KASAN" in views) == any(defect.kind == "use-after-free" for defect in trace.defects)


@pytest.mark.parametrize(
    ("version", "choice"),
    [("09", {}), ("09", {"fail": 2}), ("29-fixed", {"planes": (1, 3), "fail": "anon_inode_getfile(plane 3): ENFILE"})],
)
def test_the_live_picker_names_its_choice_by_a_key_of_the_page(version: str, choice: dict[str, object]) -> None:
    live = picker(version, **choice)  # type: ignore[arg-type]
    key = live._repr_mimebundle_()["text/html"].partition('data-key="')[2].partition('"')[0]
    assert CHOICES[key].html()[0] == summary(live.trace).html


def test_a_choice_by_chance_has_no_key() -> None:
    live = picker("09", fail=kp.Failslab(probability=50, seed=3))
    assert 'data-key=""' in live._repr_mimebundle_()["text/html"]


def test_the_files_hold_the_index_and_every_choice(tmp_path: Path) -> None:
    some = failure_choices().choices[:3]
    size = Choices("some", ("Version", "Planes", "What fails"), some, "note").write(tmp_path)
    files = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "some").glob("*.json")}
    assert sum(path.stat().st_size for path in (tmp_path / "some").iterdir()) == size
    assert set(files) == {"index", *(choice.key for choice in some)}
    assert files["index"]["choices"] == [[*choice.labels, choice.key] for choice in some]
    assert files[some[1].key] == dict(zip(("verdict", "views"), some[1].html(), strict=True))
