# SPDX-License-Identifier: GPL-2.0-only
"""Pickers without a kernel: every choice of a picker, worked out beforehand and stored as a file of its own.

A script puts lists in front of a stored first frame, and fetches what is chosen. The failure picker's choices by
chance (failslab) are left out: they are too many.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.series import VERSIONS, Version
from kvmplanes.runs.scenario import run
from kvmplanes.view.live.controls import failure_key
from kvmplanes.view.live.failures import NOTHING, OFFERED, Picker, version_label
from kvmplanes.view.live.pictures import below, beside, heap_html, ladder_html
from kvmplanes.view.page.script import page_script
from kvmplanes.view.report import summary

# What a page can ask of a version with KVM_CREATE_PLANE.
PLANES_TO_CREATE: Final = ((), (1,), (1, 3))


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen.

    Attributes:
        key: its name in links and of its file, such as "09-n2".
        labels: the choice in each list, in the lists' order.
        html: works out the verdict (read out by screen readers, "" for none) and what is shown below it.
    """

    key: str
    labels: tuple[str, ...]
    html: Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choices:
    """All that a picker can show.

    Attributes:
        name: what a stored first frame calls it (`data-kvmplanes-choices`), and the name of its folder.
        lists: the lists' labels.
        choices: what can be chosen.
        note: what only the live picker can do, in a sentence; "" if nothing.
    """

    name: str
    lists: tuple[str, ...]
    choices: tuple[Choice, ...]
    note: str = ""

    def write(self, folder: Path) -> int:
        """Store an index and a file a choice in a folder of the picker's name; return the number of bytes."""
        target = folder / self.name
        target.mkdir(parents=True, exist_ok=True)
        rows = [[*choice.labels, choice.key] for choice in self.choices]
        contents: dict[str, object] = {"index": {"lists": self.lists, "note": self.note, "choices": rows}}
        for choice in self.choices:
            verdict, shown = choice.html()
            contents[choice.key] = {"verdict": verdict, "views": shown}
        for key, content in contents.items():
            (target / f"{key}.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return sum((target / f"{key}.json").stat().st_size for key in contents)


def write_script(path: Path) -> None:
    """Store the script that a page with pickers loads; what `Choices.write` stores lies in the same folder."""
    path.write_text(page_script("kvmplanes.view.live", "offline"), encoding="utf-8")


def failure_choices(versions: Iterable[str] = OFFERED) -> Choices:
    """Everything that the failure picker can be asked, but for failures by chance.

    Args:
        versions: names of the versions to offer.
    """
    choices = tuple(choice for name in versions for choice in _failures(VERSIONS[name]))
    note = "Failures by chance (failslab) and other planes need Python: run this notebook live for them."
    return Choices(Picker.CHOICES, ("Version", "Planes", "What fails"), choices, note)


def _failures(version: Version) -> Iterator[Choice]:
    label = version_label(version)
    for planes in PLANES_TO_CREATE if version.creates_planes else PLANES_TO_CREATE[:1]:
        created = ", ".join(map(str, planes)) or "none but plane 0" if version.creates_planes else "none can be made"
        yield Choice(failure_key(version.name, planes), (label, created, NOTHING), partial(_views, version, planes))
        for nth, call in enumerate(run(version, planes=planes).calls, 1):
            usual, *others = CALLS[base(call)][0]
            for errno in (usual, *others):
                key = failure_key(version.name, planes, nth, errno if errno != usual else "")
                failing = f"{nth}. {call}" if errno == usual else f"{nth}. {call}: {errno}"
                yield Choice(key, (label, created, failing), partial(_views, version, planes, f"{call}: {errno}"))


def _views(version: Version, planes: tuple[int, ...], fail: str | None = None) -> tuple[str, str]:
    trace = run(version, planes=planes, fail=fail)
    return summary(trace).html, beside(ladder_html(trace), heap_html(trace)) + below(trace)
