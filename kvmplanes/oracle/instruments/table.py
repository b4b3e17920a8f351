# SPDX-License-Identifier: GPL-2.0-only
"""Which instrument shows which defect: every cell counted in the C's runs, the kernel's figures, or the text.

>>> from kvmplanes.oracle.instruments.table import instrument_table
>>> table = instrument_table()
>>> table.cell("09", "ASan / KASAN").verdict, table.cell("09", "UBSan").verdict
('finds', 'misses')

A case says what is done, and an instrument who watches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from kvmplanes.given import brief, items, known, stream
from kvmplanes.model.heap import Freed
from kvmplanes.oracle.compiled.results import CRun, stored
from kvmplanes.oracle.instruments.cases import CASES, Case, case
from kvmplanes.oracle.instruments.witnesses import FREED_UNDER, INSTRUMENTS, Witness
from kvmplanes.oracle.measured import VARIANTS, Variant
from kvmplanes.oracle.measured.evidence import OLDER
from kvmplanes.runs.shown import Bundle, Shown, bundle
from kvmplanes.runs.trace import Trace
from kvmplanes.view.live.jump import Leading, mark
from kvmplanes.view.live.pictures import moment
from kvmplanes.view.page.html import Cells, Html, badge, bold, css, escape, folded, table
from kvmplanes.view.page.style import BAD, CLEAN, NEVER_USED, Role, tint
from kvmplanes.view.report import report, summary

ROLE: Final[Mapping[str, Role]] = MappingProxyType(
    {
    "finds": CLEAN, "silent": CLEAN, "misses": BAD, "false alarm": BAD, "not run": NEVER_USED
}
)  # fmt: skip
ALL_CASES: Final = tuple(case.name for case in CASES)
# What the figures of an instrument count.
COUNTS: Final = MappingProxyType(
    {
        "reading": "lines",
        "failure injection": "odd answers",
        "ASan / KASAN": "reports",
        "UBSan": "reports",
        "LSan / kmemleak": "objects",
        "init_on_free + kmemleak": "new leaks",
        "slub_debug=FPZU": "Oopses, messages",
        "plain run": "Oopses",
    }
)
# The model's defects that an instrument is made for; the others look at no kind in particular.
_KINDS: Final = {
    "ASan / KASAN": {"use-after-free", "double-free"},
    "UBSan": {"out-of-bounds"},
    "LSan / kmemleak": {"leak"},
}
NOTE: Final = (
    "finds or misses: the case has a defect. silent: there is none to find. not run: no run is on record. "
    f"The kernel of this table is Linux {OLDER}."
)
OF_RUNS: Final = (
    "Each cell leads to the model's run of its case, with freed bytes as the instrument leaves them. Of the kernel's "
    "runs and the C's there are figures and reports alone."
)
TO_MODEL: Final = "the model's run of this case"
OF_FIGURES: Final = (
    "A figure counts what was shown in all runs of a cell: C, the patch's own C; kernel, a measured one; text, the "
    "lines that reading names."
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One case under one instrument."""

    case: Case
    instrument: str
    witnesses: tuple[Witness, ...]

    @property
    def freed(self) -> Freed:
        """What becomes of freed bytes under the instrument."""
        return FREED_UNDER.get(self.instrument, "kept")

    @property
    def trace(self) -> Trace:
        """The model's run of the case, with freed bytes as the instrument leaves them."""
        return self.case.trace(self.freed)

    @property
    def verdict(self) -> Literal["finds", "misses", "not run", "silent", "false alarm"]:
        """One word: of a case without a defect, an instrument ought to be silent."""
        shown = any(witness.count for witness in self.witnesses)
        if not self.witnesses:
            return "not run"
        if not self.case.trace().defects:
            return "false alarm" if shown else "silent"
        return "finds" if shown else "misses"


@dataclass(frozen=True, slots=True, repr=False)
class InstrumentTable(Shown):
    """Every case under every instrument; shown as a table."""

    cells: tuple[Cell, ...]

    @property
    def instruments(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(INSTRUMENTS)

    @property
    def cases(self) -> tuple[Case, ...]:
        """The rows."""
        return tuple(dict.fromkeys(cell.case for cell in self.cells))

    def cell(self, name: str, instrument: str) -> Cell:
        """One cell; ValueError when there is no such case or instrument."""
        known(instrument, "instrument", self.instruments)
        known(name, "case", [case.name for case in self.cases])
        return next(cell for cell in self.cells if (cell.case.name, cell.instrument) == (name, instrument))

    def __str__(self) -> str:
        return table_view(self).text

    __repr__ = __str__


def instrument_table(
    runs: Iterable[CRun] | None = None,
    variants: Mapping[str, Variant] = VARIANTS,
    *,
    cases: Collection[str] = ALL_CASES,
) -> InstrumentTable:
    """Fill every cell.

    Args:
        runs: the C's, such as `fresh` gives; None for the stored ones.
        variants: the measured kernels.
        cases: names of the cases that are rows, in their order.

    Raises:
        ValueError: no such case, or the runs lack one.
    """
    if runs is not None:
        runs = stream(runs, CRun, "runs must be a list of what fresh() gives, or None")
    if not isinstance(variants, Mapping) or not all(isinstance(variant, Variant) for variant in variants.values()):
        raise TypeError(f"variants must be name -> kernel, as VARIANTS has them, not {brief(variants)}")
    chosen = [case(name) for name in items(cases, str, "cases must be names of cases")]
    versions = {case.c for case in chosen}
    of_cases = [run for run in (stored() if runs is None else runs) if run.version in versions]
    return InstrumentTable(
        tuple(
            Cell(case, instrument, tuple(ask(case, of_cases, variants.get(case.kernel))))
            for case in chosen
            for instrument, ask in INSTRUMENTS.items()
        )
    )


@bundle.register
def _bundle(shown: InstrumentTable) -> Bundle:
    return bundle(table_view(shown))


def table_view(shown: InstrumentTable) -> Leading:
    """The verdicts as a map, which leads to the model's runs; below it what the words mean, and folded the figures."""
    runs = {(cell.case, cell.freed): cell.trace for cell in shown.cells}
    places = {key: place for place, key in enumerate(runs)}

    def tile(cell: Cell) -> Html:
        view = _tile(cell)
        return Html(mark(_moment(cell), view.html, places[cell.case, cell.freed], TO_MODEL), view.text)

    names = [
        Html(bold(name).html.replace(" / ", " /<br/>").replace(" + ", " +<br/>"), name) for name in shown.instruments
    ]
    map_ = _grid(shown, ["case", *names], tile, padding="2px 4px 2px 0")
    head: Cells = ["case", *(Html(f"{bold(name).html}<br/>{escape(COUNTS[name])}", name) for name in shown.instruments)]
    figures = _grid(shown, head, _figures, padding="4px 8px 4px 0")
    small = css(font_size="12px", margin="6px 0")
    notes = f"<p{small}>{escape(NOTE)} {escape(OF_RUNS)}</p>"
    more = folded("How much each of them shows", f"{figures.html}<p{small}>{escape(OF_FIGURES)}</p>")
    titles = [f"{case.name}: {case.title}" for case in shown.cases]
    text = "\n".join([map_.text, *titles, NOTE])
    return Leading(map_.html + notes + more, text, tuple(runs.values()))


def _grid(shown: InstrumentTable, head: Cells, draw: Callable[[Cell], Html], padding: str) -> Html:
    """A case a row, an instrument a column."""
    rows = [
        (_case(case), *(draw(shown.cell(case.name, instrument)) for instrument in shown.instruments))
        for case in shown.cases
    ]
    narrow = {column: {"white_space": "nowrap"} for column in range(1, len(head))}
    return table(head, rows, looks={0: {"min_width": "9em"}, **narrow}, padding=padding)


def _case(case: Case) -> Html:
    return Html(f"{bold(case.name).html}<br/>{escape(case.title)}", case.name)


def _tile(cell: Cell) -> Html:
    """A verdict as a field of the map: colour, sign and word; a pale one where there is nothing to find or to know."""
    role, word = ROLE[cell.verdict], cell.verdict
    strong = word in ("finds", "misses", "false alarm")
    ground = {"background_color": role.fill, "color": role.ink} if strong else {"background_color": tint(role, 0.2)}
    look = css(display="block", padding="6px 8px", border_radius="4px", text_align="center", **ground)
    return Html(f"<b{look}>{role.sign}\u00a0{escape(word)}</b>", word)


def _figures(cell: Cell) -> Html:
    """How much each witness of a cell shows; only drawn, so without a text."""
    sources = [witness.source.removeprefix("the ").partition(" ")[0] for witness in cell.witnesses]
    figures = [f"{source} {witness.count}" for source, witness in zip(sources, cell.witnesses, strict=True)]
    return Html("<br/>".join(map(escape, figures or [cell.verdict])), "")


def cell_html(cell: Cell) -> Html:
    """One cell: its verdict, what each witness says, their reports, and the model's view of the same case."""
    head = f"{cell.case.name}, {cell.case.title}. Instrument: {cell.instrument}."
    lines = [f"{witness.source}: {witness.says}" for witness in cell.witnesses]
    lines = lines or ["No run of this case under this instrument is on record."]
    reports = [(f"What {witness.source} gave", witness.report) for witness in cell.witnesses if witness.report]
    model, model_report = summary(cell.trace), _report(cell)
    html = [
        f"<p{css(margin='4px 0')}>{badge(ROLE[cell.verdict], cell.verdict)} {escape(head)}</p>",
        f"<ul{css(margin='4px 0')}>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>",
        *(folded(title, _pre(printed)) for title, printed in reports),
        f"<p{css(margin='8px 0 0 0')}><b>The model of the same case</b></p>{model.html}",
    ]
    if model_report:
        html.append(folded("The model's report", model_report.html))
    text = [f"{cell.verdict}. {head}", *lines, *(f"--- {title}\n{printed}" for title, printed in reports)]
    return Html("".join(html), "\n".join([*text, "--- The model of the same case", model.text]))


def _report(cell: Cell) -> Html | None:
    """The model's report of the defect that the instrument is made for, else of the first one."""
    return report(cell.trace, _looked_for(cell)) if cell.trace.defects else None


def _moment(cell: Cell) -> int:
    """The step of the same defect; without one the step worth a look."""
    return cell.trace.defects[_looked_for(cell)].step if cell.trace.defects else moment(cell.trace)


def _looked_for(cell: Cell) -> int:
    """Which defect of a run the instrument is made for; the first one where it is made for none of them."""
    kinds = _KINDS.get(cell.instrument)
    return next((n for n, defect in enumerate(cell.trace.defects) if kinds is None or defect.kind in kinds), 0)


def _pre(text: str) -> str:
    look = css(margin="4px 0", overflow_x="auto", font_size="12px")
    return f'<pre{look} tabindex="0">{escape(text)}</pre>'
