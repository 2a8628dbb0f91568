"""The limits of the paper loop, as ``[paper]`` in plumbline.toml sets them."""

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
    second_venue : str
        ccxt's name of the exchange that confirms prices; empty for none.
    patience_seconds : float
        How long one run waits for an order to fill.
    webhook : str
        Address that hears of blocks and halts; empty for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    price_age_minutes: float = Field(default=15.0, gt=0)
    jump: float = Field(default=0.25, gt=0)
    clock_skew_seconds: float = Field(default=30.0, gt=0)
    turnover: float = Field(default=2.1, gt=0)
    gross: float = Field(default=1.1, gt=0)
    drawdown: float = Field(default=0.5, gt=0, le=1)
    confirm_within: float = Field(default=0.02, ge=0)
    second_venue: str = "bitstamp"
    patience_seconds: float = Field(default=30.0, ge=0)
    webhook: str = ""


def limits_of(table: Mapping[str, Any]) -> Limits:
    """Return the limits of a settings table.

    Raises
    ------
    UnknownName
        If it names a limit that does not exist, with near matches.
    BadConfig
        If a value cannot be; in one line with the key and the value.
    """
    known = tuple(Limits.model_fields)
    for name in table:
        if name not in known:
            raise UnknownName("setting in [paper]", name, known)
    try:
        return Limits.model_validate(dict(table))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"][:1].lower() + first["msg"][1:]
        raise BadConfig(f"plumbline.toml: paper.{key} = {first['input']!r}: {message}") from None
