# SPDX-License-Identifier: GPL-2.0-only
"""The kill matrix: what sees each mutant of the patch, or why nothing can."""

from collections.abc import Iterator, Sequence
from typing import Final

from kvmplanes.runs.certificate import OUTCOMES
from kvmplanes.runs.mutation import CHECKS, Check, Kill, kills, summary
from kvmplanes.view.page.style import BAD, CLEAN, NEVER_USED
from kvmplanes.view.plots.sheet import PAD, SHAPES, SMALL, WIDTH, Plot, Sheet, house, soft, wide
from kvmplanes.view.plots.tables import IN_A_CELL

_ROW: Final = 12.5  # points: a mutant
_HEAD: Final = 19.0  # points: a function's name
_MARK: Final = 13.0  # points: from a column's edge to its words
_GAP: Final = 12.0  # points: between the words beside the rows
_BASE: Final = "made from"


def plot_kills(found: Sequence[Kill] | None = None) -> Plot:
    """Every mutant: what each check shows, or the reason why no run can tell it from its base.

    Args:
        found: the mutants, checked; None for `kills()`, which checks them all.

    Raises:
        ValueError: no mutants.
    """
    chosen = kills() if found is None else tuple(found)
    if not chosen:
        raise ValueError("a plot of kills needs at least one mutant")
    seen = [one for one in chosen if one.killed]
    names = max(wide(str(one.mutant)) for one in chosen)
    left = PAD + names + _GAP + wide(_BASE) + _GAP
    columns = [max([wide(check), *(wide(_words(one, check)) for one in seen)]) + _MARK + 6 for check in CHECKS]
    edges = [sum(columns[:n]) for n in range(len(CHECKS) + 1)]
    spare = max(0.0, WIDTH - left - PAD - edges[-1], *(wide(_reason(one)) + _MARK + 6 - edges[-1] for one in chosen))
    with house():
        sheet = Sheet(
            "What sees each mistake, and which mistakes nothing can see",
            [f"{summary(chosen)}.",
             "A row is one edit of a version without defects; where 11 lacks the system call, the row is blank."],
            list(_rows(chosen)), (0, edges[-1] + spare), left=left, top=72, width=left + PAD + edges[-1] + spare,
        )  # fmt: skip
        ends = [*edges[:-1], edges[-1] + spare]
        places = {check: (ends[n] + 0.5, ends[n + 1] - 2.5) for n, check in enumerate(CHECKS)}
        _labels(sheet, chosen, left, names)
        for check, (first, _) in places.items():
            sheet.write(first, 59, check, size=SMALL, weight="bold")
            sheet.write(first, 70, f"sees {sum(bool(one.at(check)[1]) for one in chosen)}", size=SMALL)
        _cells(sheet, seen, places)
        _survivors(sheet, [one for one in chosen if not one.killed])
        return sheet.plot("\n".join([summary(chosen), *map(str, chosen)]))


def _rows(chosen: Sequence[Kill]) -> Iterator[tuple[str, str, float]]:
    """A row for each function, and one for each of its mutants."""
    last = ""
    for one in chosen:
        if one.mutant.function != last:
            last = one.mutant.function
            yield f"{last}()", "", _HEAD
        yield str(one.mutant), "", _ROW
    yield "", "", _ROW  # the legend has two lines


def _labels(sheet: Sheet, chosen: Sequence[Kill], left: float, names: float) -> None:
    """Beside the rows: function, mutant, and the version that it is made from."""
    sheet.write(PAD - left, 70, "mutant", size=SMALL)
    sheet.write(PAD + names + _GAP - left, 70, _BASE, size=SMALL)
    for function in dict.fromkeys(one.mutant.function for one in chosen):
        sheet.write(PAD - left, sheet.rows[f"{function}()"][1] - 4, f"{function}()", size=SMALL, weight="bold")
    for one in chosen:
        y = sheet.middle(str(one.mutant))
        sheet.write(PAD - left, y, str(one.mutant), size=SMALL, va="center_baseline")
        sheet.write(PAD + names + _GAP - left, y, one.mutant.base, size=SMALL, va="center_baseline")


def _cells(sheet: Sheet, seen: Sequence[Kill], places: dict[Check, tuple[float, float]]) -> None:
    """What each check shows of the mutants that are killed."""
    cells = [(one, check) for one in seen for check in CHECKS]
    there = [cell for cell in cells if CHECKS.index(cell[1]) < 2 or cell[0].mutant.version.creates_planes]
    passed = [(*places[check], str(one.mutant)) for one, check in there if not one.at(check)[1]]
    sheet.boxes("not seen here", passed, **soft(NEVER_USED, 0.1, linewidth=0))
    for outcome in OUTCOMES:
        here = [(one, check) for one, check in cells if one.at(check)[1] and one.at(check)[0] == outcome]
        boxes = [(*places[check], str(one.mutant)) for one, check in here]
        sheet.boxes(f"_{outcome}", boxes, **soft(BAD, 0.25, linewidth=0))
        marks = [(places[check][0] + 5.5, str(one.mutant)) for one, check in here]
        sheet.points(f"{outcome} ({len(here)})", marks, SHAPES[outcome], BAD.on_light)
        for one, check in here:
            x, y = places[check][0] + _MARK - 0.5, sheet.middle(str(one.mutant))
            sheet.write(x, y, _words(one, check), size=SMALL, va="center_baseline")


def _survivors(sheet: Sheet, rows: Sequence[Kill]) -> None:
    """The mutants that nothing sees, with the reason."""
    last = sheet.xlim[1] - 2.5
    same = [str(one.mutant) for one in rows if one.mutant.equivalent]
    sheet.boxes("_equivalent", [(0.5, last, row) for row in same], **soft(CLEAN, 0.16, linewidth=0))
    sheet.points(f"equivalent ({len(same)})", [(6, row) for row in same], CLEAN.marker, CLEAN.on_light)
    for one in rows:
        sheet.write(_MARK, sheet.middle(str(one.mutant)), _reason(one), size=SMALL, va="center_baseline")


def _words(one: Kill, check: Check) -> str:
    """A cell: the outcome, and on how many paths; where no call fails, the program if it is not the usual one."""
    outcome, runs, first = one.at(check)
    if not runs:
        return ""
    where = f": program {first}" * bool(first) if check == CHECKS[0] else f" on {runs} path{'s' * (runs > 1)}"
    return f"{IN_A_CELL[outcome]}{where}"


def _reason(one: Kill) -> str:
    return "" if one.killed else one.mutant.equivalent or "not seen, and not known to be equivalent"
