"""The embedded broker: fills market orders at once at the engine's costs."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from backtests.execution import Execution
from backtests.orders import MAX_SLIPPAGE
from data.errors import (
    BadConfig,
    BrokerUnavailable,
    InsufficientFunds,
    NoMarket,
    OrderRefused,
    OutcomeUnknown,
)
from data.sources.clock import SystemClock
from paper.brokers.account import Account
from paper.brokers.base import (
    ZERO,
    Balances,
    MarketRules,
    OrderRequest,
    OrderState,
    Quote,
    Side,
    exact,
)
from paper.brokers.faults import Call, Fault, Plan, calm

PriceSource: TypeAlias = Callable[[str], Quote]
"""Return the price that an order for the asset fills at, before slippage."""

ONE = Decimal(1)
# What the planned faults amount to.
JUMP, SKEW, WAIT = Decimal("0.5"), pd.Timedelta(minutes=10), 7.0
# What becomes of an order after it was accepted.
LATER: frozenset[Fault] = frozenset({"partial", "partial then canceled", "late reject"})


class SimulatedBroker:
    """Satisfies :class:`paper.brokers.base.Broker` with an account of its own.

    An order fills at the price of its source, moved against it by the slippage, and pays the fee
    in the quote currency: the engine's costs. Names of orders are unique for good.

    Parameters
    ----------
    store : Path or None
        File of the account; it outlives the process. None: in memory, for a replay.
    prices : callable
        Asset to :class:`Quote`: live the last known price, in a replay the next bar's open.
    execution : Execution
        Fee, slippage, and the cash that a new account begins with.
    owner : str
        Whose account it is; a file of another owner is refused.
    now : callable, optional
        The broker's clock, UTC; the system's by default.
    rules : mapping of asset to MarketRules, optional
        Steps and smallest orders; an asset that is not in it has no market. None: any asset, in
        any amount.
    currency : str
        What the cash is in.
    last_range : callable, optional
        Asset to (high - low) / open of its last bar; needed where slippage depends on it.
    margin : bool
        Whether cash and coins may go below zero, as in backtests with leverage or shorts.
    faults : Plan
        What goes wrong; nothing by default.
    durable : bool
        Whether an accepted order waits for the disk.

    Raises
    ------
    BadConfig
        If slippage depends on the range and no range is given.
    WrongLedger, Corrupt
        If the file is no account of this owner.
    """

    name = "simulated"
    is_sandbox = True
    settles_after = pd.Timedelta(0)

    def __init__(
        self,
        store: Path | None,
        prices: PriceSource,
        execution: Execution,
        owner: str,
        *,
        now: Callable[[], pd.Timestamp] | None = None,
        rules: Mapping[str, MarketRules] | None = None,
        currency: str = "USD",
        last_range: Callable[[str], Decimal] | None = None,
        margin: bool = False,
        faults: Plan = calm,
        durable: bool = True,
    ) -> None:
        if execution.slippage_range and last_range is None:
            raise BadConfig(
                f"simulated broker: slippage_range is {execution.slippage_range:g} and no range of "
                "the last bars is given"
            )
        self._prices, self._execution, self._rules = prices, execution, rules
        self._currency, self._last_range, self._margin = currency, last_range, margin
        self._clock, self._faults = now or SystemClock().now, faults
        self.account = Account(store, owner, durable=durable)
        with self.account.transaction():
            if not self.account.has_moved("initial cash"):
                cash = Decimal(repr(execution.initial_cash))
                self.account.move("initial cash", currency, cash, self._clock())

    def close(self) -> None:
        """Close the account's file."""
        self.account.close()

    def now(self) -> pd.Timestamp:
        """Return the broker's clock, UTC."""
        skewed = self._faults("now") == "clock skew"
        return self._clock() + (SKEW if skewed else pd.Timedelta(0))

    def market(self, asset: str) -> MarketRules:
        """Return what orders for `asset` may be."""
        if self._rules is None:
            return MarketRules(asset, f"{asset}/{self._currency}", asset, self._currency)
        if asset not in self._rules:
            near = difflib.get_close_matches(asset, self._rules, n=3, cutoff=0.5)
            hint = (
                f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(self._rules)}"
            )
            raise NoMarket(f"simulated: no market for {asset!r}: {hint}")
        return self._rules[asset]

    def quote(self, asset: str) -> Quote:
        """Return the price of `asset` from the source."""
        self.market(asset)
        fault = self._read("quote", f"price of {asset}")
        return self._quote(asset, jumps=fault == "price jump")

    def balances(self) -> Balances:
        """Return what the account holds."""
        self._read("balances", "balances")
        self._go_on()
        held = self.account.balances()
        return Balances(self._clock(), held, held)

    def submit(self, request: OrderRequest) -> OrderState:
        """Fill an order, or return the one of its name that is there."""
        what = f"order {request.client_order_id} for {request.asset}"
        rules, amount = self.market(request.asset), request.amount
        if self.account.order(request.client_order_id) is None:
            amount = rules.sized(amount, self._prices(request.asset).price)
        fault = self._faults("submit")
        _refuse_for_now(fault, what)
        if fault == "lost before accepted":
            raise OutcomeUnknown(f"simulated: {what}: no answer; look it up before sending again")
        # The network may deliver the same order twice: the second finds the first.
        for _ in range(2 if fault == "duplicate" else 1):
            if self.account.order(request.client_order_id) is None:
                self._take(request, rules, amount, fault)
        if fault in ("timeout after accepted", "garbled answer"):
            raise OutcomeUnknown(
                f"simulated: {what}: no answer that can be understood; look it up before sending "
                "again"
            )
        return self._known(request.client_order_id)

    def find(
        self, client_order_id: str, asset: str, since: pd.Timestamp | None = None
    ) -> OrderState | None:
        """Return the order of a name; `since` has no effect, as no name is used twice."""
        del since
        self._read("find", f"order {client_order_id} for {asset}")
        self._go_on()
        return self.account.order(client_order_id)

    def open_orders(self) -> tuple[OrderState, ...]:
        """Return the orders that may still fill, oldest first."""
        self._read("orders", "open orders")
        self._go_on()
        return self.account.open()

    def recent_orders(self, since: pd.Timestamp) -> tuple[OrderState, ...]:
        """Return every order taken at or after `since`, oldest first."""
        self._read("orders", f"orders since {since}")
        self._go_on()
        return self.account.since(since)

    def adjust(self, name: str, currency: str, amount: Decimal) -> None:
        """Add interest, a delisting or a deposit to a balance, once for each name.

        Parameters
        ----------
        name : str
            Such as ``interest 2026-05-01``; a second call of the same name changes nothing.
        currency : str
            Which balance.
        amount : Decimal
            What to add; negative to take away.
        """
        with self.account.transaction():
            if not self.account.has_moved(name):
                self.account.move(name, currency, amount, self._clock())

    def _take(
        self, request: OrderRequest, rules: MarketRules, amount: Decimal, fault: Fault | None
    ) -> None:
        what = f"order {request.client_order_id} for {request.asset}"
        if fault == "reject":
            raise OrderRefused(f"simulated: {what}: refused")
        if fault == "insufficient funds":
            raise InsufficientFunds(f"simulated: {what}: insufficient funds")
        quote = self._quote(request.asset, jumps=fault == "price jump")
        pending = fault if fault in LATER else ""
        price = self._with_slippage(request.asset, request.side, quote.price)
        with exact():
            part = {"": amount, "late reject": ZERO}.get(pending, rules.rounded(amount / 2))
        self._check_funds(request.client_order_id, rules, request.side, amount, price)
        at = self._clock()
        with self.account.transaction():
            self.account.take(request, amount, at, pending)
            if part:
                taken = self._known(request.client_order_id)
                self.account.fill(taken, rules, part, price, self._fee, at)

    def _go_on(self) -> None:
        """Let what is still to happen to open orders happen."""
        for state in self.account.open():
            pending = self.account.pending(state.client_order_id)
            with self.account.transaction():
                if pending == "late reject":
                    self.account.end(state.client_order_id, "rejected", "refused by the market")
                elif pending == "partial then canceled":
                    self.account.end(state.client_order_id, "canceled", "nobody to trade with")
                else:
                    self._fill_rest(state)

    def _fill_rest(self, state: OrderState) -> None:
        rules = self.market(state.asset)
        quote = self._quote(state.asset, jumps=False)
        price = self._with_slippage(state.asset, state.side, quote.price)
        rest = state.amount - state.filled
        try:
            self._check_funds(state.client_order_id, rules, state.side, rest, price)
        except InsufficientFunds as error:
            self.account.end(state.client_order_id, "canceled", str(error))
        else:
            self.account.fill(state, rules, rest, price, self._fee, self._clock())

    def _check_funds(
        self, name: str, rules: MarketRules, side: Side, amount: Decimal, price: Decimal
    ) -> None:
        if self._margin:
            return
        with exact():
            needed = amount * price * (ONE + self._fee) if side == "buy" else amount
        currency = rules.quote if side == "buy" else rules.base
        held = self.account.balance(currency)
        if needed > held:
            raise InsufficientFunds(
                f"simulated: order {name} for {rules.asset} needs {needed:.8f} {currency}, the "
                f"account holds {held:.8f}"
            )

    @property
    def _fee(self) -> Decimal:
        return Decimal(repr(self._execution.fee_bp)).scaleb(-4)

    def _with_slippage(self, asset: str, side: Side, price: Decimal) -> Decimal:
        with exact():
            share = Decimal(repr(self._execution.slippage_bp)).scaleb(-4)
            if self._last_range is not None:
                share += Decimal(repr(self._execution.slippage_range)) * self._last_range(asset)
            share = min(share, Decimal(repr(MAX_SLIPPAGE)))
            return price * (ONE + share if side == "buy" else ONE - share)

    def _quote(self, asset: str, *, jumps: bool) -> Quote:
        quote = self._prices(asset)
        if not jumps:
            return quote
        with exact():
            return Quote(asset, quote.price * (ONE + JUMP), quote.at, quote.venue)

    def _known(self, client_order_id: str) -> OrderState:
        state = self.account.order(client_order_id)
        if state is None:
            raise AssertionError(f"order {client_order_id} was accepted and is not there")
        return state

    def _read(self, call: Call, what: str) -> Fault | None:
        fault = self._faults(call)
        _refuse_for_now(fault, what)
        if fault in ("garbled answer", "reset"):
            raise BrokerUnavailable(f"simulated: {what}: no answer that can be understood")
        return fault


def _refuse_for_now(fault: Fault | None, what: str) -> None:
    if fault == "rate limit":
        raise BrokerUnavailable(f"simulated: {what}: too many requests", WAIT)
    if fault == "maintenance":
        raise BrokerUnavailable(f"simulated: {what}: under maintenance")
