"""Read a registered thesis: claims written down before their results."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import BadConfig, UnknownName

HALLELUJAH = Path(__file__).with_name("hallelujah.toml")
PENDING = "pending"
Kind = Literal["fact", "mechanism", "transmission", "forecast", "rules"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sample(_Frozen):
    """First and last day that a claim looks at; open ends mean all the data."""

    start: date | None = None
    end: date | None = None

    def first(self) -> date:
        """Return the first day, which must be registered."""
        if self.start is None:
            raise BadConfig("a sample without a start: register one")
        return self.start

    def last(self) -> date:
        """Return the last day, which must be registered."""
        if self.end is None:
            raise BadConfig("a sample without an end: register one")
        return self.end

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"the end {self.end} lies before the start {self.start}")
        return self


class Claim(_Frozen):
    """One registered claim.

    ``delta`` is the smallest effect of interest in ``unit``: one number, or one for each horizon
    in weeks. ``method`` names the function that decides it; ``pending`` says that none does yet.
    """

    id: str
    kind: Kind
    statement: str
    method: str
    direction: Literal[-1, 1]
    unit: str | None = None
    delta: float | dict[int, float] | None = None
    horizons: tuple[int, ...] = ()
    descriptive_horizons: tuple[int, ...] = ()
    headline_horizon: int | None = None
    lags: int | None = None
    controls: tuple[str, ...] = ()
    mediators: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    asset: str | None = None
    strategy: str | None = None
    sample: Sample = Sample()
    tolerance: dict[str, float] = Field(default_factory=dict)
    partly: float | None = None
    thresholds: dict[str, Any] = Field(default_factory=dict)
    usage_bn: float | None = None
    window_days: int | None = None
    gap_business_days: int | None = None
    quiet_days: int | None = None
    min_placebos: int | None = None

    def needs(self, field: str) -> Any:
        """Return a parameter that this claim's method cannot do without.

        Raises
        ------
        BadConfig
            If the registration leaves it out.
        """
        value = getattr(self, field)
        if value is None or value == () or value == {}:
            raise BadConfig(f"claim {self.id}: method {self.method!r} needs the field {field!r}")
        return value


class Thesis(_Frozen):
    """A registered thesis; :attr:`sha256` identifies the file it was read from."""

    schema_version: Literal[1]
    id: str
    title: str
    published: date
    question: str
    retrospective: str
    alpha: float = Field(gt=0, lt=0.5)
    min_episodes: int = Field(ge=1)
    dose_unit: str
    bootstrap_draws: int = Field(ge=99)
    always_leave_out: Sample
    claims: tuple[Claim, ...]
    sha256: str

    def claim(self, claim_id: str) -> Claim:
        """Return one claim by its id."""
        for claim in self.claims:
            if claim.id == claim_id:
                return claim
        raise UnknownName("claim", claim_id, (claim.id for claim in self.claims))


def read_thesis(path: Path = HALLELUJAH) -> Thesis:
    """Read and check a registration file.

    Raises
    ------
    BadConfig
        With the file, the field and the value at fault.
    """
    try:
        content = path.read_bytes()
    except OSError:
        raise BadConfig(f"{path}: no such thesis file") from None
    try:
        table = tomllib.loads(content.decode("utf-8"))
        thesis = Thesis(**table, sha256=hashlib.sha256(content).hexdigest())
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path.name}: not valid TOML: {error}") from None
    except ValidationError as error:
        raise BadConfig(f"{path.name}: {_first(error, table)}") from None
    ids = [claim.id for claim in thesis.claims]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        raise BadConfig(f"{path.name}: claim {sorted(twice)[0]} is registered twice")
    return thesis


def _first(error: ValidationError, table: dict[str, Any]) -> str:
    fault = error.errors()[0]
    where = [str(part) for part in fault["loc"]]
    if where[:1] == ["claims"] and len(where) > 1 and where[1].isdigit():
        where[:2] = [f"claim {table['claims'][int(where[1])].get('id', where[1])}"]
    given = fault["input"]
    value = "" if isinstance(given, dict | list) else f" (value {given!r})"
    return f"{', '.join(where)}: {fault['msg']}{value}"
