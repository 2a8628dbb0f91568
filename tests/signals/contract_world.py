"""A world with every series that signals read: late starts, holes, slips and revisions in it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from data.calendars import open_days
from data.observations import Observations, from_rows, observe
from data.panel import Panel

FIRST, LAST = pd.Timestamp("2020-10-01"), pd.Timestamp("2025-02-14")
TIMES = pd.date_range(FIRST, LAST, freq="D", tz="UTC", unit="us", name="decision_time")

# id: (first figure, level, step); each begins at another time.
DAILY = {
    "srf": ("2021-05-03", 0.0, 0.0),
    "rrp": ("2020-10-05", 900.0, 40.0),
    "tga": ("2020-12-01", 700.0, 35.0),
    "sofr": ("2021-02-01", 4.3, 0.02),
    "sofr_p99": ("2021-02-01", 4.5, 0.05),
    "sofr_volume": ("2021-03-01", 1500.0, 30.0),
    "debt_total": ("2021-03-01", 30000.0, 20.0),
}
EVERY_DAY = {
    "ff_upper": ("2020-10-01", 4.5, 0.0),
    "iorb": ("2021-07-29", 4.4, 0.0),
    "ioer": ("2020-10-01", 4.35, 0.0),
}
WEEKLY = {
    "fed_assets": ("2020-10-07", 8000.0, 20.0),
    "fed_treasuries": ("2020-10-07", 5000.0, 15.0),
    "fed_mbs": ("2020-10-14", 2500.0, 5.0),
    "fed_repos": ("2020-10-07", 5.0, 1.0),
    "fed_primary_credit": ("2020-10-07", 4.0, 0.5),
    "fed_btfp": ("2023-03-15", 50.0, 2.0),
    "reserves": ("2020-10-07", 3300.0, 30.0),
    "tga_wednesday": ("2020-10-07", 700.0, 35.0),
}
TARGETS = [
    ("2021-09-30", 750.0, "2021-08-02 19:00"),
    ("2021-12-31", 800.0, "2021-08-02 19:00"),
    ("2021-12-31", 650.0, "2021-11-01 19:00"),
    ("2022-03-31", 650.0, "2021-11-01 19:00"),
    ("2024-09-30", 850.0, "2024-07-29 19:00"),
    ("2024-12-31", 700.0, "2024-10-28 19:00"),
    ("2025-03-31", 850.0, "2025-02-03 20:00"),
]


def _walk(
    days: pd.DatetimeIndex, level: float, step: float, rng: np.random.Generator
) -> np.ndarray:
    return level + np.cumsum(rng.normal(scale=step, size=len(days)))


def _figures() -> dict[str, pd.Series]:
    rng = np.random.default_rng(20251104)
    figures = {}
    for series, (first, level, step) in DAILY.items():
        days = open_days("bond", pd.Timestamp(first).date(), LAST.date())
        figures[series] = pd.Series(_walk(days, level, step, rng), index=days)
    for series, (first, level, step) in EVERY_DAY.items():
        days = pd.date_range(first, LAST, freq="D", unit="us")
        figures[series] = pd.Series(_walk(days, level, step, rng), index=days)
    for series, (first, level, step) in WEEKLY.items():
        days = pd.date_range(first, LAST, freq="7D", unit="us")
        figures[series] = pd.Series(_walk(days, level, step, rng), index=days)
    usage = rng.exponential(20.0, len(figures["srf"])) * (rng.random(len(figures["srf"])) < 0.1)
    figures["srf"] = figures["srf"] + usage
    # A hole longer than the series may be old, and single missing days.
    figures["tga"] = figures["tga"].drop(pd.date_range("2022-09-01", "2022-09-30"), errors="ignore")
    figures["rrp"] = figures["rrp"][rng.random(len(figures["rrp"])) > 0.02]
    # Below the level at which the RRP counts as empty, refilled, and in between.
    rrp = figures["rrp"].abs() + 150.0
    rrp[pd.Timestamp("2022-01-01") : pd.Timestamp("2022-06-30")] = 20.0
    rrp[pd.Timestamp("2023-06-01") :] = 75.0
    figures["rrp"] = rrp
    return figures


@lru_cache(maxsize=1)
def contract_observations() -> Observations:
    """Known by the release rules, but for a few slips, and with revisions."""
    rows = pd.concat(
        pd.DataFrame({"series": series, "ref_date": values.index, "value": values.to_numpy()})
        for series, values in _figures().items()
    ).reset_index(drop=True)
    rows["source"] = "test"
    rows["known_at"] = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]")
    table = observe(rows).table
    rng = np.random.default_rng(7)
    slipped = table["known_at"].where(
        rng.random(len(table)) > 0.01, table["known_at"] + pd.Timedelta(days=6)
    )
    revised = table[rng.random(len(table)) < 0.01]
    revised = revised.assign(
        value=revised["value"] * 1.01, known_at=revised["known_at"] + pd.Timedelta(days=9)
    )
    targets = pd.DataFrame(TARGETS, columns=["ref_date", "value", "known_at"]).assign(
        series="tga_target", known_by="vintage", source="test"
    )
    targets["ref_date"] = pd.DatetimeIndex(targets["ref_date"]).as_unit("us")
    targets["known_at"] = pd.DatetimeIndex(targets["known_at"], tz="UTC").as_unit("us")
    together = pd.concat([table.assign(known_at=slipped), revised, targets])
    return from_rows(together, together["series"].unique())


@lru_cache(maxsize=1)
def contract_panel() -> Panel:
    return Panel(contract_observations(), TIMES)


@lru_cache(maxsize=8)
def cut_panel(t: pd.Timestamp) -> Panel:
    """What was known at `t`, and no decision later."""
    return Panel(contract_observations().until(t), TIMES[t >= TIMES])


@lru_cache(maxsize=16)
def poisoned_panel(t: pd.Timestamp, seed: int) -> Panel:
    return Panel(poisoned(contract_observations(), t, seed), TIMES)


def poisoned(observations: Observations, t: pd.Timestamp, seed: int) -> Observations:
    """The same past up to `t` and a future that did not happen."""
    rng = np.random.default_rng(seed)
    table = observations.table
    past, future = table[table["known_at"] <= t], table[table["known_at"] > t]
    factor = rng.choice([-1.0, 0.0, 1e6, -1e6, 3.0], size=len(future))
    changed = future.assign(value=future["value"] * factor + rng.normal(size=len(future)))
    kept = changed[rng.random(len(changed)) > 0.3]
    soon = t + pd.Timedelta(minutes=1)
    # A later vintage of every figure of the last year and a half, known a minute after.
    recent = past[past["known_at"] > t - pd.Timedelta(days=550)]
    restated = recent.assign(value=-1e3 * recent["value"] + 1.0, known_at=soon)
    # Days nobody has published anything about, in the future and in the past.
    ahead = recent.assign(
        ref_date=recent["ref_date"] + pd.Timedelta(days=700), value=1e9, known_at=soon
    )
    between = recent.assign(
        ref_date=recent["ref_date"] + pd.Timedelta(days=1), value=-1e9, known_at=soon
    )
    rows = pd.concat([past, kept, restated, ahead, between]).drop_duplicates(
        ["series", "ref_date", "known_at"]
    )
    return from_rows(rows, observations.ids)
