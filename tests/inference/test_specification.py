from __future__ import annotations

import pytest

from backtests.inference.specification import Specification


def test_the_registered_form_is_the_default():
    spec = Specification()
    assert (spec.form, spec.horizons, spec.joint_horizons) == (
        "predictive",
        (1, 4, 13, 26),
        (1, 4, 13),
    )
    assert (spec.n_lags, spec.trend, spec.draws, spec.confidence) == (13, True, 999, 0.95)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"form": "leading"}, "form: expected 'predictive' or 'co-movement', got 'leading'"),
        ({"horizons": ()}, "horizons: expected distinct horizons"),
        ({"horizons": (1, 4, 4, 13)}, "horizons: expected distinct horizons"),
        ({"horizons": (1, 4)}, r"joint_horizons: 13 is not among \[1, 4\]"),
        ({"horizons": (0, 1, 4, 13)}, "horizons: expected a whole number"),
        ({"delta": {5: 0.01}}, "delta: 5 is not among"),
        ({"delta": {4: -0.01}}, "delta: expected a number above 0 at 4"),
        ({"delta": {4: float("nan")}}, "delta: expected a number above 0 at 4"),
        ({"n_lags": 0}, "n_lags"),
        ({"draws": 0}, "draws"),
        ({"confidence": 95}, "confidence"),
    ],
)
def test_an_impossible_specification_is_refused_by_field(fields, message):
    with pytest.raises(ValueError, match=message):
        Specification(**fields)
