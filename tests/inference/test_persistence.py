from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.persistence import persistence


@pytest.mark.parametrize(
    ("balance", "half_life", "repaid", "half_lives"),
    [
        # An overnight loan is gone the next day.
        ([0, 10, 0, 0, 0, 0, 0], 1, 1.0, (1,)),
        # A loan that stays is never halved.
        ([0, 10, 10, 10, 10, 10, 10], None, 0.0, (None,)),
        # Half repaid after two days, a quarter outstanding after five.
        ([2, 10, 8, 6, 5, 4, 4], 2, 0.75, (2,)),
        # Once repaid, a later rise is another use (not followed to the end here).
        ([0, 10, 0, 10, 10, 10, 10], 1, 1.0, (1,)),
    ],
)
def test_a_use_is_followed_above_the_level_before_it(balance, half_life, repaid, half_lives):
    result = persistence(balance, threshold=1, within=5, span=5)
    assert result.half_life == half_life
    assert result.share_repaid == repaid
    assert result.half_lives == half_lives
    assert result.uses == 1


def test_dollars_weigh_not_uses():
    balance = np.zeros(20)
    balance[2] = 90  # repaid at once
    balance[10:] = 10  # stays
    result = persistence(balance, threshold=0.5, within=3, span=5)
    assert result.uses == 2
    assert result.outstanding == (1.0, 0.1, 0.1, 0.1, 0.1, 0.1)
    assert result.share_repaid == pytest.approx(0.9)
    assert result.half_lives == (1, None)


def test_small_rises_are_not_uses():
    balance = [0, 0.4, 0.4, 5, 0, 0, 0, 0]
    assert persistence(balance, threshold=0.5, within=2, span=2).uses == 1


@pytest.mark.parametrize(
    ("balance", "options", "message"),
    [
        ([0.0] * 50, {}, r"balance: no rise of 0.5 is followed by 28 rows"),
        ([0, 1, 0], {}, "balance: no rise"),
        ([0, -1, 0], {}, r"balance: -1.0 is below 0"),
        ([0, np.nan], {}, "balance: a value that is not finite"),
        ([0, 1], {"within": 9, "span": 5}, "within: 9 rows are more than the span of 5"),
        ([0, 1], {"threshold": 0}, "threshold"),
    ],
)
def test_bad_input_is_refused(balance, options, message):
    with pytest.raises(ValueError, match=message):
        persistence(balance, **{"threshold": 0.5} | options)
