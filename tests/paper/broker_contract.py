"""What every broker must do, whatever it is and whatever goes wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Protocol

import numpy as np
import pandas as pd
import pytest

from data.errors import (
    BelowMinimum,
    BrokerError,
    BrokerUnavailable,
    InsufficientFunds,
    NoMarket,
    OrderRefused,
    OutcomeUnknown,
)
from paper.brokers.base import Broker, OrderRequest, OrderState, Side
from paper.brokers.placing import follow, place
from tests.sources.clock import VirtualClock

START = pd.Timestamp("2026-05-01 00:00:10", tz="UTC")
# Faults after which an order is there, or is not there, and the answer does not say.
UNCLEAR = (
    "timeout after accepted",
    "lost before accepted",
    "reset after accepted",
    "late arrival",
    "html before",
    "html",
    "500",
    "truncated",
)
BUSY = ("429", "maintenance")
FATES = ("partial", "partial then canceled", "late reject", "slow")
READ_FAULTS = ("html", "429", "maintenance", "reset after accepted", "truncated", "500")
READS: dict[str, Callable[[Broker], object]] = {
    "quote": lambda broker: broker.quote("BTC"),
    "balances": lambda broker: broker.balances(),
    "find": lambda broker: broker.find("nothing", "BTC"),
    "open orders": lambda broker: broker.open_orders(),
    "recent orders": lambda broker: broker.recent_orders(START - pd.Timedelta(days=1)),
}


class Stage(Protocol):
    """A broker with the truth behind it."""

    clock: VirtualClock
    quote: str
    fees_told: bool

    def open(self) -> Broker:
        """A broker of this account, as a new process would open it."""

    def close(self) -> None:
        """Close every broker of it."""

    def arm(self, kind: str, on: str = "order", times: int = 1) -> None:
        """Let the next calls of a kind meet a fault."""

    def accepted(self, name: str) -> int:
        """How many orders of a name were accepted."""

    def sent(self) -> int:
        """How many orders came in, whatever became of them."""

    def holdings(self) -> dict[str, Decimal]:
        """What the account truly holds."""

    def fees(self) -> dict[str, Decimal]:
        """What was truly paid."""

    def price(self, asset: str, price: Decimal) -> None:
        """Set a price."""

    def shift_clock(self, by: pd.Timedelta) -> None:
        """Move the broker's clock against ours."""


def nonzero(amounts: dict[str, Decimal]) -> dict[str, Decimal]:
    return {name: amount for name, amount in amounts.items() if amount}


def moved(states: list[OrderState], quote: str) -> dict[str, Decimal]:
    """What orders changed, by their own account."""
    total: dict[str, Decimal] = {}
    for state in states:
        sign = 1 if state.side == "buy" else -1
        changes = [(state.asset, sign * state.filled), (quote, -sign * state.cost)]
        changes += [(fee.currency, -fee.amount) for fee in state.fees]
        for currency, amount in changes:
            total[currency] = total.get(currency, Decimal(0)) + amount
    return nonzero(total)


def change(before: dict[str, Decimal], after: dict[str, Decimal]) -> dict[str, Decimal]:
    names = before.keys() | after.keys()
    zero = Decimal(0)
    return nonzero({name: after.get(name, zero) - before.get(name, zero) for name in names})


def stage_end(stage: Stage, broker: Broker, state: OrderState) -> OrderState:
    """Follow an order to its end, past the faults that are left."""
    for _ in range(200):
        try:
            found = broker.find(state.client_order_id, state.asset)
        except BrokerUnavailable:
            continue
        if found is not None and found.is_final:
            return found
    raise AssertionError(f"{state} never ends")


class BrokerContract:
    """Inherit and give a stage."""

    @pytest.fixture
    def stage(self) -> Stage:
        raise AssertionError("give a stage")

    @pytest.fixture
    def broker(self, stage: Stage) -> Broker:
        return stage.open()

    def order(
        self,
        stage: Stage,
        name: str = "a1",
        asset: str = "BTC",
        side: Side = "buy",
        amount: str = "0.02",
    ) -> OrderRequest:
        return OrderRequest(name, asset, side, Decimal(amount), stage.clock.now())

    def check_books(
        self, stage: Stage, before: dict[str, Decimal], states: list[OrderState]
    ) -> None:
        told = moved(states, stage.quote)
        if not stage.fees_told:
            for currency, fee in stage.fees().items():
                told[currency] = told.get(currency, Decimal(0)) - fee
        assert change(before, stage.holdings()) == nonzero(told)

    def test_it_says_what_it_is(self, broker: Broker) -> None:
        assert broker.is_sandbox
        assert broker.name
        assert broker.settles_after >= pd.Timedelta(0)

    def test_an_order_fills_once_and_is_found_by_its_name(
        self, stage: Stage, broker: Broker
    ) -> None:
        before, request = stage.holdings(), self.order(stage)
        state = place(broker, request, stage.clock)
        assert (state.status, state.filled) == ("filled", Decimal("0.02"))
        assert state.average is not None
        assert state.fees_told == stage.fees_told
        assert broker.find("a1", "BTC") == state
        assert broker.recent_orders(START) == (state,)
        assert broker.recent_orders(stage.clock.now() + pd.Timedelta(hours=1)) == ()
        assert broker.open_orders() == ()
        self.check_books(stage, before, [state])

    def test_a_sale_is_booked_as_exactly(self, stage: Stage, broker: Broker) -> None:
        bought = place(broker, self.order(stage, amount="0.05"), stage.clock)
        before, paid = stage.holdings(), stage.fees()
        sold = place(broker, self.order(stage, "a2", side="sell", amount="0.03"), stage.clock)
        assert (bought.status, sold.status) == ("filled", "filled")
        told = moved([sold], stage.quote)
        if not stage.fees_told:
            for currency, fee in change(paid, stage.fees()).items():
                told[currency] = told.get(currency, Decimal(0)) - fee
        assert change(before, stage.holdings()) == told

    def test_a_name_that_was_never_used_is_not_found(self, broker: Broker) -> None:
        assert broker.find("never", "BTC") is None

    def test_the_same_order_twice_is_one_order(self, stage: Stage, broker: Broker) -> None:
        request = self.order(stage)
        place(broker, request, stage.clock)
        again = broker.submit(request)
        assert again == stage.open().submit(request)
        assert (again.status, stage.accepted("a1")) == ("filled", 1)

    @pytest.mark.parametrize("fault", [*UNCLEAR, *BUSY, "price jump"])
    def test_whatever_happens_on_the_way_there_is_exactly_one_order(
        self, stage: Stage, broker: Broker, fault: str
    ) -> None:
        before, request = stage.holdings(), self.order(stage)
        stage.arm(fault)
        state = place(broker, request, stage.clock)
        assert (state.status, stage.accepted("a1")) == ("filled", 1)
        self.check_books(stage, before, [state])

    @pytest.mark.parametrize("fault", UNCLEAR)
    def test_an_order_without_an_answer_is_of_unknown_outcome(
        self, stage: Stage, broker: Broker, fault: str
    ) -> None:
        stage.arm(fault)
        with pytest.raises(OutcomeUnknown, match="look it up before sending again"):
            broker.submit(self.order(stage))

    @pytest.mark.parametrize("fault", BUSY)
    def test_a_busy_broker_has_done_nothing(self, stage: Stage, broker: Broker, fault: str) -> None:
        stage.arm(fault)
        with pytest.raises((BrokerUnavailable, OutcomeUnknown)) as caught:
            broker.submit(self.order(stage))
        assert stage.accepted("a1") == 0
        if fault == "429":
            assert isinstance(caught.value, BrokerUnavailable)
            assert caught.value.wait == 7.0

    @pytest.mark.parametrize("fault", FATES)
    def test_an_order_that_fills_late_or_in_part_is_followed_to_its_end(
        self, stage: Stage, broker: Broker, fault: str
    ) -> None:
        before, request = stage.holdings(), self.order(stage, amount="0.04")
        stage.arm(fault)
        state = place(broker, request, stage.clock)
        expected = {
            "partial": ("filled", Decimal("0.04")),
            "slow": ("filled", Decimal("0.04")),
            "partial then canceled": ("canceled", Decimal("0.02")),
            "late reject": ("rejected", Decimal(0)),
        }
        assert (state.status, state.filled) == expected[fault]
        assert stage.accepted("a1") == 1
        assert broker.find("a1", "BTC") == state
        self.check_books(stage, before, [state])

    def test_a_partial_fill_is_open_until_the_rest_came(self, stage: Stage, broker: Broker) -> None:
        stage.arm("partial")
        first = broker.submit(self.order(stage, amount="0.04"))
        assert (first.status, first.filled, first.is_final) == ("partial", Decimal("0.02"), False)
        assert follow(broker, first, self.order(stage), stage.clock).status == "filled"

    @pytest.mark.parametrize("second", ["html", "429", "reset after accepted", "500"])
    @pytest.mark.parametrize("first", ["timeout after accepted", "lost before accepted"])
    def test_a_look_up_that_fails_too_is_made_again(
        self, stage: Stage, broker: Broker, first: str, second: str
    ) -> None:
        stage.arm(first)
        request = self.order(stage)
        with pytest.raises(OutcomeUnknown):
            broker.submit(request)
        stage.arm(second, on="lookup", times=2)
        state = place(broker, request, stage.clock, sent_at=stage.clock.now())
        assert (state.status, stage.accepted("a1")) == ("filled", 1)

    def test_an_order_that_cannot_be_looked_up_is_not_sent_again(
        self, stage: Stage, broker: Broker
    ) -> None:
        stage.arm("timeout after accepted")
        request = self.order(stage)
        with pytest.raises(OutcomeUnknown):
            broker.submit(request)
        stage.arm("500", on="lookup", times=1000)
        with pytest.raises(OutcomeUnknown, match="cannot be looked up"):
            place(broker, request, stage.clock, sent_at=stage.clock.now())
        assert stage.accepted("a1") == 1

    @pytest.mark.parametrize("fault", UNCLEAR)
    def test_a_new_process_finds_what_the_dead_one_sent(self, stage: Stage, fault: str) -> None:
        request, sent = self.order(stage), stage.clock.now()
        stage.arm(fault)
        with pytest.raises(OutcomeUnknown):
            stage.open().submit(request)
        state = place(stage.open(), request, stage.clock, sent_at=sent)
        assert (state.status, stage.accepted("a1")) == ("filled", 1)

    def test_every_sending_is_announced_first(self, stage: Stage, broker: Broker) -> None:
        announced: list[tuple[pd.Timestamp, int]] = []
        stage.arm("lost before accepted", times=2)
        place(
            broker,
            self.order(stage),
            stage.clock,
            before_sending=lambda at: announced.append((at, stage.sent())),
        )
        assert [count for _, count in announced] == [0, 1, 2]
        gaps = [later - at for (at, _), (later, _) in itertools.pairwise(announced)]
        assert all(gap >= broker.settles_after for gap in gaps)

    def test_an_order_that_never_arrives_is_given_up(self, stage: Stage, broker: Broker) -> None:
        stage.arm("lost before accepted", times=1000)
        with pytest.raises(BrokerUnavailable, match="never arrived"):
            place(broker, self.order(stage), stage.clock)
        assert stage.accepted("a1") == 0

    @pytest.mark.parametrize(
        ("amount", "sent"), [("0.020009999", "0.02"), ("0.02", "0.02"), ("0.0299999999", "0.02999")]
    )
    def test_an_amount_is_rounded_down_to_the_step(
        self, stage: Stage, broker: Broker, amount: str, sent: str
    ) -> None:
        state = place(broker, self.order(stage, amount=amount), stage.clock)
        assert (state.amount, state.filled) == (Decimal(sent), Decimal(sent))

    @pytest.mark.parametrize("amount", ["0.0000099", "0.00001", "0.0001"])
    def test_an_order_below_the_minimum_is_not_sent(
        self, stage: Stage, broker: Broker, amount: str
    ) -> None:
        stage.price("BTC", Decimal("40000"))
        with pytest.raises(BelowMinimum, match="below the smallest order of"):
            broker.submit(self.order(stage, amount=amount))
        assert stage.sent() == 0

    def test_an_order_beyond_the_funds_changes_nothing(self, stage: Stage, broker: Broker) -> None:
        before = stage.holdings()
        for request in (
            self.order(stage, amount="1000"),
            self.order(stage, "a2", "ETH", "sell", "5000"),
        ):
            with pytest.raises(InsufficientFunds):
                place(broker, request, stage.clock)
        assert stage.holdings() == before

    @pytest.mark.parametrize("fault", ["reject", "insufficient funds"])
    def test_a_refused_order_changes_nothing(
        self, stage: Stage, broker: Broker, fault: str
    ) -> None:
        before = stage.holdings()
        stage.arm(fault)
        with pytest.raises(OrderRefused) as caught:
            place(broker, self.order(stage), stage.clock)
        assert isinstance(caught.value, InsufficientFunds) == (fault == "insufficient funds")
        assert (stage.accepted("a1"), stage.holdings()) == (0, before)

    def test_balances_are_the_truth_to_the_last_decimal(self, stage: Stage, broker: Broker) -> None:
        rng = np.random.default_rng(20260501)
        before, states = stage.holdings(), []
        kinds = [*UNCLEAR, *BUSY, *FATES, "", "", "", ""]
        for number in range(12):
            fault = kinds[int(rng.integers(len(kinds)))]
            if fault:
                stage.arm(fault)
            stage.price("BTC", Decimal(int(rng.integers(2_000_000, 9_000_000))).scaleb(-2))
            amount = f"{rng.uniform(0.001, 0.02):.9f}"
            side: Side = "buy" if rng.random() < 0.6 else "sell"
            request = self.order(stage, f"r{number}", side=side, amount=amount)
            states.append(place(broker, request, stage.clock))
            assert stage.accepted(f"r{number}") == 1
        self.check_books(stage, before, states)
        told = broker.balances()
        assert nonzero(dict(told.total)) == nonzero(stage.holdings())
        assert told.total == told.free
        assert [one.client_order_id for one in broker.recent_orders(START)] == [
            f"r{number}" for number in range(12)
        ]

    @pytest.mark.parametrize("seed", range(2))
    def test_any_run_of_faults_and_deaths_leaves_every_order_once(
        self, stage: Stage, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        before, broker = stage.holdings(), stage.open()
        waiting = [self.order(stage, f"s{number}", amount="0.003") for number in range(8)]
        sent: dict[str, pd.Timestamp] = {}
        done: dict[str, OrderState] = {}
        kinds, reads = [*UNCLEAR, *BUSY, *FATES], [*READ_FAULTS]
        for step in range(200):
            if not waiting:
                break
            request = waiting.pop(0)
            name = request.client_order_id
            if rng.random() < 0.6:
                stage.arm(kinds[int(rng.integers(len(kinds)))])
            if rng.random() < 0.4:
                on, times = ("lookup", "read")[step % 2], int(rng.integers(1, 9))
                stage.arm(reads[int(rng.integers(len(reads)))], on, times)
            if rng.random() < 0.3:
                broker = stage.open()
            try:
                done[name] = place(
                    broker,
                    request,
                    stage.clock,
                    sent_at=sent.get(name),
                    before_sending=partial(sent.__setitem__, name),
                )
            except (OutcomeUnknown, BrokerUnavailable):
                waiting.append(request)
        assert waiting == []
        assert {name: stage.accepted(name) for name in done} == dict.fromkeys(done, 1)
        assert len(done) == 8
        ended = [stage_end(stage, broker, state) for state in done.values()]
        self.check_books(stage, before, ended)

    def test_an_unknown_market_is_refused_in_one_line(self, stage: Stage, broker: Broker) -> None:
        for act in (
            lambda: broker.market("DOGE"),
            lambda: broker.quote("DOGE"),
            lambda: broker.submit(self.order(stage, asset="DOGE")),
        ):
            with pytest.raises(NoMarket, match="DOGE") as caught:
                act()
            assert "\n" not in str(caught.value)

    def test_a_misspelt_market_gets_a_hint(self, broker: Broker) -> None:
        with pytest.raises(NoMarket, match="did you mean BTC"):
            broker.market("BTCC")

    def test_nothing_trades_at_a_price_of_zero(self, stage: Stage, broker: Broker) -> None:
        stage.price("BTC", Decimal(0))
        for act in (lambda: broker.quote("BTC"), lambda: broker.submit(self.order(stage))):
            with pytest.raises(BrokerError, match="price of 0") as caught:
                act()
            assert "\n" not in str(caught.value)
        assert stage.sent() == 0

    @pytest.mark.parametrize("fault", READ_FAULTS)
    @pytest.mark.parametrize("read", READS)
    def test_a_garbled_answer_is_no_answer(
        self, stage: Stage, broker: Broker, read: str, fault: str
    ) -> None:
        broker.market("BTC")
        broker.market("ETH")
        stage.arm(fault, on="lookup" if read == "find" else "read")
        with pytest.raises(BrokerUnavailable) as caught:
            READS[read](broker)
        assert caught.value.wait == (7.0 if fault == "429" else None)
        assert "\n" not in str(caught.value)
        assert "127.0.0.1" not in str(caught.value)
        READS[read](broker)

    def test_its_clock_is_its_own(self, stage: Stage, broker: Broker) -> None:
        assert broker.now() == stage.clock.now()
        stage.shift_clock(pd.Timedelta(minutes=10))
        assert broker.now() == stage.clock.now() + pd.Timedelta(minutes=10)

    def test_a_clock_that_jumps_delays_no_order_for_good(
        self, stage: Stage, broker: Broker
    ) -> None:
        broker.now()
        stage.shift_clock(pd.Timedelta(minutes=10))
        state = place(broker, self.order(stage), stage.clock)
        assert (state.status, stage.accepted("a1")) == ("filled", 1)

    @pytest.mark.parametrize("minutes", [-180, 10])
    @pytest.mark.parametrize("fault", ["timeout after accepted", "late arrival"])
    def test_a_clock_that_differs_hides_no_order(
        self, stage: Stage, fault: str, minutes: int
    ) -> None:
        stage.shift_clock(pd.Timedelta(minutes=minutes))
        request = self.order(stage)
        stage.arm(fault)
        state = place(stage.open(), request, stage.clock)
        assert (state.status, stage.accepted("a1")) == ("filled", 1)
        recent = stage.open().recent_orders(START - pd.Timedelta(hours=4))
        assert [one.client_order_id for one in recent] == ["a1"]
