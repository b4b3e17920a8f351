# SPDX-License-Identifier: GPL-2.0-only
"""What every cell of a session shares: no reader can change it, at any depth."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MappingProxyType
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes import learn, oracle
from kvmplanes.learn.exercises import LEVEL, creation, replies
from kvmplanes.learn.exercises.repairs import BASES
from kvmplanes.learn.questions import question
from kvmplanes.learn.review.document import document
from kvmplanes.learn.review.finding import findings_on
from kvmplanes.learn.selftest.idea import IDEAS
from kvmplanes.model import faults, runtime, series
from kvmplanes.model.floor import layout
from kvmplanes.model.heap import Nowhere
from kvmplanes.model.mutants import MUTANTS
from kvmplanes.patch.claims import CLAIMS
from kvmplanes.view.live import failures

PLAIN = (
    str, int, float, bool, type(None), bytes, type, CodeType, FunctionType, BuiltinFunctionType, Path, re.Pattern,
    Nowhere, functools._lru_cache_wrapper,
)  # fmt: skip
V09 = kp.VERSIONS["09"]
SHARED = {
    "versions": tuple(series.ALL.values()),
    "what they run": tuple(version.unit for version in series.ALL.values()),
    "layouts": tuple(layout(V09.unit, name, 1 << 20) for name in V09.unit.structs),
    "the series": series.SERIES,
    "limits": kp.LIMITS,
    "the patch": kp.PATCH,
    "claims": CLAIMS,
    "failable calls": (faults.CALLS, faults.ERRNOS, faults.ERRNO_NAMES),
    "mutants": MUTANTS,
    "puzzles": learn.PUZZLES,
    "questions": (learn.QUESTIONS, question.WORD),
    "exercises": (learn.EXERCISES, LEVEL, creation.LADDER, replies.GENERAL, learn.REPAIRS, BASES),
    "real defects": learn.NINE,
    "what is reviewed": tuple((document(name), findings_on(name)) for name in ("09", "29")),
    "the self-test": IDEAS,
    "the picker's": (failures.WHY, failures.CHANCE, failures.OFFERED),
    "a trace": kp.run("09"),
    "a certificate": kp.certify("08"),
    "the oracle's": (oracle.SANITIZERS, oracle.SEES, oracle.VARIANTS, oracle.kernels("a close")),
    "the run time's": runtime.RUN_TIME,
}


def changeable(thing: object, where: str) -> Iterator[str]:
    """Every place inside a thing that a plain assignment could change."""
    if isinstance(thing, tuple | frozenset):
        for n, part in enumerate(thing):
            yield from changeable(part, f"{where}[{n}]")
    elif isinstance(thing, MappingProxyType):
        for key, part in thing.items():
            yield from changeable(part, f"{where}[{key!r}]")
    elif is_dataclass(thing) and not isinstance(thing, type):
        if not thing.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            yield f"{where} is a {type(thing).__name__} that is not frozen"
        inside = {field.name for field in fields(thing)} | {*getattr(thing, "__dict__", {})}
        for name in sorted(inside):
            yield from changeable(getattr(thing, name), f"{where}.{name}")
    elif isinstance(thing, PLAIN):
        return
    elif type(thing).__setattr__ is object.__setattr__:
        yield f"{where} is a {type(thing).__name__}"


@pytest.mark.parametrize("name", SHARED)
def test_nothing_inside_can_be_changed(name: str) -> None:
    assert [*changeable(SHARED[name], name)] == []


def test_what_can_be_changed_is_seen() -> None:
    found = [*changeable((1, [2], MappingProxyType({"x": {}}), V09), "it")]
    assert [place.partition(" is")[0] for place in found][:2] == ["it[1]", "it[2]['x']"]


def assign(thing: object, name: str) -> Callable[[], object]:
    """Set an attribute."""
    return lambda: setattr(thing, name, None)


def put(table: Any, key: str) -> Callable[[], object]:
    """Set a value in a table."""
    return lambda: table.__setitem__(key, None)


KVM = layout(V09.unit, "kvm", 4096)
CHANGES = (
    put(V09.functions, "x"), put(V09.tree, "x"), put(V09.unit.functions, "x"), put(V09.unit.structs, "kvm"),
    put(kp.VERSIONS, "09"), put(kp.LIMITS, "x"), put(faults.CALLS, "x"), put(KVM.zero, "users_count"),
    assign(V09, "tree"), assign(kp.VERSIONS, "_names"), assign(kp.PATCH, "hunks"), assign(kp.PATCH.added[0], "text"),
    put(learn.EXERCISES, "guard"), put(learn.EXERCISES["clear-slot"].solution, "helps"), put(question.WORD, "why"),
    put(IDEAS[0].forms, "before"), put(oracle.VARIANTS["V0"].sizes, "struct_kvm"), put(learn.QUESTIONS[0].options, "a"),
    assign(learn.QUESTIONS[0], "key"), assign(learn.QUESTIONS[0].options[0], "value"), assign(document("09"), "shown"),
    assign(learn.EXERCISES["guard"], "judge"), assign(learn.EXERCISES["guard"].wrong[0], "reply"),
    assign(kp.LIMITS["memslots"], "left_out"), assign(KVM, "zero"), assign(kp.run("09").steps[0].state, "refs"),
)  # fmt: skip


def test_a_change_is_refused() -> None:
    for change in CHANGES:
        with pytest.raises((TypeError, AttributeError)):
            change()


def test_a_tree_of_one_s_own_stays_one_s_own() -> None:
    mine = dict(V09.tree)
    version = kp.Version("mine", "mine", mine)
    mine.clear()
    assert version.tree == V09.tree
