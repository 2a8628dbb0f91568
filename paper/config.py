"""What ``[paper]`` in plumbline.toml may set: limits, costs, where prices come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import BadConfig, UnknownName


class Limits(BaseModel):
    """What the guards compare with; a limit is crossed above it.

    Parameters
    ----------
    price_age_minutes : float
        Age of a price.
    jump : float
        Change of a price since the last daily close, decimal.
    clock_skew_seconds : float
        Difference of the broker's clock and ours.
    turnover : float
        Purchases and sales of one decision over the account's value.
    gross : float
        Sum of absolute weights after the trades.
    drawdown : float
        Loss from the highest value, decimal: trading halts.
    confirm_within : float
        A second venue confirms a price within this share of it.
    patience_seconds : float
        How long one run waits for an answer of the broker, at most, before it looks again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    price_age_minutes: float = Field(default=15.0, gt=0)
    jump: float = Field(default=0.25, gt=0)
    clock_skew_seconds: float = Field(default=30.0, gt=0)
    turnover: float = Field(default=2.1, gt=0)
    gross: float = Field(default=1.1, gt=0)
    drawdown: float = Field(default=0.5, gt=0, le=1)
    confirm_within: float = Field(default=0.02, ge=0)
    patience_seconds: float = Field(default=30.0, ge=0)


class PaperConfig(Limits):
    """Everything that ``[paper]`` may set.

    Parameters
    ----------
    initial_cash : float
        What a new ledger begins with, USD; of an exchange's account at most what it holds.
    fee_bp, slippage_bp : float
        What trading costs, basis points: orders are sized with it, and the simulated broker
        takes it. Fixed when a ledger begins.
    prices : str
        Where the simulated broker's prices come from: ``close``, the last closed bar of the
        data, or ccxt's name of an exchange.
    second_venue : str
        ccxt's name of the exchange that confirms prices; empty for none.
    webhook : str
        Address that hears of blocks and halts; empty for none.
    retry_minutes : float
        How long ``paper run`` waits before it takes up what is blocked or waiting.
    after_midnight_minutes : float
        When after 00:00 UTC ``paper run`` acts: the bar must have closed and been fetched.
    """

    initial_cash: float = Field(default=100_000.0, gt=0)
    fee_bp: float = Field(default=10.0, ge=0)
    slippage_bp: float = Field(default=10.0, ge=0)
    prices: str = "close"
    second_venue: str = "bitstamp"
    webhook: str = ""
    retry_minutes: float = Field(default=5.0, gt=0)
    after_midnight_minutes: float = Field(default=5.0, ge=0)


def config_of(table: Mapping[str, Any]) -> PaperConfig:
    """Return the configuration of a settings table.

    Raises
    ------
    UnknownName
        If it names something that does not exist, with near matches.
    BadConfig
        If a value cannot be; in one line with the key and the value.
    """
    known = tuple(PaperConfig.model_fields)
    for name in table:
        if name not in known:
            raise UnknownName("setting in [paper]", name, known)
    try:
        return PaperConfig.model_validate(dict(table))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"][:1].lower() + first["msg"][1:]
        raise BadConfig(f"plumbline.toml: paper.{key} = {first['input']!r}: {message}") from None
