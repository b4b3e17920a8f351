# SPDX-License-Identifier: GPL-2.0-only
"""Bad input, at every public argument: one error of ours that says what is allowed, and nothing has changed."""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes import learn, oracle, view
from kvmplanes.model.faults import CALLS
from kvmplanes.model.machine.tree import CError
from kvmplanes.model.series import ALL, SERIES
from tests.helpers.every_place import PLACES
from tests.helpers.places import Place

PACKAGE = Path(kp.__file__).parent
LONGEST = 300  # characters of a message
# What a function gives, and no reader makes: its parts come from a run.
GIVEN = {
    "Agreement", "CRun", "Certificate", "Defect", "Html", "Ladder", "NULL", "Played", "RealDefect", "Step", "Trace",
}  # fmt: skip


def state() -> str:
    """Everything that a call could change, as one text."""
    versions = [(v.name, v.title, v.based_on, v.edits, id(v), [*map(id, v.tree.values())]) for v in ALL.values()]
    asked = [*map(id, learn.QUESTIONS), *map(id, learn.EXERCISES.values()), *map(id, learn.REPAIRS.values())]
    return repr((versions, SERIES, [*kp.LIMITS.items()], kp.PATCH.hunks, CALLS, asked))


def wrong_with(place: Place, value: object) -> str:
    """What is wrong with how a bad input is refused; "" if nothing is."""
    try:
        place.call(value)
    except (ValueError, TypeError) as error:
        said, inmost = str(error), traceback.extract_tb(error.__traceback__)[-1]
        if type(error) not in (ValueError, TypeError, CError):
            return f"a {type(error).__name__}"
        if not Path(inmost.filename).is_relative_to(PACKAGE) and inmost.name != "answered":
            return f"not said by us, but in {inmost.filename}: {said[:100]}"
        if len(said) > LONGEST:
            return f"{len(said)} characters: {said[:300]}"
        return "" if any(allowed in said for allowed in place.says) else f"names nothing that is allowed: {said}"
    except Exception as error:  # noqa: BLE001 - whatever else comes is what the test is for
        return f"{type(error).__name__}: {str(error)[:100]}"
    return "accepted"


@pytest.mark.parametrize("place", PLACES, ids=[place.name for place in PLACES])
def test_bad_input_is_refused_with_a_sentence(place: Place) -> None:
    before = state()
    wrong = {given.name: what for given in place.bad if (what := wrong_with(place, given.make()))}
    assert wrong == {}
    assert state() == before


def test_there_are_enough_of_them() -> None:
    names = [place.name for place in PLACES]
    assert len(names) == len({*names})
    assert sum(1 for place in PLACES for _ in place.bad) >= 10_000


def arguments() -> Iterator[tuple[str, str]]:
    """Every argument of every public function, such as ("run(", "fail")."""
    for room in (kp, learn, view, oracle):
        for name in room.__all__:
            thing = getattr(room, name)
            if name not in GIVEN and callable(thing):
                yield from ((f"{name}(", parameter) for parameter in inspect.signature(thing).parameters)
    for name, method in vars(learn.Review).items():
        if not name.startswith("_") and inspect.isfunction(method) and name != "run":  # which is kp.run
            yield from ((f"Review.{name}(", parameter) for parameter in [*inspect.signature(method).parameters][1:])


def test_no_argument_is_left_out() -> None:
    names = [place.name for place in PLACES]
    left = [
        f"{function}{parameter})"
        for function, parameter in arguments()
        if not any(name.startswith(function) and parameter in re.findall(r"\w+", name)[1:] for name in names)
    ]
    assert left == []


def test_what_is_allowed_is_taken() -> None:
    """So that a place whose call is wrong in itself is seen: each gets something that it takes, where anything is."""
    for place in PLACES:
        fine = [given for given in place.more if place.takes(given.make())]
        for given in fine[:1]:
            place.call(given.make())


def test_a_picker_with_nonsense_in_a_control_still_shows_its_last_run() -> None:
    shown = view.picker("29", planes=(1,))
    before = shown.trace, shown.key
    shown.planes.value = "abc"
    assert "write ids 1 to 15" in shown.verdict.value
    assert (shown.trace, shown.key) == before
    assert f'data-key="{before[1]}"' in shown._repr_mimebundle_()["text/html"]


def test_an_order_that_is_none_leaves_the_last_one() -> None:
    shown = view.order_widget("09", "kvm_destroy_vm", ("kvm_arch_free_vm(kvm);", "kvm_destroy_planes(kvm);"))
    for nonsense in ([0], [0, 0], [0, 1, 2], []):
        with pytest.raises(ValueError, match=r"order must have each of 0\.\.1 once"):
            shown.editor.order = nonsense
        assert shown.editor.order == [0, 1]
    assert "Order the lines" in shown._repr_mimebundle_()["text/plain"]
