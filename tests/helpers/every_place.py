# SPDX-License-Identifier: GPL-2.0-only
"""Every public argument, with the bad inputs for it."""

from tests.helpers.places import Place
from tests.helpers.places_of_learn import LEARN
from tests.helpers.places_of_live import LIVE
from tests.helpers.places_of_model import MODEL, RUNNING
from tests.helpers.places_of_views import ORACLE, VIEW

PLACES: tuple[Place, ...] = (*RUNNING, *MODEL, *VIEW, *LIVE, *LEARN, *ORACLE)
