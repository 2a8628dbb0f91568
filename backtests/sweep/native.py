"""Which variants the kernel decides itself, and their batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backtests.execution import Execution
from backtests.sweep.batch import NativeBatch
from backtests.sweep.paths import Paths
from strategies.strategy import Strategy


def not_native(strategy: Strategy) -> str | None:
    """Return why the kernel cannot decide for a strategy of this structure, or None if it can.

    The answer depends on the kinds of the parts and their order only, never on numbers: one
    question settles a whole structure of a grid.
    """
    raise AssertionError


def native_batch(
    paths: Paths,
    strategy: Strategy,
    execution: Execution,
    columns: Mapping[str, np.ndarray[Any, Any]],
    count: int | None = None,
) -> NativeBatch:
    """Return the batch of variants of one structure that differ in numbers.

    Parameters
    ----------
    paths : Paths
        Shared by all batches over the same market.
    strategy, execution
        Every parameter that is not varied.
    columns : mapping of str to array (V,)
        Values of the varied parameters by dotted path: ``"exposure.enter"``,
        ``"exposure.signal.days"``, ``"overlays.rebalance_band.width"``, ``"execution.fee_bp"``,
        ``"decide"``, ``"allocation.days"``, ...
    count : int, optional
        V, where there are no columns.

    Raises
    ------
    BadConfig
        If the structure is not native, a path is unknown, or a value is refused.
    """
    raise AssertionError
