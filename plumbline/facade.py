"""For notebooks: ``import plumbline as pl``; each name is loaded when it is first used.

The data are those of the command line: the store, else the simulated world ``phantom`` with a
warning, or what ``data=`` names. A snapshot is loaded once for each pair of ``data`` and ``as_of``.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from backtests.execution import Execution as Execution
from backtests.run import Run
from backtests.run import backtest as _backtest
from backtests.trials.holdout import cut
from backtests.trials.ledger import Ledger
from backtests.trials.recording import record_runs
from data.loading import instant, load
from data.panel import Panel, panel_of
from data.settings import settings
from data.snapshot import Snapshot
from signals.registry import signal as _signal
from strategies.loading import load_strategy

if TYPE_CHECKING:
    from backtests.compare.comparison import Comparison
    from backtests.sweep.sweep import Sweep


class SimulatedData(UserWarning):
    """The data come from a simulated world."""


@functools.lru_cache(maxsize=4)
def snapshot(data: str | None = None, as_of: str | None = None) -> Snapshot:
    """Load the data.

    Parameters
    ----------
    data : str, optional
        As ``--data`` of the command line.
    as_of : str, optional
        An instant with a time zone; nothing known later is seen.

    Notes
    -----
    Nothing after a sealed holdout's boundary is seen while the seal is in force.
    """
    found, _ = cut(
        load(data, None if as_of is None else instant(as_of)), Ledger(settings(data).home)
    )
    if found.truth is not None:
        warnings.warn(
            f"simulated world {found.truth.world!r}: nothing here is about the real world",
            SimulatedData,
            stacklevel=2,
        )
    return found


@functools.lru_cache(maxsize=4)
def panel(data: str | None = None, as_of: str | None = None) -> Panel:
    """Return the as-of view at every daily decision time; see :class:`data.panel.Panel`."""
    return panel_of(snapshot(data, as_of))


def signal(
    name: str, *, data: str | None = None, as_of: str | None = None, **parameters: Any
) -> pd.Series[float]:
    """Return a signal at every daily decision time, from what was known then."""
    return _signal(name, **parameters).compute(panel(data, as_of))


def backtest(
    name: str,
    *,
    data: str | None = None,
    as_of: str | None = None,
    execution: Execution | None = None,
    start: str | None = None,
    end: str | None = None,
) -> Run:
    """Backtest a variant, a ``.toml`` file or ``module:object``; days as ``"2024-01-31"``."""
    days = [None if text is None else pd.Timestamp(text, tz="UTC") for text in (start, end)]
    home, seen = settings().home, snapshot(data, as_of)
    rule = load_strategy(name, home)
    run = _backtest(rule, seen, execution, start=days[0], end=days[1], panel=panel(data, as_of))
    record_runs(Ledger(home), [(rule.family, run)], seen, "backtest")
    return run


def sweep(
    grid: str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    data: str | None = None,
    as_of: str | None = None,
    workers: int | None = None,
    on: str = "local",
    scheduler: str | None = None,
    top: int = 10,
    yes: bool = False,
) -> Sweep:
    """Evaluate every variant of a grid; see ``plumbline sweep``.

    Parameters
    ----------
    grid : str, Path or mapping
        A grid file, or what one says.
    out : str or Path
        Folder for the leaderboard.
    data, as_of, workers, on, scheduler, top, yes
        As the command's options.
    """
    from backtests.sweep.grid import grid_of, read_grid
    from backtests.sweep.job import job_of
    from backtests.sweep.sweep import check_size, place
    from backtests.sweep.sweep import sweep as _sweep
    from backtests.trials.holdout import cut
    from backtests.trials.ledger import Ledger

    home = settings(data).home
    ledger, where = Ledger(home), place(on)
    if isinstance(grid, Mapping):
        found = grid_of(grid, "grid", "grid", home)
    else:
        found = read_grid(Path(grid), home)
    job = job_of(found, cut(snapshot(data, as_of), ledger)[0])
    check_size(job, on=where, yes=yes)
    return _sweep(
        job, Path(out), ledger=ledger, workers=workers, on=where, scheduler=scheduler, top=top
    )


def compare(
    *variants: str,
    sweep: str | Path | None = None,
    data: str | None = None,
    as_of: str | None = None,
    execution: Execution | None = None,
) -> Comparison:
    """Compare variants on the same days; see ``plumbline compare``.

    Parameters
    ----------
    *variants : str
        At least two: names, ``.toml`` files or ``module:object``.
    sweep : str or Path, optional
        Leaderboard of a sweep, or its folder.
    data, as_of
        As the command's options.
    execution : Execution, optional
        Costs and delay, the same for all.
    """
    from backtests.compare.comparison import compare as _compare
    from backtests.compare.field import rules_of

    home = settings().home
    return _compare(
        rules_of(variants, home),
        snapshot(data, as_of),
        panel(data, as_of),
        Ledger(home),
        execution=execution,
        sweep=None if sweep is None else Path(sweep),
    )


def report(
    out: str | Path = "reports/latest", *, data: str | None = None, as_of: str | None = None
) -> Path:
    """Write the report and return the path of its page."""
    from backtests.report.study import record, study
    from backtests.report.writer import write_report

    found = study(snapshot(data, as_of), settings=settings(data))
    record(found, Ledger(settings().home))
    return write_report(found, Path(out))
