"""The values that pass through a broker, and what they refuse."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BelowMinimum, BrokerError, OrderRefused
from paper.brokers.base import (
    Balances,
    Fee,
    MarketRules,
    OrderRequest,
    OrderState,
    Quote,
    Status,
)

AT = pd.Timestamp("2026-05-01", tz="UTC")


def rules(step: str = "0.001", least: str = "0.001", least_cost: str = "5") -> MarketRules:
    return MarketRules(
        "BTC",
        "BTC/USD",
        "BTC",
        "USD",
        Decimal(step),
        Decimal("0.01"),
        Decimal(least),
        Decimal(least_cost),
    )


def state(status: Status, filled: str, cost: str, amount: str = "2") -> OrderState:
    return OrderState(
        "a1", "7", "BTC", "buy", Decimal(amount), status, Decimal(filled), Decimal(cost), (), AT
    )


@pytest.mark.parametrize(
    ("amount", "step", "expected"),
    [
        ("1.2345", "0.001", "1.234"),
        ("1.2349999999999999999999999999999999999999", "0.001", "1.234"),
        ("0.99999999999999999999999999999999999999999", "1", "0"),
        ("7", "2.5", "5.0"),
        ("0.0009", "0.001", "0"),
        ("1.2345", "0", "1.2345"),
        ("1E+3", "0.1", "1000"),
    ],
)
def test_amounts_are_rounded_down(amount: str, step: str, expected: str) -> None:
    assert rules(step).rounded(Decimal(amount)) == Decimal(expected)


@given(
    amount=st.decimals("1e-30", "1e12", allow_nan=False, allow_infinity=False),
    step=st.sampled_from(["0.00000001", "0.001", "1", "2.5", "0.000026873"]),
    precision=st.integers(5, 40),
)
def test_rounding_never_adds_and_never_takes_a_step_away(
    amount: Decimal, step: str, precision: int
) -> None:
    with localcontext() as context:
        context.prec = precision
        rounded = rules(step).rounded(amount)
    with localcontext() as context:
        context.prec = 100
        assert 0 <= amount - rounded < Decimal(step)
        assert rounded % Decimal(step) == 0


@pytest.mark.parametrize(
    ("amount", "price", "message"),
    [
        ("0.0009", "50000", "0.0009 BTC is below the smallest order of 0.001"),
        ("0.001", "4999", "is worth 5.00 USD, below the smallest order of 5"),
        ("0.001", "100", "0.001 BTC at 100 is worth 0.10 USD, below the smallest order of 5"),
    ],
)
def test_what_is_too_small_is_refused_with_the_smallest_order(
    amount: str, price: str, message: str
) -> None:
    with pytest.raises(BelowMinimum, match=message):
        rules().sized(Decimal(amount), Decimal(price))


def test_an_order_of_just_the_minimum_is_sent() -> None:
    assert rules().sized(Decimal("0.001"), Decimal(5000)) == Decimal("0.001")


@pytest.mark.parametrize("step", ["-0.001", "NaN", "Infinity"])
def test_a_market_without_sensible_steps_is_refused(step: str) -> None:
    with pytest.raises(BrokerError, match="BTC/USD: amount_step of the market cannot be"):
        rules(step)


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_a_price_that_cannot_be_is_refused(price: str) -> None:
    with pytest.raises(BrokerError, match="kraken spot USD: BTC has a price of"):
        Quote("BTC", Decimal(price), AT, "kraken spot USD")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"client_order_id": ""}, "1 to 32 letters and digits"),
        ({"client_order_id": "a-1"}, "1 to 32 letters and digits"),
        ({"client_order_id": "a" * 33}, "1 to 32 letters and digits"),
        ({"client_order_id": "a1\n"}, "1 to 32 letters and digits"),
        ({"side": "hold"}, "side must be 'buy' or 'sell', got 'hold'"),
        ({"kind": "limit"}, "kind must be 'market', got 'limit'"),
        ({"amount": Decimal(0)}, "the amount must be a decimal above 0"),
        ({"amount": Decimal("-0.5")}, "the amount must be a decimal above 0"),
        ({"amount": Decimal("NaN")}, "the amount must be a decimal above 0"),
        ({"amount": 0.5}, "the amount must be a decimal above 0, got 0.5"),
        ({"intended_at": pd.Timestamp("2026-05-01")}, "has no time zone"),
    ],
)
def test_an_order_that_cannot_be_is_refused_in_one_line(
    change: dict[str, object], message: str
) -> None:
    fields = {
        "client_order_id": "a1",
        "asset": "BTC",
        "side": "buy",
        "amount": Decimal(1),
        "intended_at": AT,
    }
    with pytest.raises(OrderRefused, match=message) as caught:
        OrderRequest(**{**fields, **change})  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert "for BTC" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "filled", "cost"),
    [
        ("partial", "3", "1"),
        ("partial", "-1", "1"),
        ("partial", "1", "-1"),
        ("partial", "1", "0"),
        ("accepted", "0", "1"),
        ("filled", "0", "0"),
    ],
)
def test_a_state_that_makes_no_sense_is_refused(status: Status, filled: str, cost: str) -> None:
    with pytest.raises(BrokerError, match="order a1 for BTC: the broker tells"):
        state(status, filled, cost)


@pytest.mark.parametrize(
    ("status", "final"),
    [
        ("accepted", False),
        ("partial", False),
        ("filled", True),
        ("rejected", True),
        ("canceled", True),
    ],
)
def test_only_three_states_are_final(status: Status, final: bool) -> None:
    filled = "1" if status in ("partial", "filled") else "0"
    assert state(status, filled, filled).is_final == final


def test_the_average_price_is_cost_by_amount() -> None:
    assert state("filled", "2", "5").average == Decimal("2.5")
    assert state("accepted", "0", "0").average is None


def test_a_balance_that_is_missing_is_zero() -> None:
    balances = Balances(AT, {"USD": Decimal(5)})
    assert (balances.of("USD"), balances.of("BTC")) == (Decimal(5), Decimal(0))
    with pytest.raises(TypeError):
        balances.total["USD"] = Decimal(6)  # type: ignore[index]


def test_fees_are_values() -> None:
    assert Fee("USD", Decimal(1)) == Fee("USD", Decimal("1.00"))
