"""What a finished sweep says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.provenance import versions
from backtests.sweep.columns import varied
from backtests.sweep.confirm import TOLERANCE, Confirmed
from backtests.sweep.job import Job
from backtests.sweep.ranking import Tally
from backtests.sweep.restore import GRID, content_of


def manifest_of(
    job: Job, count: Tally, confirmed: Sequence[Confirmed], trials: int
) -> dict[str, Any]:
    """Return the manifest, in JSON's terms but for instants.

    Parameters
    ----------
    job : Job
        What was evaluated.
    count : Tally
        Routes, status and rankings.
    confirmed : sequence of Confirmed
        The winners.
    trials : int
        Configurations that the family has tried by now.
    """
    file = job.grid.file
    return {
        **job.identity,
        "run_id": job.run_id,
        "title": file.title,
        "source": job.snapshot.source,
        "as_of": job.snapshot.as_of,
        "versions": versions(),
        "base": job.grid.base,
        GRID: content_of(job.grid),
        "axes": {axis.path: len(axis) for axis in job.grid.axes},
        "constraints": [constraint.text for constraint in file.constraints],
        "sample": file.sample,
        "points": job.grid.space.size,
        "routes": count.routes,
        "status": count.status,
        "rankings": {best.measure: [row["variant"] for row in best.rows] for best in count.best},
        "winners": [_winner(one) for one in confirmed],
        "tolerance": TOLERANCE,
        "trials": trials,
    }


def _winner(one: Confirmed) -> dict[str, Any]:
    return {
        "variant": one.variant,
        "config_hash": one.row["config_hash"],
        "route": one.row["route"],
        "run_id": one.run_id,
        "parameters": {
            path: one.row[path] for path in varied(list(one.row)) if one.row[path] is not None
        },
        "engine": one.engine,
        "difference": one.difference,
        "where": one.where,
    }
