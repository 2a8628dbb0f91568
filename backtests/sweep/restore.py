"""A sweep's grid as its manifest holds it, and the job made again from that alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from backtests.sweep.grid import Grid, grid_of
from backtests.sweep.job import Job
from data.errors import BadTable
from data.snapshot import Snapshot

# What a manifest calls the grid's content.
GRID = "grid_file"


def content_of(grid: Grid) -> dict[str, Any]:
    """Return what a grid file says, nothing left out.

    The axes are a list, because their order numbers the variants and JSON's keys are sorted. The
    base stands in it with all of its parameters and each axis with all of its values, so that
    neither the file nor the user's variants are needed again.
    """
    file = grid.file
    table: dict[str, Any] = {
        "title": file.title,
        "variant": {**file.base.config, "title": file.base.title, "family": file.base.family},
        "family": file.family,
        "seed": file.seed,
        "grid": [{"path": axis.path, "values": list(axis.values)} for axis in file.axes],
        "constraint": [{"holds": constraint.text} for constraint in file.constraints],
        "execution": dict(file.execution),
    }
    if file.sample is not None:
        table["sample"] = file.sample
    for key, day in (("start", file.start), ("end", file.end)):
        if day is not None:
            table[key] = f"{day:%Y-%m-%d}"
    return table


def job_again(manifest: Mapping[str, Any], snapshot: Snapshot, origin: str) -> Job:
    """Return the job that a sweep's manifest is about.

    Parameters
    ----------
    manifest : mapping
        As a finished sweep writes it.
    snapshot : Snapshot
        The data that the sweep ran on.
    origin : str
        The manifest's file, for error messages.

    Raises
    ------
    BadTable
        If the manifest does not hold its grid, as those of earlier versions do not, or holds
        another one than the sweep had.
    """
    table, name = manifest.get(GRID), manifest.get("grid")
    if not isinstance(table, Mapping) or not isinstance(name, str):
        raise BadTable(f"{origin}: does not hold its grid: run the sweep again into another folder")
    axes = {axis["path"]: axis["values"] for axis in table["grid"]}
    grid = grid_of({**table, "grid": axes}, name, f"{origin}: {GRID}")
    first, last = (pd.Timestamp(manifest[key]).as_unit("us") for key in ("start", "end"))
    job = Job(grid, snapshot, first, last)
    if job.run_id != manifest.get("run_id"):
        raise BadTable(
            f"{origin}: its grid gives sweep {job.run_id}, not {manifest.get('run_id')}: run the "
            "sweep again into another folder"
        )
    return job
