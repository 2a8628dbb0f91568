"""What drove net liquidity: its change, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from data.errors import BadConfig
from data.panel import Panel
from signals.lending import LOANS
from signals.parameters import check_whole

PARTS = ("lending", "securities", "other_assets", "tga", "rrp")


def _check_weeks(owner: str, days: int) -> None:
    check_whole(owner, "days", days)
    if days % 7:
        raise BadConfig(f"{owner}: days = {days}: Wednesdays lie a multiple of 7 days apart")


@dataclass(frozen=True, slots=True)
class _Wednesdays:
    """The Wednesday of the last known H.4.1 and the one `days` before, at each decision time."""

    panel: Panel
    now: pd.Series[pd.Timestamp]
    before: pd.Series[pd.Timestamp]

    @classmethod
    def of(cls, panel: Panel, days: int) -> _Wednesdays:
        # A stale H.4.1 is no Wednesday level of today.
        now = panel.ref_date("fed_assets").where(panel.last("fed_assets").notna())
        return cls(panel, now, now - pd.Timedelta(days=days))

    def change(self, series: str) -> pd.Series[float]:
        return self.panel.on(series, self.now) - self.panel.on(series, self.before)

    def change_where_known(self, series: str) -> pd.Series[float] | float:
        """Return the change, zero where the series is not carried or has no figure."""
        return self.change(series).fillna(0.0) if self.panel.has(series) else 0.0


@dataclass(frozen=True, slots=True)
class WednesdayImpulse:
    """Change of net liquidity between two Wednesdays of the H.4.1 (USD bn).

    The weekly form of :class:`~signals.net_liquidity.NetLiquidity` on the Wednesday of the last
    known H.4.1 less the same `days` before, both as known at the decision. It is what
    :class:`LiquidityDrivers` takes apart.

    Known on Thursday 16:30 New York. Direction +1.

    NaN where a part is unknown on either Wednesday.

    Parameters
    ----------
    days : int
        Span, a multiple of 7 days.

    Raises
    ------
    BadConfig
        If it is not.
    """

    days: int = 28

    name: ClassVar[str] = "wednesday_impulse"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 1
    essay: ClassVar[str] = (
        "When dollar liquidity rises, Bitcoin and altcoins rise with it; here from published "
        "balance sheets alone, without a nowcast."
    )

    def __post_init__(self) -> None:
        _check_weeks(self.name, self.days)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("fed_assets", "rrp", "tga_wednesday")

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the change at each decision time, USD bn."""
        weeks = _Wednesdays.of(panel, self.days)
        moved = weeks.change("fed_assets") - weeks.change("tga_wednesday") - weeks.change("rrp")
        return moved.rename(self.name)


@dataclass(frozen=True, slots=True)
class LiquidityDrivers:
    """Table of what moved net liquidity between two Wednesdays of the H.4.1 (USD bn).

    Columns, each with the sign of its effect on net liquidity:

    ``lending``
        Repos (``fed_repos`` where the data set carries it, else the daily ``srf``), primary
        credit and the Bank Term Funding Program where carried.
    ``securities``
        Treasuries held outright, and mortgage-backed securities where carried.
    ``other_assets``
        The rest of the Fed's assets. What is not carried or has no figure is in here: without
        ``fed_mbs`` the run-off of mortgage-backed securities, without ``fed_btfp`` and
        ``fed_primary_credit`` the loans of March 2023.
    ``tga``, ``rrp``
        Minus the change of the Treasury's account and of the reverse repo facility.
    ``impulse``
        :class:`WednesdayImpulse`. The five parts add up to it.

    Known on Thursday 16:30 New York. NaN where a required series is unknown on either Wednesday.

    Parameters
    ----------
    days : int
        Span, a multiple of 7 days.

    Raises
    ------
    BadConfig
        If it is not.
    """

    days: int = 28

    name: ClassVar[str] = "liquidity_drivers"
    unit: ClassVar[str] = "USD bn"
    optional: ClassVar[tuple[str, ...]] = ("fed_mbs", "fed_repos", *LOANS)
    essay: ClassVar[str] = (
        "The essay expects liquidity through loans rather than purchases, after a drain into the "
        "Treasury's account: the parts tell whether that is what happened."
    )

    def __post_init__(self) -> None:
        _check_weeks(self.name, self.days)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the table cannot do without."""
        return ("fed_assets", "fed_treasuries", "rrp", "srf", "tga_wednesday")

    def compute(self, panel: Panel) -> pd.DataFrame:
        """Return the parts and their sum at each decision time, USD bn."""
        weeks = _Wednesdays.of(panel, self.days)
        lending = weeks.change("srf")
        if panel.has("fed_repos"):
            repos = weeks.change("fed_repos")
            lending = repos.where(repos.notna(), lending)
        for series in LOANS:
            lending = lending + weeks.change_where_known(series)
        securities = weeks.change("fed_treasuries") + weeks.change_where_known("fed_mbs")
        assets = weeks.change("fed_assets")
        table = pd.DataFrame(
            {
                "lending": lending,
                "securities": securities,
                "other_assets": assets - lending - securities,
                "tga": -weeks.change("tga_wednesday"),
                "rrp": -weeks.change("rrp"),
                "impulse": WednesdayImpulse(self.days).compute(panel),
            }
        )
        return table.where(table.notna().all(axis=1))
