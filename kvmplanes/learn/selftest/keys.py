# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the self-test: the C that a reader sees is put into a version of the model, called there, and run.

`rigs.toml` has what the reader does not see: structs, functions that are only named, and who calls. The callers are
`kvm_coalesced_mmio_init`, which runs once when a VM is created, and `kvm_coalesced_mmio_free`, once when it is closed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, Literal

import kvmplanes as kp
from kvmplanes.learn.queries import Key, symptom

Form = Literal["before", "after"]
FORMS: Final[tuple[Form, Form]] = ("before", "after")

_FOLDER: Final = Path(__file__).parent
_MARK: Final = re.compile(r"/\* ([A-C]) \*/")  # names a line in the C of a question
_HOLE: Final = "goto /* which label? */;"


@cache
def _tables(file: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{file}.toml").read_text(encoding="utf-8"))


def _code(form: Form, idea: str) -> str:
    """The C that the reader sees."""
    return str(_tables(form)[idea]["code"])


@cache
def _version(form: Form, idea: str, code: str, tried: str = "") -> kp.Version:
    """A version that calls this C; `tried` is a number that it is called with."""
    rig = _tables("rigs")[idea]
    text = str(rig["c"])
    for name, value in {**rig[form], "code": code, "tried": tried}.items():
        text = text.replace(f"@{name}@", value)
    return kp.VERSIONS["08"].replace(text)


def _kinds(trace: kp.Trace) -> list[str]:
    return [defect.kind for defect in trace.defects]


def _option(form: Form, idea: str, mark: str) -> str:
    """The value of the option that names a line, such as "Line A."."""
    options = _tables(form)[idea]["options"]
    return next(str(option["value"]) for option in options if re.search(rf"\b[Ll]ine {mark}\b", option["label"]))


def _order(form: Form) -> str:
    """The one jump with which the failing run has no defect."""
    call = re.findall(r"\br = (\w+)\(\);", _code(form, "order"))[-1]
    clean = []
    for option in _tables(form)["order"]["options"]:
        label = option["label"].strip("`")
        jump = f"goto {label};" if label.isidentifier() else "return r;"
        version = _version(form, "order", _code(form, "order").replace(_HOLE, jump))
        if not kp.run(version, fail=call).defects:
            clean.append(option["value"])
    return str(clean[0]) if len(clean) == 1 else f"{len(clean)} of them"


def _owner(form: Form) -> str:
    """The marked line at work when the object is freed."""
    code = _code(form, "owner")
    for step in kp.run(_version(form, "owner", code)).steps:
        marks = [mark[1] for frame in step.stack if (mark := _MARK.search(frame.line))]
        if step.what == "free" and marks:
            return _option(form, "owner", marks[0])
    return "never"


def _kind(form: Form) -> str:
    return next(iter(_kinds(kp.run(_version(form, "kind", _code(form, "kind"))))), "nothing")


def _plain(form: Form) -> str:
    """What the read of freed memory gives on a kernel that leaves the bytes where they are."""
    trace = kp.run(_version(form, "plain", _code(form, "plain")))
    if "print" in {step.what for step in trace.steps}:
        return "log"
    if (seen := symptom(trace)) == "oops":
        return seen
    value = next(step.value for step in trace.steps if step.defect == "use-after-free")
    return "zero" if value == "0" else "kept"


def _unrun(form: Form) -> str:
    """The marked line that is in no run in which one of the three allocations fails."""
    code = _code(form, "unrun")
    version = _version(form, "unrun", code)
    places = [nth for nth, call in enumerate(kp.run(version).calls, 1) if call.endswith("_open")]
    runs = [kp.run(version, fail=nth) for nth in places]
    lines = {frame.line for trace in runs for step in trace.steps for frame in step.stack}
    run = {mark[1] for line in lines if (mark := _MARK.search(line))}
    left = [mark for mark in _MARK.findall(code) if mark not in run]
    return _option(form, "unrun", left[0]) if len(left) == 1 else " ".join(left) or "none"


def _dangling(form: Form) -> str:
    """What happens in the end, if the step after the store fails and nobody minds."""
    code = _code(form, "dangling")
    call = re.findall(r"if \((\w+)\(\w+\) < 0\)", code)[0]
    kinds = _kinds(kp.run(_version(form, "dangling", code), fail=call))
    return next((kind for kind in kinds if kind in ("double-free", "leak")), "null" if kinds else "nothing")


def _index(form: Form) -> str:
    """Which numbers are let through although the array ends before them."""
    code = _code(form, "index")
    (size,) = map(int, re.findall(r"\[(\d+)\];", code))
    bad = [
        number
        for number in (0, size - 1, size, size + 1, 2**32 - 1)
        if "out-of-bounds" in _kinds(kp.run(_version(form, "index", code, f"{number}u")))
    ]
    known = {(): "none", (size,): "bound", (2**32 - 1,): "negative"}
    return known.get(tuple(bad), "beyond")


def _stages(form: Form) -> Iterator[tuple[list[int], str]]:
    """(patches after which the code is so, the code), in the order of the series."""
    _, *parts = re.split(r"/\* (after [^*]*) \*/", _code(form, "series"))
    for comment, code in zip(parts[::2], parts[1::2], strict=True):
        yield [int(number) for number in re.findall(r"\d+", comment)], code


def _series(form: Form) -> str:
    """Where the fix belongs: nowhere, at the end, or in the patch that brings the defect in."""
    bad = {
        number: not kp.certify(_version(form, "series", code)).clean
        for numbers, code in _stages(form)
        for number in numbers
    }
    *_, last = bad.values()
    return "nothing" if not any(bad.values()) else "end" if last else "into"


_IDEAS: Final = {
    "order": _order, "owner": _owner, "kind": _kind, "plain": _plain, "unrun": _unrun, "dangling": _dangling,
    "index": _index, "series": _series,
}  # fmt: skip


def form_keys(form: Form) -> dict[str, Key]:
    """Idea -> what computes its key in a form."""
    return {idea: partial(key, form) for idea, key in _IDEAS.items()}
