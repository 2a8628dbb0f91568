"""Releases that did not come when their rule says.

Two kinds. A *window* is a shutdown and the backlog after it: whatever falls due in it counts as
known on the day the publisher was back to schedule. A *dated* entry gives the local moment of one
release. Where a slip is not certain it is assumed, for later is safe and earlier is look-ahead.
The H.4.1 and the New York Fed's rates never slipped in a shutdown, nor did the Daily Treasury
Statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from data.errors import BadConfig


@dataclass(frozen=True, slots=True)
class Window:
    """Days on which a publisher did not publish.

    Parameters
    ----------
    first, normal_again : date
        What falls due from `first` to `normal_again` counts as known on `normal_again`, at the
        rule's time of day.
    certain : bool
        False where `normal_again` is an assumption on the late side.
    source : str
        Where it was looked up.

    Raises
    ------
    BadConfig
        If the window ends before it begins.
    """

    first: date
    normal_again: date
    certain: bool
    source: str

    def __post_init__(self) -> None:
        if self.normal_again < self.first:
            raise BadConfig(f"slip from {self.first} ends before it, on {self.normal_again}")


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Exceptions of one publisher.

    Parameters
    ----------
    windows : tuple of Window
        Spans without releases.
    dated : mapping of date to datetime
        By ``ref_date`` the local (New York) moment of its release; comes before the windows.
    """

    windows: tuple[Window, ...] = ()
    dated: Mapping[date, datetime] = field(default_factory=dict)


def _window(first: str, normal_again: str, *, certain: bool, source: str) -> Window:
    return Window(date.fromisoformat(first), date.fromisoformat(normal_again), certain, source)


def _dated(at: str, *pairs: tuple[str, str]) -> dict[date, datetime]:
    return {
        date.fromisoformat(about): datetime.fromisoformat(f"{day}T{at}") for about, day in pairs
    }


# Whether the partial shutdown of 2026 held up a release was not looked up.
_EARLY_2026 = _window("2026-01-31", "2026-02-06", certain=False, source="assumed")

_TIC = Exceptions(
    windows=(
        _window("2013-10-01", "2013-10-22", certain=True, source="China Daily, 2013-10-23"),
        # November's figures came after the shutdown and no later than December's.
        _window("2018-12-22", "2019-02-15", certain=True, source="December's figures: 2019-02-15"),
        # August and September came together, on 2025-11-18 it seems.
        _window("2025-10-01", "2025-11-20", certain=False, source="assumed"),
        _EARLY_2026,
    )
)

_MTS = Exceptions(
    windows=(
        _window("2013-10-01", "2013-10-30", certain=True, source="The Hill, 2013-10-30"),
        _window("2018-12-22", "2019-03-22", certain=True, source="Reuters, 2019-03-22"),
        _window("2025-10-01", "2025-11-25", certain=True, source="Washington Times, 2025-11-25"),
        _EARLY_2026,
    ),
    dated=_dated(
        "14:00",
        ("2018-12-31", "2019-02-13"),
        ("2019-01-31", "2019-03-05"),
        ("2019-02-28", "2019-03-22"),
    ),
)

# CFTC, announcements of 2019-01-29 and 2025-11-18. A report about a Tuesday that is a holiday is
# about the Monday; both days are listed.
_CFTC = Exceptions(
    windows=(
        _window("2013-10-01", "2013-11-15", certain=False, source="assumed"),
        _window("2018-12-22", "2019-03-08", certain=True, source="CFTC, 2019-01-29"),
        _window("2025-10-01", "2026-01-23", certain=True, source="CFTC, 2025-11-18"),
        _EARLY_2026,
    ),
    dated=_dated(
        "15:30",
        ("2018-12-24", "2019-02-01"),
        ("2018-12-25", "2019-02-01"),
        ("2018-12-31", "2019-02-05"),
        ("2019-01-01", "2019-02-05"),
        ("2019-01-08", "2019-02-08"),
        ("2019-01-15", "2019-02-12"),
        ("2019-01-22", "2019-02-15"),
        ("2019-01-29", "2019-02-19"),
        ("2019-02-05", "2019-02-22"),
        ("2019-02-12", "2019-02-26"),
        ("2019-02-19", "2019-03-01"),
        ("2019-02-26", "2019-03-05"),
        ("2025-09-30", "2025-11-19"),
        ("2025-10-07", "2025-11-21"),
        ("2025-10-14", "2025-11-25"),
        ("2025-10-21", "2025-12-02"),
        ("2025-10-28", "2025-12-05"),
        ("2025-11-04", "2025-12-09"),
        ("2025-11-10", "2025-12-12"),
        ("2025-11-11", "2025-12-12"),
        ("2025-11-18", "2025-12-16"),
        ("2025-11-25", "2025-12-19"),
        ("2025-12-02", "2025-12-23"),
        ("2025-12-09", "2025-12-30"),
        ("2025-12-16", "2026-01-06"),
        ("2025-12-23", "2026-01-09"),
        ("2025-12-30", "2026-01-13"),
        ("2026-01-06", "2026-01-16"),
        ("2026-01-13", "2026-01-20"),
    ),
)

_BEA_GDP = Exceptions(
    windows=(
        _window("2013-10-01", "2013-12-20", certain=False, source="assumed"),
        # The third estimate for 2018 Q3 came on 2018-12-21; the rule is ten days later.
        _window("2018-12-22", "2019-01-28", certain=False, source="assumed"),
        _window("2025-10-01", "2026-04-30", certain=False, source="assumed"),
    ),
    # The updated estimate for 2025 Q3 stood in the release of this day.
    dated=_dated("08:35", ("2025-09-30", "2026-02-20")),
)

_BEA_INCOME = Exceptions(
    windows=(
        _window("2013-10-01", "2013-11-08", certain=False, source="assumed"),
        _window("2018-12-22", "2019-04-29", certain=True, source="BEA, 2019-04-02"),
        _window("2025-10-01", "2026-04-30", certain=False, source="assumed"),
    ),
    # The figures before each shutdown came in time; the rule, later than they, falls into it. Those
    # of October and November 2025 stood in the release of December's at the latest.
    dated=_dated("10:00", ("2025-09-30", "2025-12-05"))
    | _dated(
        "08:35",
        ("2018-11-30", "2019-01-07"),
        ("2018-12-31", "2019-03-01"),
        ("2025-08-31", "2025-10-06"),
        ("2025-10-31", "2026-02-20"),
        ("2025-11-30", "2026-02-20"),
        ("2025-12-31", "2026-02-20"),
    ),
)

_TREASURY_BULLETIN = Exceptions(
    windows=(
        _window("2013-10-01", "2013-12-31", certain=False, source="assumed"),
        _window("2018-12-22", "2019-03-31", certain=False, source="assumed"),
        _window("2025-10-01", "2026-02-27", certain=False, source="assumed"),
    )
)

# FRED dates three changes of the range on the day of the decision, not on the day it took effect
# (the day after): the day before, nobody knew. Interest on excess reserves was changed by
# announcements of 2008 whose hour was not looked up. In March 2020 the Committee met on a Sunday.
_RATE_DECISIONS = Exceptions(
    dated=_dated("09:00", ("2008-10-23", "2008-10-23"), ("2008-11-06", "2008-11-06"))
    | _dated(
        "14:20",
        ("2008-10-29", "2008-10-29"),
        ("2008-10-30", "2008-10-29"),
        ("2008-12-16", "2008-12-16"),
        ("2008-12-17", "2008-12-16"),
    )
    | _dated("14:05", ("2015-12-16", "2015-12-16"), ("2016-12-14", "2016-12-14"))
    | _dated("17:05", ("2020-03-16", "2020-03-15"))
)

EXCEPTIONS: Mapping[str, Exceptions] = {
    "tic": _TIC,
    "mts": _MTS,
    "cftc": _CFTC,
    "bea_gdp": _BEA_GDP,
    "bea_income": _BEA_INCOME,
    "treasury_bulletin": _TREASURY_BULLETIN,
    "rate_decisions": _RATE_DECISIONS,
}
