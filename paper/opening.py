"""How a ledger begins: whose it is, what trading costs, what the account holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from backtests.execution import Execution
from data.errors import BadConfig
from paper.events import stamp
from paper.ledger import Opening
from paper.money import decimal, text
from strategies.strategy import WeightRule

BASIS_POINT, PERCENT_BP = Decimal("1e-4"), Decimal("1e-2")


def opening_of(
    strategy: WeightRule,
    broker: str,
    execution: Execution,
    started: datetime,
    *,
    currency: str,
    initial_cash: Decimal,
    baseline: Mapping[str, Decimal] | None = None,
    margin: bool = False,
) -> Opening:
    """Return the first event's content.

    Parameters
    ----------
    strategy : WeightRule
        Whose ledger it is.
    broker : str
        ``simulated`` or ``ccxt:EXCHANGE``.
    execution : Execution
        What trading costs: the size of orders and the backtest beside them rest on it.
    started : datetime
        First decision time.
    currency : str
        What the broker's cash is in.
    initial_cash : Decimal
        What the ledger begins with, USD.
    baseline : mapping of str to Decimal, optional
        What the account holds beside it, by asset and ``CASH``: that is left alone.
    margin : bool
        Whether the strategy borrows or sells short.

    Raises
    ------
    BadConfig
        If the execution's slippage depends on bars, or its orders wait: the loop acts at once.
    """
    if execution.slippage_range or execution.delay_hours:
        raise BadConfig(
            "paper: slippage_range and delay_hours must be 0, the loop pays the market's prices "
            "at once"
        )
    run = hashlib.sha256(
        f"{strategy.name}|{strategy.config_hash}|{broker}|{stamp(started)}".encode()
    ).hexdigest()[:16]
    terms = {
        "fee": text(decimal(execution.fee_bp) * BASIS_POINT),
        "slippage": text(decimal(execution.slippage_bp) * BASIS_POINT),
        "borrow_percent": text(decimal(execution.borrow_bp) * PERCENT_BP),
        "delisting_discount": text(decimal(execution.delisting_discount)),
        "currency": currency,
        "baseline": {name: text(held) for name, held in (baseline or {}).items()},
        "margin": margin,
    }
    return Opening(
        strategy=strategy.name,
        config_hash=strategy.config_hash,
        broker=broker,
        terms=terms,
        initial_cash=initial_cash,
        started=started,
        run=run,
    )
