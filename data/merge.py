"""Merge offered tables into stored ones: nothing is lost, nothing is silently changed.

A figure that its own publisher changes becomes a vintage, known since this store saw it. A bar or
a funding rate that its own market changes is listed in ``revisions`` while the first stays in use.
What another publisher or another market tells differently is listed in ``quarantine`` and not
used. A vintage with the figure that is stored tells when that figure was public, and takes the
place of the release rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.agreement import PRICE_TOLERANCE
from data.aliases import BoolArray
from data.figures import merge_figures
from data.tables import SCHEMAS, Tables

QUARANTINE = ("table", "name", "at", "source", "offered", "stored", "why", "seen_at")
REVISIONS = ("table", "key", "stored", "offered", "seen_at")
# Tables that list what is not in use.
SET_ASIDE = ("quarantine", "revisions")
# One entry for each disagreement, however often it is offered again.
_KEYS: Mapping[str, list[str]] = {
    "quarantine": ["table", "name", "at", "source", "offered"],
    "revisions": ["table", "key", "offered"],
}


@dataclass(frozen=True, slots=True)
class Change:
    """What an import or a fetch did to one table.

    Parameters
    ----------
    table : str
        Table name.
    new, same, revised : int
        Rows added, rows that were there already or agree with what is, and rows whose figure
        differs from the stored one. A revised figure is kept beside the first one
        (observations) or listed in the ``revisions`` table while the first one stays in use
        (prices, funding).
    dated : int
        Stored figures whose time of publication is now on record.
    quarantined : int
        Rows that disagree with another publisher or market; they are listed, not used.
    """

    table: str
    new: int
    same: int
    revised: int
    dated: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Merged:
    """Tables after a merge.

    Parameters
    ----------
    tables : mapping of name to DataFrame
        All of them.
    touched : frozenset of str
        Those that differ from the stored ones.
    changes : tuple of Change
        One for each offered table.
    """

    tables: Mapping[str, pd.DataFrame]
    touched: frozenset[str]
    changes: tuple[Change, ...]


def merge(
    stored: Tables, offered: Tables, seen_at: pd.Timestamp, rejected: pd.DataFrame | None = None
) -> Merged:
    """Merge checked tables.

    Parameters
    ----------
    stored : mapping of name to DataFrame
        As the store holds them.
    offered : mapping of name to DataFrame
        In the store's columns but for ``seen_at``; see :func:`data.tables.read_tables`.
    seen_at : Timestamp
        UTC instant at which they were offered. It becomes ``known_at`` of a figure that differs
        from its publisher's stored one: that is when this store could first know it.
    rejected : DataFrame, optional
        Rows that a source itself refused, in the columns of ``quarantine`` but for ``seen_at``.
    """
    seen = seen_at.as_unit("us")
    tables, changes, touched = dict(stored), [], set()
    listed: dict[str, list[pd.DataFrame]] = {"quarantine": [], "revisions": []}
    if rejected is not None and len(rejected):
        listed["quarantine"].append(rejected)
    for name, rows in offered.items():
        merged, change, aside = _merge_table(name, stored.get(name), rows, seen)
        for kind, entries in aside.items():
            if len(entries):
                listed[kind].append(entries)
        changes.append(change)
        if merged is not stored.get(name):
            tables[name] = merged
            touched.add(name)
    for kind, pieces in listed.items():
        every = _listed(kind, stored.get(kind), pieces, seen)
        if every is not None:
            tables[kind] = every
            touched.add(kind)
    return Merged(tables, frozenset(touched), tuple(changes))


def _listed(
    kind: str, stored: pd.DataFrame | None, pieces: list[pd.DataFrame], seen: pd.Timestamp
) -> pd.DataFrame | None:
    """Append entries that are not listed yet; None where there are none."""
    if not pieces:
        return None
    columns = list(QUARANTINE if kind == "quarantine" else REVISIONS)
    entries = pd.concat(pieces, ignore_index=True).assign(seen_at=seen)[columns]
    every = entries if stored is None else pd.concat([stored, entries], ignore_index=True)
    once = every.drop_duplicates(_KEYS[kind], keep="first", ignore_index=True)
    return None if stored is not None and len(once) == len(stored) else once


def _merge_table(
    name: str, stored: pd.DataFrame | None, offered: pd.DataFrame, seen: pd.Timestamp
) -> tuple[pd.DataFrame, Change, Mapping[str, pd.DataFrame]]:
    offered = offered.reset_index(drop=True).assign(seen_at=seen)
    if name == "observations":
        return _observations(stored, offered)
    if stored is None:
        return offered, Change(name, len(offered), 0, 0), {}
    return _bars(name, stored, offered)


def _observations(
    stored: pd.DataFrame | None, offered: pd.DataFrame
) -> tuple[pd.DataFrame, Change, Mapping[str, pd.DataFrame]]:
    name = "observations"
    found = merge_figures(stored, offered)
    aside = found.disagreeing
    quarantined = pd.DataFrame(
        {
            "table": name,
            "name": aside["series"],
            "at": aside["ref_date"].dt.strftime("%Y-%m-%d").astype("str"),
            "source": aside["source"],
            "offered": aside["value"].map(repr).astype("str"),
            "stored": aside["known"].map(repr).astype("str"),
            "why": aside["why"],
        }
    )
    change = Change(name, found.new, found.same, found.revised, found.dated, len(aside))
    return found.table, change, {"quarantine": quarantined}


_VALUES: Mapping[str, list[str]] = {
    "prices_1d": ["open", "high", "low", "close"],
    "prices_1h": ["open", "high", "low", "close"],
    "funding": ["rate"],
}


def _bars(
    name: str, stored: pd.DataFrame, offered: pd.DataFrame
) -> tuple[pd.DataFrame, Change, Mapping[str, pd.DataFrame]]:
    """Merge prices or funding rates: the first row of a key stays in use."""
    key, columns = list(SCHEMAS[name].key), _VALUES[name]
    there = stored[stored[key[0]].isin(offered[key[0]].unique()).to_numpy()].set_index(key)
    wanted = pd.MultiIndex.from_frame(offered[key])
    fresh = ~wanted.isin(there.index)
    known = there.reindex(wanted).reset_index(drop=True)
    equal = _equal(known[columns], offered[columns]) & ~fresh
    elsewhere = _elsewhere(name, known, offered) & ~fresh & ~equal
    agreeing = elsewhere & _close_agrees(known, offered) if elsewhere.any() else elsewhere
    revised, disagreeing = ~fresh & ~equal & ~elsewhere, elsewhere & ~agreeing
    aside = {"revisions": _revisions(name, known[revised], offered[revised])}
    if disagreeing.any():
        aside["quarantine"] = _quarantined(name, known[disagreeing], offered[disagreeing])
    change = Change(
        name,
        int(fresh.sum()),
        int((equal | agreeing).sum()),
        int(revised.sum()),
        quarantined=int(disagreeing.sum()),
    )
    if not fresh.any():
        return stored, change, aside
    merged = pd.concat([stored, offered[fresh]], ignore_index=True)
    return merged.sort_values(key, kind="stable", ignore_index=True), change, aside


def _equal(known: pd.DataFrame, offered: pd.DataFrame) -> BoolArray:
    same = (known == offered) | (known.isna() & offered.isna())
    return np.asarray(same.all(axis=1))


def _elsewhere(name: str, known: pd.DataFrame, offered: pd.DataFrame) -> BoolArray:
    """Rows that another market tells than the stored one; a perpetual has one venue."""
    if name == "funding":
        return np.zeros(len(offered), dtype=bool)
    return np.asarray(known["market"].astype(str) != offered["market"].astype(str))


def _close_agrees(known: pd.DataFrame, offered: pd.DataFrame) -> BoolArray:
    apart = (offered["close"] / known["close"] - 1.0).abs()
    return np.asarray(apart <= PRICE_TOLERANCE)


def _revisions(name: str, known: pd.DataFrame, offered: pd.DataFrame) -> pd.DataFrame:
    key, columns = SCHEMAS[name].key, _VALUES[name]
    return pd.DataFrame(
        {
            "table": name,
            "key": offered[key[0]].astype("str") + " " + offered[key[1]].astype("str"),
            "stored": _text(known[columns]),
            "offered": _text(offered[columns]),
        }
    ).reset_index(drop=True)


def _quarantined(name: str, known: pd.DataFrame, offered: pd.DataFrame) -> pd.DataFrame:
    percent = (100 * (offered["close"] / known["close"] - 1.0)).round(2).astype("str")
    return pd.DataFrame(
        {
            "table": name,
            "name": offered["symbol"].astype("str"),
            "at": offered["opened"].astype("str"),
            "source": offered["market"].astype("str"),
            "offered": offered["close"].map(repr).astype("str"),
            "stored": known["close"].map(repr).astype("str"),
            "why": percent
            + f"% from {name[7:]} close of "
            + known["market"].astype("str")
            + f", more than {PRICE_TOLERANCE:.0%}",
        }
    ).reset_index(drop=True)


def _text(values: pd.DataFrame) -> pd.Series:
    """Return the values of each row in one text, exact."""
    rows = [" ".join(map(repr, map(float, row))) for row in values.to_numpy()]
    return pd.Series(rows, index=values.index, dtype="str")
