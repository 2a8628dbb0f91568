"""What the pieces of a strategy have in common, and how they name signals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator

from data.errors import BadConfig, InputError
from signals.base import Signal
from signals.registry import signal


class Piece(BaseModel):
    """A frozen set of parameters from a variant file; unknown keys are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
    )

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Signals that the piece reads, in the order of its fields."""
        return ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the piece reads, sorted."""
        return tuple(sorted({series for item in self.signals for series in item.inputs}))


def read_signal(given: object) -> Signal:
    """Return the signal that a variant file asks for.

    Parameters
    ----------
    given : str, mapping or Signal
        A registered name, a table with ``name`` and the signal's own parameters, or a signal.

    Raises
    ------
    UnknownName
        If no signal has this name.
    BadConfig
        If a parameter is unknown or out of its range, or this is no way to name a signal.
    """
    if isinstance(given, str):
        return signal(given)
    if isinstance(given, Mapping):
        if not isinstance(given.get("name"), str):
            raise BadConfig("a signal needs a name")
        return signal(**given)
    if dataclasses.is_dataclass(given) and hasattr(given, "compute"):
        found: Any = given
        return found  # type: ignore[no-any-return]
    raise BadConfig("a signal is a name, or a table with its name and parameters")


def _checked_signal(given: object) -> Signal:
    """As :func:`read_signal`, with errors that pydantic places in the file."""
    try:
        return read_signal(given)
    except InputError as error:
        raise ValueError(str(error)) from None


def written_signal(given: Signal) -> dict[str, Any]:
    """Return the table that :func:`read_signal` reads back, every parameter resolved."""
    parameters: Any = given
    return {"name": given.name, **dataclasses.asdict(parameters)}


SignalChoice: TypeAlias = Annotated[
    Signal, PlainValidator(_checked_signal), PlainSerializer(written_signal)
]
