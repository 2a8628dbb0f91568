"""Regime flags on a hand-made winter."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from data.errors import BadConfig
from signals.regime import FLAGS, REGIMES, Regime, RegimeTable
from tests.signals.worlds import at, daily, panel_of, weekly

DAYS = 180  # from 2024-12-25, a Wednesday
QUIET: dict[str, Any] = {
    "fed_assets": weekly("2024-12-25", [6800.0] * 26),
    "fed_treasuries": weekly("2024-12-25", [4300.0] * 26),
    "ff_upper": daily("2024-12-25", [4.5] * DAYS),
    "rrp": daily("2024-12-25", [75.0] * DAYS),
    "sofr": daily("2024-12-25", [4.3] * DAYS),
    "srf": daily("2024-12-25", [0.0] * DAYS),
    "tga": daily("2024-12-25", [700.0] * DAYS),
}


def winter(**changed):
    return panel_of(QUIET | changed, "2024-12-25", "2025-06-20")


def step(before: float, days: int, after: float) -> list[tuple[str, float]]:
    """A daily series that changes after `days` days."""
    return daily("2024-12-25", [before] * days + [after] * (DAYS - days))


def spells(table, flag):
    """First and last decision of every spell of a flag."""
    on = table.index[table[flag]]
    if on.empty:
        return []
    breaks = [0, *(k for k in range(1, len(on)) if (on[k] - on[k - 1]).days > 1), len(on)]
    return [(f"{on[a]:%m-%d}", f"{on[b - 1]:%m-%d}") for a, b in pairwise(breaks)]


def test_nothing_is_on_while_nothing_happens():
    table = RegimeTable().compute(winter())
    assert not table[list(FLAGS)].any(axis=None)
    assert set(table["regime"]) == {"neutral"}
    assert not table["switched"].any()
    assert set(table["reason"]) == {"as at the start of the data"}


@pytest.mark.parametrize(
    ("flag", "changed", "expected"),
    [
        # 20 a night from 02-13 (day 50) on, for 40 nights. Mean over 28: 5 after 7 nights, that
        # is at 02-20; it ends on 03-24, and less than 2 of 28 x 20 are left once fewer than 2.8
        # nights remain: two do after 26 nights without, at 04-20.
        (
            "stealth_qe",
            {"srf": daily("2024-12-25", [0.0] * 50 + [20.0] * 40 + [0.0] * 90)},
            [("02-20", "04-19")],
        ),
        # SOFR at the ceiling from 02-13 on for 14 days. 7 of 28 days are a quarter (02-20: the
        # days 01-23 .. 02-19). It leaves below a tenth: at 03-24 three of the days 02-24 .. 03-23
        # are pressed (0.107), at 03-25 two (0.071).
        (
            "pressure",
            {"sofr": daily("2024-12-25", [4.3] * 50 + [4.5] * 14 + [4.3] * 116)},
            [("02-20", "03-24")],
        ),
        # TGA falls by 140 on 02-13: the 7-day mean by 20 a day from the decision of 02-14, by 100
        # after five days (02-18). 28 days later the earlier mean falls too: what is left is 120
        # on 03-14, ..., 20 on 03-19.
        ("release", {"tga": step(700.0, 50, 560.0)}, [("02-18", "03-18")]),
        # TGA rises by 140: impulse -120 after six days (02-19: -100 is not below -100), back
        # to 0 on 03-20, which is not above 0: the flag stays until a rise.
        ("drain", {"tga": step(700.0, 50, 840.0)}, [("02-19", "06-20")]),
        # Treasuries +30 on Wednesday 02-19, known on 02-21; 28 days later the change is 0.
        (
            "purchases",
            {"fed_treasuries": weekly("2024-12-25", [4300.0] * 8 + [4330.0] * 18)},
            [("02-21", "03-20")],
        ),
        # RRP 120 from 02-13 on: six of ten operations are, the median of five and five is 97.5;
        # then 60 from 03-15, which is above 50.
        (
            "ample",
            {"rrp": daily("2024-12-25", [75.0] * 50 + [120.0] * 30 + [60.0] * 100)},
            [("02-19", "06-20")],
        ),
        (
            "ample",
            {"rrp": daily("2024-12-25", [75.0] * 50 + [120.0] * 30 + [40.0] * 100)},
            # the median of five 120 and five 40 is 80, of six 40 it is 40: known at 03-21
            [("02-19", "03-20")],
        ),
    ],
)
def test_flags_go_on_and_off_at_their_levels(flag, changed, expected):
    panel = winter(**changed)
    table = RegimeTable().compute(panel)
    assert spells(table, flag) == expected
    alone = Regime(flag).compute(panel)
    assert (alone == table[flag].astype(float)).all()


def test_an_unknown_figure_switches_its_flag_off():
    srf = daily("2024-12-25", [0.0] * 50 + [20.0] * 40)
    table = RegimeTable().compute(winter(srf=srf))
    # The last figure, of 03-24, is stale from 04-02 on; half of the nights are unknown after 15.
    assert spells(table, "stealth_qe") == [("02-20", "04-15")]
    ended = at(table, "2025-04-16")
    assert ended["regime"] == "neutral"
    assert ended["reason"] == (
        "stealth_qe ends: SRF balance, 28-day mean, is not known; no flag is on"
    )


def test_displayed_is_the_first_flag_that_is_on_and_says_why():
    table = RegimeTable().compute(
        winter(
            tga=step(700.0, 50, 560.0),
            srf=daily("2024-12-25", [0.0] * 60 + [40.0] * 10 + [0.0] * 110),
        )
    )
    switches = table.loc[table["switched"], ["regime", "reason"]]
    assert [f"{day:%m-%d}" for day in switches.index] == ["02-18", "02-27", "04-01"]
    assert switches["regime"].tolist() == ["release", "stealth_qe", "neutral"]
    assert switches["reason"].tolist() == [
        "release begins: fall of the TGA (7-day means) over 28 days 100 >= 100 USD bn",
        # four nights of 40 of 28
        "stealth_qe begins: SRF balance, 28-day mean, 5.714 >= 5 USD bn",
        # one night of 40 left
        "stealth_qe ends: SRF balance, 28-day mean, 1.429 < 2 USD bn; no flag is on",
    ]
    # The reason stands until the next switch.
    assert at(table, "2025-03-15")["reason"] == switches["reason"].iloc[1]
    assert at(table, "2025-03-15")["release"]


def test_series_form_is_the_position_of_the_displayed_regime():
    panel = winter(tga=step(700.0, 50, 560.0))
    table = RegimeTable().compute(panel)
    codes = Regime().compute(panel)
    assert [REGIMES[int(code)] for code in codes] == table["regime"].tolist()
    assert at(codes, "2025-01-10") == 6.0
    assert at(codes, "2025-03-01") == 2.0


def test_mortgages_net_out_reinvestment_where_they_are_carried():
    treasuries = weekly("2024-12-25", [4300.0] * 8 + [4330.0] * 18)
    mortgages = weekly("2024-12-25", [2200.0] * 8 + [2175.0] * 18)
    table = RegimeTable().compute(winter(fed_treasuries=treasuries, fed_mbs=mortgages))
    assert spells(table, "purchases") == []


def test_temporary_repo_operations_are_no_stealth():
    figures = {
        name: [(day.replace("2024", "2018").replace("2025", "2019"), *rest) for day, *rest in rows]
        for name, rows in QUIET.items()
        if name not in ("fed_assets", "fed_treasuries", "srf")
    }
    figures |= {"fed_assets": [], "fed_treasuries": [], "srf": daily("2019-09-17", [75.0] * 60)}
    table = RegimeTable().compute(panel_of(figures, "2019-01-01", "2019-12-01"))
    assert not table["stealth_qe"].any()


def test_an_unknown_flag_is_refused():
    with pytest.raises(BadConfig, match="flag = 'drains' is not one of stealth_qe, pressure"):
        Regime("drains")
