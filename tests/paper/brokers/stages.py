"""The brokers of the contract, each with the truth behind it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
from pydantic import SecretStr

from backtests.execution import Execution
from paper.brokers.base import MarketRules, Quote
from paper.brokers.exchange import ExchangeBroker
from paper.brokers.faults import Call, Fault
from paper.brokers.keys import Keys
from paper.brokers.simulated import SimulatedBroker
from tests.paper.broker_contract import START
from tests.paper.brokers import alpaca, binance
from tests.paper.brokers.server import STALLS, Dialect, ExchangeServer
from tests.paper.brokers.venue import KEY, SECRET, Lot, Venue
from tests.paper.brokers.venue import Fault as Ordered
from tests.sources.clock import VirtualClock

KEYS = Keys(SecretStr(KEY), SecretStr(SECRET))
TIMEOUT = 10.0
# How long an order is waited for on the real clock where it is known that no answer comes.
STALL = 0.1
LOTS = {
    "BTC": Lot(),
    "ETH": Lot(step=Decimal("0.0001"), least=Decimal("0.0001"), least_cost=Decimal("5")),
}


class ExchangeStage:
    """ccxt's broker against the local server."""

    def __init__(self, server: ExchangeServer, name: str, clock: VirtualClock) -> None:
        module: ModuleType = {"binance": binance, "alpaca": alpaca}[name]
        dialect: Dialect = binance.Binance() if name == "binance" else alpaca.Alpaca()
        self.name, self.clock = name, clock
        self.quote = "USDT" if name == "binance" else "USD"
        self.fees_told = name == "binance"
        self.venue = Venue(
            clock,
            self.quote,
            {self.quote: Decimal("50000.12345678"), "BTC": Decimal("1.5")},
            {"BTC": Decimal("64321.17"), "ETH": Decimal("2500.01")},
            dict(LOTS),
            Decimal("0.001") if name == "binance" else Decimal("0.0025"),
            unique_for_good=name == "alpaca",
            usual="slow" if name == "alpaca" else "",
        )
        self.config = module.config(server.open(self.venue, dialect))
        self._open: list[ExchangeBroker] = []

    def open(self) -> ExchangeBroker:
        broker = ExchangeBroker(
            self.name,
            ["BTC", "ETH"],
            keys=KEYS,
            config=self.config,
            clock=self.clock,
            timeout=TIMEOUT,
        )
        self._hurry(broker._gateway._ccxt.session)
        self._open.append(broker)
        return broker

    def _hurry(self, session: Any) -> None:
        """Wait a short time for an order that will not be answered, and long for all else."""
        request = session.request

        def hurried(method: str, url: str, **options: Any) -> Any:
            stalls = any(fault.times and fault.kind in STALLS for fault in self.venue.faults)
            if stalls and method == "POST":
                options["timeout"] = STALL
            return request(method, url, **options)

        session.request = hurried

    def close(self) -> None:
        for broker in self._open:
            broker.close()

    def arm(self, kind: str, on: str = "order", times: int = 1) -> None:
        if on == "read" and self.venue.list_is_lookup:
            on = "any"
        self.venue.faults.append(Ordered(kind, on, times))

    def accepted(self, name: str) -> int:
        # What is still under way arrives now, and doubles an order that was sent again too early.
        self.venue.pass_time(everything=True)
        return sum(order.name == name for order in self.venue.orders)

    def sent(self) -> int:
        return sum(method == "POST" for method, _ in self.venue.asked)

    def holdings(self) -> dict[str, Decimal]:
        return dict(self.venue.balances)

    def fees(self) -> dict[str, Decimal]:
        paid: dict[str, Decimal] = {}
        for order in self.venue.orders:
            for fill in order.fills:
                paid[fill.fee_currency] = paid.get(fill.fee_currency, Decimal(0)) + fill.fee
        return paid

    def price(self, asset: str, price: Decimal) -> None:
        self.venue.prices[asset] = price

    def shift_clock(self, by: pd.Timedelta) -> None:
        self.venue.ahead += by


_ON: dict[str, tuple[Call, ...]] = {
    "order": ("submit",),
    "lookup": ("find",),
    "read": ("quote", "balances", "orders"),
}
_ORDER_FAULTS: dict[str, Fault] = {
    "late arrival": "timeout after accepted",
    "reset after accepted": "timeout after accepted",
    "html before": "lost before accepted",
    "html": "garbled answer",
    "500": "garbled answer",
    "truncated": "garbled answer",
    "429": "rate limit",
    "slow": "partial",
}
_READ_FAULTS: dict[str, Fault] = {
    **_ORDER_FAULTS,
    "reset after accepted": "reset",
    "timeout after accepted": "reset",
}


def _rules(asset: str, lot: Lot) -> MarketRules:
    steps = (lot.step, lot.tick, lot.least, lot.least_cost)
    return MarketRules(asset, f"{asset}/USD", asset, "USD", *steps)


class SimulatedStage:
    """The simulated broker on a file."""

    quote, fees_told = "USD", True

    def __init__(self, path: Path, clock: VirtualClock) -> None:
        self.path, self.clock = path, clock
        self.prices = {"BTC": Decimal("64321.17"), "ETH": Decimal("2500.01")}
        self.ahead = pd.Timedelta(0)
        self.faults: list[tuple[tuple[Call, ...], Fault]] = []
        self.orders_in = 0
        self._open: list[SimulatedBroker] = []
        opened = self.open()
        opened.adjust("coins", "BTC", Decimal("1.5"))

    def open(self) -> SimulatedBroker:
        broker = SimulatedBroker(
            self.path,
            self._quote,
            Execution(initial_cash=50_000.12),
            "strategy",
            now=lambda: self.clock.now() + self.ahead,
            rules={asset: _rules(asset, lot) for asset, lot in LOTS.items()},
            faults=self._plan,
        )
        self._open.append(broker)
        return broker

    def close(self) -> None:
        for broker in self._open:
            broker.account.verify()
            broker.close()

    def arm(self, kind: str, on: str = "order", times: int = 1) -> None:
        names = _ORDER_FAULTS if on == "order" else _READ_FAULTS
        fault: Fault = names.get(kind, kind)  # type: ignore[arg-type]
        self.faults += [(_ON[on], fault)] * times

    def accepted(self, name: str) -> int:
        return int(self._opened.account.order(name) is not None)

    def sent(self) -> int:
        return self.orders_in

    def holdings(self) -> dict[str, Decimal]:
        return self._opened.account.balances()

    def fees(self) -> dict[str, Decimal]:
        return {}

    def price(self, asset: str, price: Decimal) -> None:
        self.prices[asset] = price

    def shift_clock(self, by: pd.Timedelta) -> None:
        self.ahead += by

    @property
    def _opened(self) -> SimulatedBroker:
        return self._open[0]

    def _quote(self, asset: str) -> Quote:
        return Quote(asset, self.prices[asset], self.clock.now(), "test")

    def _plan(self, call: Call) -> Fault | None:
        if call == "submit":
            self.orders_in += 1
        for number, (calls, fault) in enumerate(self.faults):
            if call in calls:
                del self.faults[number]
                return fault
        return None


def clock() -> VirtualClock:
    return VirtualClock(START)
