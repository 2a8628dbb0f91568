"""What makes two trials the same trial."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

from backtests.execution import Execution
from data.canonical import canonical_json

# The size of the account is no choice that a Sharpe ratio could be fitted with.
_LEFT_OUT = "initial_cash"
_USUAL = Execution()


def configuration_hash(config: Mapping[str, Any], execution: Execution | None = None) -> str:
    """Return the hash under which a configuration is counted.

    Parameters
    ----------
    config : mapping
        The rule's ``config``: every parameter, resolved. Names and titles do not stand in it.
    execution : Execution, optional
        Delay and costs; by default the usual ones.

    Returns
    -------
    str
        SHA-256, 64 hex digits. The data, the days and the initial cash do not enter: the same
        rule on tomorrow's snapshot is the same trial.
    """
    text = configuration_text(config, dataclasses.asdict(execution or Execution()))
    return hashlib.sha256(text.encode()).hexdigest()


def configuration_text(config: Mapping[str, Any], execution: Mapping[str, Any]) -> str:
    """Return the JSON that the hash is taken of; see :func:`configuration_hash`.

    Parameters
    ----------
    config : mapping
        The rule's ``config``.
    execution : mapping
        The fields of an :class:`~backtests.execution.Execution`.
    """
    # 10 basis points are 10.0 basis points.
    costs = {
        name: float(value)
        if type(value) is int and isinstance(getattr(_USUAL, name), float)
        else value
        for name, value in execution.items()
        if name != _LEFT_OUT
    }
    return canonical_json({"config": config, "execution": costs})
