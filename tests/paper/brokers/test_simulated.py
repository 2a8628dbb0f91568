"""The simulated broker: the engine's costs, and books that survive."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.engine import simulate
from backtests.execution import Execution
from data.bars import Bars
from data.errors import (
    BadConfig,
    BrokerUnavailable,
    Corrupt,
    InsufficientFunds,
    OrderRefused,
    OutcomeUnknown,
    WrongLedger,
)
from paper.brokers.account import Account
from paper.brokers.base import Broker, MarketRules, OrderRequest, Quote, Side
from paper.brokers.faults import calm, scripted, seeded
from paper.brokers.placing import Insistence, follow, place
from paper.brokers.simulated import PriceSource, SimulatedBroker
from tests.sources.clock import VirtualClock

START = pd.Timestamp("2026-05-01", tz="UTC")
DAY = pd.Timedelta(days=1)


def at(price: str = "50000") -> PriceSource:
    return lambda asset: Quote(asset, Decimal(price), START, "test")


OPENED: list[SimulatedBroker] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def broker(
    path: Path | None = None, execution: Execution | None = None, **settings: object
) -> SimulatedBroker:
    opened = SimulatedBroker(
        path,
        settings.pop("prices", at()),  # type: ignore[arg-type]
        execution or Execution(),
        "mine",
        **{"now": lambda: START, **settings},  # type: ignore[arg-type]
    )
    OPENED.append(opened)
    return opened


def order(name: str = "a1", side: Side = "buy", amount: str = "0.5") -> OrderRequest:
    return OrderRequest(name, "BTC", side, Decimal(amount), START)


def test_it_is_a_broker() -> None:
    opened: Broker = broker()
    assert opened.name == "simulated"


@pytest.mark.parametrize(
    ("execution", "side", "price", "fee"),
    [
        (Execution(fee_bp=10, slippage_bp=10), "buy", "50050", "25.025"),
        (Execution(fee_bp=10, slippage_bp=10), "sell", "49950", "24.975"),
        (Execution(fee_bp=0, slippage_bp=0), "buy", "50000", "0"),
        (Execution(fee_bp=2.5, slippage_bp=7.5), "buy", "50037.5", "6.2546875"),
        (Execution(fee_bp=26, slippage_bp=0.1), "sell", "49999.5", "64.99935"),
    ],
)
def test_an_order_pays_slippage_and_fee(
    execution: Execution, side: Side, price: str, fee: str
) -> None:
    opened = broker(execution=execution)
    opened.adjust("coins", "BTC", Decimal(1))
    before = opened.balances()
    state = opened.submit(order(side=side))
    assert state.average == Decimal(price)
    assert sum((one.amount for one in state.fees), Decimal(0)) == Decimal(fee)
    sign = 1 if side == "buy" else -1
    after = opened.balances()
    assert after.of("BTC") - before.of("BTC") == sign * Decimal("0.5")
    assert after.of("USD") - before.of("USD") == -sign * Decimal(price) / 2 - Decimal(fee)


def test_slippage_that_depends_on_the_range_needs_the_range() -> None:
    execution = Execution(slippage_range=0.1)
    with pytest.raises(BadConfig, match=r"slippage_range is 0\.1 and no range"):
        broker(execution=execution)
    ranged = broker(execution=execution, last_range=lambda asset: Decimal("0.04"))
    assert ranged.submit(order()).average == Decimal("50250")  # 10 bp and a tenth of 4%
    wild = broker(execution=execution, last_range=lambda asset: Decimal(9))
    assert wild.submit(order("a2", amount="0.1")).average == Decimal(75000)


def test_it_fills_as_the_engine_does() -> None:
    """Half of the account in a coin: the same price, size, fee and value to 1e-9."""
    index = pd.date_range(START, periods=4, freq="D", name="close_time").as_unit("us")
    opens = pd.DataFrame({"BTC": [100.0, 123.45, 120.0, 130.0]}, index=index)
    close = opens * 1.01
    market = pd.DataFrame("test", index=index, columns=["BTC"])
    bars = Bars(opens, close * 1.02, opens * 0.98, close, close * 0 + 1e9, market, DAY)
    weights = pd.DataFrame({"BTC": [0.5], "CASH": [0.5]}, index=index[:1])
    rate = pd.Series(0.0, index=index)
    execution = Execution(fee_bp=12.0, slippage_bp=7.0)
    run = simulate(weights, bars, rate, execution)
    fill = run.fills.iloc[0]
    opened = broker(execution=execution, prices=at("123.45"))
    state = opened.submit(order(amount=repr(float(fill["size"]))))
    held = opened.balances()
    assert float(state.cost / state.filled) == pytest.approx(fill["price"], rel=1e-12)
    assert float(state.fees[0].amount) == pytest.approx(fill["fee"], rel=1e-12)
    value = float(held.of("USD")) + float(held.of("BTC")) * float(close["BTC"].iloc[1])
    assert value == pytest.approx(run.equity.iloc[1], rel=1e-9)


class TestBooks:
    def test_they_outlive_the_process(self, tmp_path: Path) -> None:
        path = tmp_path / "paper" / "account.sqlite"
        first = broker(path)
        state, held = first.submit(order()), first.balances()
        first.close()
        second = broker(path, Execution(initial_cash=7.0))
        assert second.find("a1", "BTC") == state
        assert second.balances() == held
        second.close()

    def test_a_death_at_any_statement_leaves_an_order_whole_or_not_there(
        self, tmp_path: Path
    ) -> None:
        """What a killed process leaves are its files as they are between two statements."""
        path, copies = tmp_path / "account.sqlite", list[Path]()
        opened = broker(path)
        cash = opened.balances()

        def copy(statement: str) -> None:
            folder = tmp_path / f"copy{len(copies)}"
            folder.mkdir()
            for file in tmp_path.glob("account.sqlite*"):
                shutil.copy(file, folder)
            copies.append(folder)

        opened.account._db.set_trace_callback(copy)
        done = opened.submit(order())
        opened.account._db.set_trace_callback(None)
        full = opened.balances()
        copy("after")
        opened.close()
        found = []
        for folder in copies:
            left = broker(folder / "account.sqlite")
            left.account.verify()
            state = left.find("a1", "BTC")
            found.append(state is not None)
            assert state in (None, done)
            assert left.balances() == (cash if state is None else full)
            assert left.submit(order()) == done
            assert left.balances() == full
            left.close()
        assert len(found) > 10
        assert found == sorted(found)
        assert (found[0], found[-1]) == (False, True)

    def test_another_owner_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "account.sqlite"
        broker(path).close()
        with pytest.raises(WrongLedger, match="account of 'mine', not of 'other'"):
            Account(path, "other")

    def test_another_version_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "account.sqlite"
        broker(path).close()
        with sqlite3.connect(path) as database:
            database.execute("UPDATE about SET value = '0' WHERE name = 'version'")
        database.close()
        with pytest.raises(WrongLedger, match="version 0, this program writes 1"):
            broker(path)

    @pytest.mark.parametrize("content", [b"not a database, surely" * 100, b"SQLite format 3\0bad"])
    def test_a_file_that_is_no_account_is_refused_and_left_alone(
        self, tmp_path: Path, content: bytes
    ) -> None:
        path = tmp_path / "account.sqlite"
        path.write_bytes(content)
        with pytest.raises(Corrupt, match="not a simulated account"):
            broker(path)
        assert path.read_bytes() == content

    def test_another_programs_database_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "account.sqlite"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE notes (text)")
        database.close()
        with pytest.raises(Corrupt, match="not a simulated account"):
            broker(path)

    def test_a_balance_that_was_tampered_with_is_found(self, tmp_path: Path) -> None:
        opened = broker(tmp_path / "account.sqlite")
        opened.submit(order())
        opened.account.verify()
        opened.account._db.execute("UPDATE balances SET amount = '1000000' WHERE currency = 'USD'")
        with pytest.raises(Corrupt, match="USD stands at 1000000, its movements add up to"):
            opened.account.verify()
        opened.close()

    @pytest.mark.parametrize(
        "statement", ["UPDATE movements SET amount = '1'", "DELETE FROM movements"]
    )
    def test_movements_are_only_added(self, statement: str) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="movements are only added"):
            broker().account._db.execute(statement)

    def test_amounts_of_any_length_add_up_exactly(self) -> None:
        opened = broker(prices=at("0.0000123456789"), execution=Execution(initial_cash=1e9))
        rng = np.random.default_rng(7)
        for number in range(20):
            amount = "0." + "".join(str(digit) for digit in rng.integers(1, 10, 34))
            opened.submit(order(f"n{number}", amount=amount))
        opened.account.verify()
        paid = Decimal(10**9) - opened.balances().of("USD")
        assert paid > 0

    def test_an_adjustment_counts_once(self) -> None:
        opened = broker()
        for _ in range(3):
            opened.adjust("interest 2026-05-01", "USD", Decimal("11.75"))
        opened.adjust("interest 2026-05-02", "USD", Decimal("-1.75"))
        assert opened.balances().of("USD") == Decimal("100010.00")


class TestFunds:
    def test_the_last_cent_can_be_spent_and_no_more(self) -> None:
        execution = Execution(fee_bp=0, slippage_bp=0, initial_cash=25_000)
        with pytest.raises(InsufficientFunds, match=r"needs 25000\.00050000 USD"):
            broker(execution=execution).submit(order(amount="0.50000001"))
        opened = broker(execution=execution)
        opened.submit(order(amount="0.5"))
        assert opened.balances().of("USD") == 0

    def test_with_margin_cash_and_coins_may_be_owed(self) -> None:
        opened = broker(margin=True)
        opened.submit(order(amount="3"))
        opened.submit(order("a2", "sell", "5"))
        assert opened.balances().of("BTC") == Decimal(-2)
        assert opened.balances().of("USD") > 100_000

    def test_a_rest_that_can_no_longer_be_paid_is_canceled(self) -> None:
        price = [Decimal(50_000)]
        opened = broker(
            prices=lambda asset: Quote(asset, price[0], START, "test"),
            rules={"BTC": MarketRules("BTC", "BTC/USD", "BTC", "USD", Decimal("0.1"))},
            faults=scripted(("submit", "partial")),
        )
        state = opened.submit(order(amount="1.9"))
        assert (state.status, state.filled) == ("partial", Decimal("0.9"))
        price[0] = Decimal(80_000)
        ended = opened.find("a1", "BTC")
        assert ended is not None
        assert (ended.status, ended.filled) == ("canceled", Decimal("0.9"))
        assert "the account holds" in ended.reason
        opened.account.verify()


class TestPlans:
    def test_nothing_goes_wrong_without_one(self) -> None:
        for call in ("submit", "find", "orders", "quote", "balances", "now"):
            calm(call)
        assert broker().submit(order()).status == "filled"

    def test_the_same_seed_gives_the_same_faults(self) -> None:
        first, second, other = seeded(5, 0.5), seeded(5, 0.5), seeded(6, 0.5)
        drawn = [first("submit") for _ in range(200)]
        assert drawn == [second("submit") for _ in range(200)]
        assert drawn != [other("submit") for _ in range(200)]
        assert 60 < sum(fault is not None for fault in drawn) < 140
        assert len(set(drawn)) == 13

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: seeded(1, 1.5), "the rate must be from 0 to 1"),
            (
                lambda: seeded(1, 0.5, ["flood"]),  # type: ignore[list-item]
                "unknown fault 'flood'",
            ),
            (lambda: scripted(("find", "partial")), "'find' cannot meet 'partial'"),
            (
                lambda: scripted(("sell", "partial")),  # type: ignore[arg-type]
                "'sell' cannot meet",
            ),
        ],
    )
    def test_a_plan_that_cannot_be_is_refused(
        self, make: Callable[[], object], message: str
    ) -> None:
        with pytest.raises(BadConfig, match=message):
            make()

    @pytest.mark.parametrize("seed", range(8))
    def test_every_fault_at_random_and_still_every_order_once(self, seed: int) -> None:
        clock, refused = VirtualClock(START), set()
        faulty = broker(faults=seeded(seed, 0.4), now=clock.now)
        waiting = [order(f"n{number}", amount="0.01") for number in range(25)]
        names = {request.client_order_id for request in waiting}
        while waiting:
            request = waiting.pop()
            try:
                place(faulty, request, clock, sent_at=clock.now())
            except OrderRefused:
                refused.add(request.client_order_id)
            except (BrokerUnavailable, OutcomeUnknown):
                waiting.append(request)
        taken = {state.client_order_id: state for state in faulty.account.since(START)}
        assert taken.keys() == names - refused
        faulty.account.verify()
        bought = sum((state.filled for state in taken.values()), Decimal(0))
        assert faulty.account.balance("BTC") == bought

    def test_a_clock_that_is_off_is_told(self) -> None:
        skewed = broker(faults=scripted(("now", "clock skew")))
        assert skewed.now() - START == pd.Timedelta(minutes=10)
        assert skewed.now() == START

    def test_a_price_that_jumps_is_paid(self) -> None:
        jumpy = broker(faults=scripted(("quote", "price jump"), ("submit", "price jump")))
        assert jumpy.quote("BTC").price == 75_000
        assert jumpy.quote("BTC").price == 50_000
        assert jumpy.submit(order()).average == Decimal("75075")


class TestInsistence:
    def test_it_waits_longer_each_time_up_to_a_ceiling(self) -> None:
        insist = Insistence(first_wait=1.0, longest_wait=5.0)
        assert [insist.wait(number) for number in range(1, 6)] == [1.0, 2.0, 4.0, 5.0, 5.0]

    @pytest.mark.parametrize(
        "settings",
        [{"sends": 0}, {"looks": 0}, {"first_wait": 0.0}, {"first_wait": 9.0, "longest_wait": 3.0}],
    )
    def test_one_that_cannot_be_is_refused(self, settings: dict[str, float]) -> None:
        with pytest.raises(BadConfig, match="insistence"):
            Insistence(**settings)  # type: ignore[arg-type]

    def test_a_longer_wait_than_its_ceiling_is_not_waited_for(self) -> None:
        clock = VirtualClock(START)
        busy = broker(faults=scripted(("submit", "rate limit")))
        with pytest.raises(BrokerUnavailable):
            place(busy, order(), clock, insistence=Insistence(longest_wait=3.0))
        assert clock.slept == []

    def test_an_order_that_stays_open_is_returned_open(self) -> None:
        clock = VirtualClock(START)
        always = broker(faults=lambda call: {"submit": "partial", "find": "reset"}.get(call))
        state = follow(always, always.submit(order()), order(), clock)
        assert state.status == "partial"
        assert len(clock.slept) > 0
