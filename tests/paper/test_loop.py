"""A tick does what is due once, catches up once, and holds back what guards forbid."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from backtests.execution import Execution
from data.errors import BrokerError, NoMarket, PaperError
from paper.brokers.base import MarketRules
from paper.brokers.faults import Plan, scripted
from paper.config import Limits
from tests.paper.scene import Scene

D = Decimal
HALF = {"BTC": 0.5, "ETH": 0.0, "CASH": 0.5}
ETHER = {"BTC": 0.0, "ETH": 0.5, "CASH": 0.5}
OUT = {"BTC": 0.0, "ETH": 0.0, "CASH": 1.0}
FLAT = {"BTC": [100.0] * 30, "ETH": [10.0] * 30}


def away() -> Plan:
    """Under maintenance for as long as one run tries."""
    return scripted(("submit", "maintenance"), ("submit", "maintenance"), ("submit", "maintenance"))


def scene(folder: Path, orders: dict[int, dict[str, float]], **more: object) -> Scene:
    return Scene(folder, orders, FLAT, **more)  # type: ignore[arg-type]


def test_a_first_tick_buys_and_a_second_has_nothing_to_do(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: HALF})
    assert at.tick().status == "done"
    assert at.state.book.coins == {"BTC": D(5)}
    events = len(at.told("intent", "fill", "closed", "decision", "settled"))
    at.at(0, 700)
    assert at.tick().status == "nothing to do"
    assert len(at.told("intent", "fill", "closed", "decision", "settled")) == events


def test_sales_are_booked_before_purchases_are_planned(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: HALF, 1: ETHER})
    at.tick()
    at.at(1)
    assert at.tick().status == "done"
    kinds = [(row["phase"], len(row["orders"])) for row in at.told("planned")]
    assert kinds == [("sales", 0), ("purchases", 1), ("sales", 1), ("purchases", 1)]
    assert at.state.book == type(at.state.book)(D(500), {"ETH": D(50)})


def test_a_day_without_an_order_leaves_holdings_and_books_the_close(tmp_path: Path) -> None:
    at = Scene(tmp_path, {0: HALF}, {"BTC": [100.0, 110.0, 120.0], "ETH": [10.0] * 3})
    at.tick()
    at.at(1)
    assert at.tick().status == "done"
    assert [row["acting"] for row in at.told("decision")] == ["order", "no order"]
    assert [(row["value"], row["model_value"]) for row in at.told("equity")] == [("1050", "1050")]


def test_interest_reaches_ledger_and_broker_once(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: OUT}, rate=3.6)
    for day in range(4):
        at.at(day)
        assert at.tick().status == "done"
        at.tick()
    amounts = [D(row["amount"]) for row in at.told("interest")]
    assert amounts[0] == D("0.1")
    assert [float(a) for a in amounts] == pytest.approx([0.1, 0.10001, 0.100020001])
    assert float(at.state.book.cash) == pytest.approx(1000 * 1.0001**3, rel=1e-12)
    assert at.tick().status == "nothing to do"


def test_missed_ticks_are_recorded_and_the_target_in_force_is_traded_to(tmp_path: Path) -> None:
    # The rule goes to half BTC on day 2 and says nothing on day 5; nobody was there from 1 to 4.
    at = scene(tmp_path, {0: OUT, 2: HALF})
    at.tick()
    at.at(5)
    assert at.tick().status == "done"
    missed = at.told("missed")
    assert [(row["first"][:10], row["last"][:10], row["count"]) for row in missed] == [
        ("2025-01-02", "2025-01-05", 4)
    ]
    assert at.told("decision")[-1]["acting"] == "catch up"
    assert at.state.book.coins == {"BTC": D(5)}
    # Every close in between was booked; the backtest beside it bought on day 2.
    assert len(at.told("equity")) == 5
    assert at.state.model.coins == {"BTC": D(5)}


def test_targets_of_missed_times_are_not_traded_one_after_the_other(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: OUT, 1: HALF, 2: ETHER, 3: HALF})
    at.tick()
    at.at(3)
    at.tick()
    assert [row["asset"] for row in at.told("intent")] == ["BTC"]


def test_a_decision_that_was_not_carried_out_is_taken_up_by_the_next(tmp_path: Path) -> None:
    refusing = scripted(("submit", "reject"))
    at = scene(tmp_path, {0: HALF}, faults=refusing)
    assert at.tick().status == "done"
    assert at.told("settled")[-1]["complete"] is False
    assert at.told("closed")[0]["status"] == "rejected"
    at.faults = scripted()
    at.at(1)
    at.tick()
    assert at.told("decision")[-1]["acting"] == "catch up"
    assert at.state.book.coins == {"BTC": D(5)}


def test_steps_and_smallest_orders_of_the_market_hold(tmp_path: Path) -> None:
    rules = {
        "BTC": MarketRules("BTC", "BTC/USD", "BTC", "USD", amount_step=D("0.3")),
        "ETH": MarketRules("ETH", "ETH/USD", "ETH", "USD", min_cost=D(200)),
    }
    at = scene(tmp_path, {0: {"BTC": 0.5, "ETH": 0.1, "CASH": 0.4}}, rules=rules)
    assert at.tick().status == "done"
    assert at.state.book.coins == {"BTC": D("4.8")}
    left_out = at.told("planned")[-1]["left_out"]
    assert list(left_out) == ["ETH"]
    assert "below the smallest order of 200" in left_out["ETH"]
    assert at.told("settled")[-1]["complete"] is True


def test_an_order_without_an_answer_is_looked_up_and_not_sent_again(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: HALF}, faults=scripted(("submit", "timeout after accepted")))
    assert at.tick().status == "done"
    assert len(at.told("sending")) == 1
    assert at.state.book.coins == {"BTC": D(5)}


def test_a_broker_that_stays_away_leaves_the_order_for_the_next_run(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: HALF}, faults=away())
    outcome = at.tick()
    assert outcome.status == "waiting"
    assert "under maintenance" in outcome.reasons[0]
    at.faults = scripted()
    assert at.tick().status == "done"
    assert at.state.book.coins == {"BTC": D(5)}


def test_an_order_that_never_left_is_not_sent_on_another_day(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: HALF, 1: OUT}, faults=away())
    at.tick()
    at.faults = scripted()
    at.at(1)
    assert at.tick().status == "done"
    assert [row["status"] for row in at.told("closed")] == ["expired"]
    assert at.state.book.coins == {}


def test_an_unknown_market_is_refused_before_anything_is_decided(tmp_path: Path) -> None:
    rules = {"ETH": MarketRules("ETH", "ETH/USD", "ETH", "USD")}
    at = scene(tmp_path, {0: HALF}, rules=rules)
    with pytest.raises(NoMarket, match="no market for 'BTC'"):
        at.session().quote("BTC")
    at.rules = rules
    with pytest.raises(NoMarket):
        at.tick()
    assert at.told("decision", "planned", "intent", "equity") == []


def test_a_price_of_zero_is_refused_before_anything_is_decided(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: HALF}, live={"BTC": 0.0})
    with pytest.raises(BrokerError, match="BTC has a price of 0"):
        at.tick()
    assert at.told("decision", "planned", "intent", "equity") == []


def test_cash_below_zero_that_nobody_borrowed_is_refused(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: HALF, 1: ETHER})
    at.tick()
    session = at.session()
    broker = session.broker
    broker.adjust("a debt", "USD", D(-700))  # type: ignore[attr-defined]
    from paper.reconciling import differences, take_over

    take_over(session, differences(session))
    at.at(1)
    with pytest.raises(PaperError, match=r"cash is -200\.00 USD and buy_and_hold never borrows"):
        at.tick()
    assert len(at.told("decision")) == 1


def test_a_ledger_never_goes_back(tmp_path: Path) -> None:
    at = scene(tmp_path, {0: HALF})
    at.at(3)
    at.tick()
    at.at(2)
    with pytest.raises(PaperError, match="never goes back"):
        at.tick()


def test_leverage_costs_what_borrowing_costs(tmp_path: Path) -> None:
    doubled = {"BTC": 2.0, "ETH": 0.0, "CASH": -1.0}
    execution = Execution(fee_bp=0.0, slippage_bp=0.0, initial_cash=1000.0, borrow_bp=360.0)
    limits = Limits(gross=3.0)
    at = scene(tmp_path, {0: doubled}, limits=limits, execution=execution, margin=True)
    session = at.session()
    from paper.loop import tick

    assert tick(session, at._knowledge).status == "done"
    assert session.state.book == type(session.state.book)(D(-1000), {"BTC": D(20)})
    at.at(1)
    tick(session, at._knowledge)
    assert D(at.told("interest")[0]["amount"]) == D("-0.1")


class TestGuards:
    """Each blocks increases, says why, and is on record once."""

    def blocked(self, at: Scene, guard: str) -> str:
        outcome = at.tick()
        assert outcome.status == "blocked"
        assert outcome.reasons[0].startswith(f"{guard}: ")
        assert at.state.book.coins == {}
        again = at.tick()
        assert again.status == "blocked"
        rows = at.told("blocked")
        assert [row["guard"] for row in rows] == [guard]
        return outcome.reasons[0]

    def test_prices_that_are_not_there(self, tmp_path: Path) -> None:
        at = scene(tmp_path, {0: HALF, 1: HALF}, bars=0)
        at.at(1)
        reason = self.blocked(at, "stale")
        assert "closes at 2025-01-01, the one that closes at 2025-01-02" in reason
        assert at.told("decision") == []

    def test_a_strategy_that_cannot_be_computed(self, tmp_path: Path) -> None:
        self.blocked(scene(tmp_path, {0: HALF}, silent={0}), "stale")

    def test_an_old_price(self, tmp_path: Path) -> None:
        reason = self.blocked(scene(tmp_path, {0: HALF}, minutes_old=16), "price_age")
        assert "16 minutes old, at most 15" in reason

    def test_a_jump(self, tmp_path: Path) -> None:
        reason = self.blocked(scene(tmp_path, {0: HALF}, live={"BTC": 126.0}), "jump")
        assert "+26.0% from the last close, 100: more than 25%" in reason

    def test_clocks_apart(self, tmp_path: Path) -> None:
        skewed = scripted(("now", "clock skew"), ("now", "clock skew"), ("now", "clock skew"))
        assert "600 s apart" in self.blocked(
            scene(tmp_path, {0: HALF}, faults=skewed), "clock_skew"
        )

    def test_turnover(self, tmp_path: Path) -> None:
        at = scene(tmp_path, {0: HALF}, limits=Limits(turnover=0.4))
        assert "500.00 USD, 50% of the account" in self.blocked(at, "turnover")

    def test_gross(self, tmp_path: Path) -> None:
        at = scene(tmp_path, {0: HALF}, limits=Limits(gross=0.4))
        assert "500.00 USD on an account of 1,000.00" in self.blocked(at, "gross")

    def test_a_kill_file(self, tmp_path: Path) -> None:
        at = scene(tmp_path, {0: HALF})
        outcome = at.tick(kill="KILL is there")
        assert outcome.reasons == ("kill_file: KILL is there; `plumbline paper resume` ends it",)
        # Removing the file is not enough: resuming is explicit.
        assert at.tick().status == "blocked"
        assert at.state.halt["guard"] == "kill_file"

    def test_a_guard_that_is_content_again_lets_the_decision_through(self, tmp_path: Path) -> None:
        at = scene(tmp_path, {0: HALF}, live={"BTC": 130.0})
        assert at.tick().status == "blocked"
        at.live.clear()
        at.at(0, 20)
        assert at.tick().status == "done"
        assert at.state.book.coins == {"BTC": D(5)}
        assert at.state.blocks == ()

    def test_balances_that_do_not_agree(self, tmp_path: Path) -> None:
        at = scene(tmp_path, {0: OUT, 1: HALF})
        at.tick()
        at.session().broker.adjust("gone", "USD", D(-50))  # type: ignore[attr-defined]
        at.at(1)
        reason = self.blocked(at, "reconcile")
        assert "CASH: the ledger has 1000, the broker 950" in reason


class TestExits:
    """A reduction proceeds under a guard once a second venue confirms the price."""

    def held(self, folder: Path, second: dict[str, float]) -> Scene:
        at = scene(folder, {0: HALF, 1: ETHER})
        at.tick()
        at.at(1)
        at.live, at.second = {"BTC": 70.0}, second
        return at

    def test_without_a_second_venue_it_waits(self, tmp_path: Path) -> None:
        at = self.held(tmp_path, {})
        assert at.tick().status == "blocked"
        assert at.state.book.coins == {"BTC": D(5)}
        assert "no second venue confirms 70 on here" in at.told("planned")[-1]["left_out"]["BTC"]

    def test_a_second_venue_that_differs_does_not_confirm(self, tmp_path: Path) -> None:
        at = self.held(tmp_path, {"BTC": 72.0})
        assert at.tick().status == "blocked"
        assert "2.9% apart, more than 2%" in at.told("planned")[-1]["left_out"]["BTC"]

    def test_confirmed_it_proceeds_and_other_coins_are_bought(self, tmp_path: Path) -> None:
        at = self.held(tmp_path, {"BTC": 71.0})
        assert at.tick().status == "done"
        assert set(at.state.book.coins) == {"ETH"}

    def test_under_a_halt_risk_only_falls(self, tmp_path: Path) -> None:
        at = self.held(tmp_path, {"BTC": 100.0})
        at.live.clear()
        assert at.tick(kill="stop").status == "blocked"
        assert at.state.book.coins == {}
        assert at.state.book.cash == D(1000)

    def test_a_loss_too_large_halts(self, tmp_path: Path) -> None:
        closes = {"BTC": [100.0, 100.0, 20.0, 20.0], "ETH": [10.0] * 4}
        full = {"BTC": 1.0, "ETH": 0.0, "CASH": 0.0}
        at = Scene(tmp_path, {0: full, 2: full}, closes, limits=Limits(drawdown=0.5))
        for day in range(3):
            at.at(day)
            at.tick()
        assert at.state.halt["guard"] == "drawdown"
        assert "200.00 USD, -80.0% from its highest, 1,000.00" in at.state.halt["reason"]
