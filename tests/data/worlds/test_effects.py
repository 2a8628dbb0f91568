"""Planted effects: their sizes, that none comes before its figure is known, and recovery."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.aliases import FloatArray
from data.snapshot import Snapshot, from_tables
from data.worlds import srf
from data.worlds.build import build, simulated_tables, truth
from data.worlds.config import FIRST, LAST, WORLDS, World
from data.worlds.confounders import CO_MOVING
from data.worlds.effects import PROFILE, effects, truths, weekly
from data.worlds.timeline import Timeline, timeline

NONE = np.array([], dtype=np.int64)


@pytest.fixture(scope="module")
def time() -> Timeline:
    return timeline(FIRST, LAST)


def step(time: Timeline, day: str) -> FloatArray:
    """A balance that is 100bn higher from a day on."""
    return np.where(time.from_day(day), 100.0, 0.0)


def planted(time: Timeline, world: World, day: str, *, account: bool = False) -> FloatArray:
    """What a step of 100bn on `day` adds to Bitcoin's daily log returns."""
    level, tga, flat = step(time, day), -step(time, day), np.zeros(len(time))
    known = weekly(time, level, tga if account else flat, "2013-09-23")
    still = weekly(time, flat, flat, "2013-09-23")
    with_step, without = (effects(time, world, one, NONE).bitcoin for one in (known, still))
    return with_step - without


# The first decision that knows the H.4.1 of a Wednesday, looked up by hand.
DECISIONS = [
    ("2024-11-13", "2024-11-15"),
    ("2024-11-27", "2024-12-06"),  # Thanksgiving: published on Friday
    ("2025-12-24", "2026-01-02"),  # closed by order: published on Monday
    ("2020-12-23", "2021-01-01"),
    ("2024-07-03", "2024-07-12"),  # Independence Day on a Thursday
]


@pytest.mark.parametrize(("wednesday", "decision"), DECISIONS)
def test_no_effect_before_the_decision_that_knows_the_figure(
    time: Timeline, wednesday: str, decision: str
) -> None:
    added = planted(time, World("tried", 1, {"C2b": 4.0}), wednesday)
    first = int(np.flatnonzero(np.abs(added) > 1e-12)[0])
    assert time.days[first] == pd.Timestamp(decision)


def test_sizes_over_4_and_13_weeks(time: Timeline) -> None:
    assert PROFILE[:4].sum() == pytest.approx(1.0)
    assert PROFILE.sum() == pytest.approx(2.0)
    added = planted(time, World("tried", 1, {"C2b": 4.0}), "2024-11-13")
    first = time.at("2024-11-15")
    assert added[first : first + 28].sum() == pytest.approx(0.04)
    assert added[first : first + 91].sum() == pytest.approx(0.08)
    assert added.sum() == pytest.approx(0.08)


def test_the_account_adds_to_net_liquidity(time: Timeline) -> None:
    world = World("tried", 1, {"C2b": 4.0, "C3": 2.0})
    added = planted(time, world, "2024-11-13", account=True)
    first = time.at("2024-11-15")
    assert added[first : first + 28].sum() == pytest.approx(0.06)
    assert added.sum() == pytest.approx(0.12)


def test_co_movement_falls_in_the_week_before_the_decision(time: Timeline) -> None:
    added = planted(time, World("tried", 1, {"C2a": 4.0}), "2024-11-13")
    at = np.flatnonzero(np.abs(added) > 1e-12)
    assert (str(time.days[at[0]].date()), len(at)) == ("2024-11-08", 7)
    assert added.sum() == pytest.approx(0.04)


def test_amplification_moves_altcoins_only(time: Timeline) -> None:
    world = World("tried", 1, {"C6": 2.0})
    flat = np.zeros(len(time))
    known = weekly(time, step(time, "2024-11-13"), flat, "2013-09-23")
    still = weekly(time, flat, flat, "2013-09-23")
    assert not effects(time, world, known, NONE).bitcoin.any()
    added = effects(time, world, known, NONE).altcoins - effects(time, world, still, NONE).altcoins
    first = time.at("2024-11-15")
    assert not added[:first].any()
    assert added[first : first + 28].sum() == pytest.approx(0.02)


def test_an_episode_lifts_the_20_bars_after_it_is_known(time: Timeline) -> None:
    flat = np.zeros(len(time))
    known = weekly(time, flat, flat, "2013-09-23")
    episodes = np.array([time.at("2025-10-15")])
    world = World("tried", 1, {"C5": 20.0})
    added = effects(time, world, known, episodes).bitcoin
    at = np.flatnonzero(added)
    # The afternoon's result of the 15th is public before midnight UTC.
    assert (str(time.days[at[0]].date()), len(at)) == ("2025-10-16", 20)
    assert added.sum() == pytest.approx(0.20)


def weekly_as_known(snapshot: Snapshot) -> pd.Series[float]:
    """Weekly change of net liquidity at each Friday 00:00 UTC, from what a user sees."""
    table = {
        name: snapshot.observations.of(name).set_index("ref_date")
        for name in ("fed_assets", "tga_wednesday", "rrp")
    }
    wednesdays = table["fed_assets"].index
    rrp = table["rrp"]["value"].reindex(wednesdays, method="ffill")
    level = (table["fed_assets"]["value"] - table["tga_wednesday"]["value"] - rrp).dropna()
    public = table["fed_assets"]["known_at"][level.index]
    fridays = pd.date_range(
        pd.Timestamp("2013-10-04", tz="UTC"), snapshot.as_of, freq="W-FRI", unit="us"
    )
    last = np.array([int((public <= friday).sum()) - 1 for friday in fridays])
    return pd.Series(level.to_numpy()[last], index=fridays).diff().dropna()


def projection(snapshot: Snapshot, weeks: int = 4, lags: int = 13) -> tuple[float, float]:
    """Effect of the weekly change on the forward return, percent per 100bn, and its HC3 error."""
    change = weekly_as_known(snapshot)
    price = np.log(snapshot.daily.close["BTC"])
    end = pd.DatetimeIndex(change.index) + pd.Timedelta(weeks=weeks)
    forward = price.reindex(end).to_numpy() - price.reindex(change.index).to_numpy()
    past = price.reindex(change.index).diff()
    columns = {"constant": 1.0, "trend": np.arange(len(change)) / len(change)}
    columns |= {f"dx{lag}": change.shift(lag) for lag in range(lags + 1)}
    columns |= {f"r{lag}": past.shift(lag) for lag in range(lags)}
    design = pd.DataFrame(columns, index=change.index)
    keep = design.notna().all(axis=1).to_numpy() & np.isfinite(forward)
    x, y = design[keep].to_numpy(), forward[keep]
    inverse = np.linalg.pinv(x)
    residual = (y - x @ inverse @ y) / (1.0 - np.einsum("ij,ji->i", x, inverse))
    error = np.sqrt(((inverse[2] * residual) ** 2).sum())
    return float(inverse[2] @ y) * 1e4, float(error) * 1e4


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_strong_effect_is_found_where_it_was_planted(seed: int) -> None:
    tables, known = simulated_tables(World("strong", seed, {"C2b": 8.0}))
    snapshot = from_tables(tables, "strong", known)
    estimate, error = projection(snapshot)
    assert known.links["C2b"] == pytest.approx(8.0, rel=0.15)
    assert abs(estimate - known.links["C2b"]) < 3.0 * error
    assert estimate > 4.0 * error


@pytest.mark.parametrize("world", ["null", "reverse_causality", "common_factor"])
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_found_where_nothing_was_planted(world: str, seed: int) -> None:
    given = World(world, seed, confounders=WORLDS[world].confounders)
    tables, known = simulated_tables(given)
    estimate, error = projection(from_tables(tables, world, known))
    assert known.links["C2b"] == 0.0
    assert abs(estimate) < 3.0 * error


def test_truth_follows_the_size(time: Timeline) -> None:
    one, four = (World("tried", 3, {"C2b": size}) for size in (1.0, 4.0))
    known = build(one).known
    at_one, at_four = truths(one, known), truths(four, known)
    assert at_four["C2b"] == pytest.approx(4.0 * at_one["C2b"], rel=1e-6)
    assert at_one["C2b"] == pytest.approx(1.0, rel=0.15)
    assert at_one["C2a"] == pytest.approx(0.75, rel=0.15)
    assert 0.0 < at_one["C3"] < 1.0
    assert at_one["C6"] == 0.0


def test_co_moving_worlds_have_no_answer_for_co_movement() -> None:
    for name in ("null", "calendar", *sorted(CO_MOVING)):
        world = World(name, 1, confounders=WORLDS[name].confounders)
        assert ("C2a" in truth(world, build(world)).links) == (name not in CO_MOVING)


def mean_rank(seed: int, strength: float) -> float:
    """Mean rank of SOFR less the ceiling on the usage days of a world."""
    built = build(World("tried", seed, {"B4": strength}))
    used = built.plumbing.usage.total[built.facility.days] >= srf.THRESHOLD
    return float(built.facility.rank[used].mean())


def test_usage_falls_on_dear_days_where_the_link_is_on_and_anywhere_else() -> None:
    seeds = range(12)
    on = np.array([mean_rank(seed, 3.0) for seed in seeds])
    off = np.array([mean_rank(seed, 0.0) for seed in seeds])
    assert on.min() > 0.75
    assert abs(off.mean() - 0.5) < 3.0 * off.std(ddof=1) / np.sqrt(len(off))


def test_the_stated_strength_of_usage_is_what_other_draws_give() -> None:
    world = World("tried", 5, {"B4": 3.0})
    stated = truth(world, build(world)).links["B4"]
    assert stated == pytest.approx(mean_rank(5, 3.0) - 0.5, abs=0.1)
    weak = World("tried", 5, {"B4": 0.5})
    assert 0.0 < truth(weak, build(weak)).links["B4"] < stated


def test_a_shorter_world_is_possible() -> None:
    world = World("tried", 5, {"C2b": 4.0}, start=date(2016, 1, 4), end=date(2024, 6, 30))
    tables, known = simulated_tables(world)
    snapshot = from_tables(tables, "short", known)
    assert snapshot.as_of == pd.Timestamp("2024-07-01", tz="UTC")
    assert snapshot.observations.table["ref_date"].max() <= pd.Timestamp("2026-06-30")
    assert "HYPE" not in snapshot.daily.assets
