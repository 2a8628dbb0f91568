"""Net dollar liquidity: the Fed's assets less what the Treasury and money funds park there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from data.panel import Panel
from signals.parameters import check_choice

# The first operation of the Standing Repo Facility.
SRF_START = pd.Timestamp("2021-07-29", tz="UTC")
FORMS = ("nowcast", "weekly")


@dataclass(frozen=True, slots=True)
class NetLiquidity:
    """Fed assets less the Treasury's account less the reverse repo facility (USD bn).

    ``nowcast``: ``fed_assets - tga - rrp + (srf - srf on W)``: the last H.4.1, about Wednesday
    W, carried with the last known daily TGA and RRP and with the change of the SRF balance since
    W. The SRF term counts from 2021-07-29 on and is zero before: repo operations of 2019-2020
    had terms of their own. ``weekly``: ``fed_assets - tga_wednesday - rrp``, all of them about
    W.

    Known when its latest part is: RRP the same day, SRF the same day, TGA 16:00 New York on the
    next business day, the H.4.1 on Thursday 16:30. A level, so direction 0: it trends, and only
    its changes can say anything of returns.

    NaN where a part is unknown or stale. The nowcast has a hole from 2013-01-29 to 2016-01-05,
    where the daily TGA has one; the weekly form begins with the daily RRP in September 2013.

    Parameters
    ----------
    form : {"nowcast", "weekly"}
        Which of the two.

    Raises
    ------
    BadConfig
        If the form is neither.
    """

    form: str = "nowcast"

    name: ClassVar[str] = "net_liquidity"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = (
        "Dollars that the Fed has created and that neither the Treasury nor money funds keep "
        "at the Fed are the ones that can bid for other things, Bitcoin among them."
    )

    def __post_init__(self) -> None:
        check_choice(self.name, "form", self.form, FORMS)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        if self.form == "weekly":
            return ("fed_assets", "rrp", "tga_wednesday")
        return ("fed_assets", "rrp", "srf", "tga")

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return net liquidity at each decision time, USD bn."""
        wednesday = panel.ref_date("fed_assets")
        assets = panel.last("fed_assets")
        if self.form == "weekly":
            level = assets - panel.on("tga_wednesday", wednesday) - panel.on("rrp", wednesday)
        else:
            level = assets - panel.last("tga") - panel.last("rrp") + _since(panel, wednesday)
        return level.rename(self.name)


def _since(panel: Panel, wednesday: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    """Return the change of the SRF balance since the Wednesday of the last H.4.1."""
    moved = panel.last("srf") - panel.on("srf", wednesday)
    counts = panel.times >= SRF_START
    return pd.Series(np.where(counts, moved.to_numpy(), 0.0), index=panel.times)
