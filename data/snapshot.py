"""Everything a run may look at, and where it comes from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data import bars as bar_tables
from data.bars import Bars
from data.errors import BadTable, TooShort, UnknownName
from data.facts import tga_target_observations
from data.fingerprint import snapshot_id
from data.observations import Observations, observe
from data.poison import BAR_FIELDS, Flavour, Poison
from data.tables import Tables
from data.truth import Truth

DAY, HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the data.

    Parameters
    ----------
    observations : Observations
        Published figures with the moment each was known.
    daily : Bars
        Daily bars, indexed by close.
    hourly : Bars or None
        Hourly bars, for delayed execution only.
    funding : DataFrame or None
        Funding rates of perpetuals: ``symbol`` (its categories are the coins that the data set
        carries, even where none has begun by the moment it was cut at), ``ts`` (UTC), ``rate``
        (decimal for one interval), ``venue``.
    snapshot_id : str
        Hash of the content.
    as_of : Timestamp
        Last decision time (00:00 UTC) with a fresh BTC bar, or the moment asked for.
    source : str
        ``store``, a path, or ``simulated:NAME``.
    truth : Truth or None
        What was planted, where the world is simulated.
    """

    observations: Observations
    daily: Bars
    hourly: Bars | None
    funding: pd.DataFrame | None
    snapshot_id: str
    as_of: pd.Timestamp
    source: str
    truth: Truth | None = None

    def until(self, t: pd.Timestamp) -> Snapshot:
        """Return only what was known at `t` (UTC), inclusive."""
        return replace(
            self,
            observations=self.observations.until(t),
            daily=self.daily.until(t),
            hourly=None if self.hourly is None else self.hourly.until(t),
            funding=None if self.funding is None else self.funding[self.funding["ts"] <= t],
            as_of=min(t, self.as_of),
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of all that can be falsified on its own.

        The ids of the series; ``daily.open`` .. ``daily.volume`` and ``daily.market``, the same
        for ``hourly``, and ``funding``, where the snapshot holds them.
        """
        names = sorted(self.observations.ids)
        for prefix, bars in (("daily", self.daily), ("hourly", self.hourly)):
            if bars is not None:
                names += [f"{prefix}.{field}" for field in BAR_FIELDS]
        return (*names, "funding") if self.funding is not None else tuple(names)

    def poisoned(
        self,
        t: pd.Timestamp,
        rng: np.random.Generator,
        *,
        flavour: Flavour = "wild",
        only: Collection[str] | None = None,
    ) -> Snapshot:
        """Return the same past and a falsified future.

        Parameters
        ----------
        t : Timestamp
            Instant (UTC) up to which everything known stays as it is, to the bit.
        rng : Generator
            Source of chance.
        flavour : {"wild", "mirrored", "listing"}
            How, see :class:`data.poison.Poison`.
        only : collection of str, optional
            Falsify only these of :attr:`inputs`.

        Raises
        ------
        UnknownName
            If `only` names something else.
        """
        for name in only or ():
            if name not in self.inputs:
                raise UnknownName("input", name, self.inputs)
        poison = Poison(t, rng, flavour, None if only is None else frozenset(only))
        return replace(
            self,
            observations=poison.observations(self.observations),
            daily=poison.bars(self.daily, "daily"),
            hourly=None if self.hourly is None else poison.bars(self.hourly, "hourly"),
            funding=None if self.funding is None else poison.funding(self.funding),
        )


def from_tables(tables: Tables, source: str, truth: Truth | None = None) -> Snapshot:
    """Build a snapshot from checked tables in the store's columns."""
    if "observations" not in tables:
        raise BadTable(f"{source}: there is no observations table: import one")
    if "prices_1d" not in tables:
        raise BadTable(f"{source}: there is no prices_1d table: import one")
    figures = tables["observations"]
    carried = set(figures["series"].unique())
    announced = "tga" in carried and "tga_target" not in carried
    observations = observe(figures, tga_target_observations() if announced else None)
    daily = bar_tables.from_rows(tables["prices_1d"], DAY)
    hourly = bar_tables.from_rows(tables["prices_1h"], HOUR) if "prices_1h" in tables else None
    return Snapshot(
        observations=observations,
        daily=daily,
        hourly=hourly,
        funding=_carried(tables["funding"]) if "funding" in tables else None,
        snapshot_id=snapshot_id(tables),
        as_of=_last_close(daily, source),
        source=source,
        truth=truth,
    )


def _carried(funding: pd.DataFrame) -> pd.DataFrame:
    return funding.assign(symbol=funding["symbol"].astype("category"))


def _last_close(daily: Bars, source: str) -> pd.Timestamp:
    if "BTC" not in daily.assets:
        raise TooShort(f"{source}: prices_1d has no BTC: it is the yardstick of every rule")
    last = daily.close["BTC"].last_valid_index()
    assert isinstance(last, pd.Timestamp)
    return last
