"""What a failure says of an order: refused, unknown, or nothing done.

A question can be asked again. An order may have been accepted, whatever became of the answer: only
an answer in which the exchange itself refuses it is a refusal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from data.errors import (
    AccessDenied,
    BrokerError,
    BrokerUnavailable,
    InsufficientFunds,
    NoMarket,
    OrderRefused,
    OutcomeUnknown,
)
from data.sources.clock import Clock
from data.sources.web import REFUSALS, TRANSIENT_STATUS
from paper.brokers.replies import Reply

# Names of ccxt's errors; an error bears those of its bases too.
_DENIED = frozenset({"AuthenticationError", "RestrictedLocation"})
_BUSY = frozenset({"DDoSProtection", "RateLimitExceeded", "OnMaintenance"})
_DENIED_STATUS = frozenset({401, 403, 407, 451})
_BUSY_STATUS = frozenset({418, 429})
# Alpaca's code for an order that is not there; ccxt makes an invalid order of it.
_NOT_THERE = frozenset({"40410000"})
_TAKEN = re.compile(r"duplicate|must be unique", re.IGNORECASE)
_AGAIN = "look it up before sending again"


class NotThere(Exception):
    """The exchange says that it has no such order."""


class NameTaken(OrderRefused):
    """The exchange refuses an order because it has one of that name."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that did not give what was asked for.

    Parameters
    ----------
    label : str
        Exchange and what was asked for.
    kinds : frozenset of str
        Names of ccxt's error and of its bases, the nearest in `kind`; empty where ccxt was
        content and the answer is not in the form that it should have.
    kind : str
        Name of ccxt's error.
    text : str
        First line of its text, keys masked. It may hold an address: to be told only if nothing
        left.
    left : bool
        Whether a request left.
    reply : Reply or None
        The answer to look at.
    said : str
        How it begins, in words.
    """

    label: str
    kinds: frozenset[str]
    kind: str
    text: str
    left: bool
    reply: Reply | None
    said: str


def of_question(failure: Failure, clock: Clock) -> BrokerError | NotThere:
    """Return what a failed question means."""
    label, kinds, reply, said = failure.label, failure.kinds, failure.reply, failure.said
    if reply is None:
        if not failure.left and kinds:
            return BrokerError(f"{label}: not asked: {failure.text}")
        late = "no answer in time" if "RequestTimeout" in kinds else "no answer"
        return BrokerUnavailable(f"{label}: {late}, or one that breaks off")
    if "OrderNotFound" in kinds or reply.code in _NOT_THERE:
        return NotThere(f"{label}: it has no such order")
    if known := _nothing_done(failure, reply, clock):
        return known
    if reply.status in TRANSIENT_STATUS:
        return reply.unavailable(f"{label}: the exchange answers {reply.status}", clock)
    if "BadSymbol" in kinds:
        return NoMarket(f"{label}: it has no such market; {said}")
    if reply.status >= 400 and "OperationFailed" not in kinds:
        reason = REFUSALS.get(reply.status, "it refuses the request")
        return BrokerError(f"{label}: {reason} ({reply.status}); {said}")
    return BrokerUnavailable(f"{label}: not in the form the exchange documents, {said}")


def of_order(failure: Failure, clock: Clock) -> BrokerError:
    """Return what a failed order means."""
    label, kinds, reply, said = failure.label, failure.kinds, failure.reply, failure.said
    if not failure.left and "BaseError" in kinds:
        return OrderRefused(f"{label}: not sent: {failure.text}")
    if reply is None:
        return OutcomeUnknown(f"{label}: sent, and no answer in time or none whole; {_AGAIN}")
    unknown = OutcomeUnknown(f"{label}: sent, status {reply.status}, {said}; {_AGAIN}")
    if not isinstance(reply.content, dict) and reply.status in _BUSY_STATUS:
        return reply.unavailable(f"{label}: too many requests ({reply.status})", clock)
    if not isinstance(reply.content, dict) or reply.status >= 500 or reply.status == 408:
        return unknown
    if "DuplicateOrderId" in kinds or _TAKEN.search(reply.text):
        return NameTaken(f"{label}: it has an order of this name ({reply.status}); {said}")
    if "InsufficientFunds" in kinds:
        return InsufficientFunds(f"{label}: the account's funds do not suffice; {said}")
    if known := _nothing_done(failure, reply, clock):
        return known
    if kinds & {"BadSymbol", "MarketClosed"}:
        return NoMarket(f"{label}: it has no such market, or it is closed; {said}")
    # With status 200 an error of no kind may be ccxt's own, about an answer it does not know.
    if "ExchangeError" in kinds and (reply.status >= 400 or failure.kind != "ExchangeError"):
        return OrderRefused(f"{label}: it refuses the order ({reply.status}); {said}")
    return unknown


def _nothing_done(failure: Failure, reply: Reply, clock: Clock) -> BrokerError | None:
    """Return what holds for questions and orders alike."""
    label, kinds, said = failure.label, failure.kinds, failure.said
    if "InvalidNonce" in kinds:
        return BrokerUnavailable(
            f"{label}: its clock and ours differ; the difference is measured again; {said}"
        )
    if kinds & _BUSY or reply.status in _BUSY_STATUS:
        return reply.unavailable(f"{label}: busy or under maintenance ({reply.status})", clock)
    if kinds & _DENIED or (reply.status in _DENIED_STATUS and "InvalidOrder" not in kinds):
        reason = REFUSALS.get(reply.status, "it does not let this account in")
        return AccessDenied(
            f"{label}: {reason} ({reply.status}): check that the keys are those of its sandbox "
            f"and may trade; {said}"
        )
    return None
