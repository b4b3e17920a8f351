# SPDX-License-Identifier: GPL-2.0-only
"""What the instruments are pointed at: seven cases, each with its version of the model, of the C and of the kernel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from kvmplanes.given import brief, known, some, written
from kvmplanes.model.heap import Freed
from kvmplanes.model.series import ALL
from kvmplanes.model.version import Version
from kvmplanes.oracle.compiled.build import build, tree
from kvmplanes.oracle.compiled.results import CRun
from kvmplanes.oracle.compiled.run import Driver, Scenario
from kvmplanes.oracle.measured import evidence_text
from kvmplanes.oracle.measured.checks import traced
from kvmplanes.oracle.measured.evidence import MODELS
from kvmplanes.runs.scenario import usual
from kvmplanes.runs.trace import Trace

STORED: Final = Path(__file__).with_name("reports.json")


@dataclass(frozen=True, slots=True)
class Case:
    """One way to use one text.

    Attributes:
        name: short, such as "09".
        title: what is done, in a line.
        c: the version of the C side, "" if there is none.
        kernel: the variant of the measured kernel, "" if there is none.
        planes: ids for KVM_CREATE_PLANE.
        fail: the call that fails.
    """

    name: str
    title: str
    c: str
    kernel: str
    planes: tuple[int, ...] = ()
    fail: str | None = None

    @property
    def version(self) -> Version:
        """The model's."""
        return ALL[self.c] if self.c else MODELS[self.kernel]

    def trace(self, freed: Freed = "kept") -> Trace:
        """The model's run of it."""
        return traced(self.version, usual(self.version, self.planes), self.fail, freed)

    def result_in(self, runs: Iterable[CRun], freed: Freed = "kept") -> CRun:
        """The C's run of it; ValueError when it is not among the runs."""
        number = self.trace().calls.index(self.fail) + 1 if self.fail else None
        want = Scenario(usual(self.version, self.planes), number, freed=freed)
        for candidate in runs:
            if candidate.version == self.c and candidate.scenario == want:
                return candidate
        raise ValueError(f"no run of the C for case {self.name!r}: {self.c} {want}")


CASES: Final[tuple[Case, ...]] = (
    Case("rfc", "the RFC: create a VM, close it", "rfc", ""),
    Case("09", "the patch as posted: create a VM, close it", "09", "V1k"),
    Case("09-fixed", "09 with our repair, nothing to find", "09-fixed", "V2k"),
    Case("without +52", "a mutant of the repair, without line +52: a call in kvm_create_vm fails", "", "V3k",
         fail="init_srcu_struct(&kvm->srcu)"),
    Case("09-twice", "the repair, but plane 0 is created twice", "09-twice", "W09twice"),
    Case("09-level16", "the repair, but a plane is created at level 16", "09-level16", "W09oob"),
    Case("29", "the patch as posted: KVM_CREATE_PLANE fails in anon_inode_getfile", "29", "W29", (1,),
         "anon_inode_getfile(plane 1)"),
)  # fmt: skip


# Those of the patch, of its ancestor and of its mutants. What 29/60 does is a task of notebook 08.
ABOUT_09: Final[tuple[str, ...]] = tuple(case.name for case in CASES if case.c != "29")


def case(name: str) -> Case:
    """The case of a name; ValueError that lists the names."""
    cases = {case.name: case for case in CASES}
    return cases[known(name, "case", cases)]


# -- the reports behind the figures -----------------------------------------------------------------------------------


def recorded(name: str, title: str = "") -> str:
    """One report of a file of the evidence, as the kernel printed it.

    Args:
        name: the file, such as "kasan-V1k.txt".
        title: how the report's title in that file begins; "" for the first one.

    Raises:
        ValueError: no such file or report.
    """
    written(title, "title", 200)
    blocks = re.split(r"^=+$\n?", evidence_text(name), flags=re.MULTILINE)
    if len(blocks) == 1:  # a file with one report, below its own title
        return evidence_text(name).partition("\n\n")[2].partition("\n\nDecoded")[0].strip()
    titles = [block.strip().splitlines()[-1] if block.strip() else "" for block in blocks]
    for number in range(0, len(titles) - 1, 2):  # a title stands between two rules, its report after the second
        if titles[number].startswith(title):
            return blocks[number + 1].strip()
    raise ValueError(f"no report {brief(title)} in {name}; there are {some(titles[:-1:2])}")


def decoded(name: str) -> str:
    """What `addr2line` made of the addresses of a report: each place, and below it who called whom, the last one first.

    Raises:
        ValueError: no such file, or nothing in it was decoded.
    """
    sites = re.findall(r"^  \S+ = (.+?) +\[(.+)\]$", evidence_text(name).partition("Decoded sites")[2], re.MULTILINE)
    if not sites:
        raise ValueError(f"no addresses of {name} were decoded")
    return "\n".join(f"{place}:\n    {chain}" for chain, place in sites)


@cache
def sanitizer_reports() -> Mapping[str, Mapping[str, str]]:
    """Case -> sanitizer ("asan", "ubsan", "lsan") -> its first report on the C, as stored."""
    reports: Mapping[str, Mapping[str, str]] = json.loads(STORED.read_text(encoding="utf-8"))
    return reports


def fresh_reports() -> dict[str, dict[str, str]]:
    """The same from a new build and run; errors of `build`."""
    reports = {}
    for case in CASES:
        if case.c:
            scenario = Scenario(usual(case.version, case.planes), case.fail)
            with Driver(build(tree(case.version)), text=True) as driver:
                reports[case.name] = _first_of_each(driver.run(scenario).text)
    return reports


def _first_of_each(printed: str) -> dict[str, str]:
    asan = re.search(r"^=+\n==ERROR: AddressSanitizer.*?^SUMMARY:[^\n]*", printed, re.DOTALL | re.MULTILINE)
    lsan = re.search(r"^==ERROR: LeakSanitizer.*?^SUMMARY:[^\n]*", printed, re.DOTALL | re.MULTILINE)
    ubsan = re.search(r"^.*: runtime error: .*$", printed, re.MULTILINE)
    parts = {"asan": asan, "ubsan": ubsan, "lsan": lsan}
    return {name: _without_driver(match[0]) for name, match in parts.items() if match}


def _without_driver(report: str) -> str:
    """A report without the rule above it, and without the frames of our driver below the system calls."""
    lines = [line for line in report.splitlines() if not re.search(r"^=+$|^ +#\d+ .* main\.c:", line)]
    return "\n".join(lines).strip()


def store() -> None:
    """Write the reports of a fresh run beside this file, as `python -m kvmplanes.oracle --store` does."""
    STORED.write_text(json.dumps(fresh_reports(), indent=1) + "\n", encoding="utf-8")
