"""Tell an address of the user's that a guard spoke, so that nobody has to look."""

from __future__ import annotations

from urllib.parse import urlsplit

from data.canonical import canonical_json
from data.sources.clock import Clock
from data.sources.web import Client, Request
from paper.events import Event
from paper.webhook import KEY, PATIENCE, SECONDS, checked_address


def tell(url: str, strategy: str, event: Event, clock: Clock) -> None:
    """Send an event by POST as JSON: ``strategy``, ``seq``, ``kind``, ``at`` and its body.

    Raises
    ------
    Unreachable, Refused, UnexpectedAnswer
        If it was not taken.
    BadConfig
        If it is no web address.
    """
    parts = urlsplit(checked_address(url))
    body = {
        "strategy": strategy,
        "seq": event.seq,
        "kind": event.kind,
        "at": event.at,
        "body": event.content,
    }
    request = Request(
        source="webhook",
        what=f"event {event.seq} of {strategy} to {parts.hostname}",
        url=url,
        hidden=tuple(part for part in (parts.path.strip("/"), parts.query, parts.password) if part),
        body=canonical_json(body).encode(),
        headers={"Content-Type": "application/json", KEY: event.hash},
    )
    with Client(clock=clock, patience=PATIENCE, timeout=SECONDS, deadline=SECONDS) as client:
        client.post(request)
