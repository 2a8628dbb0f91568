"""The look-ahead audit: does anything computed for a time depend on what came after it?

The data are cut at many times, and falsified after them, and whatever a function computes for
those times and earlier must be the same. What the audit cannot see is a fact of the
world written into the code, such as a crisis date that a rule was built around.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from data.snapshot import Snapshot
from signals.cuts import audit_times
from signals.difference import Difference, first_difference
from signals.trial import (
    ROUNDING,
    Compute,
    Trial,
    evaluate,
    first_row,
    leaking_inputs,
    trials,
)

Kind: TypeAlias = Literal["cut", "poisoned", "not repeatable", "fill before decision", "same bar"]

COUNT = 48


@dataclass(frozen=True, slots=True)
class Leak:
    """Proof that something computed for a time depends on what came later.

    Parameters
    ----------
    name : str
        What was audited.
    kind : str
        ``cut``: the output changes when the data end at `cut`. ``poisoned``: it changes when
        what came after `cut` is falsified. ``not repeatable``: two runs on the same data
        differ. ``fill before decision`` and ``same bar``: see :mod:`signals.audit_trades`.
    decision_time : Timestamp
        Earliest row that changes.
    cut : Timestamp
        Time after which the data were cut or falsified.
    column : str
        Column that changes.
    series : tuple of str
        Inputs whose future leaks: ids of series, ``daily.close`` and its like, ``funding``.
        Empty where it is none in particular, as when a function looks at where the data end.
    detail : str
        What was computed with and without the future, or the error.
    """

    name: str
    kind: Kind
    decision_time: pd.Timestamp
    cut: pd.Timestamp
    column: str
    series: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        through = f" through {', '.join(self.series)}" if self.series else ""
        return (
            f"{self.name}: {self.column} of {self.decision_time:%Y-%m-%d} ({self.kind}{through}; "
            f"data known by {self.cut:%Y-%m-%d %H:%M} UTC): {self.detail}"
        )


def audit(
    compute: Compute,
    snapshot: Snapshot,
    times: pd.DatetimeIndex | None = None,
    *,
    name: str | None = None,
    count: int = COUNT,
    seed: int = 0,
    rounding: float = ROUNDING,
) -> list[Leak]:
    """Look for look-ahead in one function.

    Parameters
    ----------
    compute : callable
        From a snapshot to a Series or DataFrame indexed by decision time (UTC).
    snapshot : Snapshot
        Data to try it on.
    times : DatetimeIndex, optional
        Where to cut; by default :func:`signals.cuts.audit_times` and the first row on which the
        function says something.
    name : str, optional
        Name in the findings.
    count : int
        Number of default times.
    seed : int
        Seed of the times and of the falsified futures.
    rounding : float
        Differences up to this share of the largest number in a column are rounding, which some
        library functions change when later data do (pandas' ``resample().mean()`` does where a
        value is missing). 0 compares bit by bit: so are the project's own signals and strategies
        compared, since live targets must equal backtest targets to the bit.

    Returns
    -------
    list of Leak
        Empty where there is no look-ahead; else the first one found, the cuts going forward.

    Raises
    ------
    InputError
        If the output is not a table by decision time.

    Notes
    -----
    An error that the function raises on the whole data is passed on. One that it raises on cut
    data is a leak if it had an output for that time with the future at hand.
    """
    label = name or str(getattr(compute, "__name__", type(compute).__name__))
    return audit_all({label: compute}, snapshot, times, count=count, seed=seed, rounding=rounding)


def audit_all(
    computes: Mapping[str, Compute],
    snapshot: Snapshot,
    times: pd.DatetimeIndex | None = None,
    *,
    count: int = COUNT,
    seed: int = 0,
    rounding: float = ROUNDING,
) -> list[Leak]:
    """Look for look-ahead in many functions, on the same cut and falsified data.

    See :func:`audit`. Functions that share a :class:`signals.audited.SharedPanel` share each
    panel too. There is one finding at most for each function, in the order of `computes`.
    """
    whole = {name: evaluate(compute, snapshot, name) for name, compute in computes.items()}
    schedule = _schedule(snapshot, whole, times, count, seed)
    leaks: dict[str, Leak] = {}
    for number, (t, names) in enumerate(schedule.items()):
        waiting = [name for name in names if name not in leaks]
        for trial in trials(snapshot, t, (seed, number)) if waiting else ():
            for name in waiting:
                if name in leaks:
                    continue
                if found := trial.differs(computes[name], whole[name], name, rounding):
                    leaks[name] = _leak(name, computes[name], snapshot, whole[name], trial, found)
    return [leaks[name] for name in computes if name in leaks]


def _schedule(
    snapshot: Snapshot,
    whole: Mapping[str, pd.DataFrame],
    times: pd.DatetimeIndex | None,
    count: int,
    seed: int,
) -> dict[pd.Timestamp, list[str]]:
    """Where to cut, and for which functions: at the chosen times all, at its first output each."""
    if times is not None:
        return {t: list(whole) for t in times.sort_values()}
    schedule = {t: list(whole) for t in audit_times(snapshot, count, seed=seed)}
    for name, output in whole.items():
        row = first_row(output)
        if row is not None and name not in schedule.setdefault(row, []):
            schedule[row].append(name)
    return dict(sorted(schedule.items()))


def _leak(
    name: str,
    compute: Compute,
    snapshot: Snapshot,
    whole: pd.DataFrame,
    trial: Trial,
    found: Difference,
) -> Leak:
    again = first_difference(whole, evaluate(compute, snapshot, name), snapshot.as_of, ROUNDING)
    if again is not None:
        detail = f"{again.whole} at first, {again.other} when run again on the same data"
        row = again.decision_time
        return Leak(name, "not repeatable", row, trial.t, again.column, (), detail)
    instead = "without it" if trial.kind == "cut" else "with another"
    # Where little has begun by the cut, later cuts may tell more about what leaks.
    rest = snapshot.as_of - trial.t
    cuts = [trial.t, *((trial.t + rest * share).floor("D") for share in (0.1, 0.3, 0.5, 0.7, 0.9))]
    return Leak(
        name=name,
        kind=trial.kind,
        decision_time=found.decision_time,
        cut=trial.t,
        column=found.column,
        series=leaking_inputs(compute, snapshot, cuts, name, trial.seed),
        detail=f"{found.whole} with the true future, {found.other} {instead}",
    )
