"""Prices on a regular grid, indexed by the moment each bar closes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.assets import asset
from data.errors import BadTable

FIELDS = ("open", "high", "low", "close", "volume")
MIN_BARS = 30


@dataclass(frozen=True, slots=True)
class Bars:
    """Open, high, low, close, volume and market of every asset.

    Every frame has the same gap-free UTC index of bar *close* times and the same sorted asset
    columns. A missing bar is a row of NaN; it is never filled. A row that is known by its close
    only has NaN in open, high and low: it can be valued, not traded.

    Parameters
    ----------
    open, high, low, close : DataFrame
        Prices in the market's quote currency (USD or a dollar stablecoin).
    volume : DataFrame
        In units of the coin; NaN where unknown.
    market : DataFrame
        Venue and quote that each row comes from; missing where there is no bar.
    timeframe : Timedelta
        Length of a bar; the bar closing at *t* covers ``[t - timeframe, t)``.
    """

    open: pd.DataFrame
    high: pd.DataFrame
    low: pd.DataFrame
    close: pd.DataFrame
    volume: pd.DataFrame
    market: pd.DataFrame
    timeframe: pd.Timedelta

    def __post_init__(self) -> None:
        for name in (*FIELDS, "market"):
            frame = getattr(self, name)
            if not frame.index.equals(self.close.index) or not frame.columns.equals(
                self.close.columns
            ):
                raise BadTable(f"bars: {name} and close differ in index or columns")

    @property
    def assets(self) -> tuple[str, ...]:
        """Names of the assets, sorted."""
        return tuple(self.close.columns)

    @property
    def index(self) -> pd.DatetimeIndex:
        """Close times, UTC."""
        index = self.close.index
        assert isinstance(index, pd.DatetimeIndex)
        return index

    @property
    def tradable(self) -> pd.DataFrame:
        """True where a bar has both an open and a close."""
        return self.open.notna() & self.close.notna()

    def until(self, t: pd.Timestamp) -> Bars:
        """Return the bars that had closed at `t`, inclusive."""
        keep = self.index <= t
        return self._map(lambda frame: frame.loc[keep])

    def select(self, assets: list[str]) -> Bars:
        """Return the bars of `assets` only."""
        return self._map(lambda frame: frame.loc[:, assets])

    def _map(self, function: object) -> Bars:
        assert callable(function)
        return replace(
            self, **{name: function(getattr(self, name)) for name in (*FIELDS, "market")}
        )

    def universe(self, min_bars: int = MIN_BARS) -> pd.DataFrame:
        """Return which assets could be held at each close, by what was known then.

        An asset counts from its `min_bars`-th bar on, while its bar of that moment exists and
        it is not delisted; stablecoins never count.
        """
        present = self.tradable
        seasoned = present.cumsum() >= min_bars
        allowed = pd.DataFrame(
            {name: _listed(name, self.index) for name in self.assets}, index=self.index
        )
        return present & seasoned & allowed


def _listed(name: str, index: pd.DatetimeIndex) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    spec = asset(name)
    if spec.stablecoin:
        return np.zeros(len(index), dtype=bool)
    if spec.delisted_on is None:
        return np.ones(len(index), dtype=bool)
    return np.asarray(index <= pd.Timestamp(spec.delisted_on, tz="UTC"))


def from_rows(rows: pd.DataFrame, timeframe: pd.Timedelta) -> Bars:
    """Pivot a long price table (see docs/data.md) into :class:`Bars`.

    Parameters
    ----------
    rows : DataFrame
        Columns ``symbol``, ``opened`` (UTC instant the bar opens), ``open`` .. ``volume``,
        ``market``; no duplicate ``(symbol, opened)``.
    timeframe : Timedelta
        Length of a bar.
    """
    closed = pd.DatetimeIndex(rows["opened"]).as_unit("us") + timeframe
    grid = pd.date_range(closed.min(), closed.max(), freq=timeframe, unit="us", name="close_time")
    column, symbols = pd.factorize(rows["symbol"].astype(str), sort=True)
    assets = pd.Index(symbols, name="asset")
    row, off_grid = np.divmod((closed - grid[0]).to_numpy(), timeframe.to_timedelta64())
    if off_grid.astype(bool).any():
        bad = rows.iloc[int(np.flatnonzero(off_grid)[0])]
        raise BadTable(
            f"{bad['symbol']} {bad['opened']}: the bar does not open on the {timeframe} grid"
        )
    where = (row, column)
    frames: dict[str, pd.DataFrame] = {}
    for name in FIELDS:
        dense = np.full((len(grid), len(assets)), np.nan)
        dense[where] = rows[name].to_numpy(dtype=float)
        frames[name] = pd.DataFrame(dense, index=grid, columns=assets)
    venue, names = pd.factorize(rows["market"].astype(str))
    at = np.full((len(grid), len(assets)), -1, dtype=np.intp)
    at[where] = venue
    known = pd.array(list(names), dtype="str")
    columns = [known.take(column, allow_fill=True) for column in at.T]
    market = pd.DataFrame(dict(enumerate(columns)), index=grid).set_axis(assets, axis=1)
    return Bars(**frames, market=market, timeframe=timeframe)
