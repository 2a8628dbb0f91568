"""The Sharpe ratio that a chosen trial must show before luck is ruled out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri

from backtests.inference.arrays import positive_int, probability
from backtests.inference.moments import expected_maximum_sharpe


@dataclass(frozen=True, slots=True)
class NeededSharpe:
    """What the best of many trials has to show; every Sharpe ratio per period.

    Attributes
    ----------
    trials : int
        Independent trials it is chosen from.
    variance : float
        Variance across trials of their Sharpe ratios.
    periods : int
        Returns in the track record.
    confidence : float
        Deflated Sharpe ratio to be reached.
    expected_maximum : float
        What the best of the trials is expected to show without skill.
    needed : float
        Sharpe ratio whose deflated Sharpe ratio is `confidence`; infinite where the record is too
        short for any.
    """

    trials: int
    variance: float
    periods: int
    confidence: float
    expected_maximum: float
    needed: float

    def annual(self, periods_per_year: float) -> float:
        """Return `needed` a year."""
        return self.needed * math.sqrt(periods_per_year)


def needed_sharpe(
    trials: int,
    variance: float,
    periods: int,
    *,
    confidence: float = 0.95,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> NeededSharpe:
    r"""Return the Sharpe ratio that the best of `trials` needs, by Bailey and Lopez de Prado.

    The deflated Sharpe ratio solved for the Sharpe ratio s: with :math:`SR_0` the expected maximum,
    z the quantile of `confidence` and c = (kurtosis - 1) / 4, the larger root of
    :math:`(T - 1)(s - SR_0)^2 = z^2 (1 - \gamma_3 s + c s^2)`.

    Parameters
    ----------
    trials : int
        Independent trials.
    variance : float
        Across trials, of their Sharpe ratios per period.
    periods : int
        Length of the track record T, at least 2.
    confidence : float
        At least a half.
    skew, kurtosis : float
        Of the returns that will be judged; kurtosis raw.

    Raises
    ------
    ValueError
        An argument outside its range.

    References
    ----------
    .. [1] Bailey, D. H. and Lopez de Prado, M. (2014). The deflated Sharpe ratio. Journal of
       Portfolio Management 40, 94-107.
    """
    if positive_int(periods, "periods") < 2:
        raise ValueError(f"periods: at least 2 returns are needed, got {periods}")
    if probability(confidence, "confidence") < 0.5:
        raise ValueError(f"confidence: expected at least a half, got {confidence}")
    if kurtosis < 1 + skew**2:
        raise ValueError(
            f"kurtosis: {kurtosis!r} cannot go with skew {skew!r} (kurtosis >= 1 + skew^2)"
        )
    luck = expected_maximum_sharpe(trials, variance)
    z2, m = float(ndtri(confidence)) ** 2, periods - 1
    a = m - z2 * (kurtosis - 1) / 4
    half_b = z2 * skew / 2 - m * luck
    c = m * luck**2 - z2
    # At a confidence of one half the two roots meet, and rounding can take them apart.
    root = math.sqrt(max(half_b**2 - a * c, 0.0))
    needed = math.inf if a <= 0 else (root - half_b) / a
    return NeededSharpe(trials, variance, periods, confidence, luck, needed)
