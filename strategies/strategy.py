"""A strategy: exposure rule x allocation x overlays, and the weights it asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np
import pandas as pd
from pydantic import BaseModel

from data.aliases import BoolArray, FloatArray
from data.bars import Bars
from data.canonical import canonical_json
from data.errors import BadConfig, MissingSeries
from data.panel import Panel
from signals.base import Signal
from strategies.allocation.base import Allocation
from strategies.exposure.base import Exposure, Stance
from strategies.feed_terms import DEFAULT_TERMS, FeedTerms
from strategies.market import Market
from strategies.overlays.base import HoldingsOverlay, TargetOverlay
from strategies.overlays.shadow import follow as follow_book
from strategies.overlays.targets import HotFunding

CASH = "CASH"
Decide: TypeAlias = Literal["daily", "weekly_after_h41"]
_FRIDAY = 4


class WeightRule(Protocol):
    """What can be backtested: a :class:`Strategy`, or a user's own object of this shape."""

    @property
    def name(self) -> str:
        """Name in reports."""
        ...

    @property
    def title(self) -> str:
        """One line for a reader."""
        ...

    @property
    def family(self) -> str:
        """Research family: the configurations tried in it are counted together."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Everything the weights depend on beside the data, as JSON types."""
        ...

    @property
    def config_hash(self) -> str:
        """Hash of `config`."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the rule reads."""
        ...

    def target_weights(self, panel: Panel, bars: Bars) -> pd.DataFrame:
        """Return target weights (decision time x assets and CASH); a NaN row means no order."""
        ...


@dataclass(frozen=True, slots=True)
class Path:
    """Everything a strategy decided over a panel.

    Parameters
    ----------
    stance : Stance
        The exposure rule's answer.
    wanted : ndarray of shape (times, assets)
        Target weights before the overlays that look at holdings; a row of NaN where they cannot
        be computed.
    orders : ndarray of shape (times, assets)
        Target weights; a row of NaN means no order.
    first : int
        First row on which the strategy could decide; there is no order before it. The number
        of rows where it never could.
    """

    stance: Stance
    wanted: FloatArray
    orders: FloatArray
    first: int

    def table(self, market: Market) -> pd.DataFrame:
        """Return the orders as target weights (times x assets and ``CASH``)."""
        weights = np.column_stack([self.orders, 1.0 - self.orders.sum(axis=1)])
        columns = pd.Index([*market.bars.assets, CASH], name="asset")
        return pd.DataFrame(weights, index=market.times, columns=columns)

    def reasons(self, market: Market, times: pd.DatetimeIndex) -> list[str]:
        """Return the rule's stage and gauges at some of the market's times, in words."""
        rows = market.times.get_indexer(times)
        return [self._reason(int(row)) for row in rows]

    def _reason(self, row: int) -> str:
        gauges = [
            f"{gauge.name} {gauge.values[row]:,.2f} {gauge.unit}".strip()
            for gauge in self.stance.gauges
        ]
        stage = str(self.stance.stage[row])
        return f"{stage} ({'; '.join(gauges)})" if gauges else stage

    def in_force_at(self, row: int) -> FloatArray:
        """Return the last target weights given up to a row: that row of :meth:`in_force`."""
        # Orders are rarely more than some weeks apart: look back in growing steps.
        reach = 64
        while True:
            first = max(row + 1 - reach, 0)
            given = np.flatnonzero(~np.isnan(self.orders[first : row + 1]).any(axis=1))
            if len(given) or first == 0:
                break
            reach *= 8
        none: FloatArray = np.zeros(self.orders.shape[1])
        return self.orders[first + given[-1]] if len(given) else none

    def in_force(self) -> FloatArray:
        """Return the last target weights given up to each row (times x assets)."""
        rows = np.arange(len(self.orders))
        given = np.maximum.accumulate(np.where(np.isnan(self.orders).any(axis=1), -1, rows))
        weights: FloatArray = np.where((given >= 0)[:, None], self.orders[given], 0.0)
        return weights


@dataclass(frozen=True, slots=True)
class Strategy:
    """A rule that turns what is known into target weights.

    The weights of decision time *t* rest on panel rows at *t* and on bars that close at or
    before *t*; they are acted on at the next bar's open or later.

    Parameters
    ----------
    name, title : str
        For reports. They do not enter the hash.
    exposure : Exposure
        How much is put at risk.
    allocation : Allocation
        What it is spread over.
    overlays : tuple of TargetOverlay or HoldingsOverlay
        Limits, in the order they are applied; those that look at the market only come first.
    family : str
        Research family.
    decide : {"daily", "weekly_after_h41"}
        Days that orders are given on: every day, or Friday 00:00 UTC, the midnight after the
        Fed's weekly balance sheet. Switches inside a rule run on every day all the same.
    feed : FeedTerms
        What the signal feed does when inputs are late; it does not enter the hash, since the
        weights do not depend on it.

    Raises
    ------
    BadConfig
        If `decide` is neither of the two or the overlays stand in the wrong order.
    """

    name: str
    title: str
    exposure: Exposure
    allocation: Allocation
    overlays: tuple[TargetOverlay | HoldingsOverlay, ...] = ()
    family: str = "own"
    decide: Decide = "daily"
    feed: FeedTerms = DEFAULT_TERMS

    def __post_init__(self) -> None:
        if self.decide not in get_args(Decide):
            raise BadConfig(
                f"strategy {self.name!r}: decide = {self.decide!r} is not one of "
                + ", ".join(get_args(Decide))
            )
        late = False
        for overlay in self.overlays:
            late = late or isinstance(overlay, HoldingsOverlay)
            if late and isinstance(overlay, TargetOverlay):
                raise BadConfig(
                    f"strategy {self.name!r}: overlay {_kind(overlay)!r} must come before those "
                    "that look at holdings"
                )

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Signals that the strategy reads."""
        return (*self.exposure.signals, *self.allocation.signals)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the strategy reads, sorted."""
        return tuple(sorted({*self.exposure.inputs, *self.allocation.inputs}))

    @property
    def needs_funding(self) -> bool:
        """Whether the weights depend on the funding table."""
        return any(isinstance(overlay, HotFunding) for overlay in self.overlays)

    @property
    def max_gross(self) -> float:
        """Highest sum of absolute weights that the strategy can ask for."""
        gross = self.exposure.cap
        for overlay in self.overlays:
            if isinstance(overlay, TargetOverlay):
                gross = overlay.bound(gross)
        return gross

    @property
    def config(self) -> Mapping[str, Any]:
        """Everything the weights depend on beside the data: every parameter, resolved."""
        return {
            "decide": self.decide,
            "exposure": resolved(self.exposure),
            "allocation": resolved(self.allocation),
            "overlays": [resolved(overlay) for overlay in self.overlays],
        }

    @property
    def config_hash(self) -> str:
        """SHA-256 of `config` as canonical JSON, 64 hex digits."""
        return hashlib.sha256(canonical_json(self.config).encode()).hexdigest()

    def target_weights(
        self, panel: Panel, bars: Bars, funding: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Return the target weights at each decision time.

        Parameters
        ----------
        panel : Panel
            Published figures at the decision times.
        bars : Bars
            Daily bars.
        funding : DataFrame, optional
            The snapshot's funding table, for strategies that need it.

        Returns
        -------
        DataFrame
            Index ``panel.times``, columns the bars' assets and ``CASH``; rows sum to one. A row
            of NaN means no order: nothing is held before the first decision time at which every
            part can be computed; later, holdings stay as they are because a figure or the BTC
            bar is missing or stale, because it is no decision day, or because an overlay holds
            back.

        Raises
        ------
        MissingSeries
            If the data lack a series, BTC bars or funding that the strategy reads.
        """
        market = Market(panel, bars, funding)
        return self.path(market).table(market)

    def path(self, market: Market) -> Path:
        """Return every step from exposure to orders over a market; see :meth:`target_weights`."""
        stance, wanted = self.wanted(market)
        return self.follow(stance, wanted, market)

    def wanted(self, market: Market) -> tuple[Stance, FloatArray]:
        """Return the stance, and the weights wanted before any look at holdings or weekdays.

        Returns
        -------
        Stance
        ndarray of shape (times, assets)
            A row of NaN where the strategy cannot be computed.
        """
        self._require(market)
        stance = self.exposure.stance(market)
        wanted = _spread(stance, self.allocation.weights(market), market.btc)
        for overlay in self.overlays:
            if isinstance(overlay, TargetOverlay):
                wanted = overlay.apply(wanted, market)
        wanted[np.isnan(wanted).any(axis=1) | ~market.priced()] = np.nan
        return stance, wanted

    def follow(
        self, stance: Stance, wanted: FloatArray, market: Market, *, due: bool = False
    ) -> Path:
        """Return the orders that follow from wanted weights.

        Parameters
        ----------
        stance, wanted
            From :meth:`wanted`.
        market : Market
            Prices that carry the shadow book.
        due : bool
            Take the last row for a decision day, whatever its weekday.
        """
        known, days = ~np.isnan(wanted).any(axis=1), self.decision_days(market.times)
        if due:
            days[-1] = True
        first = _first(known & days)
        orders = np.where(days[:, None], wanted, np.nan)
        orders[:first] = np.nan
        late = [overlay for overlay in self.overlays if isinstance(overlay, HoldingsOverlay)]
        if late:
            acting = days & market.priced() & (np.arange(len(days)) >= first)
            orders = follow_book(orders, acting, late, market)
        return Path(stance, wanted, orders, first)

    def decision_days(self, times: pd.DatetimeIndex) -> BoolArray:
        """Tell on which of `times` orders may be given."""
        if self.decide == "daily":
            return np.ones(len(times), dtype=bool)
        return np.asarray(times.day_of_week == _FRIDAY)

    def _require(self, market: Market) -> None:
        for series in self.inputs:
            if not market.panel.has(series):
                raise MissingSeries(series, f"strategy {self.name!r}")
        if self.needs_funding and market.funding is None:
            raise MissingSeries("funding", f"strategy {self.name!r}")


def weights_of(
    rule: WeightRule, panel: Panel, bars: Bars, funding: pd.DataFrame | None
) -> pd.DataFrame:
    """Return a rule's target weights; the funding table goes to those that say they need it."""
    if isinstance(rule, Strategy):
        return rule.target_weights(panel, bars, funding)
    return rule.target_weights(panel, bars)


def from_start(
    weights: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Return the rows of a run that begins with cash at `first`.

    A rule may be invested by then and give no order on that day; the first row of a run is
    therefore the last order given up to it.
    """
    in_force = weights.loc[:first].ffill().iloc[[-1]]
    rows = weights.loc[first:last]
    return pd.concat([in_force, rows.iloc[1:]]) if len(rows) else rows


def resolved(piece: object) -> dict[str, Any]:
    """Return a piece's parameters as JSON types, defaults included.

    Raises
    ------
    BadConfig
        If the piece is no pydantic model; its parameters could not be hashed then.
    """
    if isinstance(piece, BaseModel):
        return piece.model_dump(mode="json")
    raise BadConfig(
        f"{type(piece).__name__} is no strategies.piece.Piece, so that its parameters cannot be "
        "recorded: derive it from Piece"
    )


def _kind(overlay: object) -> str:
    return str(getattr(overlay, "kind", type(overlay).__name__))


def _first(known: BoolArray) -> int:
    return int(np.argmax(known)) if known.any() else len(known)


def _spread(stance: Stance, unit: FloatArray, btc: int) -> FloatArray:
    """Blend the allocation with BTC by the stance's altcoin share, and scale by gross exposure."""
    share = stance.altcoins[:, None]
    blend = np.where(share > 0.0, share * unit, 0.0)
    blend[:, btc] += 1.0 - stance.altcoins
    gross = stance.gross[:, None]
    return np.where(gross == 0.0, 0.0, gross * blend)
