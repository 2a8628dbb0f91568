"""What a strategy's signal feed does when the inputs are late."""

from __future__ import annotations

from typing import Literal, TypeAlias

import pandas as pd
from pydantic import Field

from strategies.piece import Piece

OnStale: TypeAlias = Literal["hold", "decay", "flat"]


class FeedTerms(Piece):
    """How long a target counts, and what becomes of it when nothing newer comes.

    A target is valid until the decision that follows the next scheduled release of one of the
    strategy's inputs, plus a grace. When the release has not come by then, the inputs are stale.

    Parameters
    ----------
    on_stale : {"hold", "decay", "flat"}
        ``hold``: the strategy goes on with what it knows until its inputs are older than they
        may be (``max_age`` in the catalogue), then as ``decay``. ``decay``: to cash in equal
        steps. ``flat``: to cash at once.
    decay_days : int
        Steps of the decay, one a day.
    grace_hours : float
        Hours that a release, a bar or an export may be late.
    """

    on_stale: OnStale = "hold"
    decay_days: int = Field(default=5, ge=1)
    grace_hours: float = Field(default=6.0, ge=0.0, le=24.0)

    @property
    def grace(self) -> pd.Timedelta:
        """`grace_hours` as a span of time."""
        return pd.Timedelta(hours=self.grace_hours)

    def kept(self, late: int, over: int) -> float:
        """Return the share of the target that is kept, between 0 and 1.

        Parameters
        ----------
        late : int
            Days that a release or a bar is overdue; 0 when none is.
        over : int
            Days that the inputs have been too old to compute the strategy; 0 when they are not.
        """
        days = over if self.on_stale == "hold" else max(late, over)
        if days <= 0:
            return 1.0
        if self.on_stale == "flat":
            return 0.0
        return max(0.0, 1.0 - days / self.decay_days)


DEFAULT_TERMS = FeedTerms()
