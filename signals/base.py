"""What a liquidity signal is, and what a table of several is."""

from __future__ import annotations

from typing import ClassVar, Protocol

import pandas as pd

from data.panel import Panel


class Signal(Protocol):
    """A frozen set of parameters with a pure function of the as-of panel.

    Attributes
    ----------
    name : str
        Registered name.
    unit : str
        Unit of the computed values; it may hang on the parameters.
    direction : int
        What the thesis says of it: +1 lifts crypto, -1 weighs on it, 0 only conditions others.
    essay : str
        The essay's reasoning in one sentence, in own words.

    Notes
    -----
    A signal that also reads series it can do without lists them in a class attribute
    ``optional``; its docstring says what is lost without them.
    """

    name: ClassVar[str]
    direction: ClassVar[int]
    essay: ClassVar[str]

    @property
    def unit(self) -> str:
        """Unit of the computed values."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal cannot do without."""
        ...

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the value at each of ``panel.times``, from what was known then."""
        ...


class SignalTable(Protocol):
    """As :class:`Signal`, with several columns for each decision time.

    Attributes
    ----------
    name : str
        Registered name.
    unit : str
        Unit of the numeric columns.
    essay : str
        The essay's reasoning in one sentence, in own words.
    """

    name: ClassVar[str]
    essay: ClassVar[str]

    @property
    def unit(self) -> str:
        """Unit of the numeric columns."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the table cannot do without."""
        ...

    def compute(self, panel: Panel) -> pd.DataFrame:
        """Return one row for each of ``panel.times``, from what was known then."""
        ...
