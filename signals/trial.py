"""Compute on data that are cut or falsified after an instant, and see what changes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from data.poison import Flavour
from data.snapshot import Snapshot
from signals.difference import Difference, first_difference, informative, table

Compute: TypeAlias = Callable[[Snapshot], "pd.DataFrame | pd.Series[float]"]

# What a whole future is replaced with, in turn; and, to tell which input leaks, each alone.
WHOLE: tuple[Flavour, ...] = ("wild", "mirrored", "listing")
SINGLE: tuple[Flavour, ...] = ("absent", "mirrored", "wild")
# Numbers added up in another order differ in the last of some sixteen digits.
ROUNDING = 1e-12
# How long after a cut the falsified future lasts, in days.
HORIZON = (60, 240)
_DAY = pd.Timedelta(days=1)


def evaluate(compute: Compute, snapshot: Snapshot, name: str) -> pd.DataFrame:
    """Return what `compute` makes of the data, as :func:`signals.difference.table` does.

    Falsified figures overflow and divide by zero; that is no fault of the function.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return table(compute(snapshot), name)


@dataclass(frozen=True, slots=True)
class Trial:
    """Data of which the part after `t` is missing or false.

    Parameters
    ----------
    kind : {"cut", "poisoned"}
        Missing or false.
    t : Timestamp
        Everything known by then is as it was.
    world : Snapshot
        What happened, up to some months after `t`.
    snapshot : Snapshot
        What is computed on instead.
    flavour : str
        Of the poison; ``absent`` where the data are cut.
    seed : tuple of int
        Seed of the poison.
    """

    kind: Literal["cut", "poisoned"]
    t: pd.Timestamp
    world: Snapshot
    snapshot: Snapshot
    flavour: Flavour
    seed: tuple[int, ...]

    def differs(
        self, compute: Compute, whole: pd.DataFrame, name: str, rounding: float = ROUNDING
    ) -> Difference | None:
        """Return the first difference from `whole`, the output with the true future.

        Differences up to `rounding`, as a share of the largest number in a column, are none.

        To fail is no difference where there was nothing to say by `t` anyway: nothing but NaN
        and zeros, or the same row from the start, like a rule's cash before it can begin. A
        function may also refuse figures that cannot be, such as a negative price; it is then
        given a future that could have been, and must cope with that.
        """
        try:
            other = evaluate(compute, self.snapshot, name)
        except Exception as error:
            if self.flavour == "wild":
                tame = poisoned(self.world, self.t, self.seed, "mirrored")
                return tame.differs(compute, whole, name, rounding)
            return _lost(whole, self.t, error)
        # A coin more changes the order in which numbers are added up, and with it the last bits.
        tolerance = max(rounding, ROUNDING) if self.flavour == "listing" else rounding
        return first_difference(whole, other, self.t, tolerance)


def _lost(whole: pd.DataFrame, t: pd.Timestamp, error: Exception) -> Difference | None:
    """Return the first row by `t` that is news, None where there was no news yet."""
    rows = whole.loc[:t]
    if first_row(rows) is None:
        return None
    first = rows.iloc[0]
    changed = (rows.ne(first) & ~(rows.isna() & first.isna())).any(axis=1).to_numpy()
    if not changed.any():
        return None
    row = pd.DatetimeIndex(rows.index)[int(changed.argmax())]
    return Difference(row, "output", "an output", f"{type(error).__name__}: {error}")


def first_row(output: pd.DataFrame) -> pd.Timestamp | None:
    """Return the first decision time at which an output says something, if there is one."""
    rows = informative(output).any(axis=1)
    return pd.DatetimeIndex(output.index)[int(rows.argmax())] if rows.any() else None


def poisoned(
    world: Snapshot,
    t: pd.Timestamp,
    seed: tuple[int, ...],
    flavour: Flavour,
    only: tuple[str, ...] | None = None,
) -> Trial:
    """Return a trial on `world` with a false future."""
    rng = np.random.default_rng(seed)
    false = world.poisoned(t, rng, flavour=flavour, only=only)
    return Trial("poisoned", t, world, false, flavour, seed)


def trials(snapshot: Snapshot, t: pd.Timestamp, seed: tuple[int, ...]) -> Iterator[Trial]:
    """Yield the data cut at `t`, then with a false future of some months."""
    world = until_later(snapshot, t, seed)
    yield Trial("cut", t, world, world.until(t), "absent", seed)
    yield poisoned(world, t, seed, WHOLE[seed[-1] % len(WHOLE)])


def until_later(snapshot: Snapshot, t: pd.Timestamp, seed: tuple[int, ...]) -> Snapshot:
    """Return what was known some months after `t`."""
    return snapshot.until(t + _DAY * int(np.random.default_rng(seed).integers(*HORIZON)))


def leaking_inputs(
    compute: Compute,
    snapshot: Snapshot,
    times: Iterable[pd.Timestamp],
    name: str,
    seed: tuple[int, ...],
) -> tuple[str, ...]:
    """Return the inputs whose future alone, removed or falsified, changes the output.

    Parameters
    ----------
    compute : callable
        A function with look-ahead.
    snapshot : Snapshot
        Data.
    times : iterable of Timestamp
        Cuts to try, until one of them shows an input: the one at which the function was caught,
        then others.
    name : str
        Name of the function.
    seed : tuple of int
        Seed of the poison.

    Returns
    -------
    tuple of str
        Of ``snapshot.inputs``; empty where the future of no single input matters, as for a
        function that looks at where the data end.
    """
    for number, t in enumerate(times):
        world = until_later(snapshot, t, seed) if number else snapshot
        try:
            truth = evaluate(compute, world, name)
        except Exception:  # what it needs begins later: see the next cut
            continue
        for flavour in SINGLE:
            if found := _split(compute, truth, poisoned(world, t, seed, flavour), world.inputs):
                return found
    return ()


def _split(
    compute: Compute, truth: pd.DataFrame, whole: Trial, inputs: tuple[str, ...]
) -> tuple[str, ...]:
    """Halve the inputs for as long as falsifying a part changes the output."""

    def changes(part: tuple[str, ...], flavour: Flavour) -> bool:
        trial = poisoned(whole.world, whole.t, whole.seed, flavour, part)
        return trial.differs(compute, truth, "") is not None

    if not changes(inputs, whole.flavour):
        return ()
    if len(inputs) == 1:
        return inputs
    middle = len(inputs) // 2
    halves = (inputs[:middle], inputs[middle:])
    found = [one for half in halves for one in _split(compute, truth, whole, half)]
    if found:
        return tuple(found)
    # Chance hid it in the halves: try each input in every way.
    return tuple(one for one in inputs if any(changes((one,), flavour) for flavour in SINGLE))
