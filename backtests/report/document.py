"""``report.json``: the report as data, by a versioned schema and without a clock."""

from __future__ import annotations

from typing import Any

from backtests.report.content import Content
from backtests.report.today import Regime
from backtests.run import Run
from backtests.thesis.finding import Finding

SCHEMA_VERSION = 1
TESTS = frozenset({"mechanism", "transmission", "rules"})
NOT_CALIBRATED = "not calibrated"


def document(found: Content) -> dict[str, Any]:
    """Return the content of ``report.json``.

    Returns
    -------
    dict
        ``schema_version``, identity (``run_id``, ``snapshot_id``, ``as_of``, ``source``,
        ``thesis``), what is simulated (``simulated``, ``planted``), ``headline`` as it is read,
        ``claims`` in the order of registration, ``strategies`` (rules, then yardsticks),
        ``delays``, ``regime``, ``next_releases``, ``tripwires``, ``data`` and ``charts``. A
        number that is missing is null; estimates are in the claim's ``unit``.
    """
    study = found.study
    snapshot, thesis = study.snapshot, study.thesis
    truth = snapshot.truth
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": study.run_id,
        "snapshot_id": snapshot.snapshot_id,
        "as_of": snapshot.as_of,
        "source": snapshot.source,
        "simulated": truth is not None,
        "planted": None
        if truth is None
        else {
            "world": truth.world,
            "seed": truth.seed,
            "links": dict(truth.links),
            "notes": list(truth.notes),
        },
        "thesis": {
            "id": thesis.id,
            "title": thesis.title,
            "sha256": thesis.sha256,
            "published": thesis.published,
            "retrospective": thesis.retrospective,
        },
        "headline": " ".join(found.sentences),
        "claims": [_claim(item, card.change) for item, card in _with_cards(found)],
        "strategies": [_strategy(run, found) for run in study.runs],
        "delays": list(study.delays),
        "regime": _regime(found.regime),
        "next_releases": list(found.coming),
        "tripwires": list(found.wires),
        "data": {
            "first": found.data_window[0],
            "last": found.data_window[1],
            "series": [
                {"used": source.used, "release": source.rule, "status": source.status}
                for source in found.sources
            ],
            "markets": list(found.markets),
        },
        "charts": [
            {"key": chart.key, "title": chart.title, "caption": chart.caption}
            for chart in found.charts.values()
        ],
    }


def _with_cards(found: Content) -> list[tuple[Finding, Any]]:
    return list(zip(found.study.findings, found.cards, strict=True))


def _claim(item: Finding, change: str) -> dict[str, Any]:
    claim, result = item.claim, item.result
    return {
        "id": claim.id,
        "kind": claim.kind,
        "statement": claim.statement,
        "method": claim.method,
        "series": list(claim.series),
        "verdict": item.verdict,
        "reason": item.reason,
        "what_would_change_it": change,
        "calibration": NOT_CALIBRATED if claim.kind in TESTS else None,
        "period": None if result.period is None else list(result.period),
        "estimate": result.estimate,
        "unit": claim.unit,
        "direction": claim.direction,
        "delta": result.delta,
        "interval": None if result.interval is None else list(result.interval),
        "p_value": item.p_value,
        "p_values": item.adjusted,
        "naive_p": result.naive_p,
        # Where returns are regressed, the independent episodes are the windows without overlap.
        "episodes": result.windows if result.episodes is None else result.episodes,
        "windows": result.windows,
        "dose": result.dose,
        "leave_one_out": dict(result.leave_one_out),
        "mde": item.mde,
        "power": item.power,
        "years_needed": item.years_needed,
        "chances": list(item.chances),
        "parts": list(result.parts),
        "notes": list(result.notes),
        "planted": item.planted,
    }


def _strategy(run: Run, found: Content) -> dict[str, Any]:
    simulation, sure = run.simulation, found.uncertainty[run.name]
    return {
        "name": run.name,
        "title": run.title,
        "run_id": run.run_id,
        "benchmark": run.benchmark,
        "first": simulation.equity.index[0],
        "last": simulation.equity.index[-1],
        "metrics": dict(run.metrics),
        "metrics_from_headline_start": found.same_span.get(run.name),
        "intervals": {"sharpe": sure.sharpe},
        "resampling_ranges": {
            "volatility": sure.volatility,
            "max_drawdown": sure.max_drawdown,
        },
        "costs": dict(simulation.costs),
        "orders": len(simulation.fills),
        "unfilled": len(simulation.unfilled),
        "frozen": len(simulation.frozen),
    }


def _regime(state: Regime | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "name": state.name,
        "reason": state.reason,
        "since": state.since,
        "flags": list(state.flags),
    }
