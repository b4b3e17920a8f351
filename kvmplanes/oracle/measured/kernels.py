# SPDX-License-Identifier: GPL-2.0-only
"""Two measured kernels side by side, beside the model: the figures that one asks for, and which of them differ.

>>> from kvmplanes.oracle.measured.kernels import kernels
>>> line = kernels("a close").lines[0]
>>> line.figure, line.older, line.newer, line.model
('09: KASAN reports of a close', '17', '17', '17')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kvmplanes.given import known
from kvmplanes.model.series import ALL
from kvmplanes.model.sizes import ARRAY
from kvmplanes.oracle.measured.checks import traced
from kvmplanes.oracle.measured.evidence import NEWER, OLDER, both, recorded_figures
from kvmplanes.runs.scenario import run
from kvmplanes.runs.shown import Bundle, Drawn, bundle
from kvmplanes.view.page.html import Html, badge, table
from kvmplanes.view.page.style import CHANGED

ABSENT: Final = "-"
# A variant as 7.2 has it, and what: a check of `evidence`, or a path in the stored file.
_Place = tuple[str, str]


class _Figure(NamedTuple):
    """Where a line comes from; `model` says what the model gives where the places are paths."""

    topic: str
    figure: str
    places: tuple[_Place, ...]
    model: _Place | Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class BothKernels:
    """One figure of both kernels, and of the model: "a / b" where it gives another one for each kernel."""

    topic: str
    figure: str
    older: str
    newer: str
    model: str

    @property
    def differs(self) -> bool:
        """Whether both kernels have it, and not the same."""
        return ABSENT not in (self.older, self.newer) and self.older != self.newer


@dataclass(frozen=True, slots=True, repr=False)
class Kernels(Drawn):
    """Some figures; shown as a table."""

    lines: tuple[BothKernels, ...]


@bundle.register
def _bundle(shown: Kernels) -> Bundle:
    """A figure a row; the last column says what differs."""
    head = ("figure", f"Linux {OLDER}", f"Linux {NEWER}", "the model", "difference")
    differs = Html(badge(CHANGED, "differs"), "differs")
    rows = [(line.figure, line.older, line.newer, line.model, differs if line.differs else "") for line in shown.lines]
    return bundle(table(head, rows))


def _calls(*versions: str) -> str:
    """How many failable calls KVM_CREATE_VM has in the model."""
    return ", ".join(f"{len(run(ALL[name]).calls)} calls" for name in versions)


def _buses() -> str:
    return str(sum(call.startswith("kzalloc(KVM_") for call in run(ALL["09"]).calls))


def _with_10() -> str:
    ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 3", "KVM_CREATE_PLANE 4", "close(vm)")
    died = traced(ALL["29"], ops, "anon_inode_getfile(plane 3)").oops is not None
    return f"{20 if died else 0} (limit: reuse)"


def _no_kasan(options: str) -> tuple[_Place, ...]:
    return tuple(("V1", f"no KASAN, {options}: {what}") for what in ("Oopses", "planes leaked"))


_E: Final = "e, no KASAN, {}: {}"
_LEAKS: Final = "kmemleak after the sweep"
FIGURES: Final = (
    _Figure("a close", "09: KASAN reports of a close", (("V1", "create + close: KASAN reports"),)),
    _Figure("a close", "09: reads, writes among them", (("V1", "create + close: KASAN reports of a read"),
                                                        ("V1", "create + close: KASAN reports of a write"))),
    _Figure("a close", "09 repaired: KASAN reports of a close", (("V2", "create + close: KASAN reports"),)),
    _Figure("freed bytes", "09 without KASAN, 20 closes: Oopses, planes lost", _no_kasan("plain")),
    _Figure("freed bytes", "the same with init_on_free=1", _no_kasan("init_on_free=1")),
    _Figure("freed bytes", "the same with slub_debug=FPZU", _no_kasan("slub_debug=FPZU")),
    _Figure("failures", "failable allocations in KVM_CREATE_VM without the patch, with 09",
            (("V0", "sweep/failable"), ("V1", "sweep/failable")), lambda: _calls("08", "09")),
    _Figure("failures", "of them for debugfs", (("V1", "sweep/stages/debugfs/rows"),), lambda: "1 call"),
    _Figure("failures", "of them for buses", (("V1", "sweep/stages/buses/rows"),), _buses),
    _Figure("failures", "failures that end KVM_CREATE_VM", (("V1", "sweep: N that fail with ENOMEM"),)),
    _Figure("failures", "number of the one for plane 0", (("V1", "sweep: first N at which a plane is refused"),)),
    _Figure("failures", "KASAN reports, each failing once", (("V1", "sweep: KASAN reports"),)),
    _Figure("leaks", "without +52, each failing once: planes that kmemleak lists",
            (("V3", "kmemleak/after_sweep"),), ("V3", _LEAKS)),
    _Figure("leaks", "the same without sheaves", (("V3", "kmemleak_without_sheaves/after_sweep"),), ("V3", _LEAKS)),
    _Figure("leaks", "09 with init_on_free=1, 20 closes: planes that kmemleak lists",
            (("V1", "no_kasan/init_on_free=1/plane_leaks"),), _no_kasan("init_on_free=1")[1]),
    _Figure("leaks", "the same without sheaves",
            (("V1", "no_kasan/init_on_free=1, without sheaves/plane_leaks"),), _no_kasan("init_on_free=1")[1]),
    _Figure("sizes", "bytes of struct kvm without the patch, with 09",
            (("V0", "sizes/struct_kvm"), ("V1", "sizes/struct_kvm")), lambda: f"{ARRAY} more"),
    _Figure("sizes", "slab cache of struct kvm, of a plane",
            (("V1", "cache/struct_kvm"), ("V1", "cache/struct_kvm_plane")), lambda: "(limit: layout)"),
    _Figure("sizes", "planes[] begins at byte", (("V1", "sizes/offsetof_planes"),), lambda: "(limit: layout)"),
    _Figure("29", "29 without 10, each call failing once: double frees that KASAN reports",
            (("W29", "b: KASAN reports"),)),
    _Figure("29", "the same without KASAN, 20 closes: Oopses", (("W29", _E.format("plain", "Oopses")),)),
    _Figure("29", "the same with slub_debug=FPZU: objects already free",
            (("W29", _E.format("slub_debug=FPZU, kmemleak on", "object already free")),)),
    _Figure("29", "29 with 10, without KASAN, 20 closes: Oopses",
            (("W29p10", "create_plane/e_no_kasan/plain/oopses"),), _with_10),
)  # fmt: skip
TOPICS: Final = tuple(dict.fromkeys(figure.topic for figure in FIGURES))


def kernels(*topics: str) -> Kernels:
    """Both measured kernels and the model, figure by figure.

    Args:
        topics: of `TOPICS`; none for all.

    Raises:
        ValueError: no such topic.
    """
    for topic in topics:
        known(topic, "topic", TOPICS)
    compared = both().compared
    checks = {(variant.linux, variant.variant, check.what): check for variant in compared for check in variant.checks}
    stored = {linux: recorded_figures(linux) for linux in (OLDER, NEWER)}

    def measured(linux: str, place: _Place) -> str:
        variant, what = _variant(linux, place[0]), place[1]
        check = checks.get((linux, variant, what))
        figure = check.kernel if check else _at(stored[linux], f"{variant}/{what}")
        return ABSENT if figure is None else str(figure)

    def modelled(linux: str, places: tuple[_Place, ...]) -> str:
        return ", ".join(str(checks[linux, _variant(linux, name), what].model) for name, what in places)

    def line(figure: _Figure) -> BothKernels:
        older, newer = (", ".join(measured(linux, place) for place in figure.places) for linux in (OLDER, NEWER))
        if callable(figure.model):
            return BothKernels(figure.topic, figure.figure, older, newer, figure.model())
        places = (figure.model,) if figure.model else figure.places
        return BothKernels(figure.topic, figure.figure, older, newer,
                    " / ".join(dict.fromkeys(modelled(linux, places) for linux in (OLDER, NEWER))))  # fmt: skip

    return Kernels(tuple(line(figure) for figure in FIGURES if figure.topic in (topics or TOPICS)))


def _variant(linux: str, name: str) -> str:
    """6.12's variants whose struct kvm comes from kvzalloc, as in 7.2, have a k at the end."""
    return f"{name}k" if linux == OLDER and name.startswith("V") else name


def _at(figures: Mapping[str, Any], path: str) -> object:
    """What stands at a path, None if nothing does."""
    place: Any = figures
    for key in path.split("/"):
        place = place.get(key) if isinstance(place, dict) else None
    return place
