"""Everything one strategy's paper account consists of, put together from files and settings.

In ``PLUMBLINE_HOME/paper``: ``NAME.sqlite``, the ledger, with ``NAME.head.json`` beside it, and
the folder ``NAME`` with the lock, the simulated broker's account, the page, and the kill file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from backtests.execution import Execution
from backtests.run import cash_rate
from data.bars import Bars
from data.errors import BadConfig, BrokerError, NoMarket, Stale, WrongLedger
from data.lock import writing
from data.settings import Settings
from data.snapshot import Snapshot
from data.sources.clock import Clock, SystemClock
from paper.brokers.base import Quote
from paper.brokers.simulated import PriceSource, SimulatedBroker
from paper.config import PaperConfig, config_of
from paper.guards import Confirm
from paper.ledger import Ledger
from paper.money import decimal, text
from paper.opening import BASIS_POINT, Opening, opening_of
from paper.prices import Prices, prices_of
from paper.reconciling import CASH
from paper.session import Session, checked_state
from strategies.decision import Decisions, decisions
from strategies.market import BTC
from strategies.strategy import WeightRule

if TYPE_CHECKING:
    from paper.brokers.exchange import ExchangeBroker

SIMULATED, CCXT = "simulated", "ccxt:"
KILL = "KILL"
LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Desk:
    """One strategy's paper account.

    Parameters
    ----------
    strategy : WeightRule
        Whose decisions are carried out.
    home : Path
        ``PLUMBLINE_HOME``.
    load : callable
        Returns the data as they are now.
    broker : str or None
        ``simulated`` or ``ccxt:EXCHANGE``; None: the ledger's, simulated for a new one.
    config : PaperConfig
        Limits, costs and sources of prices.
    exchanges : mapping
        Further ccxt settings by exchange.
    offline : bool
        Never look for a network: no second venue answers.
    clock : Clock
        What time it is.

    Raises
    ------
    BadConfig
        If the strategy's name cannot name a file, or the broker is unknown.
    """

    strategy: WeightRule
    home: Path
    load: Callable[[], Snapshot]
    broker: str | None = None
    config: PaperConfig = field(default_factory=PaperConfig)
    exchanges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    offline: bool = False
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        name = self.strategy.name
        if not name or name != Path(name).name or name.startswith("."):
            raise BadConfig(f"strategy {name!r}: its name names files of the ledger: rename it")
        kind = self.broker
        if kind is not None and kind != SIMULATED and not kind.startswith(CCXT):
            raise BadConfig(f"--broker {kind!r}: give simulated, or ccxt:EXCHANGE")

    def reading_once(self) -> Desk:
        """Return this desk with the data read at most once: for one run."""
        return replace(self, load=cache(self.load))

    @property
    def ledger_path(self) -> Path:
        """The ledger."""
        return self.home / "paper" / f"{self.strategy.name}.sqlite"

    @property
    def folder(self) -> Path:
        """Lock, simulated account, page."""
        return self.home / "paper" / self.strategy.name

    @property
    def page_path(self) -> Path:
        """The page that ``paper once`` refreshes."""
        return self.folder / "status.html"

    def kill(self) -> str:
        """Return why trading must stop at once; empty where no kill file is there."""
        for path in (self.folder / KILL, self.home / "paper" / KILL):
            if path.exists():
                return f"{path} is there: remove it first"
        return ""

    def knowledge(self, t: pd.Timestamp) -> tuple[Decisions, Prices]:
        """Return what is known at a decision time."""
        seen = self.load().until(t)
        found = decisions(self.strategy, seen, t)
        panel = found.market.panel
        return found, prices_of(seen, panel, cash_rate(panel))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes away from this account.

        Raises
        ------
        Locked
            If another one is at work; named by its process id and command.
        """
        with writing(self.folder, LOCK_SECONDS):
            yield

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Open the ledger, checked to be this strategy's.

        Raises
        ------
        WrongLedger, Tampered
            If it cannot be this strategy's, or was edited.
        """
        ledger = Ledger.open(self.ledger_path)
        try:
            ledger.check(self.strategy.name, self.strategy.config_hash, self.broker)
            yield ledger
        finally:
            ledger.close()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open ledger and broker for work, every event checked; begin a ledger where none is."""
        with self.locked():
            if not Ledger.begun(self.ledger_path):
                self._begin()
            with self.ledger() as ledger:
                state = checked_state(ledger)
                self._check_world(ledger.opening)
                broker = self._connect(ledger.opening, sorted(state.book.coins))
                confirm = self._confirm(ledger.opening)
                try:
                    yield Session(ledger, state, broker, self.config, self.clock, confirm)
                finally:
                    broker.close()

    def _check_world(self, opening: Opening) -> None:
        """Refuse to mix a simulated world with published figures."""
        there, here = str(opening.terms["world"]), world_of(self.load())
        if there != here:
            raise WrongLedger(
                f"{self.ledger_path} rests on {_named(there)}, --data is {_named(here)}: give the "
                "same --data, or another PLUMBLINE_HOME"
            )

    def _begin(self) -> None:
        """Begin a ledger at today's decision, once the data can carry it.

        Raises
        ------
        AccessDenied
            If the exchange has no sandbox: live accounts are refused.
        Stale
            If the bar that closes today is not there.
        """
        if self.broker is not None and self.broker.startswith(CCXT):
            from paper.brokers.gateway import require_sandbox

            require_sandbox(self.broker.removeprefix(CCXT))
        t = self.clock.now().floor("D")
        found, prices = self.knowledge(t)
        if prices.newest(BTC) < t:
            raise Stale(
                f"the last daily bar of {BTC} closes at {prices.newest(BTC):%Y-%m-%d} and a "
                f"ledger would begin on {t:%Y-%m-%d}: fetch or import the bars first"
            )
        opening = opening_of(
            self.strategy,
            self.broker or SIMULATED,
            self._execution(),
            t,
            margin=bool((found.weights < 0).to_numpy().any()),
            world=world_of(found.snapshot),
        )
        if opening.broker != SIMULATED:
            opening = self._with_account(opening, prices.assets)
        Ledger.create(self.ledger_path, opening, self.clock.now()).close()

    def _execution(self) -> Execution:
        return Execution(
            fee_bp=self.config.fee_bp,
            slippage_bp=self.config.slippage_bp,
            initial_cash=self.config.initial_cash,
        )

    def _with_account(self, opening: Opening, assets: tuple[str, ...]) -> Opening:
        """Begin with as much of an exchange's account as is asked for, and leave the rest alone."""
        broker = self._exchange(opening.broker, [])
        try:
            currency, held = broker.market(BTC).quote, broker.balances()
        finally:
            broker.close()
        free = held.of(currency)
        cash = min(opening.initial_cash, free)
        if cash <= 0:
            raise BrokerError(f"{broker.name}: the account holds no {currency} to begin with")
        baseline = {CASH: free - cash, **{name: held.of(name) for name in assets}}
        kept = {name: text(amount) for name, amount in baseline.items() if amount}
        terms = {**opening.terms, "currency": currency, "baseline": kept}
        return replace(opening, initial_cash=cash, terms=terms)

    def _connect(self, opening: Opening, assets: Sequence[str]) -> SimulatedBroker | ExchangeBroker:
        if opening.broker != SIMULATED:
            return self._exchange(opening.broker, assets)
        costs = opening.terms
        execution = Execution(
            fee_bp=float(decimal(costs["fee"]) / BASIS_POINT),
            slippage_bp=float(decimal(costs["slippage"]) / BASIS_POINT),
            initial_cash=float(opening.initial_cash),
        )
        return SimulatedBroker(
            self.folder / "account.sqlite",
            self._prices(str(opening.terms["world"])),
            execution,
            opening.strategy,
            now=self.clock.now,
            margin=bool(costs["margin"]),
        )

    def _exchange(self, kind: str, assets: Sequence[str]) -> ExchangeBroker:
        from paper.brokers.exchange import ExchangeBroker

        name = kind.removeprefix(CCXT)
        return ExchangeBroker(name, assets, config=self.exchanges.get(name, {}), clock=self.clock)

    def _prices(self, world: str) -> PriceSource:
        """Return where the simulated broker's prices come from."""
        if self.config.prices != "close":
            if world:
                raise BadConfig(
                    f"plumbline.toml: paper.prices = {self.config.prices!r} and the data are of "
                    f"{_named(world)}: no exchange trades at its prices, set it to 'close'"
                )
            return self._ticker(self.config.prices)
        bars: list[Bars] = []

        def last_close(asset: str) -> Quote:
            if not bars:
                seen = self.load().until(self.clock.now())
                bars.extend(table for table in (seen.hourly, seen.daily) if table is not None)
            return newest_close(bars, asset)

        return last_close

    def _ticker(self, exchange: str) -> PriceSource:
        from paper.brokers.prices import Ticker

        return Ticker(exchange, config=self.exchanges.get(exchange, {}), clock=self.clock)

    def _confirm(self, opening: Opening) -> Confirm:
        """Return the second venue; one that does not answer confirms nothing.

        A simulated world has none: exchanges do not trade at its prices.
        """
        venue = self.config.second_venue
        own = opening.broker.removeprefix(CCXT) if opening.broker != SIMULATED else ""
        if not venue or self.offline or opening.terms["world"]:
            return lambda _: None
        if venue in (own, self.config.prices):
            raise BadConfig(
                f"plumbline.toml: paper.second_venue = {venue!r} is where the prices come from "
                "already: name another exchange"
            )
        found: list[PriceSource] = []

        def confirm(asset: str) -> Quote | None:
            try:
                if not found:
                    found.append(self._ticker(venue))
                return found[0](asset)
            except BrokerError:
                return None

        return confirm


def world_of(snapshot: Snapshot) -> str:
    """Name the simulated world of a snapshot; empty for published figures."""
    truth = snapshot.truth
    return "" if truth is None else f"{truth.world}:{truth.seed}"


def _named(world: str) -> str:
    return f"the simulated world {world}" if world else "published figures"


def newest_close(tables: Sequence[Bars], asset: str) -> Quote:
    """Return the last close of an asset, of the bars that closed last.

    Raises
    ------
    NoMarket
        If there are no bars of it.
    """
    found = None
    for bars in tables:
        if asset not in bars.assets:
            continue
        close = bars.close[asset].dropna()
        if len(close) and (found is None or close.index[-1] > found[0]):
            found = (
                close.index[-1],
                float(close.iloc[-1]),
                bars.market[asset].loc[close.index[-1]],
            )
    if found is None:
        raise NoMarket(f"{asset}: there are no bars of it: import or fetch them")
    at, price, market = found
    return Quote(asset, decimal(price), at, f"{market}, last close")


def desk_of(
    strategy: WeightRule,
    chosen: Settings,
    load: Callable[[], Snapshot],
    broker: str | None = None,
    clock: Clock | None = None,
) -> Desk:
    """Return a strategy's desk by the settings."""
    return Desk(
        strategy=strategy,
        home=chosen.home,
        load=load,
        broker=broker,
        config=config_of(chosen.paper),
        exchanges=chosen.exchanges,
        offline=chosen.offline,
        clock=clock or SystemClock(),
    )
