from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.inference.events import event_returns, event_study, sign_flip
from backtests.inference.placebos import Match, MatchedEvent
from tests.inference.worlds import garch_t

DAYS = np.datetime64("2020-01-01") + np.arange(400) * np.timedelta64(1, "D")


def matched(own: list[int], pools: list[list[int]]) -> list[MatchedEvent]:
    return [
        MatchedEvent(DAYS[i], tuple(DAYS[pool]), Match.POSITION)
        for i, pool in zip(own, pools, strict=True)
    ]


# Seven events, each with nine placebos of its own.
OWN = [10 + 50 * k for k in range(7)]
POOLS = [[row + 4 * j for j in range(1, 10)] for row in OWN]


def study(outcome, events=None, **options):
    options = {"delta": 0.5, "seed": 1, "draws": 999} | options
    return event_study(outcome, DAYS, matched(OWN, POOLS) if events is None else events, **options)


def test_window_runs_from_the_days_own_close():
    close = np.array([1.0, 2.0, 4.0, 8.0, np.nan])
    np.testing.assert_allclose(
        event_returns(close, horizon=2), [np.log(4), np.log(4), np.nan, np.nan, np.nan]
    )


def test_estimate_is_the_mean_over_events_less_their_own_placebos():
    outcome = np.random.default_rng(1).normal(size=400)
    result = study(outcome)
    effects = [outcome[i] - outcome[pool].mean() for i, pool in zip(OWN, POOLS, strict=True)]
    assert result.effects == pytest.approx(effects)
    assert result.estimate == pytest.approx(np.mean(effects))
    assert result.placebos == (9,) * 7
    assert result.smallest_sign_flip_p == 2**-7


def test_p_values_approach_full_enumeration_of_small_sets():
    rng = np.random.default_rng(2)
    outcome = rng.normal(size=400)
    own, pools = [10, 60, 110], [[20, 30, 40], [70, 80, 90], [120, 130, 140]]
    result = event_study(outcome, DAYS, matched(own, pools), delta=0.5, seed=1, draws=40_000)
    centres = [outcome[pool].mean() for pool in pools]
    observed = np.mean(outcome[own] - centres)

    def share(shift, compare):
        shifted = outcome.copy()
        shifted[own] -= shift
        sets = [[shifted[i], *shifted[pool]] for i, pool in zip(own, pools, strict=True)]
        means = [np.mean(np.array(choice) - centres) for choice in product(*sets)]
        return np.mean([compare(mean, observed - shift) for mean in means])

    rounding = 1e-12
    assert result.p.p1 == pytest.approx(share(0, lambda m, o: m >= o - rounding), abs=0.01)
    assert result.p.p3 == pytest.approx(share(0, lambda m, o: m <= o + rounding), abs=0.01)
    assert result.p.p2 == pytest.approx(share(0.5, lambda m, o: m <= o + rounding), abs=0.01)


def test_interval_holds_exactly_the_effects_that_are_not_rejected():
    outcome = np.random.default_rng(3).normal(size=400)
    low, high = study(outcome, delta=None).interval
    assert low < study(outcome).estimate < high
    for size in np.linspace(0.05, 3, 30):
        rejected_above = study(outcome, delta=size).p.p2 <= 0.025
        assert rejected_above == (size > high)
        rejected_below = study(-outcome, delta=size).p.p2 <= 0.025
        assert rejected_below == (-size < low)


def test_a_null_is_rejected_near_the_nominal_rate_even_with_small_sets():
    rng = np.random.default_rng(4)
    rejected = np.zeros(4)
    worlds = 400
    for i, outcome in enumerate(garch_t(rng, worlds, 400)):
        result = study(outcome, seed=i, draws=199)
        low, high = result.interval
        rejected += [
            result.p.p1 <= 0.05,
            result.p.p3 <= 0.05,
            result.p_two_sided <= 0.05,
            not low <= 0 <= high,
        ]
    assert (rejected / worlds <= 0.09).all()
    assert (rejected / worlds >= 0.02).all()


def test_a_single_event_among_nine_days_is_never_significant():
    # Without the event's own day in the set it would "win" against all placebos in one world of 9.
    rng = np.random.default_rng(5)
    smallest = min(
        study(rng.normal(size=400), matched(OWN[:1], [POOLS[0][:8]]), seed=i, draws=199).p.p1
        for i in range(40)
    )
    assert smallest > 0.05


def test_the_boundary_of_a_size_that_matters_is_tested_at_its_nominal_rate():
    rng = np.random.default_rng(6)
    worlds, rejected = 400, 0
    for i in range(worlds):
        outcome = rng.normal(size=400)
        outcome[OWN] += 2.0
        rejected += study(outcome, delta=2.0, seed=i, draws=199).p.p2 <= 0.05
    assert 0.02 <= rejected / worlds <= 0.09


def test_a_planted_effect_is_found():
    outcome = np.random.default_rng(7).normal(size=400)
    outcome[OWN] += 3.0
    result = study(outcome)
    assert result.p.p1 == 1 / 1000
    assert result.sign_flip.p1 == 2**-7
    assert result.interval[0] > 0.5
    assert result.p.p3 > 0.9


def test_events_that_share_placebos_never_take_the_same_day():
    shared = [300, 305, 310, 315]
    outcome = np.zeros(400)
    outcome[shared] = [1.0, 10.0, 100.0, 1000.0]
    events = matched([10, 60], [shared, shared])
    result = event_study(outcome, DAYS, events, delta=None, seed=1, draws=20_000)
    means, weights = [], []
    for first in [10, *shared]:
        left = [row for row in [60, *shared] if row != first]
        means += [(outcome[first] + outcome[row]) / 2 for row in left]
        weights += [1 / 5 / len(left)] * len(left)
    centre = np.average(means, weights=weights)
    spread = np.sqrt(np.average((np.array(means) - centre) ** 2, weights=weights))
    assert result.standard_error == pytest.approx(spread, rel=0.02)


def test_events_without_a_day_to_choose_are_refused():
    outcome = np.random.default_rng(11).normal(size=400)
    events = [*matched([10], [[300]]), *matched([300], [[10]]), *matched([300], [[10]])]
    with pytest.raises(ValueError, match="matched: event 2 shares all its placebos"):
        study(outcome, events)


def test_same_seed_same_result():
    outcome = np.random.default_rng(8).normal(size=400)
    assert study(outcome, seed=3) == study(outcome, seed=3)
    assert study(outcome, seed=3) != study(outcome, seed=4)


@given(st.lists(st.floats(-10, 10).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=8))
def test_sign_flips_are_enumerated_and_never_below_their_smallest(effects):
    x = np.array(effects)
    p = sign_flip(x, delta=None, seed=None)
    sums = [np.dot(signs, x) for signs in product([-1, 1], repeat=len(x))]
    assert p.p1 == np.mean(np.array(sums) >= x.sum() - 1e-9 * np.abs(x).sum())
    assert p.p1 >= 2.0 ** -len(x)
    assert p.p3 == sign_flip(-x, delta=None, seed=None).p1
    assert p.p2 is None


def test_six_events_all_in_one_direction_have_p_of_one_in_64():
    p = sign_flip([1, 2, 3, 4, 5, 6], delta=10.0, seed=None)
    assert (p.p1, p.p2, p.p3) == (1 / 64, 1 / 64, 1.0)


def test_many_events_use_random_signs_near_the_exact_share():
    x = np.random.default_rng(9).normal(0.2, 1, size=20)
    drawn = sign_flip(x, delta=None, seed=1, draws=20_000).p1
    sums = np.array([0.0])
    for value in x:
        sums = np.concatenate((sums - value, sums + value))
    assert drawn == pytest.approx(np.mean(sums >= x.sum() - 1e-9), abs=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": np.full(400, np.nan)}, "outcome: is missing on 2020-01-11"),
        ({"outcome": np.ones(400)}, "outcome: is the same on every event and placebo day"),
        ({"outcome": np.ones(399)}, "days: expected 399 days, got 400"),
        ({"events": []}, "matched: holds no event"),
        ({"delta": 0.0}, "delta: expected a number above 0"),
        ({"draws": 0}, "draws"),
    ],
)
def test_bad_input_is_refused(change, message):
    outcome = np.random.default_rng(10).normal(size=400)
    with pytest.raises(ValueError, match=message):
        study(**{"outcome": outcome} | change)


def test_prices_must_be_positive():
    with pytest.raises(ValueError, match=r"close: 0.0 is not above 0"):
        event_returns([1.0, 0.0, 2.0], horizon=1)
