"""How a ledger begins: whose it is, what trading costs, what the account holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from backtests.execution import Execution
from data.errors import BadConfig
from paper.events import Draft, Event, moment, stamp
from paper.money import decimal, text
from strategies.strategy import WeightRule

SCHEMA_VERSION = 1
BASIS_POINT, PERCENT_BP = Decimal("1e-4"), Decimal("1e-2")


@dataclass(frozen=True, slots=True)
class Opening:
    """Whose ledger it is, recorded as its first event.

    Parameters
    ----------
    strategy : str
        Name of the strategy.
    config_hash : str
        Hash of its parameters.
    broker : str
        ``simulated`` or ``ccxt:EXCHANGE``.
    terms : mapping
        What trading costs, and the rest of the execution.
    initial_cash : Decimal
        USD.
    started : datetime
        First decision time.
    run : str
        Names this ledger in its order ids.
    """

    strategy: str
    config_hash: str
    broker: str
    terms: Mapping[str, Any]
    initial_cash: Decimal
    started: datetime
    run: str

    def draft(self, at: datetime) -> Draft:
        """Return the first event."""
        body = {
            "schema_version": SCHEMA_VERSION,
            "strategy": self.strategy,
            "config_hash": self.config_hash,
            "broker": self.broker,
            "terms": dict(self.terms),
            "initial_cash": self.initial_cash,
            "started": stamp(self.started),
            "run": self.run,
        }
        return Draft("opened", at, "opened", body)

    @classmethod
    def of(cls, first: Event) -> Opening:
        """Return what the first event of a ledger says."""
        body = first.content
        return cls(
            strategy=body["strategy"],
            config_hash=body["config_hash"],
            broker=body["broker"],
            terms=body["terms"],
            initial_cash=decimal(body["initial_cash"]),
            started=moment(body["started"]),
            run=body["run"],
        )


def opening_of(
    strategy: WeightRule,
    broker: str,
    execution: Execution,
    started: datetime,
    *,
    margin: bool = False,
    currency: str = "USD",
    world: str = "",
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
    margin : bool
        Whether the strategy borrows or sells short.
    currency : str
        What the broker's cash is in.
    world : str
        The simulated world that the data are of; empty for published figures.

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
        "baseline": {},
        "margin": margin,
        "world": world,
    }
    return Opening(
        strategy=strategy.name,
        config_hash=strategy.config_hash,
        broker=broker,
        terms=terms,
        initial_cash=decimal(execution.initial_cash),
        started=started,
        run=run,
    )
