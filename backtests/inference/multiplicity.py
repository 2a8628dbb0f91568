"""p-values adjusted for the number of tests in a family."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from statsmodels.stats.multitest import multipletests

from backtests.inference.arrays import FloatArray, vector
from backtests.inference.one_sided import OneSided


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Return Holm's step-down adjusted p-values, in the order given.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        Of one family; the adjusted ones control the family-wise error under any dependence.

    Raises
    ------
    ValueError
        NaN, or a value outside 0 to 1.

    References
    ----------
    .. [1] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
       Journal of Statistics 6, 65-70.
    """
    p = _p_values(p_values)
    order = np.argsort(p, kind="stable")
    steps = np.arange(len(p), 0, -1) * p[order]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def benjamini_yekutieli(p_values: npt.ArrayLike) -> FloatArray:
    """Return p-values adjusted for the false discovery rate under any dependence.

    Parameters
    ----------
    p_values : array_like, shape (m,)

    Raises
    ------
    ValueError
        NaN, or a value outside 0 to 1.

    References
    ----------
    .. [1] Benjamini, Y. and Yekutieli, D. (2001). The control of the false discovery rate in
       multiple testing under dependency. Annals of Statistics 29, 1165-1188.
    """
    adjusted: FloatArray = multipletests(_p_values(p_values), method="fdr_by")[1]
    return adjusted


def holm_family(family: Sequence[OneSided]) -> tuple[OneSided, ...]:
    """Adjust the p1, the p2 and the p3 of a family of claims, each among its own kind, by Holm.

    Parameters
    ----------
    family : sequence of OneSided
        One per claim that was tested. Claims without a delta (p2 None) are not counted among the
        p2.

    Returns
    -------
    tuple of OneSided
        In the same order; empty for an empty family.
    """
    if not family:
        return ()
    p1 = holm([p.p1 for p in family])
    p3 = holm([p.p3 for p in family])
    sized = {i: p.p2 for i, p in enumerate(family) if p.p2 is not None}
    p2 = dict(zip(sized, holm(list(sized.values())), strict=True)) if sized else {}
    return tuple(
        OneSided(float(p1[i]), float(p2[i]) if i in p2 else None, float(p3[i]))
        for i in range(len(family))
    )


def _p_values(p_values: npt.ArrayLike) -> FloatArray:
    p = vector(p_values, "p_values")
    outside = (p < 0) | (p > 1)
    if outside.any():
        raise ValueError(f"p_values: expected between 0 and 1, got {p[outside][0]}")
    return p
