"""Whether liquidity moves prices: lag-augmented local projections on weekly changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from backtests.inference.arrays import BoolArray
from backtests.inference.local_projection import (
    LocalProjection,
    by_sign,
    local_projection,
    local_projections,
)
from backtests.inference.specification import Form, Specification
from backtests.thesis.claims import Claim, Sample
from backtests.thesis.finding import Evidence, Result
from backtests.thesis.weekly import (
    HUNDRED_BN,
    fridays,
    liquidity_change,
    mediator_changes,
    treasury_release,
    weekly_return,
)
from data.errors import TooShort
from signals.dose import weekly_sd

# The split by sign has 69 columns; three rows to each.
LEAST_WEEKS = 207


def liquidity_comovement(claim: Claim, evidence: Evidence) -> Result:
    """C2a: the return window begins with the week of the change; not tradable."""
    weeks = fridays(evidence, claim)
    return _effect(claim, evidence, liquidity_change(evidence, weeks), "co-movement")


def liquidity_leads(claim: Claim, evidence: Evidence) -> Result:
    """C2b: the return window begins once the change is known."""
    weeks = fridays(evidence, claim)
    return _effect(claim, evidence, liquidity_change(evidence, weeks), "predictive")


def tga_leads(claim: Claim, evidence: Evidence) -> Result:
    """C3: what the Treasury pays out of its account (+) or gathers in it (-), once known."""
    weeks = fridays(evidence, claim)
    release = treasury_release(evidence, weeks)
    result = _effect(claim, evidence, release, "predictive")
    r = weekly_return(evidence, claim, weeks)
    falls, builds = local_projections(
        r.to_numpy(),
        by_sign(release.to_numpy()),
        seed=evidence.seed,
        spec=_specification(claim, evidence, "predictive"),
    )
    apart = tuple(
        row
        for name, found in (("drawdown", falls), ("build", builds))
        for row in _rows(name, found)
    )
    return replace(result, parts=result.parts + apart)


def _effect(claim: Claim, evidence: Evidence, dx: pd.Series[float], form: Form) -> Result:
    weeks = pd.DatetimeIndex(dx.index)
    r = weekly_return(evidence, claim, weeks)
    known = int((dx.notna() & r.notna()).sum())
    if known < LEAST_WEEKS:
        raise TooShort(f"{known} weeks are known, at least {LEAST_WEEKS} are needed")
    whole = _project(claim, evidence, r, dx, form)
    head = whole.at(claim.needs("headline_horizon"))
    deltas = claim.needs("delta")
    published = pd.Timestamp(evidence.thesis.published, tz="UTC")
    before = _project(claim, evidence, r, dx, form, keep=np.asarray(weeks <= published))
    rows = [*_rows("whole sample", whole), *_rows("to publication", before)]
    rows += _net_of_markets(claim, evidence, r, dx, form)
    used = dx.notna() & r.notna()
    return Result(
        estimate=head.estimate,
        interval=head.interval,
        p=whole.joint,
        standard_error=head.standard_error,
        delta=deltas[head.horizon],
        sample_over_horizon=head.n / head.horizon,
        naive_p=head.naive_p,
        period=(weeks[used][0].date(), weeks[used][-1].date()),
        windows=head.n // head.horizon,
        dose=float(dx.std()) * HUNDRED_BN / weekly_sd(evidence.panel),
        leave_one_out=_left_out(claim, evidence, r, dx, form),
        parts=tuple(rows),
        notes=(
            f"{head.n} weeks; p-values are max-t over {', '.join(map(str, claim.horizons))} weeks.",
        ),
    )


def _project(
    claim: Claim,
    evidence: Evidence,
    r: pd.Series[float],
    dx: pd.Series[float],
    form: Form,
    *,
    keep: BoolArray | None = None,
    w: pd.DataFrame | None = None,
    spec: Specification | None = None,
) -> LocalProjection:
    return local_projection(
        r.to_numpy(),
        dx.to_numpy(),
        seed=evidence.seed,
        spec=spec or _specification(claim, evidence, form),
        w=None if w is None else w.to_numpy(),
        keep=keep,
    )


def _specification(claim: Claim, evidence: Evidence, form: Form) -> Specification:
    return Specification(
        form=form,
        horizons=(*claim.horizons, *claim.descriptive_horizons),
        joint_horizons=claim.horizons,
        delta=claim.needs("delta"),
        n_lags=claim.needs("lags"),
        draws=evidence.thesis.bootstrap_draws,
    )


def _rows(what: str, found: LocalProjection) -> list[Mapping[str, Any]]:
    return [
        {
            "what": what,
            "weeks": effect.horizon,
            "estimate": effect.estimate,
            "low": effect.interval[0],
            "high": effect.interval[1],
            "p": effect.p.p1,
            "naive p": effect.naive_p,
            "n": effect.n,
        }
        for effect in found.effects
    ]


def _net_of_markets(
    claim: Claim, evidence: Evidence, r: pd.Series[float], dx: pd.Series[float], form: Form
) -> list[Mapping[str, Any]]:
    """Estimate again beside the same weeks' equity, dollar and volatility moves: descriptive."""
    present = tuple(name for name in claim.mediators if evidence.panel.has(name))
    if not present:
        return []
    moves = mediator_changes(evidence, present, pd.DatetimeIndex(dx.index))
    found = _project(claim, evidence, r, dx, form, w=moves)
    return _rows("net of " + ", ".join(present), found)


def _left_out(
    claim: Claim, evidence: Evidence, r: pd.Series[float], dx: pd.Series[float], form: Form
) -> dict[str, float]:
    """Headline estimate without each calendar year and without the registered period."""
    weeks = pd.DatetimeIndex(dx.index)
    used = weeks[(dx.notna() & r.notna()).to_numpy()]
    always = evidence.thesis.always_leave_out
    periods = {
        f"without {always.first():%Y-%m}..{always.last():%m}": always,
        **{
            f"without {year}": Sample.model_validate(
                {"start": f"{year}-01-01", "end": f"{year}-12-31"}
            )
            for year in sorted(set(used.year))
        },
    }
    horizon = claim.needs("headline_horizon")
    # Only the estimate is asked for: one horizon, one draw.
    spec = Specification(
        form=form,
        horizons=(horizon,),
        joint_horizons=(horizon,),
        n_lags=claim.needs("lags"),
        draws=1,
    )
    out = {}
    for name, period in periods.items():
        inside = (weeks >= pd.Timestamp(period.first(), tz="UTC")) & (
            weeks <= pd.Timestamp(period.last(), tz="UTC")
        )
        found = _project(claim, evidence, r, dx, form, keep=~np.asarray(inside), spec=spec)
        out[name] = found.at(horizon).estimate
    return out
