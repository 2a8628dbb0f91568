"""Write a run: its summary as JSON, its tables as Parquet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd

from backtests.run import Run
from data.atomic import replace_file
from data.canonical import canonical_json


def run_summary(run: Run) -> dict[str, Any]:
    """Return what describes a run in JSON's terms: identity, metrics, costs, manifest."""
    equity = run.simulation.equity
    return {
        "run_id": run.run_id,
        "name": run.name,
        "title": run.title,
        "benchmark": run.benchmark,
        "first": equity.index[0],
        "last": equity.index[-1],
        "metrics": dict(run.metrics),
        "costs": dict(run.simulation.costs),
        "orders": len(run.simulation.fills),
        "unfilled": len(run.simulation.unfilled),
        "manifest": dict(run.manifest),
    }


def write_run(run: Run, out: Path) -> None:
    """Write ``run.json`` and the tables of weights, orders, unfilled, frozen and equity."""
    simulation = run.simulation
    tables = {
        "weights": simulation.weights.reset_index(),
        "orders": simulation.fills,
        "unfilled": simulation.unfilled,
        "frozen": simulation.frozen,
        "equity": simulation.equity.rename("equity").reset_index(),
    }
    for name, table in tables.items():
        replace_file(out / f"{name}.parquet", _parquet(table))
    replace_file(out / "run.json", (canonical_json(run_summary(run), indent=2) + "\n").encode())


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()
