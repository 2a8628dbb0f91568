"""How each verdict looks: a word, an icon and a colour, never a colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from backtests.inference.verdict import NOT_YET_TESTED, FactVerdict, ForecastVerdict, Verdict
from data.errors import UnknownName

Tone = Literal["for", "against", "partly", "open", "closed", "unmet", "untested"]


@dataclass(frozen=True, slots=True)
class Look:
    """What a verdict looks like.

    Parameters
    ----------
    word : str
        The verdict itself.
    tone : str
        Names the icon, the colour and the line: ``for`` (blue, tick), ``against`` (vermilion,
        cross), ``partly`` (half), ``open`` (grey: cannot be known yet), ``closed`` (hatched: the
        data cannot test it), ``unmet`` (its condition or date never came) and ``untested``.
    """

    word: str
    tone: Tone

    @property
    def decided(self) -> bool:
        """Whether the claim was tested and the data said something."""
        return self.tone in ("for", "against", "partly")


_TONES: tuple[tuple[str, Tone], ...] = (
    (str(Verdict.SUPPORTED), "for"),
    (str(FactVerdict.HOLDS), "for"),
    (str(ForecastVerdict.OCCURRED), "for"),
    (str(Verdict.CONTRADICTED), "against"),
    (str(FactVerdict.DOES_NOT_HOLD), "against"),
    (str(ForecastVerdict.DID_NOT_OCCUR), "against"),
    (str(FactVerdict.PARTLY), "partly"),
    (str(Verdict.INCONCLUSIVE), "open"),
    (str(Verdict.NOT_TESTABLE), "closed"),
    (str(ForecastVerdict.CONDITION_DID_NOT_OCCUR), "unmet"),
    (str(ForecastVerdict.NO_DEADLINE_GIVEN), "unmet"),
    (NOT_YET_TESTED, "untested"),
)
LOOKS: Mapping[str, Look] = {word: Look(word, tone) for word, tone in _TONES}


def look(verdict: str) -> Look:
    """Return how a verdict looks.

    Raises
    ------
    UnknownName
        If it is not a word that a claim can end with.
    """
    if verdict not in LOOKS:
        raise UnknownName("verdict", verdict, LOOKS)
    return LOOKS[verdict]
