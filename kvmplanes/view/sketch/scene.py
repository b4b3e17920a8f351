# SPDX-License-Identifier: GPL-2.0-only
"""The whole scene: a program, its descriptor, the VM in the kernel, a plane, and what runs in the VM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kvmplanes.given import A_RUN, typed
from kvmplanes.runs.trace import Trace
from kvmplanes.runs.words import many
from kvmplanes.view.page import svg
from kvmplanes.view.page.html import Html, css, scrolled

_WIDTH: Final = 776
_LEAST: Final = 714  # pixels; on a narrower page it scrolls, so that its words stay 11 pixels high
_HEIGHT: Final = 330
_TITLE: Final = "From a program to a plane"
# The lines between the three columns: x, lower end, what crosses the line.
_BORDERS: Final = ((188, 186, "system call"), (594, 310, "the guest runs"))
_COLUMNS: Final = ((85, "user space"), (384, "kernel: KVM"), (693, "guest"))
_KVM: Final = (370.0, 48.0, 198.0, 112.0)  # x, y, width and height of struct kvm
_SLOTS: Final = (380.0, 126.0, 178.0, 22.0)
_PLANES: Final = (188.0, 32.0)  # y and height
_VCPU: Final = (370.0, 234.0, 198.0, 74.0)
_GUEST: Final = (620.0, 48.0, 146.0, 260.0)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a run says about the scene when KVM_CREATE_VM has returned.

    Attributes:
        descriptor: what the program got.
        users: how many users struct kvm has.
        slots: "live" or "empty", one for each slot.
        plane: the level of the plane in it.
    """

    descriptor: str
    users: int
    slots: tuple[str, ...]
    plane: int

    @property
    def counted(self) -> str:
        """How many slots are in which state."""
        return f"{self.slots.count('live')} live, {self.slots.count('empty')} empty"


def scene_picture(trace: Trace) -> Html:
    """The way from a program to a plane, with the figures of a run in which one VM is created.

    Raises:
        ValueError: a run in which no VM with one plane is created.
    """
    facts = _facts(trace)
    later = facts.plane + 1  # the plane that a later patch lets a program add
    desc = (
        f"A program holds {facts.descriptor}. It leads to a VM file in the kernel, and from there to struct kvm, which"
        f" has {many(facts.users, 'user')}. Of its {len(facts.slots)} slots, {facts.counted}: slot {facts.plane} points"
        f" to plane {facts.plane}, and plane {facts.plane} points back. A vCPU has registers for each plane. A security"
        f" module runs on plane {facts.plane}; Linux runs on plane {later}, which only later patches make."
    )
    key = svg.key_of("scene", desc)
    body = [*_ground(), *_program(facts), *_vm(facts), *_planes(facts, later), *_vcpu(facts, later), *_legend()]
    image = svg.picture(body, _HEIGHT, key=key, title=_TITLE, desc=desc, width=_WIDTH)
    lines = (
        f"program: {facts.descriptor} -> VM file -> struct kvm ({many(facts.users, 'user')})",
        f"struct kvm: {facts.counted}; slot {facts.plane} -> plane {facts.plane} -> struct kvm",
        f"vCPU 0: registers for plane {facts.plane}, and with later patches for plane {later}",
        f"guest: the security module on plane {facts.plane}, Linux on plane {later} (later patches)",
    )
    wide = f"<div{css(min_width=f'{_LEAST}px')}>{svg.inline(image)}</div>"
    return Html(scrolled(wide), "\n".join((_TITLE, *lines)))


def _facts(trace: Trace) -> _Facts:
    typed(trace, Trace, A_RUN)
    result = next((result for op, result in trace.results if op == "KVM_CREATE_VM"), "")
    state = next((step.state for step in trace.steps if step.what == "return"), None)
    kvm = state.kvm if state else None
    planes = [obj for obj in state.objects if obj.kind == "plane" and obj.live] if state else []
    if not state or kvm is None or not result.startswith("fd ") or len(planes) != 1:
        raise ValueError(f"the scene shows a VM with one plane; {trace.version} gives {result or 'no VM'} here")
    users = int(kvm.get("users_count"))
    return _Facts(result.replace("fd", "descriptor"), users, tuple(state.occupancy), planes[0].level)


# -- the parts ------------------------------------------------------------------------------------------------


def _ground() -> Iterator[str]:
    """Three columns and the two borders between them."""
    for x, words in _COLUMNS:
        yield svg.text(x, 18, words, "b mute", anchor="middle")
    for x, end, words in _BORDERS:
        yield svg.path([(x, 48), (x, end)], "l h mute") + svg.text(x, end + 14, words, "mute", anchor="middle")


def _program(facts: _Facts) -> Iterator[str]:
    """The program, the two files of the kernel that it uses, and the ways there."""
    yield svg.group("program", svg.rect(10, 48, 150, 112, "l"), svg.text(22, 68, "A program,", "b"))
    yield svg.text(22, 84, "such as QEMU", "b")
    yield _box("descriptor", 22, 114, 126, 32, facts.descriptor)
    yield _box("device", 212, 48, 108, 32, "/dev/kvm", "m")
    yield _box("file", 212, 114, 108, 32, "VM file")
    yield _way("1", (160, 64), (212, 64))
    yield svg.text(188, 40, "1  open, then ioctl KVM_CREATE_VM", "halo", anchor="middle")
    yield _way("2", (320, 64), (370, 64))
    yield svg.text(345, 40, "2  allocates", "halo", anchor="middle")
    yield _way("3", (148, 130), (212, 130))
    yield _way("3", (320, 130), (370, 130))
    yield svg.text(345, 122, "3  holds", "halo", anchor="middle")


def _vm(facts: _Facts) -> Iterator[str]:
    """The VM with its slots."""
    x, y, width, height = _KVM
    yield svg.group("kvm", svg.box(x, y, width, height), svg.text(x + 10, y + 20, "struct kvm: one VM", "b"))
    yield svg.text(x + 10, y + 40, f"counts its users: {facts.users}")
    yield svg.text(x + 10, y + 68, f"planes[{len(facts.slots)}]: {facts.counted}")
    left, top, whole, high = _SLOTS
    wide = whole / len(facts.slots)
    for at, kind in enumerate(facts.slots):
        role = "live" if kind == "live" else "mute"
        here = left + at * wide
        ground = svg.rect(here, top, wide, high, "paper", r=0) + svg.rect(here, top, wide, high, f"l h {role}", r=0)
        yield svg.group(
            f"slot {kind}", ground, svg.disc(here + wide / 2, top + high / 2, 4 if kind == "live" else 1.5, f"f {role}")
        )


def _planes(facts: _Facts, later: int) -> Iterator[str]:
    """The plane of the run, the pointers both ways, and the plane that is not there yet."""
    y, height = _PLANES
    left, top, whole, high = _SLOTS
    tail = left + (facts.plane + 0.5) * whole / len(facts.slots)
    yield svg.pointer((tail, top + high), (tail + 8, y), "live")
    yield svg.pointer((452, y), (452, _KVM[1] + _KVM[3]), "back d")
    name = svg.text(418, y + 20, f"plane {facts.plane}", "b", anchor="middle")
    yield svg.group("plane live", svg.box(370, y, 96, height), name)
    outline = svg.rect(484, y, 84, height, "l o mute")
    yield svg.group("plane later", outline, svg.text(526, y + 20, f"plane {later}", "mute", anchor="middle"))


def _vcpu(facts: _Facts, later: int) -> Iterator[str]:
    """A vCPU with registers for each plane, and what runs on them."""
    x, y, width, height = _VCPU
    yield svg.group("vcpu", svg.rect(x, y, width, height, "l"), svg.text(x + 10, y + 17, "vCPU 0", "b"))
    gx, gy, gwide, ghigh = _GUEST
    yield svg.group("guest", svg.rect(gx, gy, gwide, ghigh, "l"), svg.text(gx + 12, gy + 20, "In the VM", "b"))
    rows = (
        ("now", facts.plane, y + 24, gy + 34, ("security module", "guards keys", "from Linux")),
        ("later", later, y + 49, gy + 158, ("Linux", "and its programs")),
    )
    for name, level, top, band, words in rows:
        role = "live" if name == "now" else "mute"
        line = "l live" if name == "now" else "l o mute"
        yield svg.rect(x + 10, top, width - 20, 20, line)
        yield svg.text(x + 18, top + 14, f"registers, plane {level}", "" if name == "now" else "mute")
        ground = svg.rect(gx + 10, band, gwide - 20, 90, "a live") if name == "now" else ""
        lines = [svg.text(gx + 20, band + 22 + 17 * i, part, "" if i else "b") for i, part in enumerate(words)]
        yield svg.group(f"guest {name}", ground, svg.rect(gx + 10, band, gwide - 20, 90, line), *lines)
        tail, tip = (x + width - 10, top + 10), (gx + 10, band + 72)
        way = svg.sideways(tail, (tip[0] - 6, tip[1]), line) + svg.head(tip, (tip[0] - 9, tip[1]), f"f {role}")
        yield svg.group(f"runs {name}", way)
    yield svg.text(594, 228, "4  runs", "halo", anchor="middle")


def _legend() -> Iterator[str]:
    """What the lines mean."""
    rows = (
        ("l live", "a slot points to a plane"),
        ("l d back", "a plane points back to its VM"),
        ("l o mute", "not in this patch: later patches of the series"),
    )
    for place, (line, words) in enumerate(rows):
        y = 246 + 22 * place
        yield svg.path([(14, y), (50, y)], line) + svg.text(60, y + 4, words)


def _box(name: str, x: float, y: float, width: float, height: float, words: str, cls: str = "") -> str:
    label = svg.text(x + width / 2, y + height / 2 + 4, words, cls, anchor="middle")
    return svg.group(name, svg.rect(x, y, width, height, "l"), label)


def _way(name: str, tail: svg.Point, tip: svg.Point) -> str:
    """A straight arrow."""
    return svg.group(f"way {name}", svg.path([tail, (tip[0] - 8, tip[1])], "l"), svg.head(tip, tail, "l n"))
