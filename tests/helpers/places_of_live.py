# SPDX-License-Identifier: GPL-2.0-only
"""The arguments of what a reader plays with: pickers, players, lines to put in order; and of the sketches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kvmplanes import oracle, view
from kvmplanes.model import faults
from kvmplanes.runs.folds import FILTERS
from kvmplanes.runs.orders import PUZZLES
from kvmplanes.view.live.failures import WHY, Picker
from tests.helpers.nonsense import numbers
from tests.helpers.places import (
    LISTS,
    OTHER,
    REPORT,
    RUN,
    TEARDOWN,
    V09,
    Place,
    each,
    either,
    flag,
    named,
    none,
    nothing,
    number,
    one_of,
    text,
    version,
    whole,
    words,
)

LAST = len(OTHER.steps) - 1
# What a refused failure names.
FAILS: Final = ("from 1", "1 get_unused", "one call's name", "a call's name", "a number or a tuple")
TABLE: Final = oracle.instrument_table()


def runs_in(name: str, show: Callable[..., object]) -> tuple[Place, ...]:
    """The arguments of a player."""
    start = either(whole(0, LAST), one_of("defect"))
    return (
        Place(f"{name}(trace)", show, nothing, RUN),
        Place(
            f"{name}(start)",
            lambda v: show(OTHER, start=v),
            start,
            (f"0 to {LAST} or 'defect'",),
            (*numbers(0, LAST, 20, f"{name} start"), *words(f"{name} start", "defect")),
        ),
        Place(f"{name}(only)", lambda v: show(OTHER, only=v), either(none, one_of(*FILTERS)), ("planes",)),
        Place(f"{name}(title)", lambda v: show(OTHER, title=v), either(none, text(1000)), ("a text",)),
    )


PICKER = Picker("09", fail=2)
CONTROLS: Final = tuple(getattr(PICKER, name) for name in WHY)


def chosen() -> tuple[Any, ...]:
    """What the controls of the picker say."""
    return tuple((control.value, getattr(control, "options", ())) for control in CONTROLS)


def in_picker(name: str, takes: Callable[[Any], bool], says: tuple[str, ...], *more: Any) -> Place:
    """An argument of `Picker.choose`: a refused one leaves every control as it was."""

    def call(value: Any) -> None:
        before = chosen()
        try:
            PICKER.choose("29", **dict[str, Any]({name: value}))
        except Exception:
            assert chosen() == before
            raise
        finally:
            PICKER.choose("09", fail=2)

    return Place(f"Picker.choose({name})", call, takes, says, more)


def with_failslab(name: str, least: int, most: int) -> Place:
    """A number of Failslab that the picker has no place for."""
    far = tuple(given for given in numbers(least, most, 25, f"picker {name}") if type(given.make()) is int)
    return Place(
        f"picker(fail), {name}",
        lambda v: PICKER.choose("09", fail=faults.Failslab(**{name: v})),
        whole(least, most),
        (f"{least}..{most}", "-1 (no limit)", "1 or more", "number"),
        far,
    )


LIVE: Final = (
    *runs_in("player", view.player),
    *runs_in("player_widget", view.player_widget),
    named("order_editor(name)", view.order_editor, tuple(PUZZLES)),
    version("order_widget(which)", lambda v: view.order_widget(v, "kvm_destroy_vm", TEARDOWN.items)),
    named(
        "order_widget(function)",
        lambda v: view.order_widget("09", v, TEARDOWN.items),
        ("kvm_destroy_vm",),
        "has no function",
        "stand there",
    ),
    Place(
        "order_widget(lines)",
        lambda v: view.order_widget("09", "kvm_destroy_vm", v),
        nothing,
        ("2 to 8 lines",),
        LISTS,
    ),
    version("picker(version)", view.picker),
    Place("picker(fail)", lambda v: view.picker(fail=v), either(none, whole(1, 17)), FAILS),
    Place("picker(planes)", lambda v: view.picker("29", planes=v), each(whole(1, 15)), ("1..15",), LISTS),
    in_picker("fail", either(none, whole(1, 19)), FAILS, *LISTS),
    in_picker("planes", each(whole(1, 15)), ("1..15",), *LISTS),
    with_failslab("interval", 1, 99),
    with_failslab("times", -1, 99),
    with_failslab("seed", 0, 9999),
    Place("instrument_picker(table)", oracle.instrument_picker, nothing, ("instrument_table()",)),
    named("instrument_picker(case)", lambda v: oracle.instrument_picker(TABLE, v), tuple(c.name for c in TABLE.cases)),
    named(
        "instrument_picker(instrument)",
        lambda v: oracle.instrument_picker(TABLE, "09", v),
        TABLE.instruments,
        "ASan / KASAN",
    ),
    named("c(function)", lambda v: view.c("09", v), tuple(V09.functions), "it has kvm_", "did you mean"),
    flag("c(jumps)", lambda v: view.c("09", "kvm_create_vm", jumps=v)),
    number("lines_html(context)", lambda v: view.lines_html("+24", context=v), 0, 1000, "0 or more"),
    flag("lines_html(notes)", lambda v: view.lines_html("+24", notes=v)),
    number("anatomy(nth)", lambda v: view.anatomy(REPORT, OTHER, v), 0, 16, "defects 0..16"),
    Place("moment_picture(trace)", view.moment_picture, nothing, RUN),
    Place("scene_picture(trace)", view.scene_picture, nothing, RUN),
    Place("shadow_picture(report)", lambda v: view.shadow_picture(v, "planes[0]"), nothing, ("KASAN report",)),
    Place("shadow_picture(member)", lambda v: view.shadow_picture(REPORT, v), text(100), ("a text",)),
)
