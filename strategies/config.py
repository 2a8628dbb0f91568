"""Variant files: what they may say, and one line for what is wrong with them."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from data.errors import BadConfig, InputError
from strategies.allocation.altcoins import UptrendAltcoins
from strategies.allocation.baskets import BtcOnly, EqualWeight, InverseVolatility
from strategies.allocation.hedged import HedgedAltcoins
from strategies.allocation.liquidity_beta import LiquidityBeta
from strategies.allocation.momentum import Momentum
from strategies.exposure.expected_build import ExpectedBuild
from strategies.exposure.impulse_trend import ImpulseTrend
from strategies.exposure.playbook import Playbook
from strategies.exposure.pressure_veto import PressureVeto
from strategies.exposure.proportional import Proportional
from strategies.exposure.regime_table import RegimeTable
from strategies.exposure.staged import StagedEntry
from strategies.exposure.threshold import Threshold
from strategies.exposure.yardsticks import Constant, Cycle, Trend
from strategies.feed_terms import DEFAULT_TERMS, FeedTerms
from strategies.overlays.holdings import DrawdownStop, MinimumHolding, RebalanceBand
from strategies.overlays.targets import HotFunding, MaxGross, VolatilityTarget
from strategies.strategy import Decide, Strategy

AnyExposure: TypeAlias = (
    Constant
    | Cycle
    | ExpectedBuild
    | ImpulseTrend
    | Playbook
    | PressureVeto
    | Proportional
    | RegimeTable
    | StagedEntry
    | Threshold
    | Trend
)
AnyAllocation: TypeAlias = (
    BtcOnly
    | EqualWeight
    | HedgedAltcoins
    | InverseVolatility
    | LiquidityBeta
    | Momentum
    | UptrendAltcoins
)
AnyOverlay: TypeAlias = (
    DrawdownStop | HotFunding | MaxGross | MinimumHolding | RebalanceBand | VolatilityTarget
)


class VariantFile(BaseModel):
    """A variant as it stands in a TOML file; its name is the file's.

    Parameters
    ----------
    title : str
        One line for a reader.
    family : str
        Research family: the configurations tried in it are counted together.
    decide : {"daily", "weekly_after_h41"}
        Days that orders are given on.
    exposure, allocation : table
        One rule each, told by its ``kind``.
    overlays : list of tables
        In the order they are applied.
    feed : table
        What the signal feed does when inputs are late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: str = Field(min_length=1)
    family: str = Field(default="own", min_length=1)
    decide: Decide = "daily"
    exposure: Annotated[AnyExposure, Field(discriminator="kind")]
    allocation: Annotated[AnyAllocation, Field(discriminator="kind")]
    overlays: list[Annotated[AnyOverlay, Field(discriminator="kind")]] = []
    feed: FeedTerms = DEFAULT_TERMS


def strategy_of(table: Mapping[str, Any], name: str, origin: str) -> Strategy:
    """Return the strategy that a variant's table describes.

    Parameters
    ----------
    table : mapping
        Content of the file.
    name : str
        Name of the strategy.
    origin : str
        File that the table stands in, for error messages.

    Raises
    ------
    BadConfig
        If a key is unknown, missing or has a value that cannot be; in one line with file, key,
        value and the nearest known key.
    """
    try:
        file = VariantFile.model_validate(dict(table))
        return Strategy(
            name=name,
            title=file.title,
            exposure=file.exposure,
            allocation=file.allocation,
            overlays=tuple(file.overlays),
            family=file.family,
            decide=file.decide,
            feed=file.feed,
        )
    except ValidationError as error:
        # A misspelt key is also a missing one: name what the file says, not what it lacks.
        found = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        raise BadConfig(f"{origin}: {_sentence(found[0])}") from None
    except InputError as error:
        raise BadConfig(f"{origin}: {error}") from None


def read_variant(path: Path) -> Strategy:
    """Return the strategy in a TOML file; see :func:`strategy_of`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadConfig(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path}: not valid TOML: {error}") from None
    return strategy_of(table, path.stem, str(path))


def _sentence(error: ErrorDetails) -> str:
    """Say what is wrong with which key, in one line."""
    place = [part for part in error["loc"] if not _is_tag(part, error["loc"])]
    key = ".".join(str(part) for part in place) or "the file"
    if error["type"] == "extra_forbidden":
        return f"unknown key {key!r}: {_near(str(place[-1]), _keys(error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"{key} is missing"
    if error["type"] == "union_tag_not_found":
        return f"{key}.kind is missing: {_near('', _kinds(error))}"
    if error["type"] == "union_tag_invalid":
        given = str(error.get("ctx", {}).get("tag"))
        return f"{key}.kind = {given!r}: {_near(given, _kinds(error))}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{key} = {error['input']!r}: {message[:1].lower()}{message[1:]}"


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known)}"


def _kinds(error: ErrorDetails) -> list[str]:
    expected = str(error.get("ctx", {}).get("expected_tags") or "")
    if expected:
        return sorted(tag.strip().strip("'") for tag in expected.split(","))
    model = _model(error["loc"])
    return sorted(_tags(model))


def _keys(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that a table at this place may have."""
    model = _model(place)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return sorted(model.model_fields)
    return []


def _model(place: tuple[int | str, ...]) -> Any:
    """Walk from the file's model along a pydantic error's location."""
    current: Any = VariantFile
    for part in place:
        tags = _tags(current)
        if part in tags:
            current = tags[str(part)]
        elif isinstance(part, int):
            current = get_args(current)[0]
        else:
            current = current.model_fields[part].annotation
    return current


def _tags(annotation: Any) -> dict[str, type[BaseModel]]:
    """Return the models of a union by their ``kind``."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    models = [item for item in get_args(annotation) if isinstance(item, type)]
    return {
        str(item.model_fields["kind"].default): item
        for item in models
        if issubclass(item, BaseModel)
    }


def _is_tag(part: int | str, place: tuple[int | str, ...]) -> bool:
    """Tell whether a part of a location is the tag that pydantic puts after a union's key."""
    position = place.index(part)
    return position > 0 and str(part) in _tags(_model(place[:position]))
