"""What happened since publication, in one sentence computed from the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from backtests.report.wording import fixed
from data.panel import Panel
from data.snapshot import Snapshot
from signals.net_liquidity import NetLiquidity

BTC = "BTC"
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Since:
    """BTC and net liquidity at publication and at the end of the data.

    Parameters
    ----------
    published, last : date
        The day of publication, and the last whole day of the data.
    btc : tuple of float
        Close of both days, USD.
    liquidity : tuple of float
        Net liquidity as known at the end of both days, USD bn.
    """

    published: date
    last: date
    btc: tuple[float, float]
    liquidity: tuple[float, float]

    @property
    def sentence(self) -> str:
        """What both did, for instance ``BTC fell 37% while net liquidity rose 1.2%``."""
        return (
            f"Since publication ({self.published}) BTC {_moved(*self.btc)} while net liquidity "
            f"{_moved(*self.liquidity)}, both to {self.last}."
        )


def since_publication(snapshot: Snapshot, panel: Panel, published: date) -> Since | None:
    """Compare publication with the end of the data; ``None`` where the data end before it."""
    start = pd.Timestamp(published, tz="UTC") + DAY
    closes = snapshot.daily.until(snapshot.as_of).close[BTC].dropna()
    level = NetLiquidity().compute(panel).loc[: snapshot.as_of].dropna()
    if start not in closes.index or start not in level.index or closes.index[-1] <= start:
        return None
    return Since(
        published=published,
        last=(closes.index[-1] - DAY).date(),
        btc=(float(closes[start]), float(closes.iloc[-1])),
        liquidity=(float(level[start]), float(level.iloc[-1])),
    )


def _moved(before: float, after: float) -> str:
    change = round(100.0 * (after / before - 1.0), 6)
    size = fixed(abs(change), 0 if abs(change) >= 10 else 1)
    if not size.strip("0."):
        return "did not move"
    return f"{'rose' if change > 0 else 'fell'} {size}%"
