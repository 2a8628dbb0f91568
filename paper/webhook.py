"""Push a feed's latest signal to an address of the user's, once however often it is sent."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from data.errors import BadConfig
from data.sources.clock import Clock
from data.sources.retry import Patience
from data.sources.web import Client, Request
from paper.feed_files import LATEST
from paper.feed_reader import read_feed

KEY = "Idempotency-Key"
PATIENCE = Patience(attempts=5, first_wait=0.5, longest_wait=60.0)
SECONDS = 10.0
_MOST_BYTES = 1_000_000


def checked_address(url: str) -> str:
    """Return the address of a webhook.

    Raises
    ------
    BadConfig
        If it is no http or https address; it is not repeated in the message, since such
        addresses are secrets.
    """
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise BadConfig("--webhook: this is no web address: give for instance https://host/path")
    return url


def push(
    folder: Path,
    url: str,
    *,
    timeout: float = SECONDS,
    patience: Patience = PATIENCE,
    clock: Clock | None = None,
) -> None:
    """Send ``latest.json`` of a verified feed by POST.

    Parameters
    ----------
    folder : Path
        The feed's folder.
    url : str
        Where to; no part of it but the host is ever logged or told.
    timeout : float
        Seconds without an answer after which it is sent again.
    patience : Patience
        How often to send it.
    clock : Clock, optional
        What waits between attempts.

    Raises
    ------
    Unreachable, Refused, UnexpectedAnswer
        If it was not taken; a status of 200 to 299 says that it was.
    Tampered
        If the feed is not as it was written.

    Notes
    -----
    The header ``Idempotency-Key`` carries the signal's id. A receiver that has seen an id answers
    with success and does nothing: after a lost answer the same signal is sent again.
    """
    parts = urlsplit(checked_address(url))
    signal = read_feed(folder).latest
    request = Request(
        source="webhook",
        what=f"signal {signal.signal_id} to {parts.hostname}",
        url=url,
        hidden=tuple(part for part in (parts.path.strip("/"), parts.query, parts.password) if part),
        body=(folder / LATEST).read_bytes(),
        headers={"Content-Type": "application/json", KEY: signal.signal_id},
    )
    with Client(
        clock=clock, patience=patience, timeout=timeout, deadline=timeout, most_bytes=_MOST_BYTES
    ) as client:
        client.post(request)
