from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from strategies.market import Market, enough, trailing_slope
from tests.strategies.small import FIRST, NAN, Given, bars, market, panel


def test_statistics_by_their_formulas() -> None:
    rng = np.random.default_rng(2)
    btc = (100 * np.cumprod(1 + rng.normal(0, 0.03, 40))).tolist()
    eth = (100 * np.cumprod(1 + rng.normal(0, 0.05, 40))).tolist()
    world = market({"BTC": btc, "ETH": eth}, season=0)
    returns = np.diff(np.array([btc, eth]).T, axis=0) / np.array([btc, eth]).T[:-1]
    last = returns[-20:]
    expected = last.std(axis=0, ddof=1) * 365**0.5
    np.testing.assert_allclose(world.volatility(20)[-1], expected, rtol=1e-12)
    slope = np.polyfit(last[:, 0], last[:, 1], 1)[0]
    np.testing.assert_allclose(world.beta(20)[-1], [1.0, slope], rtol=1e-9)
    assert world.btc_over_mean(10)[-1] == pytest.approx(btc[-1] / np.mean(btc[-10:]) - 1.0)
    assert world.momentum(5)[-1, 1] == pytest.approx(eth[-1] / eth[-6] - 1.0)
    assert world.dollar_volume(5)[-1, 1] == pytest.approx(1e9 * np.mean(eth[-5:]))


def test_two_thirds_of_a_window_must_be_known() -> None:
    assert [enough(days) for days in (1, 2, 3, 30, 31)] == [1, 2, 2, 20, 21]
    closes = [1.0, 1.1, NAN, 1.2, 1.3, 1.2, 1.4]
    world = market({"BTC": [1.0] * 7, "ETH": closes}, season=0)
    # Returns of ETH: none on days 0, 2 and 3.
    assert np.isnan(world.volatility(3)[:, 1]).tolist() == [True] * 5 + [False] * 2


def test_a_slope_uses_the_pairs_that_are_complete() -> None:
    x = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]})
    y = pd.DataFrame({"a": [2.0, NAN, 6.0, 8.0]})
    assert trailing_slope(y, x, 4)["a"].iloc[-1] == pytest.approx(2.0)
    assert trailing_slope(y, x * 0.0, 4)["a"].isna().all()


def test_rows_without_a_bar_are_unknown() -> None:
    world = Market(
        panel(5, first=FIRST - pd.Timedelta(days=1)), bars({"BTC": [1.0, 2.0]}, season=0)
    )
    np.testing.assert_array_equal(world.close()[:, 0], [NAN, 1.0, 2.0, NAN, NAN])
    assert not world.tradable()[[0, 3, 4]].any()
    assert not world.priced().any()


def test_a_signal_is_computed_once() -> None:
    world = market({"BTC": [1.0]})
    given = Given((1.0,))
    assert world.signal(given) is world.signal(Given((1.0,)))


def test_altered_markets_recompute_what_has_changed() -> None:
    world = market({"BTC": [1.0, 2.0]})
    given = Given((1.0, 2.0))
    values, closes = world.signal(given), world.close()
    other = world.with_panel(world.panel, "tga")
    assert other.signal(given) is values
    assert other.close() is closes
    priced = world.with_bars(bars({"BTC": [1.0, 3.0]}))
    assert priced.signal(given) is values
    assert priced.close()[1, 0] == 3.0
