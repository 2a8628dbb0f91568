"""The audit catches every planted leak and lets its clean twin through."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.errors import InputError, TooShort
from data.snapshot import Snapshot
from signals.audit import Leak, audit, audit_all
from signals.audited import SharedPanel
from signals.cuts import audit_times
from tests.signals.planted import PAIRS, last
from tests.signals.small_world import small_snapshot

DAY = pd.Timedelta(days=1)
T = pd.Timestamp("2021-11-05", tz="UTC")


@pytest.fixture(scope="module")
def world() -> Snapshot:
    return small_snapshot()


@pytest.fixture(scope="module")
def found(world: Snapshot) -> dict[str, Leak]:
    computes = {f"leak: {name}": pair.leak for name, pair in PAIRS.items()}
    computes |= {f"clean: {name}": pair.clean for name, pair in PAIRS.items()}
    return {leak.name: leak for leak in audit_all(computes, world, count=12)}


@pytest.mark.parametrize("name", PAIRS)
def test_a_planted_leak_is_caught(found: dict[str, Leak], name: str) -> None:
    assert f"leak: {name}" in found


@pytest.mark.parametrize("name", PAIRS)
def test_its_clean_twin_raises_no_alarm(found: dict[str, Leak], name: str) -> None:
    assert f"clean: {name}" not in found


@pytest.mark.parametrize("name", PAIRS)
def test_the_input_that_leaks_is_named(found: dict[str, Leak], name: str) -> None:
    through, named = PAIRS[name].through, found[f"leak: {name}"].series
    if through is None:
        assert named == ()
    else:
        assert named
        assert all(series.startswith(through) for series in named)


def test_there_are_enough_kinds() -> None:
    assert len(PAIRS) >= 14


def test_a_finding_says_what_changed_when_and_through_what(world: Snapshot) -> None:
    # The H.4.1 about Wednesday 2021-11-03 came on Thursday evening: Friday's decision was the
    # first to have it.
    thursday = pd.Timestamp("2021-11-04", tz="UTC")
    compute = PAIRS["today's H.4.1 on Wednesday"].leak
    (leak,) = audit(compute, world, pd.DatetimeIndex([thursday]), name="mine")
    assert (leak.decision_time, leak.cut) == (thursday, thursday)
    assert (leak.kind, leak.column, leak.series) == ("cut", "fed_assets", ("fed_assets",))
    assert str(leak).startswith(
        "mine: fed_assets of 2021-11-04 (cut through fed_assets; data known"
    )


def test_the_first_day_that_can_leak_is_found(found: dict[str, Leak]) -> None:
    # SOFR begins on 2021-01-04 and is published the next morning.
    assert found["leak: joined on ref_date"].decision_time <= pd.Timestamp("2021-01-05", tz="UTC")


def test_findings_do_not_depend_on_what_else_is_audited(
    world: Snapshot, found: dict[str, Leak]
) -> None:
    name = "full-sample z-score"
    alone = audit(PAIRS[name].leak, world, name=f"leak: {name}", count=12)
    assert [leak.decision_time for leak in alone] == [found[f"leak: {name}"].decision_time]


def test_given_times_are_the_only_ones(world: Snapshot) -> None:
    def leaks_at_one_time(snapshot: Snapshot) -> pd.Series:
        after = T + DAY
        x = last(snapshot, "tga")
        return x.where(x.index != T, x.get(after, np.nan))

    before, at = pd.DatetimeIndex([T - DAY]), pd.DatetimeIndex([T - DAY, T])
    assert audit(leaks_at_one_time, world, before) == []
    (leak,) = audit(leaks_at_one_time, world, at)
    assert (leak.decision_time, leak.cut, leak.name) == (T, T, "leaks_at_one_time")


def test_the_last_bits_count_only_where_they_are_asked_to(world: Snapshot) -> None:
    def last_bit(snapshot: Snapshot) -> pd.Series:
        x = last(snapshot, "tga")
        return x if snapshot.as_of == world.as_of else x * (1.0 + 1e-15)

    times = pd.DatetimeIndex([T])
    assert audit(last_bit, world, times) == []
    (leak,) = audit(last_bit, world, times, rounding=0.0)
    assert leak.kind == "cut"


def test_a_function_that_draws_lots_is_told_from_one_that_leaks(world: Snapshot) -> None:
    draws = itertools.count()

    def by_lot(snapshot: Snapshot) -> pd.Series:
        return last(snapshot, "tga") + next(draws)

    (leak,) = audit(by_lot, world, pd.DatetimeIndex([T]))
    assert leak.kind == "not repeatable"
    assert leak.series == ()


def test_too_little_data_for_an_output_is_no_leak(world: Snapshot) -> None:
    def raises_early(snapshot: Snapshot) -> pd.Series:
        rows = snapshot.observations.of("sofr")
        if rows.empty:
            raise TooShort("no SOFR yet")
        return last(snapshot, "sofr")

    assert audit(raises_early, world, count=12) == []


def test_to_fail_where_the_future_gave_an_output_is_a_leak(world: Snapshot) -> None:
    def needs_luna_to_end(snapshot: Snapshot) -> pd.Series:
        close = snapshot.daily.close["LUNA_CLASSIC"]
        ended = close.index[close.notna().to_numpy()][-1] < snapshot.as_of
        if not ended:
            raise ValueError("it trades")
        return close

    (leak,) = audit(needs_luna_to_end, world, pd.DatetimeIndex([T]))
    assert leak.kind == "cut"
    assert "ValueError: it trades" in leak.detail


def test_an_impossible_price_may_be_refused(world: Snapshot) -> None:
    def strict(snapshot: Snapshot) -> pd.Series:
        close = snapshot.daily.close["BTC"]
        if (close <= 0).any():
            raise ValueError("a price is negative")
        return close.rolling(5).mean()

    assert audit(strict, world, count=12) == []


def test_the_falsified_future_may_overflow_without_a_warning(world: Snapshot) -> None:
    def logarithm(snapshot: Snapshot) -> pd.Series:
        logs = np.log(snapshot.daily.close["BTC"].to_numpy())
        return pd.Series(logs, snapshot.daily.index) / (last(snapshot, "srf") * 0.0)

    assert audit(logarithm, world, count=12) == []


def test_a_table_with_words_is_compared_too(world: Snapshot) -> None:
    def clean(snapshot: Snapshot) -> pd.DataFrame:
        x = last(snapshot, "tga")
        words = np.where(x.diff() > 0, "up", "down")
        return pd.DataFrame({"flag": x > 800, "why": words}, index=x.index)

    def leak(snapshot: Snapshot) -> pd.DataFrame:
        table = clean(snapshot)
        return table.assign(why=table["why"].shift(-3))

    assert audit(clean, world, count=12) == []
    (found,) = audit(leak, world, count=12)
    assert (found.column, found.series) == ("why", ("tga",))


def test_an_error_on_the_whole_data_is_passed_on(world: Snapshot) -> None:
    def broken(snapshot: Snapshot) -> pd.Series:
        raise TooShort("nothing to work on")

    with pytest.raises(TooShort, match="nothing to work on"):
        audit(broken, world)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (3.0, "returns float: a Series or DataFrame is needed"),
        (pd.Series([1.0, 2.0]), "not indexed by decision times in UTC"),
        (pd.Series([1.0, 2.0], pd.DatetimeIndex([T, T])), "2021-11-05 .* stands .* twice"),
        (pd.Series([1.0], pd.DatetimeIndex(["2021-11-05"])), "not indexed by decision times"),
    ],
)
def test_an_output_that_is_no_table_by_time_is_refused(
    world: Snapshot, output: object, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        audit(lambda snapshot: output, world, name="mine")  # type: ignore[arg-type, return-value]


def test_functions_that_share_a_panel_build_it_once_for_each_snapshot(world: Snapshot) -> None:
    shared = SharedPanel()
    first = shared(world)
    assert shared(world) is first
    assert shared(replace(world, source="another")) is not first
    assert first.times[-1] == world.as_of


class TestTimes:
    def test_they_are_distinct_midnights_in_order(self, world: Snapshot) -> None:
        times = audit_times(world, 48)
        assert times.is_monotonic_increasing
        assert times.is_unique
        assert (times == times.floor("D")).all()
        assert str(times.tz) == "UTC"
        assert 40 <= len(times) <= 48

    def test_they_begin_before_everything_and_stay_within_the_data(self, world: Snapshot) -> None:
        times = audit_times(world, 48)
        assert times[0] < world.daily.index[0]
        assert times[-1] <= world.as_of

    def test_every_weekday_is_among_them(self, world: Snapshot) -> None:
        assert set(audit_times(world, 48).day_of_week) == set(range(7))

    def test_some_stand_right_before_a_weekly_release(self, world: Snapshot) -> None:
        times = audit_times(world, 48)
        known = world.observations.of("fed_assets")["known_at"].dt.floor("D")
        assert times.isin(pd.DatetimeIndex(known)).sum() >= 4

    def test_the_same_seed_gives_the_same_times(self, world: Snapshot) -> None:
        assert audit_times(world, 24, seed=3).equals(audit_times(world, 24, seed=3))
        assert not audit_times(world, 24, seed=3).equals(audit_times(world, 24, seed=4))

    def test_too_few_are_refused(self, world: Snapshot) -> None:
        with pytest.raises(ValueError, match="count = 7: an audit needs at least 8 times"):
            audit_times(world, 7)
