"""Everything the report says, computed once; the page and ``report.json`` only print it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from backtests.report.chain import Link, chain
from backtests.report.figures import drivers, equity, essay, fan, forest, liquidity
from backtests.report.figures.base import Chart
from backtests.report.headline import headline
from backtests.report.performance import from_day
from backtests.report.scorecard import Card, card
from backtests.report.since import BTC, Since, since_publication
from backtests.report.sources import Source, sources
from backtests.report.study import Study
from backtests.report.today import Coming, Regime, Wire, coming, regime, wires
from backtests.run import Run
from backtests.uncertainty import Uncertainty, uncertainty
from data.panel import Panel
from data.snapshot import Snapshot
from data.status import MarketStatus, market_status, series_status
from signals.drivers import LiquidityDrivers
from signals.net_liquidity import NetLiquidity


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in the report.

    Parameters
    ----------
    study : Study
        What it rests on.
    warning : str or None
        The first sentence on a simulated world.
    headline : tuple of str
        Two sentences by rule.
    since : Since or None
        BTC and net liquidity since publication.
    chain, cards : tuple
        The argument with its verdicts, and the scorecard.
    charts : mapping of str to Chart
        By key; a chart that its data cannot draw is not there.
    uncertainty : mapping of str to Uncertainty
        By name of the run.
    same_span : mapping of str to mapping
        Measures of the yardsticks that began before the headline rule, from its first day on.
    regime, coming, wires
        Where things stand at the end of the data.
    sources, markets : tuple
        What the data are.
    """

    study: Study
    warning: str | None
    headline: tuple[str, str]
    since: Since | None
    chain: tuple[Link, ...]
    cards: tuple[Card, ...]
    charts: Mapping[str, Chart]
    uncertainty: Mapping[str, Uncertainty]
    same_span: Mapping[str, Mapping[str, float]]
    regime: Regime | None
    coming: tuple[Coming, ...]
    wires: tuple[Wire, ...]
    sources: tuple[Source, ...]
    markets: tuple[MarketStatus, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The headline as it is read: the warning first, what happened since last."""
        said = [self.warning, *self.headline, None if self.since is None else self.since.sentence]
        return tuple(sentence for sentence in said if sentence)

    @property
    def data_window(self) -> tuple[date, date]:
        """First and last day that any figure or bar of the snapshot is about."""
        firsts = [source.status.first for source in self.sources]
        lasts = [source.status.last for source in self.sources]
        firsts += [market.first for market in self.markets]
        lasts += [market.last for market in self.markets]
        return min(firsts), max(lasts)


def content(study: Study) -> Content:
    """Compute everything the report says."""
    snapshot = study.snapshot.until(study.snapshot.as_of)
    findings, published = study.findings, study.thesis.published
    state = regime(study.panel)
    used = {name for found in findings for name in found.claim.series}
    return Content(
        study=study,
        warning=_warning(snapshot),
        headline=headline(findings),
        since=since_publication(snapshot, study.panel, published),
        chain=chain(findings),
        cards=tuple(card(found, study.thesis, snapshot) for found in findings),
        charts=_charts(study, snapshot, state),
        uncertainty={run.name: uncertainty(run, study.manifest["seed"]) for run in study.runs},
        same_span=_same_span(study.runs),
        regime=state,
        coming=coming(used & snapshot.observations.ids, snapshot.as_of),
        wires=wires(snapshot, study.panel, study.runs[0].name),
        sources=sources(series_status(snapshot), used),
        markets=tuple(market_status(snapshot)),
    )


def _warning(snapshot: Snapshot) -> str | None:
    if snapshot.truth is None:
        return None
    return (
        f"Simulated world “{snapshot.truth.world}”, seed {snapshot.truth.seed}: every figure and "
        "price is made up, and nothing here is about the real world."
    )


def _same_span(runs: Sequence[Run]) -> dict[str, Mapping[str, float]]:
    start = runs[0].simulation.equity.index[0]
    found = {run.name: from_day(run, start) for run in runs if run.benchmark}
    return {name: measures for name, measures in found.items() if measures is not None}


def _charts(study: Study, snapshot: Snapshot, state: Regime | None) -> dict[str, Chart]:
    published = study.thesis.published
    found = [
        essay.chart(snapshot.observations, published),
        _liquidity(snapshot, study.panel, state, published),
        _drivers(study.panel),
        forest.chart(study.findings),
        fan.chart(fan.table(_closes(snapshot), published)),
        equity.chart(study.runs, pd.Timestamp(published)),
    ]
    return {chart.key: chart for chart in found if chart is not None}


def _liquidity(
    snapshot: Snapshot, panel: Panel, state: Regime | None, published: date
) -> Chart | None:
    level = NetLiquidity().compute(panel)
    price = snapshot.daily.close[BTC].reindex(panel.times)
    shown = pd.Series(pd.NA, index=panel.times) if state is None else state.history
    rows = liquidity.table(level, price, shown)
    return None if rows.empty else liquidity.chart(rows, published)


def _drivers(panel: Panel) -> Chart | None:
    rule = LiquidityDrivers(drivers.SPAN_DAYS)
    if not all(panel.has(name) for name in rule.inputs):
        return None
    rows = drivers.table(rule.compute(panel))
    return None if rows.empty else drivers.chart(rows)


def _closes(snapshot: Snapshot) -> pd.Series[float]:
    """Daily BTC closes by the UTC day the bar covers, from the first day after the last hole."""
    bars = snapshot.daily
    closes = bars.close[BTC].loc[: bars.close[BTC].last_valid_index()]
    holes = closes.index[closes.isna()]
    closes = closes.loc[closes.index > holes[-1]] if len(holes) else closes
    days = pd.DatetimeIndex(closes.index).tz_localize(None) - bars.timeframe
    return pd.Series(closes.to_numpy(), index=days, name=BTC)
