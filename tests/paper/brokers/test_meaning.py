"""What a failure says: a table of answers to a question and to an order."""

from __future__ import annotations

import ccxt
import pandas as pd
import pytest

from data.errors import (
    AccessDenied,
    BrokerError,
    BrokerUnavailable,
    InsufficientFunds,
    NoMarket,
    OrderRefused,
    OutcomeUnknown,
)
from paper.brokers.meaning import Failure, NameTaken, NotThere, of_order, of_question
from paper.brokers.replies import Reply
from tests.sources.clock import VirtualClock

CLOCK = VirtualClock(pd.Timestamp("2026-05-01", tz="UTC"))
JSON, HTML = '{"code": 1, "msg": "so"}', "<html>moment</html>"
TAKEN = '{"code": 40010001, "message": "client_order_id must be unique"}'
GONE = '{"code": 40410000, "message": "order not found"}'
# An answer that never came.
NONE = 0


def failure(
    error: type[Exception] | None, status: int, text: str = JSON, left: bool = True
) -> Failure:
    kinds = frozenset(base.__name__ for base in error.__mro__) if error else frozenset[str]()
    reply = Reply(status, {"Retry-After": "9"}, text) if status else None
    return Failure("x: it", kinds, error.__name__ if error else "", "text", left, reply, "said")


@pytest.mark.parametrize(
    ("error", "status", "text", "question", "order"),
    [
        (ccxt.RequestTimeout, NONE, "", BrokerUnavailable, OutcomeUnknown),
        (ccxt.NetworkError, NONE, "", BrokerUnavailable, OutcomeUnknown),
        (ccxt.ExchangeError, NONE, "", BrokerUnavailable, OutcomeUnknown),
        (KeyError, NONE, "", BrokerUnavailable, OutcomeUnknown),
        (None, 200, HTML, BrokerUnavailable, OutcomeUnknown),
        (None, 200, "[]", BrokerUnavailable, OutcomeUnknown),
        (TypeError, 200, JSON, BrokerUnavailable, OutcomeUnknown),
        (ccxt.NullResponse, 200, HTML, BrokerUnavailable, OutcomeUnknown),
        (ccxt.ExchangeError, 200, JSON, BrokerUnavailable, OutcomeUnknown),
        (ccxt.InvalidOrder, 200, JSON, BrokerUnavailable, OrderRefused),
        (ccxt.InvalidOrder, 400, JSON, BrokerError, OrderRefused),
        (ccxt.ExchangeError, 400, JSON, BrokerError, OrderRefused),
        (ccxt.ExchangeError, 422, JSON, BrokerError, OrderRefused),
        (ccxt.BadRequest, 400, JSON, BrokerError, OrderRefused),
        (ccxt.BadSymbol, 400, JSON, NoMarket, NoMarket),
        (ccxt.MarketClosed, 400, JSON, BrokerError, NoMarket),
        (ccxt.InsufficientFunds, 400, JSON, BrokerError, InsufficientFunds),
        (ccxt.InsufficientFunds, 403, JSON, AccessDenied, InsufficientFunds),
        (ccxt.DuplicateOrderId, 400, JSON, BrokerError, NameTaken),
        (ccxt.BadRequest, 422, TAKEN, BrokerError, NameTaken),
        (ccxt.OrderNotFound, 400, JSON, NotThere, OrderRefused),
        (ccxt.InvalidOrder, 404, GONE, NotThere, OrderRefused),
        (ccxt.InvalidNonce, 400, JSON, BrokerUnavailable, BrokerUnavailable),
        (ccxt.RateLimitExceeded, 429, JSON, BrokerUnavailable, BrokerUnavailable),
        (ccxt.DDoSProtection, 418, HTML, BrokerUnavailable, BrokerUnavailable),
        (ccxt.RateLimitExceeded, 400, JSON, BrokerUnavailable, BrokerUnavailable),
        (ccxt.OnMaintenance, 200, JSON, BrokerUnavailable, BrokerUnavailable),
        (ccxt.OnMaintenance, 503, JSON, BrokerUnavailable, OutcomeUnknown),
        (ccxt.ExchangeNotAvailable, 503, HTML, BrokerUnavailable, OutcomeUnknown),
        (ccxt.ExchangeNotAvailable, 500, JSON, BrokerUnavailable, OutcomeUnknown),
        (ccxt.RequestTimeout, 504, JSON, BrokerUnavailable, OutcomeUnknown),
        (ccxt.RequestTimeout, 408, JSON, BrokerUnavailable, OutcomeUnknown),
        (ccxt.RequestTimeout, 400, JSON, BrokerUnavailable, OutcomeUnknown),
        (ccxt.OperationFailed, 400, JSON, BrokerUnavailable, OutcomeUnknown),
        (ccxt.AuthenticationError, 401, JSON, AccessDenied, AccessDenied),
        (ccxt.PermissionDenied, 403, JSON, AccessDenied, AccessDenied),
        (ccxt.RestrictedLocation, 451, JSON, AccessDenied, AccessDenied),
        (ccxt.ExchangeNotAvailable, 403, HTML, AccessDenied, OutcomeUnknown),
        (ccxt.ExchangeNotAvailable, 404, HTML, BrokerUnavailable, OutcomeUnknown),
    ],
)
def test_an_answer_means_what_is_known(
    error: type[Exception] | None,
    status: int,
    text: str,
    question: type[Exception],
    order: type[Exception],
) -> None:
    asked = of_question(failure(error, status, text), CLOCK)
    sent = of_order(failure(error, status, text), CLOCK)
    assert (type(asked), type(sent)) == (question, order)
    for told in (asked, sent):
        assert str(told).startswith("x: it: ")
        assert "\n" not in str(told)


def test_an_exchange_that_asks_to_wait_is_heard() -> None:
    for explain in (of_question, of_order):
        busy = explain(failure(ccxt.RateLimitExceeded, 429), CLOCK)
        assert isinstance(busy, BrokerUnavailable)
        assert busy.wait == 9.0
        assert "it asks to wait 9 s" in str(busy)


def test_what_never_left_was_not_sent() -> None:
    told = failure(ccxt.InvalidOrder, NONE, left=False)
    assert str(of_order(told, CLOCK)) == "x: it: not sent: text"
    assert isinstance(of_order(told, CLOCK), OrderRefused)
    assert str(of_question(told, CLOCK)) == "x: it: not asked: text"


def test_a_failure_of_our_own_before_sending_is_no_refusal() -> None:
    assert isinstance(of_order(failure(TypeError, NONE, left=False), CLOCK), OutcomeUnknown)
