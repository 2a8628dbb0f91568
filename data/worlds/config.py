"""Which worlds there are, and what is planted in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from data.errors import BadConfig, UnknownName

# Claims of the thesis that a world can make true, and the unit of the size that is planted.
LINKS: Mapping[str, str] = {
    "B4": "log-odds of usage per standard deviation of SOFR - ceiling",
    "C2a": "percent in the same week per $100bn of net liquidity",
    "C2b": "percent over the next 4 weeks (twice that over 13) per $100bn of net liquidity",
    "C3": "percent over the next 4 weeks per $100bn leaving the TGA, beyond C2b",
    "C5": "percent over the 20 days after an SRF episode becomes known",
    "C6": "percent over the next 4 weeks per $100bn, altcoins, net of beta x BTC",
}
CONFOUNDERS = (
    "calendar",
    "common_factor",
    "reverse_causality",
    "opposing_drifts",
    "joint_variance",
    "slow_mean",
    "crisis_week",
)
# The facts of the world (rate steps, calendars, launches) are dated within these days.
FIRST, LAST = date(2013, 1, 1), date(2026, 8, 6)
# Every series has begun, and the SRF's era is long enough for its episodes.
_LATEST_START, _EARLIEST_END = date(2018, 1, 1), date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class World:
    """What makes a simulated world; the same world gives the same tables to the bit.

    Parameters
    ----------
    name : str
        Its name after ``simulated:``.
    seed : int
        Seed of every random stream; not negative.
    links : mapping of claim id to float
        Sizes planted, in the units of :data:`LINKS`; a claim that is left out is off.
    confounders : tuple of str
        What else ties plumbing to prices without being an effect of one on the other; see
        :mod:`data.worlds.confounders`.
    start, end : date
        First and last day (UTC) with a bar.

    Raises
    ------
    UnknownName
        If a link or a confounder does not exist.
    BadConfig
        If the seed is negative, a strength of B4 is, or the dates cannot be.
    """

    name: str
    seed: int
    links: Mapping[str, float] = field(default_factory=dict)
    confounders: tuple[str, ...] = ()
    start: date = FIRST
    end: date = LAST

    def __post_init__(self) -> None:
        for claim in self.links:
            if claim not in LINKS:
                raise UnknownName("link", claim, LINKS)
        for confounder in self.confounders:
            if confounder not in CONFOUNDERS:
                raise UnknownName("confounder", confounder, CONFOUNDERS)
        if self.seed < 0:
            raise BadConfig(f"world {self.name!r}: seed {self.seed} is negative")
        if self.size("B4") < 0:
            raise BadConfig(f"world {self.name!r}: B4 = {self.size('B4')} is negative")
        if not (FIRST <= self.start <= _LATEST_START and _EARLIEST_END <= self.end <= LAST):
            raise BadConfig(
                f"world {self.name!r}: {self.start} .. {self.end}: a world starts between {FIRST} "
                f"and {_LATEST_START}, and ends between {_EARLIEST_END} and {LAST}"
            )
        object.__setattr__(self, "links", dict(self.links))

    def size(self, claim: str) -> float:
        """Return the size planted for a claim, 0 where it is off."""
        return self.links.get(claim, 0.0)


# A history whose prices end near where the real ones do; nothing else went into the choice.
_SEED = 13_350


def _null(name: str, *confounders: str) -> World:
    return World(name, _SEED, confounders=confounders)


WORLDS: Mapping[str, World] = {
    world.name: world
    for world in (
        World("phantom", _SEED, {"B4": 3.0, "C2b": 3.0, "C3": 3.0}),
        _null("null"),
        World(
            "linked",
            _SEED,
            {"B4": 3.0, "C2a": 2.0, "C2b": 4.0, "C3": 2.0, "C5": 20.0, "C6": 2.0},
        ),
        World("power_1", _SEED, {"C2b": 1.0}),
        World("power_2", _SEED, {"C2b": 2.0}),
        World("power_4", _SEED, {"C2b": 4.0}),
        *(_null(confounder, confounder) for confounder in CONFOUNDERS),
    )
}


def world(name: str) -> World:
    """Return the world that ``NAME`` or ``NAME:SEED`` means.

    Raises
    ------
    UnknownName
        If there is no such world.
    BadConfig
        If the seed is not a whole number from 0 on.
    """
    base, colon, seed = name.partition(":")
    if base not in WORLDS:
        raise UnknownName("simulated world", base, WORLDS)
    if not colon:
        return WORLDS[base]
    if not (seed.isascii() and seed.isdigit()):
        raise BadConfig(
            f"simulated:{name}: the seed {seed!r} is not a whole number from 0 on: "
            f"give for instance simulated:{base}:7"
        )
    return replace(WORLDS[base], seed=int(seed))
