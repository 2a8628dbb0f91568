"""What is made of an exchange's words, sensible or not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt
import pandas as pd
import pytest

from data.errors import BrokerError
from data.sources.clock import SystemClock
from paper.brokers.base import Fee, MarketRules
from paper.brokers.gateway import open_prices
from paper.brokers.sandboxes import SANDBOXES, sandbox
from paper.brokers.unified import decimal, fees_of, instant, told_order

RULES = MarketRules("BTC", "BTC/USDT", "BTC", "USDT")
ORDER: dict[str, Any] = {
    "id": "77",
    "clientOrderId": "a1",
    "timestamp": 1777593600000,
    "symbol": "BTC/USDT",
    "side": "buy",
    "amount": "0.02",
    "filled": "0.01",
    "cost": "600.50",
    "status": "open",
}


@pytest.mark.parametrize(
    ("status", "filled", "expected"),
    [
        ("open", "0", "accepted"),
        ("open", None, "accepted"),
        ("open", "0.01", "partial"),
        (None, "0", "accepted"),
        ("canceling", "0.01", "partial"),
        ("closed", "0.02", "filled"),
        ("closed", "0.01", "canceled"),
        ("canceled", "0", "canceled"),
        ("expired", "0.01", "canceled"),
        ("rejected", "0", "rejected"),
    ],
)
def test_states_are_translated(status: str | None, filled: str | None, expected: str) -> None:
    told = told_order({**ORDER, "status": status, "filled": filled}, RULES)
    assert told.state.status == expected
    assert told.state.at == pd.Timestamp("2026-05-01", tz="UTC")
    assert told.state.cost == (Decimal("600.50") if filled not in (None, "0") else 0)


def test_without_a_cost_the_average_price_tells_it() -> None:
    told = told_order({**ORDER, "cost": None, "average": "60050"}, RULES)
    assert told.state.cost == Decimal("600.50")


def test_an_order_for_an_amount_of_money_has_what_it_filled() -> None:
    assert told_order({**ORDER, "amount": None, "status": "closed"}, RULES).state.amount == Decimal(
        "0.01"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "sideways"}, "unknown state 'sideways'"),
        ({"filled": "-1"}, "-1 of 0.02 filled"),
        ({"filled": "0.03"}, "0.03 of 0.02 filled"),
        ({"filled": "plenty"}, "the filled amount is told as 'plenty', which is no number"),
        ({"amount": "NaN"}, "the amount is told as 'NaN'"),
        ({"cost": None}, "the average price is told as 'None'"),
        ({"id": None}, "no time or no number"),
        ({"timestamp": None}, "no time or no number"),
        ({"timestamp": "soon"}, "a moment is told as 'soon'"),
        ({"symbol": "ETH/USDT"}, "the exchange tells of ETH/USDT"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BrokerError, match=message) as caught:
        told_order({**ORDER, **change}, RULES)
    assert "\n" not in str(caught.value)


def test_fees_add_up_by_currency() -> None:
    trades: list[dict[str, Any]] = [
        {"fee": {"currency": "BTC", "cost": "0.00000123"}},
        {"fees": [{"currency": "BNB", "cost": "0.1"}, {"currency": "BTC", "cost": "0.00000001"}]},
        {"fee": {"currency": "USDT", "cost": "0"}},
        {"fee": None},
        {},
    ]
    assert fees_of(trades) == (Fee("BNB", Decimal("0.1")), Fee("BTC", Decimal("0.00000124")))


def test_numbers_and_moments_are_read_exactly() -> None:
    assert decimal("0.10000000000000000001", "it") == Decimal("0.10000000000000000001")
    assert instant(None) is None
    assert instant("1777593600123") == pd.Timestamp("2026-05-01 00:00:00.123", tz="UTC")


@pytest.mark.parametrize(
    ("mode", "precision", "step"),
    [
        (ccxt.TICK_SIZE, "0.00001", "0.00001"),
        (ccxt.TICK_SIZE, None, "0"),
        (ccxt.DECIMAL_PLACES, "3", "0.001"),
        (ccxt.DECIMAL_PLACES, 8, "0.00000001"),
    ],
)
def test_precisions_become_steps(mode: int, precision: Any, step: str) -> None:
    gateway = open_prices("binance", {}, SystemClock(), 1.0)
    gateway._ccxt.precisionMode = mode
    assert Decimal(gateway.step(precision)) == Decimal(step)
    gateway.close()


def test_significant_digits_are_no_steps() -> None:
    gateway = open_prices("binance", {}, SystemClock(), 1.0)
    gateway._ccxt.precisionMode = ccxt.SIGNIFICANT_DIGITS
    with pytest.raises(BrokerError, match="it counts significant digits"):
        gateway.step("5")
    gateway.close()


@pytest.mark.parametrize("name", sorted(SANDBOXES))
def test_every_sandbox_that_is_written_down_is_one(name: str) -> None:
    assert getattr(ccxt, name)().urls["test"]
    assert sandbox(name).id == name


def test_an_unknown_sandbox_is_trusted_with_little() -> None:
    unknown = sandbox("hollaex")
    assert (unknown.lookup, unknown.settles_seconds, unknown.page) == ("list", 60.0, None)
    assert not unknown.names_for_good
