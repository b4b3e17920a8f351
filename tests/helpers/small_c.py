# SPDX-License-Identifier: GPL-2.0-only
"""A kernel on a few lines of C of a test's own: what they return, print and touch."""

import textwrap
from typing import Any

from kvmplanes.model.faults import Fail, Injector
from kvmplanes.model.floor import NATIVES, Kernel
from kvmplanes.model.heap import Event, Freed
from kvmplanes.model.machine.tree import as_lines
from kvmplanes.model.machine.unit import Unit, unit
from kvmplanes.model.runtime import RUN_TIME
from kvmplanes.model.series import ALL

FILE = "small.c"  # its first line is line 1 of the text


def translated(text: str) -> Unit:
    """The unit that a text makes, with nothing before it but `shim.h`."""
    tree = {"shim.h": ALL["08"].tree["shim.h"], FILE: as_lines(textwrap.dedent(text).strip("\n"))}
    return unit(tree, ("shim.h", FILE), (*NATIVES, *RUN_TIME))


def kernel(text: str = "", fail: Fail = None, freed: Freed = "kept") -> tuple[Kernel, list[Event]]:
    """A kernel that runs it, and the list that its events go to."""
    events: list[Event] = []
    return Kernel(translated(text), Injector(fail), events.append, freed), events


def result(text: str, *arguments: Any, name: str = "f") -> Any:
    """What a function of it returns."""
    return kernel(text)[0].c[name](*arguments)


def printed(body: str, before: str = "") -> list[str]:
    """What statements print."""
    k, events = kernel(f"{before}\nvoid f(void)\n{{\n{textwrap.indent(textwrap.dedent(body), chr(9))}\n}}\n")
    k.c["f"]()
    return [event.obj for event in events if event.what == "print"]


def held(k: Kernel) -> list[str]:
    """What a kernel still holds, but for struct kvm: live objects and counted references."""
    return [memory.name for memory in k.heap.live() if memory.kind != "kvm"] + [name for name, n in k.refs.items() if n]
