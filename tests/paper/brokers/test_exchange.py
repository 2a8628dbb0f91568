"""What the broker of a sandbox refuses, hides and looks up."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from pydantic import SecretStr

from data.errors import (
    AccessDenied,
    BrokerError,
    BrokerUnavailable,
    NoMarket,
    OrderRefused,
    OutcomeUnknown,
    UnknownName,
)
from paper.brokers import exchange as exchange_module
from paper.brokers.base import OrderRequest, Side
from paper.brokers.exchange import ExchangeBroker
from paper.brokers.gateway import open_prices
from paper.brokers.keys import Keys
from paper.brokers.placing import place
from paper.brokers.prices import Ticker
from paper.brokers.sandboxes import Sandbox, sandbox
from tests.paper.broker_contract import START, BrokerContract
from tests.paper.brokers.server import ExchangeServer
from tests.paper.brokers.stages import KEYS, TIMEOUT, ExchangeStage, clock
from tests.paper.brokers.venue import KEY, SECRET

EXCHANGES = ("binance", "alpaca")


@pytest.fixture(params=EXCHANGES)
def stage(
    request: pytest.FixtureRequest, exchange_server: ExchangeServer
) -> Iterator[ExchangeStage]:
    stage = ExchangeStage(exchange_server, request.param, clock())
    yield stage
    stage.close()


@pytest.fixture
def binance(exchange_server: ExchangeServer) -> Iterator[ExchangeStage]:
    stage = ExchangeStage(exchange_server, "binance", clock())
    yield stage
    stage.close()


def order(
    stage: ExchangeStage, name: str = "a1", side: Side = "buy", amount: str = "0.02"
) -> OrderRequest:
    return OrderRequest(name, "BTC", side, Decimal(amount), stage.clock.now())


class TestListed(BrokerContract):
    """An exchange that looks no order up by name: it is searched in the list."""

    @pytest.fixture
    def stage(
        self, exchange_server: ExchangeServer, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[ExchangeStage]:
        known = sandbox("binance")
        listed = Sandbox("binance", settles_seconds=15.0, options=known.options)
        monkeypatch.setattr(exchange_module, "sandbox", lambda name: listed)
        stage = ExchangeStage(exchange_server, "binance", clock())
        stage.venue.list_is_lookup = True
        yield stage
        stage.close()


class TestLiveAccounts:
    @pytest.mark.parametrize("name", ["kraken", "bitstamp", "coinbase"])
    def test_an_exchange_without_a_sandbox_is_refused(self, name: str) -> None:
        with pytest.raises(AccessDenied, match=f"{name}: it has no sandbox") as caught:
            ExchangeBroker(name, ["BTC"])
        assert "simulated" in str(caught.value)

    def test_an_exchange_that_takes_no_market_orders_is_refused(self) -> None:
        with pytest.raises(AccessDenied, match="gemini: it takes no market orders"):
            ExchangeBroker("gemini", ["BTC"])

    def test_an_unknown_exchange_gets_a_hint(self) -> None:
        with pytest.raises(UnknownName, match="did you mean binance"):
            ExchangeBroker("binanse", ["BTC"])

    def test_without_keys_nothing_is_opened(self) -> None:
        with pytest.raises(AccessDenied, match="alpaca: no keys of its sandbox"):
            ExchangeBroker("alpaca", ["BTC"])

    @pytest.mark.parametrize(
        ("name", "urls"),
        [
            ("binance", {"private": "https://api.binance.com/api/v3"}),
            ("binance", {"public": "https://API.binance.com/api/v3"}),
            ("alpaca", {"trader": "https://api.alpaca.markets"}),
            ("alpaca", {"trader": "https://api.{hostname}"}),
            ("bybit", {"private": "https://api.bybit.com"}),
        ],
    )
    def test_an_address_of_live_accounts_is_refused(self, name: str, urls: dict[str, str]) -> None:
        with pytest.raises(AccessDenied, match="serves live accounts"):
            ExchangeBroker(name, ["BTC"], keys=KEYS, config={"urls": {"test": urls}})

    @pytest.mark.parametrize(
        "config",
        [
            {"urls": {"api": {"private": "https://api.binance.com/api/v3"}}},
            {"options": {"sandboxMode": False}},
            {"isSandboxModeEnabled": False},
        ],
    )
    def test_no_setting_leads_out_of_the_sandbox(self, config: dict[str, Any]) -> None:
        broker = ExchangeBroker("binance", ["BTC"], keys=KEYS, config=config)
        api = broker._gateway._ccxt.urls["api"]
        assert api["private"] == "https://testnet.binance.vision/api/v3"
        assert broker.is_sandbox
        broker.close()


class TestKeysStayHidden:
    @pytest.fixture
    def logged(self, caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
        with caplog.at_level(logging.DEBUG):
            logging.getLogger().setLevel(logging.DEBUG)
            yield caplog

    def acts(self, stage: ExchangeStage, broker: ExchangeBroker) -> list[Callable[[], object]]:
        return [
            broker.now,
            lambda: broker.market("BTC"),
            lambda: broker.quote("BTC"),
            broker.balances,
            lambda: broker.submit(order(stage)),
            lambda: broker.find("a1", "BTC"),
            broker.open_orders,
            lambda: broker.recent_orders(START),
        ]

    @pytest.mark.parametrize(
        "fault", ["", "echo", "html", "500", "reset after accepted", "truncated", "maintenance"]
    )
    def test_no_key_and_no_signature_is_logged_or_told(
        self,
        stage: ExchangeStage,
        logged: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        fault: str,
    ) -> None:
        broker = stage.open()
        broker.market("BTC")
        broker.market("ETH")
        told, failures = [repr(broker), repr(broker._gateway)], []
        for act in self.acts(stage, broker):
            if fault == "echo":
                stage.venue.echo = True
            elif fault:
                stage.arm(fault, on="any")
            try:
                act()
            except BrokerError as error:
                told.append("".join(traceback.format_exception(error)))
                failures.append(error)
        assert all(isinstance(one.__context__, BrokerError | None) for one in failures)
        everything = "\n".join([*told, logged.text, *capfd.readouterr()])
        for hidden in (KEY, SECRET, "signature="):
            assert hidden not in everything
        assert bool(failures) == bool(fault)
        if fault in ("html", "echo"):
            assert any("the answer begins" in one for one in told)

    def test_wrong_keys_are_named_as_such(self, stage: ExchangeStage) -> None:
        wrong = Keys(SecretStr("wrongkey77"), SecretStr("wrongsecret77"))
        broker = ExchangeBroker(
            stage.name, ["BTC"], keys=wrong, config=stage.config, clock=stage.clock, timeout=TIMEOUT
        )
        acts: tuple[Callable[[], object], ...] = (
            broker.balances,
            lambda: broker.submit(order(stage)),
        )
        for act in acts:
            with pytest.raises(AccessDenied, match="check that the keys are those of its sandbox"):
                act()
        assert stage.venue.orders == []
        broker.close()

    def test_a_wrong_secret_is_refused_by_signature(self, binance: ExchangeStage) -> None:
        wrong = Keys(SecretStr(KEY), SecretStr("wrongsecret77"))
        broker = ExchangeBroker(
            "binance", ["BTC"], keys=wrong, config=binance.config, clock=binance.clock
        )
        with pytest.raises(AccessDenied, match="check that the keys"):
            broker.balances()
        broker.close()


class TestNames:
    def test_resending_at_once_would_double_a_late_order(self, binance: ExchangeStage) -> None:
        """What waiting is for: the bench does double an order that is resent too early."""
        broker, request = binance.open(), order(binance)
        binance.arm("late arrival")
        with pytest.raises(OutcomeUnknown):
            broker.submit(request)
        assert broker.find("a1", "BTC", request.intended_at) is None
        broker.submit(request)
        binance.clock.sleep(3.0)
        broker.open_orders()
        assert binance.accepted("a1") == 2

    def test_an_order_underway_for_too_long_is_dropped_by_the_exchange(
        self, binance: ExchangeStage
    ) -> None:
        broker = binance.open()
        binance.arm("late arrival")
        with pytest.raises(OutcomeUnknown):
            broker.submit(order(binance))
        binance.clock.sleep(broker.settles_after.total_seconds())
        assert broker.find("a1", "BTC") is None
        assert binance.accepted("a1") == 0

    def test_an_older_order_of_the_same_name_is_another(self, binance: ExchangeStage) -> None:
        broker = binance.open()
        first = place(broker, order(binance), binance.clock)
        binance.clock.sleep(2 * 24 * 3600.0)
        assert broker.find("a1", "BTC", binance.clock.now()) is None
        second = place(broker, order(binance), binance.clock)
        assert (second.broker_id, binance.accepted("a1")) == ("2", 2)
        assert broker.find("a1", "BTC", first.at) == second

    def test_a_name_taken_for_good_gives_the_first_order(
        self, exchange_server: ExchangeServer
    ) -> None:
        stage = ExchangeStage(exchange_server, "alpaca", clock())
        broker = stage.open()
        place(broker, order(stage), stage.clock)
        stage.clock.sleep(2 * 24 * 3600.0)
        again = place(broker, order(stage), stage.clock)
        assert (again.status, stage.accepted("a1")) == ("filled", 1)
        stage.close()

    def test_a_refusal_of_a_second_order_gives_the_first(self, stage: ExchangeStage) -> None:
        """The look-up before sending misses it, as a stale copy of the exchange would."""
        broker = stage.open()
        stage.venue.usual, stage.venue.frozen = "slow", True
        broker.submit(order(stage))
        stage.arm("not yet there", on="lookup")
        assert broker.submit(order(stage)).client_order_id == "a1"
        assert stage.accepted("a1") == 1

    def test_a_second_order_that_cannot_be_seen_is_of_unknown_outcome(
        self, stage: ExchangeStage
    ) -> None:
        broker = stage.open()
        stage.venue.usual, stage.venue.frozen = "slow", True
        broker.submit(order(stage))
        stage.arm("not yet there", on="lookup", times=2)
        with pytest.raises(OutcomeUnknown, match="it has an order of this name"):
            broker.submit(order(stage))
        assert stage.accepted("a1") == 1

    @pytest.mark.parametrize("on", ["lookup", "read"])
    def test_an_order_does_not_leave_long_after_it_was_announced(
        self, stage: ExchangeStage, on: str
    ) -> None:
        broker = stage.open()
        broker.market("BTC")
        stage.arm("takes a minute", on=on)
        with pytest.raises(
            BrokerUnavailable, match=r"not sent, looking took too long|clock and ours differ"
        ):
            broker.submit(order(stage))
        assert stage.sent() == 0
        assert broker.submit(order(stage)).client_order_id == "a1"

    def test_an_order_that_is_there_is_found_whatever_its_price_is_now(
        self, stage: ExchangeStage
    ) -> None:
        broker = stage.open()
        first = place(broker, order(stage), stage.clock)
        stage.price("BTC", Decimal(1))
        assert broker.submit(order(stage)) == first

    @pytest.mark.parametrize("page", [3, None])
    def test_pages_of_orders_are_all_read(
        self, exchange_server: ExchangeServer, monkeypatch: pytest.MonkeyPatch, page: int | None
    ) -> None:
        small = Sandbox("binance", lookup="name", page=page, options=sandbox("binance").options)
        monkeypatch.setattr(exchange_module, "sandbox", lambda name: small)
        stage = ExchangeStage(exchange_server, "binance", clock())
        stage.venue.page = 3
        broker = stage.open()
        for number in range(8):
            place(broker, order(stage, f"n{number}", amount="0.001"), stage.clock)
            stage.clock.sleep(1.0)
        told = [one.client_order_id for one in broker.recent_orders(START)]
        assert told == [f"n{number}" for number in range(8)]
        later = broker.recent_orders(START + pd.Timedelta(seconds=5))
        assert [one.client_order_id for one in later] == ["n5", "n6", "n7"]
        stage.close()

    def test_trades_of_an_old_order_are_found_among_many(
        self, exchange_server: ExchangeServer
    ) -> None:
        stage = ExchangeStage(exchange_server, "alpaca", clock())
        stage.venue.page = 3
        broker = stage.open()
        for number in range(6):
            place(broker, order(stage, f"n{number}", amount="0.001"), stage.clock)
            stage.clock.sleep(5.0)
        first = broker.find("n0", "BTC")
        assert first is not None
        assert first.cost == Decimal("64.32117")
        stage.close()

    def test_a_page_that_cannot_be_turned_is_an_error(
        self, exchange_server: ExchangeServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small = Sandbox("binance", lookup="name", page=3, options=sandbox("binance").options)
        monkeypatch.setattr(exchange_module, "sandbox", lambda name: small)
        stage = ExchangeStage(exchange_server, "binance", clock())
        stage.venue.page = 3
        broker = stage.open()
        for number in range(4):
            place(broker, order(stage, f"n{number}", amount="0.001"), stage.clock)
        with pytest.raises(BrokerError, match=r"3 orders for BTC/USDT at .* cannot be reached"):
            broker.recent_orders(START)
        stage.close()


class TestMarkets:
    def test_a_market_says_what_orders_may_be(self, stage: ExchangeStage) -> None:
        rules = stage.open().market("BTC")
        assert (rules.symbol, rules.base, rules.quote) == (f"BTC/{stage.quote}", "BTC", stage.quote)
        assert rules.amount_step == Decimal("0.00001")
        assert rules.price_step == Decimal("0.01")
        assert rules.min_amount == Decimal("0.00001")
        assert rules.min_cost == {"binance": Decimal(5), "alpaca": Decimal(10)}[stage.name]

    def test_a_closed_market_is_refused(self, binance: ExchangeStage) -> None:
        binance.venue.closed.add("BTC")
        with pytest.raises(NoMarket, match="BTC/USDT is closed to trading"):
            binance.open().market("BTC")

    def test_a_market_that_closes_refuses_the_order(self, stage: ExchangeStage) -> None:
        broker = stage.open()
        broker.market("BTC")
        stage.venue.closed.add("BTC")
        with pytest.raises(OrderRefused):
            place(broker, order(stage), stage.clock)
        assert stage.venue.orders == []

    def test_another_quote_currency_is_another_market(self, binance: ExchangeStage) -> None:
        broker = ExchangeBroker(
            "binance",
            ["BTC"],
            quote="EUR",
            keys=KEYS,
            config=binance.config,
            clock=binance.clock,
        )
        with pytest.raises(NoMarket, match="BTC/EUR is not among its 2 spot markets"):
            broker.market("BTC")
        broker.close()

    def test_an_empty_list_of_markets_is_no_answer(self, stage: ExchangeStage) -> None:
        lots, stage.venue.lots = stage.venue.lots, {}
        broker = stage.open()
        with pytest.raises(BrokerUnavailable, match="list of markets"):
            broker.market("BTC")
        stage.venue.lots = lots
        assert broker.market("BTC").asset == "BTC"


class TestTicker:
    @pytest.mark.parametrize("currency", ["USDT", None])
    def test_public_prices_need_no_keys(self, binance: ExchangeStage, currency: str | None) -> None:
        public = {"urls": {"api": binance.config["urls"]["test"]}, "enableRateLimit": False}
        ticker = Ticker("binance", currency, config=public, clock=binance.clock, timeout=TIMEOUT)
        quote = ticker("BTC")
        assert (quote.price, quote.at) == (Decimal("64321.17"), binance.clock.now())
        assert quote.venue == "binance spot USDT"
        with pytest.raises(NoMarket):
            ticker("DOGE")
        binance.arm("html", on="read")
        with pytest.raises(BrokerUnavailable):
            ticker("BTC")
        ticker.close()
        private = {"account", "order", "openOrders", "allOrders", "myTrades"}
        assert not any(path.rpartition("/")[2] in private for _, path in binance.venue.asked)

    def test_a_public_price_cannot_trade(self, binance: ExchangeStage) -> None:
        public = {"urls": {"api": binance.config["urls"]["test"]}, "enableRateLimit": False}
        gateway = open_prices("binance", {**public, "apiKey": KEY}, binance.clock, TIMEOUT)
        gateway.markets()
        with pytest.raises(OrderRefused, match="not sent"):
            gateway.send(
                "an order",
                lambda exchange: exchange.create_order("BTC/USDT", "market", "buy", "0.01"),
            )
        assert binance.sent() == 0
        gateway.close()

    def test_an_unknown_exchange_gets_a_hint(self) -> None:
        with pytest.raises(UnknownName, match="did you mean kraken"):
            Ticker("krakn")
