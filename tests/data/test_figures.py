"""What becomes of an offered figure beside the stored ones of its day."""

from __future__ import annotations

import pandas as pd
import pytest

from data.catalogue import series as series_spec
from data.figures import merge_figures
from data.release import known_at

SEEN = pd.Timestamp("2024-02-01 12:00", tz="UTC")
LATER = pd.Timestamp("2024-03-01 12:00", tz="UTC")
DAY = "2024-01-10"  # a Wednesday
RULE = known_at(series_spec("fed_assets"), pd.DatetimeIndex([DAY]))[0]

# value, known_at (None: today's figure), source
Row = tuple[float, str | None, str]


def rows(series: str, told: list[Row], seen: pd.Timestamp) -> pd.DataFrame:
    known = [pd.NaT if at is None else pd.Timestamp(at, tz="UTC") for _, at, _ in told]
    return pd.DataFrame(
        {
            "series": series,
            "ref_date": pd.DatetimeIndex([DAY] * len(told)).as_unit("us"),
            "value": [value for value, _, _ in told],
            "known_at": pd.Series(known, dtype="datetime64[us, UTC]"),
            "source": [source for _, _, source in told],
            "seen_at": seen.as_unit("us"),
        }
    )


def stood(merged: pd.DataFrame) -> list[tuple[float, str | None]]:
    return [
        (value, None if pd.isna(at) else f"{at:%Y-%m-%d %H:%M}")
        for value, at in zip(merged["value"], merged["known_at"], strict=True)
    ]


FRED, DESK, OURS = "fred:X", "nyfed:X", "tables.parquet"
SCHEDULED = f"{RULE:%Y-%m-%d %H:%M}"
LATE, LATER_YET = "2024-01-16 21:35", "2024-01-25 21:35"
CASES: dict[str, tuple[list[Row], list[Row], list[tuple[float, str | None]], tuple[int, ...]]] = {
    # stored, offered, afterwards, (new, same, revised, dated, disagreeing)
    "the same again": ([(5.0, None, FRED)], [(5.0, None, FRED)], [(5.0, None)], (0, 1, 0, 0, 0)),
    "changed by its publisher": (
        [(5.0, None, FRED)],
        [(5.1, None, FRED)],
        [(5.0, None), (5.1, "2024-03-01 12:00")],
        (0, 0, 1, 0, 0),
    ),
    "changed back": (
        [(5.0, None, FRED), (5.1, LATE, FRED)],
        [(5.0, None, FRED)],
        [(5.0, None), (5.1, LATE), (5.0, "2024-03-01 12:00")],
        (0, 0, 1, 0, 0),
    ),
    "an import counts as any publisher's": (
        [(5.0, None, OURS)],
        [(5.1, None, FRED)],
        [(5.0, None), (5.1, "2024-03-01 12:00")],
        (0, 0, 1, 0, 0),
    ),
    "rounded elsewhere": (
        [(50.3504, None, DESK)],
        [(50.35, None, FRED)],
        [(50.3504, None)],
        (0, 1, 0, 0, 0),
    ),
    "a small change by the same publisher is one": (
        [(50.3504, None, FRED)],
        [(50.35, None, FRED)],
        [(50.3504, None), (50.35, "2024-03-01 12:00")],
        (0, 0, 1, 0, 0),
    ),
    "told differently elsewhere": (
        [(50.35, None, DESK)],
        [(29.4, None, FRED)],
        [(50.35, None)],
        (0, 0, 0, 0, 1),
    ),
    "a vintage dates the stored figure": (
        [(5.0, None, FRED)],
        [(5.0, LATE, FRED)],
        [(5.0, LATE)],
        (0, 0, 0, 1, 0),
    ),
    "never later than this store saw it": (
        [(5.0, None, FRED)],
        [(5.0, "2024-02-20 21:35", FRED)],
        [(5.0, "2024-02-01 12:00")],
        (0, 0, 0, 1, 0),
    ),
    "first print and revision, the stored one is the revision": (
        [(5.2, None, FRED)],
        [(5.0, SCHEDULED, FRED), (5.2, LATER_YET, FRED)],
        [(5.0, SCHEDULED), (5.2, LATER_YET)],
        (0, 0, 1, 1, 0),
    ),
    "a first print of another value: the stored one came later": (
        [(5.2, None, FRED)],
        [(5.0, SCHEDULED, FRED)],
        [(5.0, SCHEDULED), (5.2, "2024-02-01 12:00")],
        (0, 0, 1, 1, 0),
    ),
    "a later revision leaves the first print to the rule": (
        [(5.0, None, FRED)],
        [(5.2, "2024-01-29 21:35", FRED)],
        [(5.0, None), (5.2, "2024-01-29 21:35")],
        (0, 0, 1, 0, 0),
    ),
    "a vintage that repeats what is in force is no news": (
        [(5.0, LATE, FRED)],
        [(5.0, LATER_YET, FRED)],
        [(5.0, LATE)],
        (0, 1, 0, 0, 0),
    ),
    "another publisher's vintages that agree with nothing": (
        [(50.35, None, DESK)],
        [(29.4, LATE, FRED)],
        [(50.35, None)],
        (0, 0, 0, 0, 1),
    ),
    "history offered again after it was dated": (
        [(5.0, SCHEDULED, FRED), (5.2, LATE, FRED)],
        [(5.0, None, FRED), (5.2, LATE, FRED)],
        [(5.0, SCHEDULED), (5.2, LATE)],
        (0, 2, 0, 0, 0),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_figure_beside_the_stored_ones(name: str) -> None:
    before, offered, after, counts = CASES[name]
    table = rows("fed_assets", before, SEEN)
    found = merge_figures(table, rows("fed_assets", offered, LATER))
    assert stood(found.table) == after
    told = (found.new, found.same, found.revised, found.dated, len(found.disagreeing))
    assert told == counts
    again = merge_figures(found.table, rows("fed_assets", offered, LATER))
    assert stood(again.table) == after, "offered twice it changes nothing more"


def test_a_new_day_is_new_with_all_its_vintages() -> None:
    table = rows("fed_assets", [(5.0, None, FRED)], SEEN)
    more = rows("fed_assets", [(6.0, SCHEDULED, FRED), (6.1, LATE, FRED)], LATER)
    more["ref_date"] += pd.Timedelta(days=7)
    found = merge_figures(table, more)
    assert (found.new, found.same) == (2, 0)
    assert found.table["value"].tolist() == [5.0, 6.0, 6.1]


def test_the_statement_and_the_balance_sheet_state_one_figure() -> None:
    table = rows("tga", [(861.0, None, "fiscaldata:TGA_DTS")], SEEN)
    same = merge_figures(table, rows("tga_wednesday", [(861.0004, None, FRED)], LATER))
    assert (same.new, len(same.disagreeing)) == (1, 0)
    apart = merge_figures(table, rows("tga_wednesday", [(816.0, None, FRED)], LATER))
    assert apart.new == 0
    assert apart.table is table
    (row,) = apart.disagreeing.itertuples()
    assert (row.value, row.known, row.why) == (816.0, 861.0, "states the same figure as tga")


def test_series_that_are_not_offered_stay_as_they_are() -> None:
    other = rows("rrp", [(2.0, None, DESK)], SEEN)
    table = pd.concat([rows("fed_assets", [(5.0, None, FRED)], SEEN), other], ignore_index=True)
    found = merge_figures(table, rows("fed_assets", [(5.1, None, FRED)], LATER))
    kept = found.table[found.table["series"] == "rrp"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, other)
