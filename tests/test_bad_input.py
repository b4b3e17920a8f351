# SPDX-License-Identifier: GPL-2.0-only
"""Bad input, at every public argument: one error of ours that says what is allowed, and nothing has changed."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes.model.faults import CALLS
from kvmplanes.model.machine.tree import CError
from kvmplanes.model.series import ALL, SERIES
from tests.helpers.places import Place
from tests.helpers.places_of_model import MODEL, RUNNING
from tests.helpers.places_of_views import ORACLE, VIEW

PACKAGE = Path(kp.__file__).parent
PLACES = (*RUNNING, *MODEL, *VIEW, *ORACLE)
LONGEST = 300  # characters of a message


def state() -> str:
    """Everything that a call could change, as one text."""
    versions = [(v.name, v.title, v.based_on, v.edits, id(v), [*map(id, v.tree.values())]) for v in ALL.values()]
    return repr((versions, SERIES, [*kp.LIMITS.items()], kp.PATCH.hunks, CALLS))


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
    assert sum(1 for place in PLACES for _ in place.bad) >= 4000


def test_what_is_allowed_is_taken() -> None:
    """So that a place whose call is wrong in itself is seen: each gets something that it takes, where anything is."""
    for place in PLACES:
        fine = [given for given in place.more if place.takes(given.make())]
        for given in fine[:1]:
            place.call(given.make())
