"""What trading may cost before a variant's edge is gone: found by running it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from scipy.optimize import brentq

from backtests.compare.field import HOLD, MATCHED, Entrant, Field
from backtests.execution import Execution
from backtests.holding import excess_of
from backtests.metrics import YEAR, cagr
from backtests.run import run_weights
from strategies.baselines import BASELINES
from strategies.strategy import weights_of

FIRST_TRY_BP, MOST_BP = 40.0, 640.0
WITHIN_BP = 0.05
# An excess a year of less than this is rounding.
NOTHING = 1e-5


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The cost per trade at which an excess is zero.

    Parameters
    ----------
    against : str
        What the excess is over: ``exposure_matched`` or ``buy_and_hold``.
    cost_bp : float or None
        Fee and slippage together, basis points of each trade. ``None`` where the excess is
        not positive even without costs (`free` is at most zero) or positive still at
        :data:`MOST_BP` (`free` is above zero).
    free : float
        The excess without costs, decimal a year.
    at_cost : float
        The excess at the comparison's own costs, decimal a year.
    """

    against: str
    cost_bp: float | None
    free: float
    at_cost: float


def cost_bp(execution: Execution) -> float:
    """Return fee and fixed slippage together, basis points of a trade."""
    return execution.fee_bp + execution.slippage_bp


def at_cost(execution: Execution, bp: float) -> Execution:
    """Return the same execution with fee and slippage scaled to a sum of `bp`."""
    whole = cost_bp(execution)
    fee = bp * (execution.fee_bp / whole if whole else 1.0)
    return replace(execution, fee_bp=fee, slippage_bp=bp - fee, slippage_range=0.0)


def break_even(field: Field, entrant: Entrant) -> tuple[BreakEven, BreakEven]:
    """Return the break-even costs against the exposure-matched benchmark and buy and hold.

    Parameters
    ----------
    field : Field
        The days, the data and the costs.
    entrant : Entrant
        A variant of it.

    Returns
    -------
    tuple of two BreakEven
        The first excess is the mean of d_t, 365 times a day; the second the growth a year less
        that of buy and hold, which pays the same costs on its one purchase. Each cost is found
        by running the engine again at other costs (bracketing, then Brent's method) to
        0.05 bp. Slippage by range is left out of it.
    """
    hold = BASELINES[HOLD]
    held = weights_of(hold, field.panel, field.snapshot.daily, field.snapshot.funding)

    @cache
    def excesses(bp: float) -> tuple[float, float]:
        execution = at_cost(field.execution, bp)
        run = field.again(entrant, execution)
        timing = YEAR * float(excess_of(run, field.snapshot.daily).mean())
        if entrant.name == HOLD:
            return timing, 0.0
        holding = run_weights(
            held,
            field.snapshot,
            execution,
            name=hold.name,
            title=hold.title,
            config=hold.config,
            start=field.first,
            end=field.last,
            panel=field.panel,
            benchmark=True,
        )
        return timing, cagr(run.simulation.equity) - cagr(holding.simulation.equity)

    own = YEAR * float(entrant.excess.mean())
    growth = [cagr(run.simulation.equity) for run in (entrant.run, field.yardsticks[HOLD])]
    return (
        _solve(MATCHED, lambda bp: excesses(bp)[0], own),
        _solve(HOLD, lambda bp: excesses(bp)[1], growth[0] - growth[1]),
    )


def _solve(against: str, excess: Callable[[float], float], own: float) -> BreakEven:
    free = excess(0.0)
    if free <= NOTHING:
        return BreakEven(against, None, free, own)
    low, high = 0.0, FIRST_TRY_BP
    while excess(high) > 0:
        if high >= MOST_BP:
            return BreakEven(against, None, free, own)
        low, high = high, 2.0 * high
    found = float(brentq(excess, low, high, xtol=WITHIN_BP))
    return BreakEven(against, round(found, 1), free, own)
