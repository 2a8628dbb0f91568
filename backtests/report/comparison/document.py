"""A comparison as data: a versioned document without a clock."""

from __future__ import annotations

from typing import Any

from backtests.compare.comparison import Comparison, Standing
from backtests.compare.episodes import Without
from backtests.compare.field import MATCHED
from backtests.compare.pairs import Pair
from backtests.report.comparison.content import Said
from backtests.run import Run
from backtests.uncertainty import Uncertainty

SCHEMA_VERSION = 2


def document(said: Said) -> dict[str, Any]:
    """Return what ``plumbline compare --json`` prints.

    Returns
    -------
    dict
        ``schema_version``, identity (``run_id``, ``snapshot_id``, ``as_of``, ``source``,
        ``seed``, ``draws``, ``code``, ``execution``, ``start``, ``end``, ``days``),
        ``simulated``, ``headline``, ``trials``, ``variants`` in the order given, ``yardsticks``,
        ``pairs``, ``superiority``, ``confidence_set``, ``overfitting``, ``sweep`` and ``charts``.
        Shares are decimals, Sharpe ratios and excesses are a year. A number that is missing or
        infinite is null. The same inputs and trial ledger give the same bytes.
    """
    found = said.found
    field, manifest = found.field, found.manifest
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": found.run_id,
        "snapshot_id": field.snapshot.snapshot_id,
        "as_of": field.snapshot.as_of,
        "source": field.snapshot.source,
        "simulated": field.snapshot.truth is not None,
        "seed": manifest["seed"],
        "draws": manifest["draws"],
        "code": manifest["code"],
        "execution": field.execution,
        "start": field.first,
        "end": field.last,
        "days": len(field.days),
        "headline": " ".join(said.sentences),
        "trials": {"said": said.trials, **_trials(found)},
        "variants": [
            _variant(one, sentence)
            for one, sentence in zip(found.standings, said.skills, strict=True)
        ],
        "yardsticks": [
            _measures(run, found.yardsticks[name]) for name, run in field.yardsticks.items()
        ],
        "pairs": [
            _pair(pair, sentence) for pair, sentence in zip(found.pairs, said.pairs, strict=True)
        ],
        "superiority": list(found.superiorities),
        "confidence_set": {
            "said": said.contenders,
            "included": list(found.contenders.included),
            "p": dict(found.contenders.p),
        },
        "overfitting": None
        if found.overfit is None
        else {
            "said": said.overfit,
            "over": found.overfit.over,
            "pbo": found.overfit.pbo,
            "variants": found.overfit.variants,
            "of": found.overfit.of,
            "effective": found.overfit.effective,
            "splits": found.overfit.splits,
            "slope": found.overfit.slope,
            "probability_of_loss": found.overfit.loss,
            "logits": [{"logit": x, "splits": n} for x, n in found.overfit.logits],
        },
        "sweep": _sweep(found, said),
        "charts": [
            {"key": chart.key, "title": chart.title, "caption": chart.caption}
            for chart in said.charts.values()
        ],
    }


def _trials(found: Comparison) -> dict[str, Any]:
    counted = found.trials
    return {
        "families": dict(counted.families),
        "n": counted.number,
        "variance": counted.variance,
        "n_eff": counted.effective,
        "variance_eff": counted.effective_variance,
        "known": counted.known,
    }


def _measures(run: Run, sure: Uncertainty | None) -> dict[str, Any]:
    costs = run.simulation.costs
    return {
        "name": run.name,
        "title": run.title,
        "run_id": run.run_id,
        "metrics": dict(run.metrics),
        "intervals": {"sharpe": None if sure is None else sure.sharpe},
        "resampling_ranges": {
            name: None if sure is None else getattr(sure, name)
            for name in ("volatility", "max_drawdown", "calmar", "tail")
        },
        "costs": dict(costs),
        "orders": len(run.simulation.fills),
        "unfilled": len(run.simulation.unfilled),
    }


def _variant(one: Standing, sentence: str) -> dict[str, Any]:
    rule, found = one.entrant.rule, one.skill
    return {
        **_measures(one.entrant.run, one.uncertainty),
        "family": rule.family,
        "config": rule.config,
        "config_hash": rule.config_hash,
        MATCHED: _measures(one.entrant.matched, None),
        "skill_said": sentence,
        "skill": None
        if found is None
        else {
            "sharpe": found.sharpe,
            "interval": found.interval,
            "p": found.p,
            "placebo": found.placebo,
            "placebo_p": found.placebo_p,
            "psr": found.probabilistic,
            "dsr_n": found.deflated,
            "dsr_n_eff": found.deflated_effective,
            "minimum_track_record_days": found.track_record,
            "days": found.days,
            "skew": found.skew,
            "kurtosis": found.kurtosis,
        },
        "leave_one_out": None if one.without is None else _without(one.without),
        "eras": [
            {
                "era": stretch.span,
                "first": stretch.first.date(),
                "last": stretch.last.date(),
                "days": stretch.days,
                "earned": stretch.earned,
                "buy_and_hold": stretch.held,
                "excess": stretch.excess,
                "exposure": stretch.exposure,
            }
            for stretch in one.stretches
        ],
        "break_even": {
            each.against: {
                "cost_bp": each.cost_bp,
                "excess_free": each.free,
                "excess_at_cost": each.at_cost,
            }
            for each in one.break_even
        },
        "latency": {
            "first": one.delay.first,
            "last": one.delay.last,
            "hourly": one.hourly,
            "growth": {str(hours): rate for hours, rate in one.delay.growth.items()},
        },
    }


def _without(found: Without) -> dict[str, Any]:
    largest = found.largest
    return {
        "spells": found.spells,
        "episodes": dict(found.episodes.estimates),
        "years": {} if found.years is None else dict(found.years.estimates),
        "excess_sum": found.total,
        "largest_spell": {
            "first": largest.first.date(),
            "last": largest.last.date(),
            "exposure": largest.exposure,
            "excess_sum": largest.contribution,
        },
    }


def _pair(pair: Pair, sentence: str) -> dict[str, Any]:
    return {
        "one": pair.one,
        "other": pair.other,
        "outcome": str(pair.outcome),
        "said": sentence,
        "mean": pair.mean,
        "sharpe": pair.sharpe,
    }


def _sweep(found: Comparison, said: Said) -> dict[str, Any] | None:
    if found.board is None or found.plateau is None:
        return None
    around = found.plateau
    return {
        "said": said.plateau,
        "variants": around.variants,
        "measure": around.measure,
        "best": around.best,
        "winner": dict(around.winner),
        "config_hash": around.config_hash,
        "neighbours": around.neighbours,
        "near": around.near,
        "share": around.share,
        "holds": around.holds,
        "median": around.median,
        "worst": around.worst,
        "edges": list(around.edges),
        "maps": list(around.maps),
        "superiority_said": said.swept,
        "superiority": found.swept,
    }
