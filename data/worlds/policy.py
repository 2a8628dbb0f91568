"""The Fed's administered rates: the same steps in every world, as they were in fact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.aliases import FloatArray
from data.facts import facts
from data.worlds.timeline import Timeline

# Top of the target range from its effective date, percent.
_UPPER = {
    "2008-12-16": 0.25, "2015-12-17": 0.50, "2016-12-15": 0.75, "2017-03-16": 1.00,
    "2017-06-15": 1.25, "2017-12-14": 1.50, "2018-03-22": 1.75, "2018-06-14": 2.00,
    "2018-09-27": 2.25, "2018-12-20": 2.50, "2019-08-01": 2.25, "2019-09-19": 2.00,
    "2019-10-31": 1.75, "2020-03-04": 1.25, "2020-03-16": 0.25, "2022-03-17": 0.50,
    "2022-05-05": 1.00, "2022-06-16": 1.75, "2022-07-28": 2.50, "2022-09-22": 3.25,
    "2022-11-03": 4.00, "2022-12-15": 4.50, "2023-02-02": 4.75, "2023-03-23": 5.00,
    "2023-05-04": 5.25, "2023-07-27": 5.50, "2024-09-19": 5.00, "2024-11-08": 4.75,
    "2024-12-19": 4.50, "2025-09-18": 4.25, "2025-10-30": 4.00, "2025-12-11": 3.75,
}  # fmt: skip
# Top of the range less interest on (excess) reserves, percent.
_BELOW_TOP = {
    "2008-12-16": 0.00,
    "2018-06-14": 0.05,
    "2018-12-20": 0.10,
    "2019-05-02": 0.15,
    "2019-09-19": 0.20,
    "2020-01-30": 0.15,
    "2021-06-17": 0.10,
}


@dataclass(frozen=True, slots=True)
class Policy:
    """Administered rates in force on each day, percent.

    Parameters
    ----------
    upper, lower : ndarray
        The target range.
    reserves : ndarray
        Interest on (excess) reserve balances.
    rrp : ndarray
        ON RRP rate.
    """

    upper: FloatArray
    lower: FloatArray
    reserves: FloatArray
    rrp: FloatArray


def policy(time: Timeline) -> Policy:
    """Return the administered rates of every day of `time`."""
    upper = time.steps(_UPPER)
    lower = upper - 0.25
    spread = np.zeros(len(time))
    for fact in facts("rrp_spreads"):
        spread[time.from_day(fact.start)] = (fact.value or 0.0) / 100.0
    return Policy(
        upper=upper,
        lower=lower,
        reserves=np.round(upper - time.steps(_BELOW_TOP), 2),
        rrp=np.round(lower + spread, 2),
    )
