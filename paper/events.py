"""What a ledger is made of: events that are written once and never changed.

=============  =====================================================================
kind           body
=============  =====================================================================
``opened``     the ledger's identity, see :class:`Opening`
``missed``     ``first``, ``last``, ``count`` of the decision times nobody was there for
``decision``   what the strategy said: ``weights``, ``reason``, ``data_as_of``, ids
``blocked``    a guard spoke: ``guard``, ``reason``, ``assets`` that may not grow
``planned``    ``phase`` (reduce, increase), orders in it and what was left out, with why
``intent``     an order that is about to be sent: ``asset``, ``side``, ``quantity``, ...
``sending``    the order may have left from here on
``fill``       ``quantity``, ``price``, ``fee``, and by which order
``closed``     an order's end: ``status``, ``filled``, ``reason``
``interest``   on cash for one day: ``amount``, ``rate``
``equity``     value at a close, holdings and prices, and the backtest's value beside it
``delisted``   a holding that left at its last close less the discount
``adjusted``   the broker's balance taken over by hand: ``asset``, ``before``, ``after``
``reconciled`` ledger and broker compared: ``differences``
``settled``    a decision is carried out, or as far as it can be: ``complete``
``halted``     trading is stopped: ``guard`` or ``by hand``, ``reason``
``resumed``    and allowed again, by hand
=============  =====================================================================

Money, prices and quantities are decimals as text; weights are JSON numbers, which read back to
the same bits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from paper.money import text

Kind: TypeAlias = Literal[
    "opened",
    "missed",
    "decision",
    "blocked",
    "planned",
    "intent",
    "sending",
    "fill",
    "closed",
    "interest",
    "equity",
    "delisted",
    "adjusted",
    "reconciled",
    "settled",
    "halted",
    "resumed",
]
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is not written yet.

    Parameters
    ----------
    kind : str
        See the module's table.
    at : datetime
        When it happened, with a zone.
    key : str
        Unique in a ledger: the same thing cannot be written twice.
    body : mapping
        JSON types and decimals.
    parent : str, optional
        Key of the event that this one follows from.
    """

    kind: Kind
    at: datetime
    key: str
    body: Mapping[str, Any]
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it stands in the ledger.

    Parameters
    ----------
    seq : int
        Number from 1, without gaps.
    kind, at, key
        As in :class:`Draft`; `at` is the text of a UTC instant.
    parent : int or None
        Number of the event that it follows from.
    body : str
        JSON.
    previous, hash : str
        SHA-256 of the event before it, and of this one with `previous`.
    """

    seq: int
    kind: str
    at: str
    key: str
    parent: int | None
    body: str
    previous: str
    hash: str

    @property
    def content(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read

    def digest(self) -> str:
        """Return the hash that this event must carry."""
        return digest(self.previous, self.seq, self.kind, self.at, self.key, self.parent, self.body)


def digest(
    previous: str, seq: int, kind: str, at: str, key: str, parent: int | None, body: str
) -> str:
    """Return the SHA-256 of an event chained to the one before it, 64 hex digits."""
    whole = f"{previous}\n{seq}\n{kind}\n{at}\n{key}\n{parent}\n{body}"
    return hashlib.sha256(whole.encode()).hexdigest()


def stamp(at: datetime) -> str:
    """Return an instant as UTC text with a Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(written: str) -> datetime:
    """Return the instant that :func:`stamp` wrote."""
    return datetime.fromisoformat(written)


def body_text(body: Mapping[str, Any]) -> str:
    """Return a body as canonical JSON: sorted keys, no NaN, decimals as text."""
    return json.dumps(
        body,
        sort_keys=True,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
        default=_plain,
    )


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return text(value)
    if isinstance(value, datetime):
        return stamp(value)
    raise TypeError(f"no JSON form for {type(value).__name__} in a ledger")
