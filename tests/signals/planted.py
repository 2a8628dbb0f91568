"""Planted look-ahead of every common kind, each beside a twin that does the same right.

Every function takes a snapshot and answers by decision time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.signal import savgol_filter

from data.panel import Panel, decision_times
from data.snapshot import Snapshot

Output = pd.Series | pd.DataFrame
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A leak, its clean twin, and how the name of the input begins through which it leaks.

    None: it leaks through no single input.
    """

    leak: Callable[[Snapshot], Output]
    clean: Callable[[Snapshot], Output]
    through: str | None


def panel(snapshot: Snapshot) -> Panel:
    return Panel(snapshot.observations, decision_times(snapshot.as_of))


def last(snapshot: Snapshot, series: str) -> pd.Series:
    return panel(snapshot).last(series)


def closes(snapshot: Snapshot, coin: str = "BTC") -> pd.Series:
    return snapshot.daily.close[coin].reindex(decision_times(snapshot.as_of))


def by_ref_date(snapshot: Snapshot, series: str, delay: pd.Timedelta = DAY * 0) -> pd.Series:
    """The figures by the day they are about (plus `delay`), as if nobody had to wait for them."""
    figures = snapshot.observations.latest(series)
    stamped = figures.set_axis(pd.DatetimeIndex(figures.index).tz_localize("UTC") + delay)
    return stamped.reindex(decision_times(snapshot.as_of), method="ffill", limit=13)


def shifted(snapshot: Snapshot) -> Output:
    return last(snapshot, "rrp").shift(-1)


def lagged(snapshot: Snapshot) -> Output:
    return last(snapshot, "rrp").shift(1)


def centred_mean(snapshot: Snapshot) -> Output:
    return last(snapshot, "tga").rolling(7, center=True).mean()


def trailing_mean(snapshot: Snapshot) -> Output:
    return last(snapshot, "tga").rolling(7).mean()


def full_zscore(snapshot: Snapshot) -> Output:
    x = last(snapshot, "tga")
    return (x - x.mean()) / x.std()


def expanding_zscore(snapshot: Snapshot) -> Output:
    x = last(snapshot, "tga")
    return (x - x.expanding(30).mean()) / x.expanding(30).std()


def releases(snapshot: Snapshot, series: str) -> pd.Series:
    """The newest value on the first decision after each release, NaN on other days."""
    seen = panel(snapshot)
    return seen.last(series).where(seen.ref_date(series).ne(seen.ref_date(series).shift()))


def back_filled(snapshot: Snapshot) -> Output:
    return releases(snapshot, "fed_assets").bfill()


def forward_filled(snapshot: Snapshot) -> Output:
    return releases(snapshot, "fed_assets").ffill()


def interpolated(snapshot: Snapshot) -> Output:
    return releases(snapshot, "reserves").interpolate()


def carried(snapshot: Snapshot) -> Output:
    return releases(snapshot, "reserves").ffill()


def joined_on_ref_date(snapshot: Snapshot) -> Output:
    return by_ref_date(snapshot, "sofr")


def joined_on_known_at(snapshot: Snapshot) -> Output:
    return last(snapshot, "sofr")


def h41_on_wednesday(snapshot: Snapshot) -> Output:
    return by_ref_date(snapshot, "fed_assets", 16.5 * pd.Timedelta(hours=1) + DAY / 6)


def h41_on_thursday(snapshot: Snapshot) -> Output:
    return last(snapshot, "fed_assets")


def final_vintage(snapshot: Snapshot) -> Output:
    """Known when first printed, but with the figure as revised afterwards."""
    dates = panel(snapshot).ref_date("m2")
    final = snapshot.observations.latest("m2")
    return pd.Series(final.reindex(dates).to_numpy(), index=dates.index)


def first_print(snapshot: Snapshot) -> Output:
    return last(snapshot, "m2")


def momentum(close: pd.Series) -> pd.Series:
    change = close.pct_change(7, fill_method=None)
    return (change > 0).astype(float).where(change.notna())


def bar_by_its_open(snapshot: Snapshot) -> Output:
    """Bars labelled by the moment they open: the row holds the close of a day to come."""
    close = snapshot.daily.close["BTC"].copy()
    close.index = snapshot.daily.index - DAY
    return momentum(close)


def bar_by_its_close(snapshot: Snapshot) -> Output:
    return momentum(snapshot.daily.close["BTC"])


def week_stamped_at_start(snapshot: Snapshot) -> Output:
    x = last(snapshot, "tga")
    week = x.resample("W-MON", label="left", closed="left").mean()
    return week.reindex(x.index, method="ffill")


def week_stamped_at_end(snapshot: Snapshot) -> Output:
    x = last(snapshot, "tga")
    week = x.resample("W-MON", label="right", closed="left").mean()
    return week.reindex(x.index, method="ffill")


def min_max_of_all(snapshot: Snapshot) -> Output:
    x = last(snapshot, "rrp")
    scaled: pd.Series = (x - x.min()) / (x.max() - x.min())
    return scaled


def min_max_so_far(snapshot: Snapshot) -> Output:
    x = last(snapshot, "rrp")
    return (x - x.cummin()) / (x.cummax() - x.cummin())


def filled_in_reverse(snapshot: Snapshot) -> Output:
    return closes(snapshot, "ETH").iloc[::-1].ffill().iloc[::-1]


def filled_in_order(snapshot: Snapshot) -> Output:
    return closes(snapshot, "ETH").ffill()


def quantile_of_all(snapshot: Snapshot) -> Output:
    x = last(snapshot, "srf")
    return x > x[x > 0].quantile(0.8)


def quantile_so_far(snapshot: Snapshot) -> Output:
    x = last(snapshot, "srf")
    return x > x.where(x > 0).expanding(20).quantile(0.8)


def equal_weights(held: pd.DataFrame) -> pd.DataFrame:
    return held.div(held.sum(axis=1), axis=0).where(held, 0.0)


def survivors(snapshot: Snapshot) -> Output:
    close = snapshot.daily.close
    alive = close.notna() & close.iloc[-1].notna()
    return equal_weights(alive & snapshot.daily.universe())


def universe_of_the_day(snapshot: Snapshot) -> Output:
    return equal_weights(snapshot.daily.universe())


def maximum_with_unreleased(snapshot: Snapshot) -> Output:
    return by_ref_date(snapshot, "tga").cummax()


def maximum_of_released(snapshot: Snapshot) -> Output:
    return last(snapshot, "tga").cummax()


def quarter_end(times: pd.DatetimeIndex) -> pd.Series:
    ends = (times.tz_localize(None) + pd.offsets.QuarterEnd(0)).normalize().as_unit("us")
    return pd.Series(ends, index=times)


def target_before_announced(snapshot: Snapshot) -> Output:
    ends = quarter_end(decision_times(snapshot.as_of))
    targets = snapshot.observations.latest("tga_target")
    return pd.Series(targets.reindex(ends).to_numpy(), index=ends.index)


def target_once_announced(snapshot: Snapshot) -> Output:
    seen = panel(snapshot)
    return seen.on("tga_target", quarter_end(seen.times))


def moves(snapshot: Snapshot) -> tuple[pd.Series, pd.Series]:
    return (
        closes(snapshot, "ETH").pct_change(fill_method=None),
        closes(snapshot).pct_change(fill_method=None),
    )


def hedged_by_full_beta(snapshot: Snapshot) -> Output:
    eth, btc = moves(snapshot)
    return eth - eth.cov(btc) / btc.var() * btc


def hedged_by_trailing_beta(snapshot: Snapshot) -> Output:
    eth, btc = moves(snapshot)
    return eth - eth.rolling(90, 60).cov(btc) / btc.rolling(90, 60).var() * btc


def rank_among_all(snapshot: Snapshot) -> Output:
    return last(snapshot, "rrp").rank(pct=True)


def rank_so_far(snapshot: Snapshot) -> Output:
    return last(snapshot, "rrp").expanding(20).rank(pct=True)


def smoothed_both_ways(snapshot: Snapshot) -> Output:
    x = last(snapshot, "tga").ffill().fillna(0.0)
    return pd.Series(savgol_filter(x, 15, 2), index=x.index)


def smoothed_exponentially(snapshot: Snapshot) -> Output:
    return last(snapshot, "tga").ffill().fillna(0.0).ewm(halflife=5, adjust=False).mean()


def low_frequencies(snapshot: Snapshot) -> Output:
    x = last(snapshot, "reserves").ffill().fillna(0.0)
    spectrum = np.fft.rfft(x)
    spectrum[40:] = 0
    return pd.Series(np.fft.irfft(spectrum, len(x)), index=x.index)


def long_mean(snapshot: Snapshot) -> Output:
    return last(snapshot, "reserves").ffill().fillna(0.0).rolling(91, 1).mean()


def detrended_by_all(snapshot: Snapshot) -> Output:
    x = last(snapshot, "rrp")
    day = np.arange(len(x))
    known = x.notna().to_numpy()
    slope, level = np.polyfit(day[known], x[known], 1)
    rest: pd.Series = x - (level + slope * day)
    return rest


def detrended_so_far(snapshot: Snapshot) -> Output:
    x = last(snapshot, "rrp")
    return x - x.rolling(365, 180).mean()


def share_of_all_coins_ever(snapshot: Snapshot) -> Output:
    held = snapshot.daily.universe()
    return held.astype(float) / len(snapshot.daily.assets)


def share_of_coins_so_far(snapshot: Snapshot) -> Output:
    held = snapshot.daily.universe()
    ever = held.cummax().sum(axis=1)
    return held.astype(float).div(ever.where(ever > 0), axis=0)


def days_to_next_release(snapshot: Snapshot) -> Output:
    times = decision_times(snapshot.as_of)
    known = snapshot.observations.of("fed_assets")["known_at"].drop_duplicates()
    after = np.searchsorted(known, times, side="right")
    inside = after < len(known)
    days = (pd.DatetimeIndex(known)[np.where(inside, after, 0)] - times) / DAY
    return pd.Series(np.where(inside, days, np.nan), index=times)


def days_since_last_release(snapshot: Snapshot) -> Output:
    return panel(snapshot).age("fed_assets")


def share_of_time_elapsed(snapshot: Snapshot) -> Output:
    times = decision_times(snapshot.as_of)
    return pd.Series(np.arange(len(times)) / len(times), index=times)


def days_elapsed(snapshot: Snapshot) -> Output:
    times = decision_times(snapshot.as_of)
    return pd.Series(np.arange(len(times), dtype=float), index=times)


def weights_by_full_volatility(snapshot: Snapshot) -> Output:
    returns = snapshot.daily.close.pct_change(fill_method=None)
    held = snapshot.daily.universe()
    inverse = held / returns.std()
    return inverse.div(inverse.sum(axis=1), axis=0)


def weights_by_trailing_volatility(snapshot: Snapshot) -> Output:
    returns = snapshot.daily.close.pct_change(fill_method=None)
    inverse = snapshot.daily.universe() / returns.rolling(30, 20).std()
    return inverse.div(inverse.sum(axis=1), axis=0)


def days_before_a_rise(snapshot: Snapshot) -> Output:
    """Rows chosen by the future: only the days after which BTC rose."""
    close = closes(snapshot)
    return close[close.shift(-1) > close]


def days_after_a_rise(snapshot: Snapshot) -> Output:
    close = closes(snapshot)
    return close[close > close.shift(1)]


def nearest_figure(snapshot: Snapshot) -> Output:
    return merged(snapshot, "nearest")


def figure_before(snapshot: Snapshot) -> Output:
    return merged(snapshot, "backward")


def merged(snapshot: Snapshot, direction: Literal["nearest", "backward"]) -> Output:
    times = pd.DataFrame({"time": decision_times(snapshot.as_of)})
    rows = snapshot.observations.of("reserves")[["known_at", "value"]]
    both = pd.merge_asof(times, rows, left_on="time", right_on="known_at", direction=direction)
    return both.set_index("time")["value"]


def busiest_coin_of_all(snapshot: Snapshot) -> Output:
    daily = snapshot.daily
    best = (daily.close * daily.volume).mean().idxmax()
    return daily.close[best].notna().astype(float).to_frame(str(best))


def busiest_coin_so_far(snapshot: Snapshot) -> Output:
    traded = (snapshot.daily.close * snapshot.daily.volume).rolling(30, 20).mean()
    return traded.eq(traded.max(axis=1), axis=0).astype(float)


def changed_first_then_filled(snapshot: Snapshot) -> Output:
    """Difference between the next figure and this one, called this week's change."""
    return -releases(snapshot, "fed_assets").bfill().diff(-7)


def change_of_known(snapshot: Snapshot) -> Output:
    return last(snapshot, "fed_assets").diff(7)


PAIRS: dict[str, Pair] = {
    "shift(-1)": Pair(shifted, lagged, "rrp"),
    "centred window": Pair(centred_mean, trailing_mean, "tga"),
    "full-sample z-score": Pair(full_zscore, expanding_zscore, "tga"),
    "bfill": Pair(back_filled, forward_filled, "fed_assets"),
    "interpolate": Pair(interpolated, carried, "reserves"),
    "joined on ref_date": Pair(joined_on_ref_date, joined_on_known_at, "sofr"),
    "today's H.4.1 on Wednesday": Pair(h41_on_wednesday, h41_on_thursday, "fed_assets"),
    "final vintage": Pair(final_vintage, first_print, "m2"),
    "bar labelled by its open": Pair(bar_by_its_open, bar_by_its_close, "daily.close"),
    "week stamped at its start": Pair(week_stamped_at_start, week_stamped_at_end, "tga"),
    "min-max of all": Pair(min_max_of_all, min_max_so_far, "rrp"),
    "ffill of a reversed frame": Pair(filled_in_reverse, filled_in_order, "daily.close"),
    "full-sample quantile": Pair(quantile_of_all, quantile_so_far, "srf"),
    "universe of survivors": Pair(survivors, universe_of_the_day, "daily.close"),
    "statistic with the unreleased row": Pair(maximum_with_unreleased, maximum_of_released, "tga"),
    "fact not yet announced": Pair(target_before_announced, target_once_announced, "tga_target"),
    "full-sample beta": Pair(hedged_by_full_beta, hedged_by_trailing_beta, "daily.close"),
    "full-sample rank": Pair(rank_among_all, rank_so_far, "rrp"),
    "two-sided smoothing": Pair(smoothed_both_ways, smoothed_exponentially, "tga"),
    "Fourier smoothing": Pair(low_frequencies, long_mean, "reserves"),
    "full-sample trend": Pair(detrended_by_all, detrended_so_far, "rrp"),
    "number of coins to come": Pair(share_of_all_coins_ever, share_of_coins_so_far, None),
    "date of the next release": Pair(days_to_next_release, days_since_last_release, "fed_assets"),
    "length of the data": Pair(share_of_time_elapsed, days_elapsed, None),
    "full-sample volatility": Pair(
        weights_by_full_volatility, weights_by_trailing_volatility, "daily.close"
    ),
    "rows chosen by the future": Pair(days_before_a_rise, days_after_a_rise, "daily.close"),
    "nearest figure": Pair(nearest_figure, figure_before, "reserves"),
    "best coin of all time": Pair(busiest_coin_of_all, busiest_coin_so_far, "daily."),
    "change to the next figure": Pair(changed_first_then_filled, change_of_known, "fed_assets"),
}
