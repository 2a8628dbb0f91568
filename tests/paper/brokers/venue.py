"""What an exchange does behind its protocol: balances, orders, fills, and faults to order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

import pandas as pd

from tests.sources.clock import VirtualClock

KEY, SECRET = "canarykey7Q2", "canarysecret9Z4"
# Faults of the order itself, after the request was understood.
FATES = frozenset({"slow", "partial", "partial then canceled", "late reject"})


class Refusal(Exception):
    """The exchange refuses, for a reason that each protocol words in its own way."""


@dataclass(frozen=True)
class Lot:
    """What a market lets one order be."""

    step: Decimal = Decimal("0.00001")
    tick: Decimal = Decimal("0.01")
    least: Decimal = Decimal("0.00001")
    least_cost: Decimal = Decimal("5")


@dataclass
class Fill:
    number: int
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_currency: str
    at: pd.Timestamp


@dataclass
class Placed:
    """An order as the exchange keeps it."""

    number: int
    name: str
    asset: str
    side: str
    amount: Decimal
    at: pd.Timestamp
    fate: str
    status: str = "new"
    fills: list[Fill] = field(default_factory=list)

    @property
    def filled(self) -> Decimal:
        return sum((fill.amount for fill in self.fills), Decimal(0))

    @property
    def cost(self) -> Decimal:
        return sum((fill.amount * fill.price for fill in self.fills), Decimal(0))

    @property
    def is_open(self) -> bool:
        return self.status in ("new", "partial")


@dataclass
class Fault:
    """One fault, met by the next request of a kind: order, lookup, trades, read, or any."""

    kind: str
    on: str = "order"
    times: int = 1


@dataclass
class Venue:
    """One exchange as one test sees it."""

    clock: VirtualClock
    quote: str
    balances: dict[str, Decimal]
    prices: dict[str, Decimal]
    lots: dict[str, Lot]
    fee: Decimal
    # Whether a name is taken for good, or free again when its order is no longer open.
    unique_for_good: bool
    # What an order meets unless a fault says otherwise.
    usual: str = ""
    ahead: pd.Timedelta = field(default_factory=lambda: pd.Timedelta(0))
    faults: list[Fault] = field(default_factory=list)
    orders: list[Placed] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    # Orders on a slow way: when they arrive, and what then happens.
    underway: list[tuple[pd.Timestamp, Callable[[], object]]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    echo: bool = False
    # Orders in one answer, at most.
    page: int = 1000
    # Whether open orders stay as they are.
    frozen: bool = False
    # Whether orders are looked up in the list of them, which then meets the faults of look-ups.
    list_is_lookup: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def now(self) -> pd.Timestamp:
        return self.clock.now() + self.ahead

    def due(self, kind: str) -> str:
        """Take the fault that a request of this kind meets."""
        for fault in self.faults:
            if fault.times > 0 and fault.on in (kind, "any"):
                fault.times -= 1
                return fault.kind
        return ""

    def pass_time(self, everything: bool = False) -> None:
        """Let what has been under way for long enough arrive, or everything."""
        now = self.clock.now()
        arrived = [item for item in self.underway if everything or item[0] <= now]
        self.underway = [item for item in self.underway if item not in arrived]
        for _, deliver in arrived:
            deliver()

    def go_on(self) -> None:
        """Let open orders go on, as they do between two looks."""
        for order in self.orders:
            if not order.is_open or self.frozen:
                continue
            if order.fate == "partial then canceled":
                order.status = "canceled"
            elif order.fate == "late reject":
                order.status = "rejected"
            else:
                self._fill(order, order.amount - order.filled)

    def named(self, name: str, asset: str | None = None) -> Placed | None:
        """The latest order of a name."""
        same = [one for one in self.orders if one.name == name and asset in (None, one.asset)]
        return same[-1] if same else None

    def accept(self, name: str, asset: str, side: str, amount: Decimal, fate: str) -> Placed:
        """Take an order, and fill what its fate lets be filled now."""
        lot, price = self.lots[asset], self.prices[asset]
        earlier = self.named(name)
        if earlier is not None and (self.unique_for_good or earlier.is_open):
            raise Refusal("duplicate")
        if asset in self.closed:
            raise Refusal("closed")
        if amount % lot.step or amount < lot.least:
            raise Refusal("lot size")
        if amount * price < lot.least_cost:
            raise Refusal("least cost")
        needed = amount * price if side == "buy" else amount
        currency = self.quote if side == "buy" else asset
        if needed > self.balances.get(currency, Decimal(0)):
            raise Refusal("insufficient funds")
        order = Placed(
            len(self.orders) + 1, name, asset, side, amount, self.now, fate or self.usual
        )
        self.orders.append(order)
        if order.fate in ("", "full"):
            self._fill(order, amount)
        elif order.fate.startswith("partial"):
            self._fill(order, (amount / 2 / lot.step).to_integral_value(ROUND_DOWN) * lot.step)
        return order

    def _fill(self, order: Placed, amount: Decimal) -> None:
        price, sign = self.prices[order.asset], 1 if order.side == "buy" else -1
        credited = order.asset if order.side == "buy" else self.quote
        received = amount if order.side == "buy" else amount * price
        fee = (received * self.fee).quantize(Decimal("1e-8"), ROUND_DOWN)
        self._add(order.asset, sign * amount)
        self._add(self.quote, -sign * amount * price)
        self._add(credited, -fee)
        number = 1000 + sum(len(one.fills) for one in self.orders)
        order.fills.append(Fill(number, price, amount, fee, credited, self.now))
        order.status = "filled" if order.filled == order.amount else "partial"

    def _add(self, currency: str, amount: Decimal) -> None:
        self.balances[currency] = self.balances.get(currency, Decimal(0)) + amount
