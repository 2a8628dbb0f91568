"""What a broker is: the protocol, and the frozen values that pass through it.

All amounts are exact decimals. A broker never sends an order twice by itself, and each of its
errors says what is known: :class:`OrderRefused` (final), :class:`OutcomeUnknown` (sent, must be
looked up), :class:`BrokerUnavailable` (nothing happened). :func:`paper.brokers.placing.place`
turns these into exactly one order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, localcontext
from types import MappingProxyType
from typing import Literal, Protocol, TypeAlias

import pandas as pd

from data.errors import BelowMinimum, BrokerError, OrderRefused

Side: TypeAlias = Literal["buy", "sell"]
Status: TypeAlias = Literal["accepted", "partial", "filled", "rejected", "canceled"]

ZERO = Decimal(0)
FINAL: frozenset[Status] = frozenset({"filled", "rejected", "canceled"})
# What every exchange with a sandbox takes: some know neither dashes nor more characters.
CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9]{1,32}")
# Products of an amount, a price and a fee fit in; what does not fit is an error, never rounded.
_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation, DivisionByZero])


@contextmanager
def exact() -> Iterator[None]:
    """Compute with decimals without rounding, whatever the caller's context is."""
    with localcontext(_EXACT):
        yield


@dataclass(frozen=True, slots=True)
class MarketRules:
    """What a market lets one order be.

    Parameters
    ----------
    asset : str
        Name in the price tables, such as ``BTC``.
    symbol : str
        The broker's name of the market, such as ``BTC/USDT``.
    base, quote : str
        Currencies bought and paid with, as they stand in the balances.
    amount_step : Decimal
        Amounts are multiples of it, in coins. 0: any amount.
    price_step : Decimal
        Prices are multiples of it, in the quote currency. 0: any price.
    min_amount : Decimal
        Smallest order, in coins.
    min_cost : Decimal
        Smallest order, in the quote currency.
    """

    asset: str
    symbol: str
    base: str
    quote: str
    amount_step: Decimal = ZERO
    price_step: Decimal = ZERO
    min_amount: Decimal = ZERO
    min_cost: Decimal = ZERO

    def __post_init__(self) -> None:
        for name in ("amount_step", "price_step", "min_amount", "min_cost"):
            value = getattr(self, name)
            if not value.is_finite() or value < 0:
                raise BrokerError(f"{self.symbol}: {name} of the market cannot be {value}")

    def rounded(self, amount: Decimal) -> Decimal:
        """Return `amount` rounded down to the step: an order is never larger than was decided."""
        if self.amount_step == 0:
            return amount
        with exact():
            return amount // self.amount_step * self.amount_step

    def sized(self, amount: Decimal, price: Decimal) -> Decimal:
        """Return the amount to send for `amount` coins at about `price`.

        Raises
        ------
        BelowMinimum
            If nothing is left after rounding, or less than the market takes.
        """
        size = self.rounded(amount)
        if size <= 0 or size < self.min_amount:
            least = max(self.min_amount, self.amount_step)
            raise BelowMinimum(
                f"{self.symbol}: {amount} {self.base} is below the smallest order of {least}"
            )
        with exact():
            worth = size * price
        if worth < self.min_cost:
            raise BelowMinimum(
                f"{self.symbol}: {size} {self.base} at {price} is worth {worth:.2f} {self.quote}, "
                f"below the smallest order of {self.min_cost}"
            )
        return size


@dataclass(frozen=True, slots=True)
class Quote:
    """A price seen on a market.

    Parameters
    ----------
    asset : str
        Name in the price tables.
    price : Decimal
        Last price or the middle between bid and ask, in the quote currency.
    at : Timestamp
        When it was made, UTC.
    venue : str
        Where, such as ``binance spot USDT``.

    Raises
    ------
    BrokerError
        If the price is not positive.
    """

    asset: str
    price: Decimal
    at: pd.Timestamp
    venue: str

    def __post_init__(self) -> None:
        if not self.price.is_finite() or self.price <= 0:
            raise BrokerError(
                f"{self.venue}: {self.asset} has a price of {self.price} at {self.at}: nothing "
                "can be traded on it"
            )


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as it was decided.

    Parameters
    ----------
    client_order_id : str
        Our own name of the order, 1 to 32 letters and digits; the same decision always gives
        the same.
    asset : str
        Name in the price tables.
    side : {"buy", "sell"}
        What to do.
    amount : Decimal
        Coins, more than 0.
    intended_at : Timestamp
        When the intent was written, UTC, before the order was first sent. An older order of the
        same name is another one: some exchanges keep names apart among open orders only.
    kind : {"market"}
        Orders fill at once at the market's price.

    Raises
    ------
    OrderRefused
        If it could not be sent to any broker.
    """

    client_order_id: str
    asset: str
    side: Side
    amount: Decimal
    intended_at: pd.Timestamp
    kind: Literal["market"] = "market"

    def __post_init__(self) -> None:
        what = f"order {self.client_order_id!r} for {self.asset}"
        if not CLIENT_ORDER_ID.fullmatch(self.client_order_id):
            raise OrderRefused(f"{what}: the order's name must be 1 to 32 letters and digits")
        if self.side not in ("buy", "sell"):
            raise OrderRefused(f"{what}: side must be 'buy' or 'sell', got {self.side!r}")
        if self.kind != "market":
            raise OrderRefused(f"{what}: kind must be 'market', got {self.kind!r}")
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite() or self.amount <= 0:
            raise OrderRefused(f"{what}: the amount must be a decimal above 0, got {self.amount!r}")
        if self.intended_at.tzinfo is None:
            raise OrderRefused(f"{what}: intended_at {self.intended_at} has no time zone")


@dataclass(frozen=True, slots=True)
class Fee:
    """What was paid for trading.

    Parameters
    ----------
    currency : str
        In which currency; exchanges may take it from the coins bought.
    amount : Decimal
        How much.
    """

    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OrderState:
    """An order as the broker knows it.

    Parameters
    ----------
    client_order_id : str
        Our name of the order.
    broker_id : str
        The broker's name of it.
    asset : str
        Name in the price tables.
    side : {"buy", "sell"}
        What it does.
    amount : Decimal
        Coins ordered, as the broker took it.
    status : {"accepted", "partial", "filled", "rejected", "canceled"}
        The last three are final; a canceled order may have filled in part.
    filled : Decimal
        Coins traded so far.
    cost : Decimal
        Paid or received for them in the quote currency, without fees; exact where the broker
        tells it.
    fees : tuple of Fee
        One per currency; empty where none was taken or the broker does not tell.
    at : Timestamp
        When the broker took the order, UTC, on the broker's clock.
    reason : str
        Why it was rejected or canceled, if the broker says so.
    fees_told : bool
        Whether the broker tells fees with its orders. Where it does not, they show only in the
        balances.
    """

    client_order_id: str
    broker_id: str
    asset: str
    side: Side
    amount: Decimal
    status: Status
    filled: Decimal
    cost: Decimal
    fees: tuple[Fee, ...]
    at: pd.Timestamp
    reason: str = ""
    fees_told: bool = True

    def __post_init__(self) -> None:
        what = f"order {self.client_order_id} for {self.asset}"
        if not ZERO <= self.filled <= self.amount or self.cost < 0:
            raise BrokerError(
                f"{what}: the broker tells {self.filled} of {self.amount} filled for {self.cost}"
            )
        if (self.filled > 0) != (self.cost > 0):
            raise BrokerError(f"{what}: the broker tells {self.filled} filled for {self.cost}")
        if self.status == "filled" and self.filled == 0:
            raise BrokerError(f"{what}: the broker tells that it is filled, with nothing traded")

    @property
    def average(self) -> Decimal | None:
        """Average price of the fills; None before the first."""
        return self.cost / self.filled if self.filled else None

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class Balances:
    """What the account holds.

    Parameters
    ----------
    at : Timestamp
        When, UTC, on the broker's clock.
    total : mapping of currency to Decimal
        Everything held; a currency that is missing is 0.
    free : mapping of currency to Decimal
        What is not bound by open orders.
    """

    at: pd.Timestamp
    total: Mapping[str, Decimal]
    free: Mapping[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("total", "free"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def of(self, currency: str) -> Decimal:
        """Return the whole holding of a currency."""
        return self.total.get(currency, ZERO)


class Broker(Protocol):
    """A broker of the paper loop. Every method may raise :class:`BrokerUnavailable`."""

    @property
    def name(self) -> str:
        """What to call it in the ledger, such as ``simulated`` or ``binance sandbox``."""

    @property
    def is_sandbox(self) -> bool:
        """Whether no real money can move."""

    @property
    def settles_after(self) -> pd.Timedelta:
        """How long after sending an order that got no answer may still turn up.

        An order that cannot be found after that was never accepted.
        """

    def now(self) -> pd.Timestamp:
        """Return the broker's clock, UTC."""

    def market(self, asset: str) -> MarketRules:
        """Return what orders for `asset` may be.

        Raises
        ------
        NoMarket
            If the broker does not trade it.
        """

    def quote(self, asset: str) -> Quote:
        """Return the price of `asset` as it is now.

        Raises
        ------
        NoMarket
            If the broker does not trade it.
        BrokerError
            If the price is not positive.
        """

    def balances(self) -> Balances:
        """Return what the account holds."""

    def submit(self, request: OrderRequest) -> OrderState:
        """Send an order, unless one of its name is known already: then return that one.

        The amount is rounded down to the market's step. The order is sent at most once.

        Raises
        ------
        OrderRefused
            For good; subclasses say why. Below the minimum nothing is sent.
        OutcomeUnknown
            Sent, and no answer that could be understood.
        """

    def find(
        self, client_order_id: str, asset: str, since: pd.Timestamp | None = None
    ) -> OrderState | None:
        """Look an order up by our name of it; orders from before `since` are others.

        None means that the broker does not know it, which is final only ``settles_after`` the
        moment of sending.
        """

    def open_orders(self) -> tuple[OrderState, ...]:
        """Return the orders that may still fill, oldest first."""

    def recent_orders(self, since: pd.Timestamp) -> tuple[OrderState, ...]:
        """Return every order taken at or after `since`, whatever became of it, oldest first."""
