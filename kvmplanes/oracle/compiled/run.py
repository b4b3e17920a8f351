# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios played by a compiled driver, each in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self, cast

from kvmplanes.given import among, brief, flag, items, typed
from kvmplanes.model.heap import FREED, Freed
from kvmplanes.runs.op import asked

LogRow = tuple[str, ...]
_LONGEST: Final = 200  # characters of a call's name
# What differs from run to run or from machine to machine in a report: addresses, process numbers, foreign frames.
_VARYING: Final = (
    (r"0x[0-9a-f]+", "0x.."),
    (r"==\d+==", "=="),
    (r"^( +#\d+ .* in \S+ )\./", r"\1"),
    (r"^ +#\d+ .* in \S+ (?!virt/|\w+\.c:).*\n", ""),
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What user space does, in the words of `kvmplanes.run`.

    Attributes:
        ops: system calls.
        fail: None, a fail-nth number, a call's name with or without ": ERRNO", or several numbers.
        retry: ask a second time for a plane that could not be created.
        freed: what freeing does to the bytes.
    """

    ops: tuple[str, ...] = ("KVM_CREATE_VM", "close(vm)")
    fail: int | str | tuple[int, ...] | None = None
    retry: bool = False
    freed: Freed = "kept"

    def __post_init__(self) -> None:
        rule = "ops must be a tuple of system calls, such as ('KVM_CREATE_VM',)"
        for op in items(typed(self.ops, tuple, rule), str, rule):
            asked(op)
        numbers = (self.fail,) if isinstance(self.fail, int) else self.fail
        fits = isinstance(numbers, str) and numbers.isprintable() and 0 < len(numbers) < _LONGEST
        listed = isinstance(numbers, tuple) and all(type(n) is int and 0 < n < 1 << 31 for n in numbers)
        if numbers is not None and not (fits or listed):
            raise ValueError(f"fail must be None, a number from 1, several, or a call's name, not {brief(self.fail)}")
        flag(self.retry, "retry")
        among(self.freed, "freed", FREED)

    def line(self, text: bool = False) -> str:
        """The driver's input line."""
        numbers = (self.fail,) if isinstance(self.fail, int) else self.fail or ()
        fail = self.fail if isinstance(self.fail, str) else ",".join(map(str, numbers)) or "-"
        return f"{FREED.index(self.freed)}\t{self.retry:d}\t{text:d}\t{fail}\t{'|'.join(self.ops)}\n"

    def __str__(self) -> str:
        parts = [", ".join(self.ops)]
        if self.fail is not None:
            parts.append(f"{self.fail} fails")
        if self.retry:
            parts.append("retry")
        if self.freed != "kept":
            parts.append(f"freed memory is {self.freed}")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Played:
    """What the C did.

    Attributes:
        results: (system call, "fd 4" or an errno or a number).
        calls: the failable calls reached, in order.
        events: (what, object or resource or label, member or value, defect), in order.
        reports: (sanitizer, kind, access), one per report, in order.
        lsan: how many objects LeakSanitizer calls leaked.
        text: what the sanitizers printed, without addresses, process numbers and frames of the C library; "" unless
            asked for.
    """

    results: tuple[tuple[str, str], ...]
    calls: tuple[str, ...]
    events: tuple[LogRow, ...]
    reports: tuple[LogRow, ...]
    lsan: int
    text: str = ""

    @property
    def counts(self) -> Counter[LogRow]:
        """Reports by sanitizer, kind and access."""
        return Counter(self.reports)


class Driver:
    """A compiled driver at work; use it as a context manager.

    Args:
        path: what `build` returned.
        first_only: stop at the first report, as AddressSanitizer does by default, rather than go on.
        text: keep what the sanitizers print, with function names and lines.
    """

    def __init__(self, path: Path, *, first_only: bool = False, text: bool = False) -> None:
        typed(path, Path, "path must be what build() has returned")
        flag(first_only, "first_only")
        flag(text, "text")
        self._text = text
        options = f"halt_on_error={first_only:d}:symbolize={text:d}:allow_addr2line=1"
        self._process = subprocess.Popen(
            [str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env={"ASAN_OPTIONS": options, "UBSAN_OPTIONS": "print_stacktrace=0", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate()

    def run(self, scenario: Scenario) -> Played:
        """Play one scenario.

        Raises:
            RuntimeError: the process ended without a result.
        """
        pipe, answer = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        pipe.write(scenario.line(self._text))
        pipe.flush()
        log = json.loads(answer.readline() or '{"died": "at the start"}')
        if "died" in log:
            raise RuntimeError(f"{scenario}: the process ended without a result, status {log['died']}")
        rows: dict[str, list[LogRow]] = {
            name: [*map(tuple, log[name])] for name in ("results", "calls", "events", "reports")
        }
        return Played(
            tuple((op, result) for op, result in rows["results"]),
            tuple(call for (call,) in rows["calls"]),
            tuple(_once(rows["events"], rows["reports"])),
            tuple(rows["reports"]),
            log["lsan"],
            _steady(log["text"]),
        )


def _steady(text: str) -> str:
    for pattern, instead in _VARYING:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return text


def again(row: LogRow, before: Sequence[LogRow]) -> bool:
    """Whether a row is a read of a member right after a read or a write of it: a compiler may know what is there.

    The patch's text reads a slot for the test and again for the argument. gcc merges the two, as it did in the kernel
    that was measured; clang with UndefinedBehaviorSanitizer does not (limit: one load). So such a row counts on neither
    side; the log, which has no accesses to live memory, cannot tell what lay between.
    """
    return row[0] == "read" and any(last[0] in ("read", "write") and last[1:] == row[1:] for last in before)


def _once(events: list[LogRow], reports: list[LogRow]) -> Iterator[LogRow]:
    """Events without those that are there `again`, and one report less for each."""
    for before, row in zip([(), *events], events, strict=False):
        if before and again(row, [before]):
            reports.remove(("asan", "heap-use-after-free", "read"))
        else:
            yield row
