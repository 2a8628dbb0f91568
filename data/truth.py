"""What was planted in a simulated world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Truth:
    """The known answers of a simulated world.

    Parameters
    ----------
    world, seed : str, int
        Which world, and the seed that makes it.
    links : mapping of claim id to float
        True effect planted for a claim, in the unit of its estimate; 0 where the link is off.
        A claim that is not a key has no planted answer.
    notes : tuple of str
        What was planted, in words for the banner of the report.
    """

    world: str
    seed: int
    links: Mapping[str, float]
    notes: tuple[str, ...]
