"""Prices and rates of a snapshot as decimals, as the loop's accounting asks for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.assets import asset
from data.errors import MissingSeries, PaperError
from data.panel import Panel
from data.snapshot import Snapshot
from paper.money import decimal

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Prices:
    """Daily bars and the cash rate, by the engine's rules.

    A coin's bars end with its delisting; what comes after is another coin's. A bar with a close
    alone can be valued, not traded.

    Parameters
    ----------
    index : DatetimeIndex
        Close times, UTC, without gaps.
    assets : tuple of str
        Columns of the matrices.
    opens : ndarray of shape (times, assets)
        Open of the bar that closes at each time; NaN where it cannot be traded at.
    marks : ndarray of shape (times, assets)
        Last known close; NaN before the first.
    rates : Series
        Percent a year that cash earns from each decision time on, as known then.
    newest_of : tuple of Timestamp
        Close time of each asset's last bar; before the first time where it has none.
    """

    index: pd.DatetimeIndex
    assets: tuple[str, ...]
    opens: FloatArray
    marks: FloatArray
    rates: pd.Series[float]
    newest_of: tuple[pd.Timestamp, ...]
    _columns: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        columns = {name: column for column, name in enumerate(self.assets)}
        object.__setattr__(self, "_columns", columns)

    @property
    def last(self) -> pd.Timestamp:
        """Close time of the last bar."""
        return self.index[-1]

    def newest(self, name: str) -> pd.Timestamp:
        """Return the close time of the last bar of an asset."""
        return self.newest_of[self._columns[name]]

    def mark(self, t: pd.Timestamp, names: Collection[str]) -> dict[str, Decimal]:
        """Return the last close at or before `t` of those assets that have one."""
        return self._row(self.marks, t, names)

    def open(self, close: pd.Timestamp, names: Collection[str]) -> dict[str, Decimal]:
        """Return the opens of the bar that closes at `close`, of those that can be traded at."""
        return self._row(self.opens, close, names)

    def rate(self, t: pd.Timestamp) -> Decimal:
        """Return what cash earns over the day that begins at `t`, percent a year.

        Raises
        ------
        MissingSeries
            If neither SOFR nor EFFR was known.
        """
        value = self.rates.get(t, np.nan)
        if not np.isfinite(value):
            raise MissingSeries("sofr", f"the interest on cash from {t:%Y-%m-%d} on")
        return decimal(float(value))

    def leaving(self, close: pd.Timestamp, names: Collection[str]) -> list[str]:
        """Return which of `names` leave at the open of the bar that closes at `close`."""
        return [name for name in names if _gone(name) == close - DAY]

    def _row(
        self, values: FloatArray, t: pd.Timestamp, names: Collection[str]
    ) -> dict[str, Decimal]:
        at = int(self.index.searchsorted(t, side="right")) - 1
        if at < 0:
            return {}
        row, found = values[at], {}
        for name in names:
            if name not in self._columns:
                raise PaperError(f"{name}: there are no bars of it: import or fetch them")
            price = float(row[self._columns[name]])
            if not np.isnan(price):
                found[name] = decimal(price)
        return found


def prices_of(snapshot: Snapshot, panel: Panel, rates: pd.Series[float]) -> Prices:
    """Return the prices of a snapshot.

    Parameters
    ----------
    snapshot : Snapshot
        Where the bars come from.
    panel : Panel
        Its decision times; the last bar used closes at its last one.
    rates : Series
        From :func:`backtests.run.cash_rate`.

    Raises
    ------
    PaperError
        If a price is not positive.
    """
    bars = snapshot.daily.until(panel.times[-1])
    close, opened = bars.close.astype(np.float64), bars.open.astype(np.float64)
    for name in bars.assets:
        end = _gone(name)
        if end is not None:
            dead = bars.index > end
            close.loc[dead, name] = np.nan
            opened.loc[dead, name] = np.nan
    _check_positive(close, bars.assets, "close")
    _check_positive(opened, bars.assets, "open")
    return Prices(
        index=bars.index,
        assets=bars.assets,
        opens=opened.where(close.notna()).to_numpy(),
        marks=close.ffill().to_numpy(),
        rates=rates,
        newest_of=tuple(_newest(close[name]) for name in bars.assets),
    )


def _gone(name: str) -> pd.Timestamp | None:
    delisted_on = asset(name).delisted_on
    return None if delisted_on is None else pd.Timestamp(delisted_on, tz="UTC")


def _newest(close: pd.Series[float]) -> pd.Timestamp:
    index, rows = pd.DatetimeIndex(close.index), np.flatnonzero(close.notna().to_numpy())
    return index[rows[-1]] if len(rows) else index[0] - DAY


def _check_positive(frame: pd.DataFrame, assets: tuple[str, ...], what: str) -> None:
    values = frame.to_numpy(dtype=np.float64)
    bad = np.argwhere(values <= 0)
    if len(bad):
        row, column = bad[0].tolist()
        close = pd.DatetimeIndex(frame.index)[row]
        raise PaperError(
            f"{assets[column]}: the {what} of the bar closing at {close:%Y-%m-%d} is "
            f"{values[row, column]:g}, prices are positive: mend the table"
        )
