# SPDX-License-Identifier: GPL-2.0-only
"""The programs that a certificate runs, and what a system call has to return."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kvmplanes.model.faults import base
from kvmplanes.model.series import KVM_MAX_PLANES
from kvmplanes.model.version import Version
from kvmplanes.runs.op import Op
from kvmplanes.runs.scenario import usual
from kvmplanes.runs.trace import Step, Trace


@dataclass(frozen=True, slots=True)
class Program:
    """What a process does.

    Attributes:
        name: one word.
        ops: its system calls, from `op.OPS`; what is open afterwards is closed when the process exits.
    """

    name: str
    ops: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


USUAL: Final = "usual"  # the name of the program that each version runs
# Beside it, where there is KVM_CREATE_PLANE (limit: programs).
MORE: Final = (
    Program(
        "ids",  # taken, the lowest, taken again, the highest, behind a gap, and two that are too high
        (
            "KVM_CREATE_VM",
            *(f"KVM_CREATE_PLANE {plane}" for plane in (0, 1, 1, 15, 16, 4294967295)),
            "close(vm)",
            "close(plane 1)",
            "close(plane 15)",
        ),
    ),
    Program("exit", ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1")),
)


def programs(chosen: Version, planes: Sequence[int] | None = None) -> tuple[Program, ...]:
    """All the programs of a version, the usual one with plane 1 where it can be created; that one alone for `planes`.

    Raises:
        ValueError: planes that the version cannot create.
    """
    more = MORE if planes is None and chosen.creates_planes else ()
    if planes is None:
        planes = (1,) if chosen.creates_planes else ()
    return Program(USUAL, usual(chosen, planes)), *more


@dataclass(frozen=True, slots=True)
class Answer:
    """How one system call ended.

    Attributes:
        op: the system call.
        got: the errno that it gave, "" for success.
        wanted: the errno that it has to give, "" for success.
        failed: the calls that were made to fail in it.
    """

    op: Op
    got: str
    wanted: str
    failed: tuple[str, ...]


def answers(trace: Trace, tolerated: Collection[str] = ()) -> Iterator[Answer]:
    """How each system call that returned an errno or a descriptor has ended.

    It has to give the errno of the first call that failed in it; else EINVAL for a plane's id that is too high, and
    EEXIST for one that is taken; else success (limit: tolerated). A close gives no errno. Calls are `tolerated` by
    their names, with or without what stands in parentheses.
    """
    taken = set[int]()
    for steps in trace.syscalls:
        op, last = steps[-1].op, steps[-1]
        if last.what != "return":
            continue
        failed = [step for step in steps if step.what == "fail"]
        got = last.errno or ""
        wanted = next((step.value for step in failed if not {step.obj, base(step.obj)} & {*tolerated}), "")
        if op.level is not None:
            wanted = wanted or ("EINVAL" if op.level >= KVM_MAX_PLANES else "EEXIST" if op.level in taken else "")
        if not got and op.verb == "KVM_CREATE_VM":
            taken = {0}
        elif not got and op.level is not None:
            taken.add(op.level)
        yield Answer(op, got, wanted, tuple(step.obj for step in failed))


def wrong_state(trace: Trace) -> str:
    """What is wrong in `planes[]` or in the descriptor table, although every call ended as it should; "" if nothing is.

    After a KVM_CREATE_VM or KVM_CREATE_PLANE that succeeded, its slot holds a plane, and every plane held knows its
    slot's level (`plane` in the RFC) and its VM. When the process exits, user space knows of each open descriptor.
    """
    wrong_slots = (_wrong_slot(step) for step in trace.steps if step.what == "return" and step.value.startswith("fd "))
    untold = (step.op.target for step in trace.steps if step.op.untold)
    hidden = (f"{fd} is open, and user space was not told of it" for fd in untold)
    return next(filter(None, wrong_slots), "") or next(hidden, "")


def _wrong_slot(step: Step) -> str:
    vm = step.state.kvm
    if vm is None and step.op.verb == "KVM_CREATE_VM":
        return f"{step.value} is given, and there is no VM"
    if vm is None or not vm.get("planes[0]"):  # 08 has no planes
        return ""
    for level, name in enumerate(step.state.slots):
        plane = step.state.find(name)
        if plane is None and level == (step.op.level or 0):
            return f"planes[{level}] is {name}"
        if plane and plane.get("kvm") != vm.name:
            return f"{name} has no back-pointer"
        if plane and str(level) not in (plane.get("level"), plane.get("plane")):
            return f"planes[{level}] holds level {plane.get('level')}"
    return ""
