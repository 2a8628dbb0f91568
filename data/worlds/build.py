"""One world, put together: plumbing first, then prices that answer to what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.tables import Tables
from data.truth import Truth
from data.worlds import (
    balance_sheet,
    coins,
    confounders,
    economy,
    effects,
    funding,
    intraday,
    srf,
    tables,
)
from data.worlds.balance_sheet import Sheet
from data.worlds.coins import YEAR, Path
from data.worlds.config import World
from data.worlds.confounders import Pull
from data.worlds.economy import Markets
from data.worlds.effects import Effects, Weekly
from data.worlds.intraday import Ohlcv
from data.worlds.notes import notes
from data.worlds.policy import policy
from data.worlds.repo import repo
from data.worlds.srf import Facility
from data.worlds.streams import stream
from data.worlds.tables import Plumbing
from data.worlds.timeline import Timeline, timeline
from data.worlds.treasury import treasury

HOURLY_BEGINS = "2021-01-01"


@dataclass(frozen=True, slots=True)
class Built:
    """A world with its inner workings, before it becomes tables.

    Parameters
    ----------
    time : Timeline
        The days.
    plumbing : Plumbing
        Every balance and rate.
    facility : Facility
        How SOFR stood on the SRF's days.
    known : Weekly
        Liquidity as known at each weekly decision.
    bitcoin : Path
        Bitcoin with everything planted.
    altcoins : list of Path
        The others.
    """

    time: Timeline
    plumbing: Plumbing
    facility: Facility
    known: Weekly
    bitcoin: Path
    altcoins: list[Path]


def build(world: World) -> Built:
    """Simulate a world."""
    time = timeline(world.start, world.end)
    rates = policy(time)
    controls = economy.markets(time, rates, stream(world.seed, "equities"))
    own, deviations = coins.bitcoin(time, stream(world.seed, "bitcoin"))
    pull = confounders.pull(
        world.confounders,
        confounders.Draws(time, controls.equity_returns, own, stream(world.seed, "confounders")),
    )
    plumbing, facility = _plumb(world, time, controls, np.asarray(pull.purchases))
    known = effects.weekly(
        time, _net_liquidity(plumbing.sheet), plumbing.sheet.tga, balance_sheet.RRP_BEGINS
    )
    planted = effects.effects(time, world, known, plumbing.usage.starts)
    lead = _lead(own, deviations, pull, planted)
    return Built(
        time=time,
        plumbing=plumbing,
        facility=facility,
        known=known,
        bitcoin=lead,
        altcoins=coins.altcoins(time, lead, planted.altcoins, world.seed),
    )


def _plumb(
    world: World, time: Timeline, controls: Markets, purchases: FloatArray
) -> tuple[Plumbing, Facility]:
    rates = policy(time)
    slow = economy.economy(time, stream(world.seed, "economy"))
    books = treasury(time, stream(world.seed, "treasury"))
    moving = balance_sheet.drivers(
        time,
        stream(world.seed, "balance_sheet"),
        stream(world.seed, "reverse_repo"),
        purchases,
    )
    unaided = balance_sheet.add_up(moving, books.tga, np.zeros(len(time)))
    money = repo(time, rates, unaided.reserves / slow.gdp_daily, stream(world.seed, "repo"))
    where = srf.facility(time, money.over_ceiling)
    used = srf.usage(time, where, world.size("B4"), stream(world.seed, "srf"))
    sheet = balance_sheet.add_up(moving, books.tga, used.total)
    return Plumbing(rates, sheet, books, money, used, slow, controls), where


def _net_liquidity(sheet: Sheet) -> FloatArray:
    return sheet.assets - sheet.tga - sheet.rrp


def _lead(own: FloatArray, deviations: FloatArray, pull: Pull, planted: Effects) -> Path:
    drift = coins.BITCOIN_DRIFT / YEAR
    returns = pull.scale * own + pull.returns + planted.bitcoin + drift
    return Path(coins.BITCOIN, 0, returns, np.asarray(pull.scale * deviations))


def truth(world: World, built: Built) -> Truth:
    """Return the answers of a world: the value each claim's estimator has without noise."""
    strength = world.size("B4")
    redraws = stream(world.seed, "redraws")
    links = effects.truths(world, built.known)
    links["B4"] = srf.expected_rank(built.facility, strength, redraws)
    links["C5"] = world.size("C5")
    if confounders.CO_MOVING & set(world.confounders):
        del links["C2a"]
    ordered = dict(sorted(links.items()))
    return Truth(world.name, world.seed, ordered, notes(world, ordered))


def to_tables(world: World, built: Built) -> Tables:
    """Return a world's tables in the store's canonical columns."""
    time, seed = built.time, world.seed
    days: list[tuple[coins.Coin, pd.DatetimeIndex, Ohlcv]] = []
    hours: list[tuple[coins.Coin, pd.DatetimeIndex, Ohlcv]] = []
    rates: dict[str, tuple[pd.DatetimeIndex, FloatArray]] = {}
    for number, path in enumerate((built.bitcoin, *built.altcoins)):
        rng = stream(seed, "intraday", number)
        opened = time.days[path.first : path.first + len(path.returns)]
        if path.coin.name in funding.BEGINS:
            fine = intraday.hourly(time, path, rng)
            days.append((path.coin, opened, intraday.aggregated(fine)))
            clock = pd.date_range(opened[0], periods=len(fine.close), freq="h", unit="us")
            shown = np.asarray(clock >= pd.Timestamp(HOURLY_BEGINS))
            hours.append((path.coin, clock[shown], fine.take(shown)))
            rates[path.coin.name] = funding.funding(time, path, stream(seed, "funding", number))
        else:
            bars = intraday.daily(time, path, rng)
            days.append((path.coin, *_without_gap(path.coin, opened, bars)))
    return {
        "observations": tables.observations(time, built.plumbing),
        "prices_1d": tables.prices(days),
        "prices_1h": tables.prices(hours),
        "funding": tables.funding_rates(rates, funding.VENUE),
    }


def _without_gap(
    coin: coins.Coin, opened: pd.DatetimeIndex, bars: Ohlcv
) -> tuple[pd.DatetimeIndex, Ohlcv]:
    if coin.gap is None:
        return opened, bars
    first, last = (pd.Timestamp(day) for day in coin.gap)
    keep = np.asarray((opened < first) | (opened > last))
    return opened[keep], bars.take(keep)


def simulated_tables(world: World) -> tuple[Tables, Truth]:
    """Return the tables of a world and its planted truth."""
    built = build(world)
    return to_tables(world, built), truth(world, built)
