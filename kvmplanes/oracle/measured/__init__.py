# SPDX-License-Identifier: GPL-2.0-only
"""What a real kernel did: `kernel-evidence.json`, read into types. How it was measured: METHOD.md.

`evidence-7.2.json` has the form of it, and lacks blocks that were not measured again: `oracle.evidence` reads it.

>>> from kvmplanes.oracle.measured import VARIANTS
>>> VARIANTS["V1k"].create_close.kasan_reports
17
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kvmplanes.given import fixed, known

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One N of a fail-nth sweep.

    Attributes:
        n: the number written to fail-nth.
        stage: the class of the site, "" when nothing was injected.
        site: the function that allocates < its callers, "" when nothing was injected.
        errno: what the ioctl returned, None for success.
        fd_returned: whether it returned a descriptor.
        kasan_reports: from before the ioctl to after the close.
        retry: what asking once more for the same plane gave, "fd" or an errno; "" when it was not asked.
        alive: VMs alive after everything was closed; None when it was not looked at.
    """

    n: int
    stage: str
    site: str
    errno: str | None
    fd_returned: bool
    kasan_reports: int
    retry: str = ""
    alive: int | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """A fail-nth sweep: totals, and the rows that were recorded one by one (all, some or none).

    `plane_nth` is the N at which plane 0 is refused, None if there is no plane; `stages` has rows and failing rows.
    """

    failable: int
    plane_nth: int | None
    errnos: Mapping[str, int]
    stages: Mapping[str, tuple[int, int]]
    kasan_reports: int
    kasan_in_rows: int
    kinds: Mapping[str, int]
    oopses: int
    failing_with_reports: tuple[int, ...]
    rows: Mapping[int, SweepRow]


@dataclass(frozen=True, slots=True)
class Closes:
    """Some VMs created and closed, one after the other; a figure that was not taken is 0 or empty."""

    closes: int
    returned: int
    oopses: int
    kasan_reports: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    accesses: Mapping[str, int] = field(default_factory=dict)
    leaks: int = 0
    plane_leaks: int = 0


@dataclass(frozen=True, slots=True)
class Leaks:
    """kmemleak: objects after 20 closes, and after a sweep in that boot by size in bytes and by site; that sweep."""

    after_normal: int
    after_sweep: int
    sizes: Mapping[str, int]
    sites: Mapping[str, int]
    sweep_failable: int
    sweep_errnos: Mapping[str, int]
    sweep_reports: int
    sweep_oopses: int


@dataclass(frozen=True, slots=True)
class CreatePlane:
    """KVM_CREATE_PLANE, block by block as METHOD.md names them.

    Attributes:
        calls: block "a" and "d": (when, plane id, "fd" or an errno).
        orders: name -> the figures of one order of closing.
        cap_planes: descriptor -> what KVM_CHECK_EXTENSION gave.
        sweeps: "b", "c", "f" -> rows; those without an injection, too.
        reports: block -> KASAN reports; "all" is a boot with all the blocks.
        kinds: block -> KASAN reports by kind.
        oopses: block -> Oopses.
        leaks: block -> objects that kmemleak names after it.
        without_kasan: block "e", boot options -> figures of 20 VMs.
    """

    calls: Mapping[str, tuple[tuple[str, int, str], ...]]
    orders: Mapping[str, Mapping[str, Any]]
    cap_planes: Mapping[str, int]
    sweeps: Mapping[str, tuple[SweepRow, ...]]
    reports: Mapping[str, int]
    kinds: Mapping[str, Mapping[str, int]]
    oopses: Mapping[str, int]
    leaks: Mapping[str, int]
    without_kasan: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Variant:
    """One kernel; `base` is the variant it was made from, `no_kasan` has the boot options as keys.

    `ubsan` has, block by block, how many VMs were closed, how many reports there were, and the first as it was printed.
    """

    name: str
    description: str
    base: str
    sizes: Mapping[str, int]
    create_close: Closes
    normal_closes: Closes
    sweep: Sweep
    kmemleak: Leaks
    no_kasan: Mapping[str, Closes]
    create_plane: CreatePlane | None
    ubsan: Mapping[str, tuple[int, int, str]]

    @property
    def vmalloc(self) -> bool:
        """Whether struct kvm comes from __vmalloc(), as on x86 before 2025."""
        return "__vmalloc()" in self.description


def load(data: Mapping[str, Any] | None = None) -> Mapping[str, Variant]:
    """Every variant by name.

    Args:
        data: what the JSON file holds; None to read it.
    """
    if data is None:
        data = json.loads(evidence_text("kernel-evidence.json"))
    variants: Mapping[str, Variant] = fixed(
        {name: _variant(name, figures) for name, figures in data["variants"].items()}
    )
    return variants


def evidence_text(name: str) -> str:
    """A file of the evidence as it was recorded, such as "kasan-V1k.txt".

    Raises:
        ValueError: no such file.
    """
    names = sorted(path.name for path in _HERE.iterdir() if path.suffix in (".json", ".md", ".txt"))
    return (_HERE / known(name, "evidence", names)).read_text(encoding="utf-8")


def _variant(name: str, v: Mapping[str, Any]) -> Variant:
    no_kasan = {} if v.get("no_kasan", "not built") == "not built" else v["no_kasan"]
    leak, boot = v["kmemleak"], v["kmemleak"]["sweep_of_this_boot"]
    return Variant(
        name,
        v["description"],
        v["base"] or "",
        {key: size for key, size in v["sizes"].items() if key != "log"},
        _closes(v["create_close"]),
        _closes(v["normal_closes"]),
        _sweep(v["sweep"]),
        Leaks(leak["after_normal"], leak["after_sweep"], leak["sizes"], leak["sites"],
              boot["failable"], boot["errnos"], boot["kasan_reports"], boot["oopses"]),
        {options: _closes(figures) for options, figures in no_kasan.items()},
        read_create_plane(v["create_plane"]) if "create_plane" in v else None,
        {key: (block["closes"], block["ubsan_reports"], "\n".join(block["first"]))
         for key, block in v.get("ubsan_bounds", {}).items() if key != "note"},
    )  # fmt: skip


def _closes(c: Mapping[str, Any]) -> Closes:
    closes = c.get("closes", 1)
    returned = c.get("closes_returned", closes - c["oopses"])
    more = {key: c[key] for key in ("kasan_reports", "kinds", "accesses", "leaks", "plane_leaks") if key in c}
    return Closes(closes, returned, c["oopses"], **more)


def _sweep(s: Mapping[str, Any]) -> Sweep:
    rows = s.get("rows") or s.get("rows_first") or [s[key] for key in ("extra_row",) if key in s]
    stages = {stage: (figures["rows"], figures["failed"]) for stage, figures in s["stages"].items()}
    return Sweep(
        s["failable"], s["plane_nth"], s["errnos"], stages, s["kasan_reports"], s["kasan_in_rows"], s["kinds"],
        s["oopses"], tuple(s["failing_ioctl_with_reports"]), {row.n: row for row in _rows(rows)},
    )  # fmt: skip


def _rows(rows: Iterable[Mapping[str, Any]]) -> Iterable[SweepRow]:
    for r in rows:
        site = r["site"] if r.get("injected", True) else ""
        yield SweepRow(r["n"], r.get("stage") or "", site, r["errno"], r["fd_returned"], r["kasan_reports"],
                  r.get("retry_plane_3", ""), r.get("vms_alive_after_close"))  # fmt: skip


def read_create_plane(c: Mapping[str, Any]) -> CreatePlane:
    """The block create_plane of a variant, read into types."""
    blocks = {key[0]: figures for key, figures in c.items() if key[1] == "_"}
    a = blocks["a"]
    return CreatePlane(
        {key: tuple((call["when"], call["id"], call["result"]) for call in blocks[key]["calls"]) for key in "ad"},
        a["orders"],
        a["cap_planes"],
        {key: tuple(_rows(blocks[key]["rows"])) for key in "bcf"},
        {"all": c["kmemleak"]["kasan_reports"], **{key: blocks[key]["kasan_reports"] for key in "abcdf"}},
        {key: blocks[key].get("kinds", {}) for key in "abcdf"},
        {key: blocks[key]["oopses"] for key in "abcdf"},
        {key: c["kmemleak"][f"after_{key}"] for key in "abcdf"},
        {key: figures for key, figures in blocks["e"].items() if key != "what"},
    )


VARIANTS: Final[Mapping[str, Variant]] = load()
