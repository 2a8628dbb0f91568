"""A sweep's leaderboard, read back: parameters, measures and fold returns of every variant."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from backtests.metrics import YEAR
from backtests.provenance import code_version
from backtests.sweep.columns import FOLD_NAMES
from backtests.sweep.matched import holding_between, over_exposure
from backtests.sweep.output import LEADERBOARD, MANIFEST
from data.aliases import FloatArray
from data.errors import BadTable
from data.snapshot import Snapshot

FIRST, AFTER = "variant", "config_hash"


@dataclass(frozen=True, slots=True)
class Board:
    """A sweep's leaderboard.

    Parameters
    ----------
    path : Path
        The Parquet file.
    manifest : mapping
        What the sweep wrote beside it.
    parameters : DataFrame
        One row a variant, one column a varied parameter by its dotted path.
    measures : DataFrame
        Measures by name.
    folds : ndarray of shape (variants, 16)
        Returns of sixteen consecutive spans.
    hashes : Series of str
        Hash of each configuration.
    """

    path: Path
    manifest: Mapping[str, Any]
    parameters: pd.DataFrame
    measures: pd.DataFrame
    folds: FloatArray
    hashes: pd.Series[str]


def read_board(path: Path, snapshot: Snapshot) -> Board:
    """Read a leaderboard; refuse one that does not belong to this snapshot and this version.

    Parameters
    ----------
    path : Path
        ``leaderboard.parquet``, or the folder that holds it.
    snapshot : Snapshot
        What the comparison runs on.

    Raises
    ------
    BadTable
        If it is missing, no leaderboard, from another snapshot or written by another version of
        the program; in one line.
    """
    file = path / LEADERBOARD if path.is_dir() else path
    manifest = _manifest(file)
    for key, own in (("snapshot_id", snapshot.snapshot_id), ("code", code_version())):
        if manifest.get(key) != own:
            what = "snapshot" if key == "snapshot_id" else "version of the program"
            raise BadTable(
                f"{file}: from another {what} ({manifest.get(key)}, this is {own}): run the sweep "
                "again on the same data"
            )
    try:
        table = pq.read_table(file).to_pandas()
    except (OSError, pa.ArrowInvalid) as error:
        raise BadTable(f"{file}: cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    lacking = [name for name in (FIRST, AFTER, *FOLD_NAMES) if name not in table.columns]
    if lacking or table.empty:
        raise BadTable(
            f"{file}: is no leaderboard: " + (f"it lacks {lacking[0]!r}" if lacking else "no row")
        )
    columns = list(table.columns)
    start, stop = columns.index(FIRST) + 1, columns.index(AFTER)
    rest = [name for name in columns[stop + 1 :] if name not in FOLD_NAMES]
    return Board(
        path=file,
        manifest=manifest,
        parameters=table[columns[start:stop]],
        measures=table[[name for name in rest if pd.api.types.is_float_dtype(table[name])]],
        folds=table[list(FOLD_NAMES)].to_numpy(dtype=np.float64),
        hashes=table[AFTER].astype(str),
    )


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep's fold returns over mean exposure.

    Parameters
    ----------
    family : str
        Its research family.
    folds : ndarray of shape (variants, 16)
        Each fold's return less what the variant's mean exposure would have earned.
    sharpes : ndarray of shape (variants,)
        Sharpe ratios of the daily returns over mean weights, per day; NaN for a variant that
        never leaves them.
    """

    family: str
    folds: FloatArray
    sharpes: FloatArray


def over_mean_exposure(board: Board, snapshot: Snapshot) -> Sweep:
    """Return a sweep's fold returns over mean exposure, those with a value in every fold.

    Parameters
    ----------
    board : Board
        A leaderboard with ``exposure`` and ``sharpe_matched``; its manifest says the days.
    snapshot : Snapshot
        For what holding earned in the same folds; see :mod:`backtests.sweep.matched`.

    Raises
    ------
    BadTable
        If the leaderboard lacks a measure, or the manifest a day.
    """
    needed = ("exposure", "sharpe_matched")
    lacking = [name for name in needed if name not in board.measures]
    lacking += [key for key in ("start", "end") if key not in board.manifest]
    if lacking:
        raise BadTable(f"{board.path}: does not say {lacking[0]!r}: run the sweep again")
    first, last = (pd.Timestamp(board.manifest[key]).as_unit("us") for key in ("start", "end"))
    table = pa.table(
        {
            "exposure": board.measures["exposure"].to_numpy(),
            **dict(zip(FOLD_NAMES, board.folds.T, strict=True)),
        }
    )
    folds = over_exposure(table, holding_between(snapshot, first, last))
    sharpes = board.measures["sharpe_matched"].to_numpy() / math.sqrt(YEAR)
    whole = np.isfinite(folds).all(axis=1)
    return Sweep(str(board.manifest.get("family", "")), folds[whole], sharpes[whole])


def _manifest(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        raise BadTable(f"{file}: there is no leaderboard: run `plumbline sweep GRID.toml` first")
    beside = file.with_name(MANIFEST)
    if not beside.is_file():
        raise BadTable(f"{file}: there is no {MANIFEST} beside it, so that its data are unknown")
    try:
        found = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError:
        raise BadTable(f"{beside}: is not JSON: run the sweep again") from None
    if not isinstance(found, dict):
        raise BadTable(f"{beside}: is no manifest: run the sweep again")
    return found
