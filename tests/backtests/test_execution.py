from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from backtests.cash import growth, price_path
from backtests.execution import Execution
from data.errors import BadConfig


def test_defaults_are_next_open_with_ten_and_ten_basis_points():
    usual = Execution()
    assert (usual.fill, usual.delay_hours) == ("next_open", 0)
    assert (usual.fee, usual.slippage) == (0.001, 0.001)
    assert (usual.initial_cash, usual.delisting_discount) == (100_000.0, 0.10)
    with pytest.raises(FrozenInstanceError):
        usual.fee_bp = 0.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("fill", "close", "fill must be 'next_open', got 'close'"),
        ("delay_hours", -1, "delay_hours must be a whole number of hours, 0 or more, got -1"),
        ("delay_hours", 1.5, "delay_hours must be a whole number of hours"),
        ("delay_hours", True, "delay_hours must be a whole number of hours"),
        ("fee_bp", -1.0, "fee_bp must be a number from 0 to 5000, got -1.0"),
        ("fee_bp", "10", "fee_bp must be a number"),
        ("slippage_bp", float("nan"), "slippage_bp must be a number"),
        ("slippage_bp", 10_000, "slippage_bp must be a number from 0 to 5000"),
        ("slippage_range", 1.1, "slippage_range must be a number from 0 to 1"),
        ("borrow_bp", float("inf"), "borrow_bp must be a number"),
        ("initial_cash", 0.0, "initial_cash must be a number from 0.01"),
        ("initial_cash", True, "initial_cash must be a number"),
        ("perpetuals", "BTC", "perpetuals must be distinct names of assets, got 'BTC'"),
        ("perpetuals", ("BTC", "BTC"), "perpetuals must be distinct names of assets"),
        ("delisting_discount", -0.1, "delisting_discount must be a number from 0 to 1"),
    ],
)
def test_values_that_cannot_be_are_refused(field: str, value: Any, message: str):
    with pytest.raises(BadConfig, match=f"execution: {message}"):
        Execution(**{field: value})


def test_perpetuals_from_a_file_are_the_same_as_from_code():
    names: Any = ["BTC", "ETH"]
    assert Execution(perpetuals=names) == Execution(perpetuals=("BTC", "ETH"))


def test_cash_grows_by_simple_interest_over_360_days():
    rate = np.array([3.6, 3.6, 0.0])
    borrowed = np.array([False, True, True])
    np.testing.assert_allclose(
        growth(rate, borrowed, 360.0, 1.0), [1.0001, 1.0002, 1.0001], rtol=1e-15
    )
    np.testing.assert_allclose(growth(rate, borrowed, 360.0, 0.5)[0], 1.00005, rtol=1e-15)


def test_the_price_of_cash_is_credited_at_the_fill_and_at_the_close():
    path = price_path(np.array([3.6, 7.2]), np.array([[False, False], [True, False]]), 360.0, 0.25)
    first, second = 1 + 0.0001 * 0.25, 1 + 0.0001 * 0.75
    third, fourth = 1 + 0.0003 * 0.25, 1 + 0.0002 * 0.75
    np.testing.assert_allclose(
        path,
        [[first, first * second], [first * second * third, first * second * third * fourth]],
        rtol=1e-15,
    )
