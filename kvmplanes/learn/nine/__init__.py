# SPDX-License-Identifier: GPL-2.0-only
"""Nine real defects of Linux, each in C of ours that the model runs: the defect, its repair, which question finds it.

The C keeps the shape of the real defect (who makes what, who gives it back, in which order) on the objects that the
model has. Notebook 09 tells the stories; `kvmplanes.learn.questions.nb09` computes what is wrong in each.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import kvmplanes as kp
from kvmplanes.learn.texts import Reader, Shape, each, flow, verbatim
from kvmplanes.view.page.html import Html, bold, css, escape, folded, marked, table
from kvmplanes.view.tables import counterexample

_FOLDER: Final = Path(__file__).parent
# What another thread's close does between fd_install and the next line, in the place of fd_install.
OTHER_CLOSE: Final = """\
/* fd_install(fd, file), and then another thread closes fd */
kvm_plane_release(file);
kfree(file);
put_unused_fd(fd);
"""


@dataclass(frozen=True)
class RealDefect:
    """One real defect.

    Attributes:
        id: its CVE, or the commit that repaired it.
        commit: the commit that repaired it.
        year: of the repair.
        kind: what it is, in a few words.
        base: the version of the model that it is put into.
        names: what the version with the defect is called, and the repaired one.
        shown: the functions whose C the reader sees: name, first and last line shown, "" for all of it.
        reason: what is wrong, in a sentence or two.
        repair: the repair, in words.
        question: which of the five questions of a review finds it, from 1; 0 for none.
        found: where to ask this question, or what to ask instead.
        read: what its story rests on.
        unread: what was not read, or is concluded.
        source: address of one of the texts that were read; "" for none.
        c: a file with functions that take the place of those of `base`.
        edits: (function, old lines, new lines) after that.
        repair_c: a file with functions that repair it.
        repairs: edits that repair it.
    """

    id: str
    commit: str
    year: int
    kind: str
    base: str
    names: tuple[str, str]
    shown: tuple[tuple[str, str, str], ...]
    reason: str
    repair: str
    question: int
    found: str
    read: str
    unread: str
    source: str = ""
    c: str = ""
    edits: tuple[tuple[str, str, str], ...] = ()
    repair_c: str = ""
    repairs: tuple[tuple[str, str, str], ...] = ()

    @cached_property
    def defect(self) -> kp.Version:
        """The version that has the defect."""
        return _changed(kp.VERSIONS[self.base], self.names[0], self.kind, self.c, self.edits)

    @cached_property
    def repaired(self) -> kp.Version:
        """The same version, repaired."""
        return _changed(self.defect, self.names[1], f"{self.kind}, repaired", self.repair_c, self.repairs)

    @property
    def core(self) -> str:
        """The C that the reader sees before the question."""
        functions = self.defect.functions
        return "\n".join(_part(functions[name].source, first, last) for name, first, last in self.shown)

    @cached_property
    def certificates(self) -> tuple[kp.Certificate, kp.Certificate]:
        """What every path does with the defect, and after the repair."""
        return kp.certify(self.defect), kp.certify(self.repaired)

    @cached_property
    def answer(self) -> Html:
        """Folded: the verdict of the model, the repair with its certificate, and the question that finds the defect."""
        certificate, after = self.certificates
        asked = f"Question {self.question} finds it." if self.question else "None of the five questions asks it."
        code = "".join(self.defect.diff(self.repaired).partition("@@")[1:])
        parts = [
            (certificate.verdict, counterexample(certificate), self.reason),
            (f"Repair: {self.repair}", "", ""),
            (after.verdict, f"{asked} {self.found}", ""),
        ]
        html, text = [], []
        for number, (head, *lines) in enumerate(parts):
            html.append(f"<p>{bold(head).html}</p>" + "".join(f"<p>{marked(line)}</p>" for line in lines if line))
            text += [line.replace("`", "") for line in (head, *lines) if line]
            if number == 1:
                html.append(f"<pre{css(white_space='pre-wrap')}>{escape(code)}</pre>")
                text.append(code.rstrip("\n"))
        return Html(folded("What is wrong, the repair, and the question that finds it", "".join(html)), "\n".join(text))


def nine_table() -> Html:
    """The nine in a table: year, what it is, what the model says of the defect and of its repair, which question."""
    rows = []
    for real in NINE.values():
        certificate, after = real.certificates
        bad = len(certificate.paths) - certificate.counts.get("clean", 0)
        rows.append([
            real.id, str(real.year), real.kind, f"{bad} of {len(certificate.paths)}",
            "clean" if after.clean else "not clean", str(real.question or "none"),
        ])  # fmt: skip
    return table(["defect", "year", "what it is", "bad paths", "repaired", "question"], rows)


def nine_sources() -> Html:
    """What each story rests on, and what was not read, in a table."""
    rows: list[list[str | Html]] = []
    for real in NINE.values():
        link = Html(f'<a href="{escape(real.source)}">a source</a>', real.source) if real.source else ""
        rows.append([real.id, real.read, real.unread, link])
    return table(["defect", "read", "not read, or concluded", "address"], rows)


def _changed(base: kp.Version, name: str, title: str, file: str, edits: tuple[tuple[str, str, str], ...]) -> kp.Version:
    made = base
    if file:
        text = (_FOLDER / file).read_text(encoding="utf-8").partition("\n")[2]
        made = replace(base.replace(text), name=name, title=title)
    return made.edit(name, title, *edits) if edits else made


def _part(source: str, first: str, last: str) -> str:
    lines = source.splitlines()
    start = next(n for n, line in enumerate(lines) if line.strip() == first) if first else 0
    stop = next(n for n, line in enumerate(lines) if n > start and line.strip() == last) if last else len(lines) - 1
    return "\n".join(lines[start : stop + 1]) + "\n"


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"a whole number is wanted, not {value!r}")
    return value


_TRIPLES: Final[Reader] = each(each(verbatim, (3,)))
_SHAPE: Final = Shape(
    RealDefect,
    {
        **dict.fromkeys(("id", "commit", "kind", "base", "c", "repair_c"), flow),
        **dict.fromkeys(("reason", "repair", "found", "read", "unread", "source"), flow),
        **dict.fromkeys(("year", "question"), _number),
        **dict.fromkeys(("shown", "edits", "repairs"), _TRIPLES),
        "names": each(flow, (2,)),
    },
)
_TABLES: Final = tomllib.loads((_FOLDER / "nine.toml").read_text(encoding="utf-8"))
NINE: Final[Mapping[str, RealDefect]] = MappingProxyType({name: _SHAPE(text) for name, text in _TABLES.items()})
