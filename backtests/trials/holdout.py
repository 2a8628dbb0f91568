"""The sealed holdout: the last months of the data, closed until they are opened once and for all.

A seal fixes a day. Until it is opened, commands that evaluate rules see what was known by then
and nothing later. Sealing and opening are entries of the trial ledger's chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from backtests.trials.ledger import Ledger
from data.canonical import jsonable
from data.errors import InputError, TooShort
from data.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal.

    Parameters
    ----------
    boundary : Timestamp
        Last decision time (UTC) that stays visible.
    sealed_at : str
        When it was set, UTC.
    peeked : int
        Trials that had been evaluated on later data before it was set.
    opened_at, reason : str or None
        When and why it was opened; None while it is in force.
    """

    boundary: pd.Timestamp
    sealed_at: str
    peeked: int
    opened_at: str | None = None
    reason: str | None = None


def seals(ledger: Ledger) -> tuple[Seal, ...]:
    """Return every seal ever set, in order; only the last can be in force."""
    found: list[Seal] = []
    for entry in ledger.entries():
        header = entry.header
        if header["kind"] == "seal":
            boundary = pd.Timestamp(header["boundary"]).as_unit("us")
            found.append(Seal(boundary, header["at"], header["peeked"]))
        elif header["kind"] == "open" and found:
            last = found[-1]
            found[-1] = Seal(
                last.boundary, last.sealed_at, last.peeked, header["at"], header["reason"]
            )
    return tuple(found)


def in_force(ledger: Ledger) -> Seal | None:
    """Return the seal that is in force, if one is."""
    last = seals(ledger)[-1:]
    return last[0] if last and last[0].opened_at is None else None


def cut(snapshot: Snapshot, ledger: Ledger) -> tuple[Snapshot, Seal | None]:
    """Return the snapshot as far as a seal lets it be seen, and the seal that cuts it."""
    seal = in_force(ledger)
    if seal is None or snapshot.as_of <= seal.boundary:
        return snapshot, None
    return snapshot.until(seal.boundary), seal


def close_last(
    ledger: Ledger, snapshot: Snapshot, months: int, *, at: datetime | None = None
) -> Seal:
    """Seal the last `months` calendar months of the data.

    Parameters
    ----------
    ledger : Ledger
        Where it is written down.
    snapshot : Snapshot
        The data, as far as they go.
    months : int
        From 1.
    at : datetime, optional
        Now, unless the clock is given.

    Raises
    ------
    InputError
        If a seal is in force already, or `months` is no positive number.
    TooShort
        If less than a year of prices would stay visible.
    """
    if months < 1:
        raise InputError(f"--months {months}: seal at least one month")
    if (seal := in_force(ledger)) is not None:
        raise InputError(
            f"the data after {seal.boundary:%Y-%m-%d} are sealed since {seal.sealed_at}: open that "
            "seal before setting another"
        )
    boundary = snapshot.as_of - pd.DateOffset(months=months)
    if boundary < snapshot.daily.index[0] + pd.DateOffset(years=1):
        raise TooShort(
            f"--months {months}: less than a year of prices would be left before "
            f"{boundary:%Y-%m-%d}; seal fewer"
        )
    entry = ledger.log(
        {
            "kind": "seal",
            "at": jsonable(at or datetime.now(UTC)),
            "boundary": jsonable(boundary),
            "peeked": _peeked(ledger, boundary),
        }
    )
    return Seal(boundary, entry.header["at"], entry.header["peeked"])


def break_seal(ledger: Ledger, reason: str, *, at: datetime | None = None) -> Seal:
    """Open the seal that is in force, once and for all.

    Raises
    ------
    InputError
        If none is in force, or no reason is given.
    """
    seal = in_force(ledger)
    if seal is None:
        raise InputError("no seal is in force: `plumbline trials seal --months N` sets one")
    if not reason.strip():
        raise InputError("say why the holdout is opened: --reason TEXT; it is logged for good")
    stamp = jsonable(at or datetime.now(UTC))
    ledger.log({"kind": "open", "at": stamp, "reason": reason.strip()})
    return Seal(seal.boundary, seal.sealed_at, seal.peeked, stamp, reason.strip())


def _peeked(ledger: Ledger, boundary: pd.Timestamp) -> int:
    return sum(
        entry.rows
        for entry in ledger.entries()
        if entry.header["kind"] == "batch" and pd.Timestamp(entry.header["data_until"]) > boundary
    )
