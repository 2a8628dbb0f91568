"""How long borrowed balances stay: half-life and share repaid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import FloatArray, positive, positive_int, vector


@dataclass(frozen=True, slots=True)
class Persistence:
    """What becomes of a balance after it is drawn.

    Attributes
    ----------
    uses : int
        Rises of the balance that are followed to the end of the span.
    half_life : int or None
        First row after the draw at which half or less of what was drawn, over all uses, is
        outstanding; None when more than half stays throughout.
    share_repaid : float
        Share of what was drawn, over all uses, that has been repaid within `within` rows.
    outstanding : tuple of float
        Share outstanding 0, 1, ..., span rows after the draw; starts at 1.
    half_lives : tuple of (int or None)
        Of each use by itself, in time order.
    """

    uses: int
    half_life: int | None
    share_repaid: float
    outstanding: tuple[float, ...]
    half_lives: tuple[int | None, ...]


def persistence(
    balance: npt.ArrayLike, *, threshold: float, within: int = 5, span: int = 28
) -> Persistence:
    """Follow every rise of a balance until it is repaid.

    A use is a row whose balance exceeds the row before by at least `threshold`. What it drew is
    outstanding as far as the balance has not since come down towards the level before it; a later
    rise is another use. A loan rolled over without a row in between counts as one that stays.
    Weighting by size makes one dollar drawn count like another.

    Parameters
    ----------
    balance : array_like, shape (T,)
        Balance on consecutive days, at least 0, without holes. Rows are the unit of time: business
        days or calendar days, as the caller gives them.
    threshold : float
        Least rise that counts, in the balance's unit.
    within : int
        Rows for `share_repaid`.
    span : int
        Rows for which each use is followed, at least `within`; later uses are not counted.

    Returns
    -------
    Persistence

    Raises
    ------
    ValueError
        NaN, a negative balance, no use with `span` rows after it.
    """
    level = vector(balance, "balance")
    positive(threshold, "threshold")
    if positive_int(within, "within") > positive_int(span, "span"):
        raise ValueError(f"within: {within} rows are more than the span of {span}")
    if (level < 0).any():
        raise ValueError(f"balance: {level.min()} is below 0")
    rises = np.flatnonzero(np.diff(level) >= threshold) + 1
    rises = rises[rises + span < len(level)]
    if not len(rises):
        raise ValueError(f"balance: no rise of {threshold} is followed by {span} rows")
    before = level[rises - 1]
    drawn = level[rises] - before
    later = level[rises[:, None] + np.arange(span + 1)]
    lowest = np.minimum.accumulate(later, axis=1)
    left = np.clip(lowest - before[:, None], 0.0, None)
    outstanding = left.sum(axis=0) / drawn.sum()
    return Persistence(
        uses=len(rises),
        half_life=_first_half(outstanding),
        share_repaid=float(1 - outstanding[within]),
        outstanding=tuple(outstanding.tolist()),
        half_lives=tuple(_first_half(share) for share in left / drawn[:, None]),
    )


def _first_half(outstanding: FloatArray) -> int | None:
    at = np.flatnonzero(outstanding <= 0.5)
    return int(at[0]) if len(at) else None
