"""The table of published figures: order, cuts, revisions, rule times."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.catalogue import SERIES
from data.errors import BadTable, MissingSeries, UnknownName
from data.observations import COLUMNS, Observations, from_rows, observe
from data.release import known_at
from tests.data.vintages import DAY, IDS, Vintage, observations, vintages

some = settings(max_examples=30)


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def stored(series: str, *rows: tuple[str, float, str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series": series,
            "ref_date": pd.Series([row[0] for row in rows], dtype="datetime64[us]"),
            "value": [row[1] for row in rows],
            "known_at": pd.Series([row[2] for row in rows], dtype="datetime64[us, UTC]"),
            "source": "test",
        }
    )


class TestTable:
    @some
    @given(vintages())
    def test_rows_stand_by_series_then_as_they_became_known(self, rows: list[Vintage]) -> None:
        table = observations(rows).table
        keys = list(zip(table["series"], table["known_at"], table["ref_date"], strict=True))
        assert keys == sorted((row.series, row.known_at, row.ref_date) for row in rows)

    @some
    @given(vintages(), st.randoms(use_true_random=False))
    def test_the_order_of_arrival_does_not_matter(self, rows: list[Vintage], lot: object) -> None:
        shuffled = list(rows)
        lot.shuffle(shuffled)  # type: ignore[attr-defined]
        pd.testing.assert_frame_equal(observations(rows).table, observations(shuffled).table)

    @some
    @given(vintages())
    def test_each_series_is_found_whole(self, rows: list[Vintage]) -> None:
        both = observations(rows)
        for name in IDS:
            mine = both.of(name)
            assert set(mine["value"]) == {row.value for row in rows if row.series == name}
            assert (mine["series"] == name).all()

    @some
    @given(vintages())
    def test_arrays_say_the_same_as_the_table(self, rows: list[Vintage]) -> None:
        both = observations(rows)
        for name in IDS:
            table, arrays = both.of(name), both.vintages(name)
            assert list(arrays.value) == list(table["value"])
            assert list(arrays.day) == list(table["ref_date"].to_numpy().astype("datetime64[D]"))
            known = table["known_at"].dt.tz_localize(None)
            assert list(arrays.known) == list(known.to_numpy())
            assert list(arrays.on_record) == list(table["known_by"] == "vintage")
        with pytest.raises(MissingSeries):
            both.vintages("nothing")

    @some
    @given(vintages(), st.integers(0, 80))
    def test_a_cut_keeps_what_was_known_and_every_id(self, rows: list[Vintage], day: int) -> None:
        t = at("2019-09-01") + DAY * day
        cut = observations(rows).until(t)
        assert set(cut.table["value"]) == {row.value for row in rows if row.known_at <= t}
        assert cut.ids == frozenset(IDS)

    @some
    @given(vintages(), st.integers(0, 60), st.integers(0, 60))
    def test_two_cuts_are_the_earlier_one(self, rows: list[Vintage], a: int, b: int) -> None:
        first, second = (at("2019-09-01") + DAY * days for days in (a, b))
        once = observations(rows).until(min(first, second))
        twice = observations(rows).until(first).until(second)
        assert once.table.reset_index(drop=True).equals(twice.table.reset_index(drop=True))

    @some
    @given(vintages())
    def test_the_latest_vintage_of_each_day(self, rows: list[Vintage]) -> None:
        for name in IDS:
            newest: dict[pd.Timestamp, Vintage] = {}
            for row in sorted(rows, key=lambda row: row.known_at):
                if row.series == name:
                    newest[row.ref_date] = row
            latest = observations(rows).latest(name)
            assert latest.index.is_monotonic_increasing
            assert latest.to_dict() == {day: row.value for day, row in newest.items()}

    def test_added_rows_are_sorted_in_and_their_series_is_carried(self) -> None:
        few = observations([Vintage("tga", pd.Timestamp("2021-11-02"), 1.0, at("2021-11-03"))])
        more = observations([Vintage("rrp", pd.Timestamp("2021-11-02"), 2.0, at("2021-11-02"))])
        both = few.with_rows(more.table)
        assert list(both.table["series"]) == ["rrp", "tga"]
        assert "rrp" in both.ids

    def test_a_series_that_is_not_carried_is_named(self) -> None:
        with pytest.raises(MissingSeries, match="series 'rrp' is not in the data: import or fetch"):
            observations([], ("tga",)).of("rrp")

    def test_a_missing_column_is_named(self) -> None:
        with pytest.raises(BadTable, match="observations lack the column 'known_at'"):
            Observations(pd.DataFrame(columns=["series", "ref_date", "value"]), frozenset())

    def test_series_in_pieces_are_refused(self) -> None:
        rows = [Vintage(name, pd.Timestamp("2021-11-02"), 1.0, at("2021-11-03")) for name in IDS]
        table = observations(rows).table
        with pytest.raises(BadTable, match="not sorted by series"):
            Observations(pd.concat([table, table]), frozenset(IDS))

    @pytest.mark.parametrize("column", ["ref_date", "value", "known_at"])
    def test_nothing_may_be_missing(self, column: str) -> None:
        day = pd.Timestamp("2021-11-02")
        table = observations([Vintage("tga", day, 1.0, at("2021-11-03"))]).table
        with pytest.raises(BadTable, match=r"series 'tga', .*: none of them may be missing"):
            from_rows(table.assign(**{column: table[column].where(table["value"].isna())}), IDS)


class TestObserve:
    def test_the_rule_says_when_where_no_vintage_is_on_record(self) -> None:
        rows = stored("tga", ("2021-11-02", 200.0, None), ("2021-11-03", 210.0, None))
        made = observe(rows).table
        assert tuple(made.columns) == COLUMNS
        assert list(made["known_at"]) == list(
            known_at(SERIES["tga"], pd.DatetimeIndex(["2021-11-02", "2021-11-03"]))
        )
        assert list(made["known_by"]) == ["rule", "rule"]

    def test_a_vintage_on_record_beats_the_rule(self) -> None:
        first, revised = "2021-12-28 18:00", "2022-01-25 18:00"
        rows = stored("m2", ("2021-11-30", 21_000.0, first), ("2021-11-30", 21_100.0, revised))
        made = observe(rows).table
        assert list(made["known_at"]) == [at(first), at(revised)]
        assert list(made["value"]) == [21_000.0, 21_100.0]
        assert list(made["known_by"]) == ["vintage", "vintage"]

    def test_both_may_stand_in_one_table(self) -> None:
        late = ("2021-11-03", 210.0, "2021-11-09 12:00")
        rows = stored("tga", ("2021-11-02", 200.0, None), late)
        made = observe(pd.concat([rows, stored("rrp", ("2021-11-02", 1.0, None))]).reset_index())
        assert dict(zip(made.table["value"], made.table["known_by"], strict=True)) == {
            200.0: "rule",
            210.0: "vintage",
            1.0: "rule",
        }
        assert made.ids == {"tga", "rrp"}

    def test_rows_that_speak_for_themselves_are_added_as_they_are(self) -> None:
        rows = stored("tga", ("2021-11-02", 200.0, None))
        more = observations([Vintage("rrp", pd.Timestamp("2021-11-02"), 1.0, at("2021-12-01"))])
        made = observe(rows, more.table)
        pd.testing.assert_frame_equal(made.table, observe(rows).with_rows(more.table).table)
        assert made.ids == {"tga", "rrp"}

    def test_instants_have_one_unit(self) -> None:
        rows = stored("tga", ("2021-11-02", 200.0, None))
        assert str(observe(rows).table["known_at"].dtype) == "datetime64[us, UTC]"

    def test_an_unknown_series_and_an_empty_table_are_refused(self) -> None:
        with pytest.raises(UnknownName, match="did you mean tga"):
            observe(stored("tgaa", ("2021-11-02", 1.0, None)))
        with pytest.raises(BadTable, match="there are no observations at all"):
            observe(stored("tga"))
