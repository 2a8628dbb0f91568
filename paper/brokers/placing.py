"""Exactly one order: look up, wait until nothing can turn up any more, then send.

An order that was sent and got no answer may still be accepted. So it is looked up until it is
found or ``settles_after`` has passed since it was sent; only then is it sent again. The same holds
after a crash: the caller tells when the order may have left, and nothing is sent before that is
settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from data.errors import BadConfig, BrokerUnavailable, OutcomeUnknown
from data.sources.clock import Clock
from paper.brokers.base import Broker, OrderRequest, OrderState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Insistence:
    """How long to insist on an order.

    Parameters
    ----------
    sends : int
        How often an order is sent at most; it is sent again only when the last one is known not
        to have arrived.
    looks : int
        How often a call that found the broker unavailable is made in all, and how often an
        accepted order is looked at until it is final.
    first_wait, longest_wait : float
        Seconds before the second look, doubled each time, and its ceiling. A broker that asks for
        a longer wait than the ceiling is not waited for.

    Raises
    ------
    BadConfig
        If a number cannot be.
    """

    sends: int = 3
    looks: int = 6
    first_wait: float = 0.5
    longest_wait: float = 30.0

    def __post_init__(self) -> None:
        if min(self.sends, self.looks) < 1 or not 0 < self.first_wait <= self.longest_wait:
            raise BadConfig(
                f"insistence: at least one sending and one look, and waits above 0 that do not "
                f"fall: got sends={self.sends}, looks={self.looks}, first_wait="
                f"{self.first_wait:g}, longest_wait={self.longest_wait:g}"
            )

    def wait(self, attempt: int) -> float:
        """Return the seconds to wait after the `attempt`-th look."""
        return float(min(self.longest_wait, self.first_wait * 2 ** (attempt - 1)))


def _nothing(at: pd.Timestamp) -> None:
    del at


def place(
    broker: Broker,
    request: OrderRequest,
    clock: Clock,
    *,
    sent_at: pd.Timestamp | None = None,
    before_sending: Callable[[pd.Timestamp], None] = _nothing,
    insistence: Insistence | None = None,
) -> OrderState:
    """Have the broker hold exactly one order for `request`, and return it.

    Parameters
    ----------
    broker : Broker
        Whom to send it to.
    request : OrderRequest
        The order; its intent has been written down.
    clock : Clock
        Our clock: what waits.
    sent_at : Timestamp, optional
        When an earlier run may last have sent this order; None if it never did.
    before_sending : callable
        Called with the time before each sending; what a later run needs as `sent_at`.
    insistence : Insistence, optional
        How long to try.

    Returns
    -------
    OrderState
        The order as it was last seen; final, or still open when looking came to an end.

    Raises
    ------
    OrderRefused
        If the broker refused it for good.
    OutcomeUnknown
        If it was sent and whether it arrived cannot be found out now.
    BrokerUnavailable
        If the broker did not answer for long, and the order is known not to have arrived.
    """
    insist = insistence or Insistence()
    failure: OutcomeUnknown | BrokerUnavailable | None = None
    for attempt in range(1, insist.sends + 1):
        if sent_at is not None:
            found = _settled(broker, request, clock, sent_at, insist)
            if found is not None:
                return follow(broker, found, request, clock, insist)
        if failure is not None and isinstance(failure, BrokerUnavailable):
            _rest(failure, insist.wait(attempt - 1), clock, insist)
        before_sending(clock.now())
        earlier, sent_at = sent_at, clock.now()
        try:
            state = broker.submit(request)
        except OutcomeUnknown as error:
            failure, sent_at = error, clock.now()
        except BrokerUnavailable as error:
            # Nothing left: what may still turn up is what was sent before.
            failure, sent_at = error, earlier
        else:
            return follow(broker, state, request, clock, insist)
    if sent_at is not None:
        found = _settled(broker, request, clock, sent_at, insist)
        if found is not None:
            return follow(broker, found, request, clock, insist)
    assert failure is not None
    if isinstance(failure, BrokerUnavailable):
        raise failure
    raise BrokerUnavailable(
        f"{broker.name}: order {request.client_order_id} for {request.asset} was sent "
        f"{insist.sends} times and never arrived"
    )


def follow(
    broker: Broker,
    state: OrderState,
    request: OrderRequest,
    clock: Clock,
    insistence: Insistence | None = None,
) -> OrderState:
    """Look at an accepted order until it is final, or looking comes to an end."""
    insist = insistence or Insistence()
    for attempt in range(1, insist.looks):
        if state.is_final:
            break
        clock.sleep(insist.wait(attempt))
        try:
            seen = broker.find(request.client_order_id, request.asset, request.intended_at)
        except BrokerUnavailable as error:
            if error.wait is not None and error.wait > insist.longest_wait:
                break
            clock.sleep(error.wait or 0.0)
            continue
        state = seen or state
    return state


def patiently(call: Callable[[], T], clock: Clock, insistence: Insistence | None = None) -> T:
    """Make a call that changes nothing until the broker answers.

    Raises
    ------
    BrokerUnavailable
        If it does not for long, or asks for a longer wait than the ceiling.
    """
    insist = insistence or Insistence()
    for attempt in range(1, insist.looks):
        try:
            return call()
        except BrokerUnavailable as error:
            failure = error
        _rest(failure, insist.wait(attempt), clock, insist)
    return call()


def _settled(
    broker: Broker,
    request: OrderRequest,
    clock: Clock,
    sent_at: pd.Timestamp,
    insist: Insistence,
) -> OrderState | None:
    """Look an order up until it is found or can no longer turn up."""

    def look() -> OrderState | None:
        return broker.find(request.client_order_id, request.asset, request.intended_at)

    settled_at = sent_at + broker.settles_after
    attempt = 1
    while True:
        last = clock.now() >= settled_at
        try:
            found = patiently(look, clock, insist)
        except BrokerUnavailable as error:
            raise OutcomeUnknown(
                f"{broker.name}: order {request.client_order_id} for {request.asset} may have "
                f"arrived and cannot be looked up: {error}"
            ) from None
        if found is not None or last:
            return found
        left = (settled_at - clock.now()).total_seconds()
        clock.sleep(max(min(insist.wait(attempt), left), 0.001))
        attempt += 1


def _rest(failure: BrokerUnavailable, otherwise: float, clock: Clock, insist: Insistence) -> None:
    wait = otherwise if failure.wait is None else failure.wait
    if wait > insist.longest_wait:
        raise failure
    clock.sleep(wait)
