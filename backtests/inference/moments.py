"""Sharpe ratios in samples: standard error, probabilistic, deflated, minimum track record.

Every Sharpe ratio here is per period, never annualised; kurtosis is raw (3 for the normal).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from backtests.inference.arrays import positive, positive_int, probability


def sharpe_standard_error(
    sharpe: float, n: int, *, skew: float = 0.0, kurtosis: float = 3.0
) -> float:
    r"""Return the standard error of a Sharpe ratio of independent returns, of Lo and of Mertens.

    :math:`\sqrt{(1 - \gamma_3 SR + \frac{\gamma_4 - 1}{4} SR^2) / T}`; with normal moments this is
    Lo's :math:`\sqrt{(1 + SR^2 / 2) / T}`.

    Parameters
    ----------
    sharpe : float
        Per period.
    n : int
        Number of returns T.
    skew, kurtosis : float
        Of the returns.

    References
    ----------
    .. [1] Lo, A. W. (2002). The statistics of Sharpe ratios. Financial Analysts Journal 58, 36-52.
    .. [2] Mertens, E. (2002). Comments on variance of the IID estimator in Lo (2002).
    """
    return math.sqrt(_spread(sharpe, skew, kurtosis) / positive_int(n, "n"))


def probabilistic_sharpe(
    sharpe: float, benchmark: float, n: int, *, skew: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Return the probability of Bailey and Lopez de Prado that the Sharpe ratio beats `benchmark`.

    Parameters
    ----------
    sharpe, benchmark : float
        Per period.
    n : int
        Number of returns, at least 2.
    skew, kurtosis : float
        Of the returns.

    Returns
    -------
    float
        Between 0 and 1.

    References
    ----------
    .. [1] Bailey, D. H. and Lopez de Prado, M. (2012). The Sharpe ratio efficient frontier.
       Journal of Risk 15, 3-44.
    """
    if positive_int(n, "n") < 2:
        raise ValueError(f"n: at least 2 returns are needed, got {n}")
    spread = math.sqrt(_spread(sharpe, skew, kurtosis))
    return float(ndtr((sharpe - benchmark) * math.sqrt(n - 1) / spread))


def expected_maximum_sharpe(trials: int, variance: float) -> float:
    """Return the Sharpe ratio that the best of `trials` skill-less trials is expected to show.

    Parameters
    ----------
    trials : int
        Number of independent trials; 1 gives 0.
    variance : float
        Variance across trials of their Sharpe ratios, in the same (per period) unit squared.

    References
    ----------
    .. [1] Bailey, D. H. and Lopez de Prado, M. (2014). The deflated Sharpe ratio. Journal of
       Portfolio Management 40, 94-107.
    """
    positive(variance, "variance")
    if positive_int(trials, "trials") == 1:
        return 0.0
    gamma = float(np.euler_gamma)
    lower = float(-ndtri(1 / trials))
    upper = float(-ndtri(1 / (trials * math.e)))
    return math.sqrt(variance) * ((1 - gamma) * lower + gamma * upper)


def deflated_sharpe(
    sharpe: float,
    n: int,
    *,
    trials: int,
    variance: float,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """Return the deflated Sharpe ratio of Bailey and Lopez de Prado (2014).

    The probabilistic Sharpe ratio against what the best of `trials` would show by luck.

    Parameters
    ----------
    sharpe : float
        Of the chosen trial, per period.
    n : int
        Number of returns.
    trials : int
        Independent trials it was chosen from.
    variance : float
        Variance across trials of their Sharpe ratios (per period).
    skew, kurtosis : float
        Of the chosen trial's returns.
    """
    luck = expected_maximum_sharpe(trials, variance)
    return probabilistic_sharpe(sharpe, luck, n, skew=skew, kurtosis=kurtosis)


def minimum_track_record(
    sharpe: float,
    benchmark: float,
    *,
    confidence: float = 0.95,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """Return the number of returns after which the Sharpe ratio would beat the benchmark.

    Parameters
    ----------
    sharpe, benchmark : float
        Per period.
    confidence : float
        The probabilistic Sharpe ratio to be reached.
    skew, kurtosis : float
        Of the returns.

    Returns
    -------
    float
        Periods; infinite when the Sharpe ratio does not exceed the benchmark.

    References
    ----------
    .. [1] Bailey, D. H. and Lopez de Prado, M. (2012). The Sharpe ratio efficient frontier.
       Journal of Risk 15, 3-44.
    """
    quantile = float(ndtri(probability(confidence, "confidence")))
    if sharpe <= benchmark:
        return math.inf
    return 1 + _spread(sharpe, skew, kurtosis) * (quantile / (sharpe - benchmark)) ** 2


def _spread(sharpe: float, skew: float, kurtosis: float) -> float:
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if not spread > 0:
        raise ValueError(
            f"kurtosis: {kurtosis!r} cannot go with skew {skew!r} (kurtosis >= 1 + skew^2)"
        )
    return spread
