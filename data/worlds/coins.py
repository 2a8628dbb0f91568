"""The coins of a world and their daily returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from data.aliases import FloatArray
from data.assets import asset
from data.worlds.streams import garch_t, stream
from data.worlds.timeline import Timeline

YEAR = 365
_BITCOIN_VOLATILITY, BITCOIN_DRIFT = 0.62, 0.45
# What an altcoin loses to beta times Bitcoin in a year, in logs, beside half of its own variance.
_FADING = 0.15
# Terra's last days: what is left of the price after each, the last one first.
_COLLAPSE = {"LUNA_CLASSIC": (0.05, 0.004, 0.02, 0.35, 0.55, 0.85)}


@dataclass(frozen=True, slots=True)
class Coin:
    """One coin.

    Parameters
    ----------
    name : str
        Asset of the price tables.
    first : date
        First day with a bar.
    price : float
        Price at which it opens, USD.
    beta : float
        Of its daily log return on Bitcoin's.
    volatility : float
        Yearly standard deviation of its own part.
    turnover : tuple of float
        Dollars traded a day in 2013 (or at its launch, if later) and from 2021 on.
    gap : tuple of date, optional
        First and last day without a bar in between.
    """

    name: str
    first: date
    price: float
    beta: float
    volatility: float
    turnover: tuple[float, float]
    gap: tuple[date, date] | None = None


BITCOIN = Coin("BTC", date(2013, 1, 1), 13.3, 1.0, 0.0, (1e6, 1.6e9))
ALTCOINS = (
    Coin("ETH", date(2017, 1, 1), 8.2, 1.05, 0.48, (1e7, 9e8)),
    Coin("BNB", date(2017, 11, 6), 1.6, 0.95, 0.62, (3e6, 2.5e8)),
    Coin("LTC", date(2017, 12, 13), 290.0, 1.00, 0.50, (3e7, 6e7)),
    Coin("ADA", date(2018, 4, 17), 0.24, 1.10, 0.58, (1e7, 1.2e8)),
    Coin("XRP", date(2018, 5, 4), 0.89, 0.95, 0.62, (2e7, 3e8)),
    Coin(
        "ATOM",
        date(2019, 4, 29),
        3.8,
        1.10,
        0.68,
        (3e6, 3e7),
        gap=(date(2026, 3, 19), date(2026, 4, 19)),
    ),
    Coin("SOL", date(2020, 8, 11), 3.3, 1.20, 0.75, (3e6, 5e8)),
    Coin("LUNA_CLASSIC", date(2020, 8, 21), 0.43, 1.20, 0.90, (2e6, 9e7)),
    Coin("HYPE", date(2024, 12, 5), 12.7, 1.15, 0.85, (4e7, 2.5e8)),
)
COINS = (BITCOIN, *ALTCOINS)


@dataclass(frozen=True, slots=True)
class Path:
    """Daily returns of one coin over the days on which it trades.

    Parameters
    ----------
    coin : Coin
        Whose they are.
    first : int
        Position of its first day in the timeline.
    returns : ndarray
        Log return of each day, open to close of the 24 hours.
    deviations : ndarray
        Standard deviation that each was drawn with.
    """

    coin: Coin
    first: int
    returns: FloatArray
    deviations: FloatArray


def bitcoin(time: Timeline, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return Bitcoin's own daily log returns without drift, and their standard deviations."""
    return garch_t(rng, len(time), _BITCOIN_VOLATILITY / np.sqrt(YEAR))


def altcoin(
    time: Timeline, coin: Coin, lead: Path, effect: FloatArray, rng: np.random.Generator
) -> Path:
    """Return an altcoin: beta times Bitcoin, its own noise and drift, and what is planted.

    Parameters
    ----------
    time : Timeline
        The days.
    coin : Coin
        Which one.
    lead : Path
        Bitcoin.
    effect : ndarray
        Planted addition to each day's log return.
    rng : Generator
        The coin's own stream.
    """
    first, end = _span(time, coin)
    own, deviation = garch_t(rng, end - first, coin.volatility / np.sqrt(YEAR))
    drift = -(_FADING + 0.5 * coin.volatility**2) / YEAR
    returns = coin.beta * lead.returns[first:end] + own + drift + effect[first:end]
    for back, left in enumerate(_COLLAPSE.get(coin.name, ())):
        if end < len(time) and back < len(returns):
            returns[-1 - back] = np.log(left)
    deviations = np.sqrt((coin.beta * lead.deviations[first:end]) ** 2 + deviation**2)
    return Path(coin, first, returns, deviations)


def altcoins(time: Timeline, lead: Path, effect: FloatArray, seed: int) -> list[Path]:
    """Return the altcoins that trade within the world's days."""
    return [
        altcoin(time, coin, lead, effect, stream(seed, "coins", number))
        for number, coin in enumerate(ALTCOINS)
        if coin.first < time.days[-1].date()
    ]


def _span(time: Timeline, coin: Coin) -> tuple[int, int]:
    delisted = asset(coin.name).delisted_on
    end = len(time)
    if delisted is not None and delisted <= time.days[-1].date():
        end = time.at(delisted)
    return time.at(coin.first), end
