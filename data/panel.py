"""What was known of each series at every decision time.

A decision is taken at 00:00 UTC of every calendar day, on the figures whose ``known_at`` is not
later than that instant. Everything a signal reads goes through the functions below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data.aliases import FloatArray, IntArray, TimeArray
from data.catalogue import SeriesSpec, series
from data.errors import BadTable
from data.observations import Observations, Vintages
from data.snapshot import Snapshot

# The panel always begins here, so that a trailing statistic never depends on where its reader
# chooses to start. Every series that matters for crypto has enough history by 2013.
FIRST_DECISION = pd.Timestamp("2010-01-01", tz="UTC")
_DAY = np.timedelta64(1, "D")
_NEVER = np.datetime64("9999-01-01", "us")


def decision_times(as_of: pd.Timestamp) -> pd.DatetimeIndex:
    """Return 00:00 UTC of every day from :data:`FIRST_DECISION` to `as_of`, inclusive."""
    return pd.date_range(
        FIRST_DECISION, as_of.floor("D"), freq="D", unit="us", name="decision_time"
    )


@dataclass(frozen=True, slots=True)
class _Layers:
    """The vintages of one series on a dense grid of days: layer k holds each day's k-th vintage."""

    first_day: np.datetime64
    values: FloatArray  # layers x days
    known: TimeArray  # layers x days; _NEVER where there is no vintage

    def value(self, days: TimeArray, times: TimeArray) -> FloatArray:
        """Value of each day in `days` as known at the matching instant, NaN where none."""
        position = (days - self.first_day).astype("timedelta64[D]").astype(np.int64)
        inside = (position >= 0) & (position < self.values.shape[1])
        position = np.where(inside, position, 0)
        out = np.full(days.shape, np.nan)
        for values, known in zip(self.values, self.known, strict=True):
            seen = inside & (known[position] <= times)
            out = np.where(seen, values[position], out)
        return out


def _utc(stamps: pd.Series | pd.DatetimeIndex) -> TimeArray:
    index = pd.DatetimeIndex(stamps).tz_convert("UTC").tz_localize(None)
    return np.asarray(index.as_unit("us").to_numpy())


def _days(stamps: pd.Series | pd.DatetimeIndex) -> TimeArray:
    return np.asarray(pd.DatetimeIndex(stamps).as_unit("us").to_numpy().astype("datetime64[D]"))


def _layers(rows: Vintages) -> _Layers:
    """Stack the vintages of one series (rows sorted by ``known_at``)."""
    if not len(rows.day):
        return _Layers(
            np.datetime64("1970-01-01", "D"), np.full((1, 1), np.nan), np.full((1, 1), _NEVER)
        )
    first = rows.day.min()
    position = (rows.day - first).astype(np.int64)
    layer = _count(position)
    shape = (int(layer.max()) + 1, int(position.max()) + 1)
    values, known = np.full(shape, np.nan), np.full(shape, _NEVER)
    values[layer, position] = rows.value
    known[layer, position] = rows.known
    return _Layers(first, values, known)


def _count(position: IntArray) -> IntArray:
    """How often each number has come before, in the order given."""
    order = np.argsort(position, kind="stable")
    ordered = position[order]
    new = np.r_[True, ordered[1:] != ordered[:-1]]
    begun = np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))
    count = np.empty_like(position)
    count[order] = np.arange(len(new)) - begun
    return count


@dataclass(frozen=True, slots=True)
class _Last:
    """The newest figure known at each decision time."""

    value: FloatArray
    ref_date: TimeArray  # datetime64[D], NaT where nothing was known


def _newest(rows: Vintages, times: TimeArray) -> _Last:
    """Walk the figures in the order they became known; late old ones never displace newer ones."""
    days, known, values = rows.day, rows.known, rows.value
    current = days >= np.maximum.accumulate(days) if len(days) else np.zeros(0, dtype=bool)
    days, known, values = days[current], known[current], values[current]
    at = np.searchsorted(known, times, side="right") - 1
    none = at < 0
    if none.all():
        return _Last(np.full(len(times), np.nan), np.full(len(times), np.datetime64("NaT", "D")))
    at = np.where(none, 0, at)
    return _Last(
        np.where(none, np.nan, values[at]), np.where(none, np.datetime64("NaT", "D"), days[at])
    )


@dataclass(frozen=True, slots=True)
class Panel:
    """The as-of view of a set of observations at daily decision times.

    A series whose history is restated (``revised`` in the catalogue) shows only figures with a
    vintage on record; its last vintage alone would tell the past what was known later.

    Parameters
    ----------
    observations : Observations
        What was published and when.
    times : DatetimeIndex
        Decision times: 00:00 UTC on consecutive days, so that a rolling window of rows is a
        window of calendar days.

    Raises
    ------
    BadTable
        If `times` is not such a grid.
    """

    observations: Observations
    times: pd.DatetimeIndex
    _instants: TimeArray = field(init=False, repr=False, compare=False)
    _newest: dict[str, _Last] = field(init=False, repr=False, compare=False, default_factory=dict)
    _layers: dict[str, _Layers] = field(init=False, repr=False, compare=False, default_factory=dict)
    _days: TimeArray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if str(self.times.tz) != "UTC":
            raise BadTable("decision times carry no UTC time zone")
        object.__setattr__(self, "_instants", _utc(self.times))
        object.__setattr__(self, "_days", self._instants.astype("datetime64[D]"))
        steps = np.diff(self._instants)
        if len(self.times) and self.times[0] != self.times[0].floor("D"):
            raise BadTable(f"decision time {self.times[0]} is not 00:00 UTC")
        if len(steps) and not (steps == _DAY).all():
            where = self.times[int(np.flatnonzero(steps != _DAY)[0])]
            raise BadTable(f"decision times are not consecutive days after {where}")

    def row(self, row: int) -> Panel:
        """Return the view at one decision time; what was looked up already is taken over."""
        here = slice(row, row + 1)
        one = Panel(self.observations, self.times[here])
        one._layers.update(self._layers)
        for name, newest in self._newest.items():
            one._newest[name] = _Last(newest.value[here], newest.ref_date[here])
        return one

    def has(self, series_id: str) -> bool:
        """Tell whether the data set carries the series."""
        return series_id in self.observations.ids

    def last(self, series_id: str) -> pd.Series[float]:
        """Return the newest value known at each decision time, in the series' unit.

        NaN before the first figure and where the newest is older than the series' ``max_age``;
        zero before the series' ``zero_before`` date.
        """
        spec, newest = series(series_id), self._last(series_id)
        age = self._midnight() - newest.ref_date
        stale = ~(age <= np.timedelta64(spec.max_age_days, "D"))
        value = self._zero_before(newest.value, spec, newest.ref_date)
        value = np.where(stale, np.nan, value)
        # At midnight the newest day that can be over is the day before.
        return self._row(self._zero_before(value, spec, self._midnight() - _DAY), series_id)

    def ref_date(self, series_id: str) -> pd.Series[pd.Timestamp]:
        """Return the day the newest known figure is about (naive; ``NaT`` when there is none)."""
        newest = self._last(series_id)
        return pd.Series(newest.ref_date.astype("datetime64[us]"), self.times, name=series_id)

    def age(self, series_id: str) -> pd.Series[float]:
        """Return the days from the newest known figure's ``ref_date`` to the decision time."""
        newest = self._last(series_id)
        return self._row((self._midnight() - newest.ref_date) / _DAY, series_id)

    def on(self, series_id: str, dates: pd.Series[pd.Timestamp]) -> pd.Series[float]:
        """Return the value in force on a day of the past, as known at each decision time.

        Parameters
        ----------
        series_id : str
            Series to read.
        dates : Series of naive days
            One day for each decision time; ``NaT`` gives NaN.

        Returns
        -------
        Series
            The figure about that day or, where there is none, about the latest day before it
            that is not more than ``max_age`` older.
        """
        spec, layers = series(series_id), self._stacked(series_id)
        days, times = _days(dates), self._instants
        value = np.full(len(days), np.nan)
        for back in range(spec.max_age_days + 1):
            wanted = np.isnan(value)
            if not wanted.any():
                break
            earlier = days[wanted] - back * _DAY
            value[wanted] = self._zero_before(layers.value(earlier, times[wanted]), spec, earlier)
        return self._row(value, series_id)

    def window(self, series_id: str, days: int, carried: bool = False) -> FloatArray:
        """Return the figures about the last `days` whole days, as known at each decision.

        Parameters
        ----------
        series_id : str
            Series to read.
        days : int
            Length of the window: the calendar days ``t - days`` to ``t - 1``, which are over
            at the decision. A balance's last night counts once.
        carried : bool
            For balances: each day without a figure carries the last one before it, up to
            ``max_age``; weekends carry Friday's balance.

        Returns
        -------
        ndarray of shape (times, days)
            Oldest day first; NaN where no figure was known.
        """
        spec, layers = series(series_id), self._stacked(series_id)
        reach = days + spec.max_age_days if carried else days
        lags = np.arange(reach, 0, -1) * _DAY
        grid = self._midnight()[:, None] - lags[None, :]
        instants = np.broadcast_to(self._instants[:, None], grid.shape)
        value = self._zero_before(layers.value(grid, instants), spec, grid)
        return _carry(value, spec.max_age_days)[:, -days:] if carried else value

    def trailing(
        self,
        series_id: str,
        days: int,
        statistic: Callable[[FloatArray], FloatArray],
        carried: bool = False,
    ) -> pd.Series[float]:
        """Return `statistic` of :meth:`window`, row by row."""
        return self._row(statistic(self.window(series_id, days, carried)), series_id)

    def _rows(self, series_id: str) -> Vintages:
        rows = self.observations.vintages(series_id)
        # History that is restated says what was known only where vintages do.
        return rows.rows(rows.on_record) if series(series_id).revised else rows

    def _last(self, series_id: str) -> _Last:
        if series_id not in self._newest:
            self._newest[series_id] = _newest(self._rows(series_id), self._instants)
        return self._newest[series_id]

    def _stacked(self, series_id: str) -> _Layers:
        if series_id not in self._layers:
            self._layers[series_id] = _layers(self._rows(series_id))
        return self._layers[series_id]

    def _midnight(self) -> TimeArray:
        return self._days

    def _row(self, values: FloatArray, name: str) -> pd.Series[float]:
        return pd.Series(values, index=self.times, name=name)

    @staticmethod
    def _zero_before(values: FloatArray, spec: SeriesSpec, days: TimeArray) -> FloatArray:
        if spec.zero_before is None:
            return values
        return np.where(days < np.datetime64(spec.zero_before, "D"), 0.0, values)


def panel_of(snapshot: Snapshot) -> Panel:
    """Return the as-of panel at every daily decision up to ``snapshot.as_of``."""
    return Panel(snapshot.observations, decision_times(snapshot.as_of))


def _carry(values: FloatArray, limit: int) -> FloatArray:
    """Carry values forward along rows over at most `limit` missing days."""
    columns = np.arange(values.shape[1])
    at = np.maximum.accumulate(np.where(np.isnan(values), -1, columns), axis=1)
    reachable = (at >= 0) & (columns - at <= limit)
    return np.where(reachable, np.take_along_axis(values, np.maximum(at, 0), axis=1), np.nan)
