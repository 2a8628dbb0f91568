"""Whether the essay's playbook earns more than its own mean exposure would have."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backtests.holding import held_weights
from backtests.inference.arrays import FloatArray
from backtests.inference.timing import TimingSkill, excess_over_matched, timing_skill
from backtests.thesis.claims import Claim
from backtests.thesis.finding import Evidence, Result
from data.errors import TooShort, UnknownName

YEAR = 365.0
LEAST_DAYS = 730
IN_MARKET = 0.01


def playbook_skill(claim: Claim, evidence: Evidence) -> Result:
    """E1: Sharpe ratio of (w - mean w) r net of costs, beside circularly shifted placebos."""
    name = claim.needs("strategy")
    if name not in evidence.runs:
        raise UnknownName("run of a strategy", name, evidence.runs)
    run = evidence.runs[name]
    weights, returns, costs = held_weights(run, evidence.snapshot.daily)
    if len(weights) < LEAST_DAYS:
        raise TooShort(f"{name} has run for {len(weights)} days, at least {LEAST_DAYS} are needed")
    found = _skill(claim, evidence, weights, returns, costs)
    spells = _spells(weights)
    without = {}
    for label, rows in spells.items():
        keep = ~np.asarray(weights.index.isin(rows))
        without[label] = _sharpe(
            excess_over_matched(
                weights[keep].to_numpy(), returns[keep].to_numpy(), costs[keep].to_numpy()
            )
        )
    low, middle, high = found.placebo_sharpe
    metrics = run.metrics
    return Result(
        estimate=found.sharpe.estimate,
        interval=found.sharpe.interval,
        p=found.sharpe.p,
        standard_error=found.sharpe.standard_error,
        delta=float(claim.needs("delta")),
        period=(weights.index[0].date(), weights.index[-1].date()),
        episodes=len(spells),
        leave_one_out=without,
        parts=tuple(
            {"measure": measure, "value": metrics[measure]}
            for measure in ("cagr", "sharpe", "max_drawdown", "exposure", "turnover")
        ),
        notes=(
            f"Placebo: {found.placebo_p:.3f} of {found.shifts} circular shifts of the same "
            f"weights do at least as well (their Sharpe ratios: median {middle:.2f}, 95% from "
            f"{low:.2f} to {high:.2f}).",
        ),
    )


def _skill(
    claim: Claim,
    evidence: Evidence,
    weights: pd.DataFrame,
    returns: pd.DataFrame,
    costs: pd.Series,
) -> TimingSkill:
    return timing_skill(
        weights.to_numpy(),
        returns.to_numpy(),
        costs.to_numpy(),
        periods_per_year=YEAR,
        delta=float(claim.needs("delta")),
        seed=evidence.seed,
        draws=evidence.thesis.bootstrap_draws,
    )


def _sharpe(d: FloatArray) -> float:
    """Return the annual Sharpe ratio of excess returns, as the estimate itself is computed."""
    return float(d.mean() / d.std() * np.sqrt(YEAR))


def _spells(weights: pd.DataFrame) -> dict[str, pd.DatetimeIndex]:
    """Return the stretches in the market, named by their first day."""
    inside = weights.abs().sum(axis=1) > IN_MARKET
    number = (inside & ~inside.shift(fill_value=False)).cumsum()
    spells = weights[inside].groupby(number[inside])
    indices = [pd.DatetimeIndex(rows.index) for _, rows in spells]
    return {f"without {rows[0].date()}": rows for rows in indices}
