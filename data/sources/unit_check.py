"""An answer in another unit than what is stored is refused before it reaches the store."""

from __future__ import annotations

import pandas as pd

from data.catalogue import series
from data.sources.base import Answer
from data.sources.checks import refuse_unit_change


def refuse_other_units(answer: Answer, stored: pd.DataFrame | None) -> None:
    """Compare an answer's figures with the stored ones of the same days.

    Raises
    ------
    UnexpectedAnswer
        Where the figures of a series are typically 10^3 or 10^6 times the stored ones, or the
        inverse.
    """
    if stored is None or answer.table != "observations" or answer.rows.empty:
        return
    for name, rows in answer.rows.groupby("series", sort=False):
        known = stored[(stored["series"] == name).to_numpy()]
        refuse_unit_change(series(str(name)), _by_day(known), _by_day(rows), answer.source)


def _by_day(rows: pd.DataFrame) -> pd.Series[float]:
    last = rows.drop_duplicates("ref_date", keep="last")
    return pd.Series(last["value"].to_numpy(dtype=float), index=pd.DatetimeIndex(last["ref_date"]))
