"""The light names are the names of the real things."""

from typing import get_args

from betacli import names
from betacli.core.beta import ESTIMATORS, PRESETS
from betacli.core.calendar import TIMEFRAMES_MS
from betacli.core.checks import CHECKS, THRESHOLDS
from betacli.core.weights import WEIGHTINGS
from betacli.data.gates import GATES
from betacli.data.venues import VENUES
from betacli.plan.carrying import Role
from betacli.plan.hedge_with import PERPETUAL, QUARTERS
from betacli.plan.spread import NEUTRAL
from betacli.show.formats import FORMATS


def test_every_tuple_of_names_equals_the_keys_of_its_dict() -> None:
    """A name that can be typed exists, and what exists can be typed."""
    assert tuple(PRESETS) == names.PRESETS
    assert tuple(WEIGHTINGS) == names.WEIGHTINGS
    assert tuple(FORMATS) == names.FORMATS
    assert tuple(TIMEFRAMES_MS) == names.TIMEFRAMES
    assert tuple(GATES) == names.GATES
    assert tuple(THRESHOLDS) == names.CHECKLIST
    assert tuple(CHECKS) == names.STEPS
    assert tuple(VENUES) == names.VENUES
    assert NEUTRAL == names.NEUTRAL
    assert (PERPETUAL, *QUARTERS) == names.HEDGES
    assert set(get_args(Role)) == set(names.FEES)


def test_every_preset_names_things_that_exist() -> None:
    """A preset's estimator, timeframe and daily sibling are known."""
    for recipe in PRESETS.values():
        assert recipe.estimator in ESTIMATORS
        assert recipe.timeframe in TIMEFRAMES_MS
        assert recipe.daily_sibling is None or recipe.daily_sibling in PRESETS
