"""A plain ledger: the same backtest with loops and floats, written from the words alone.

No numpy, no pandas, no vectorbt. Days are whole numbers: bar *n* opens at hour 24 n and closes at
hour 24 (n + 1); the decision of day *n* is made at hour 24 n and has seen bar n - 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

CASH = "CASH"


@dataclass(frozen=True)
class Bar:
    """One bar; `open`, `high` and `low` are None when only the close is known."""

    close: float
    open: float | None = None
    high: float | None = None
    low: float | None = None


@dataclass(frozen=True)
class Terms:
    """What trading and borrowing cost; shares are decimal."""

    fee: float = 0.0
    slippage: float = 0.0
    slippage_range: float = 0.0
    borrow_percent: float = 0.0
    delisting_discount: float = 0.1
    initial_cash: float = 100_000.0
    delay_hours: int = 0


@dataclass(frozen=True)
class World:
    """Bars by day and asset (absent: no bar), cash rates in percent, and what is special."""

    assets: Sequence[str]
    bars: Sequence[Mapping[str, Bar]]
    rates: Sequence[float]
    first_dead_day: Mapping[str, int] = field(default_factory=dict)
    hourly_opens: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    # Perpetuals: instants in hours, and the rate settled then.
    funding: Mapping[str, Mapping[float, float]] = field(default_factory=dict)


class RuinedError(Exception):
    """The account is worth nothing, less, or a billionth of what it was."""


@dataclass
class Ledger:
    """Cash, coins and what they cost so far."""

    world: World
    terms: Terms
    cash: float = 0.0
    coins: dict[str, float] = field(default_factory=dict)
    last_close: dict[str, float] = field(default_factory=dict)
    last_range: dict[str, float] = field(default_factory=dict)
    fees: float = 0.0
    slippage: float = 0.0
    delisting: float = 0.0
    interest: float = 0.0
    borrow: float = 0.0
    funding: float = 0.0
    equity: list[float] = field(default_factory=list)
    peak: float = 0.0

    def run(self, decisions: Mapping[int, Mapping[str, float] | None]) -> list[float]:
        """Equity at the close of each bar, from the first decision's day on."""
        self.cash = self.peak = self.terms.initial_cash
        self.coins = dict.fromkeys(self.world.assets, 0.0)
        first, hours = min(decisions), self.terms.delay_hours
        for day in range(len(self.world.bars)):
            if day >= first:
                self.accrue(self.world.rates[day], hours % 24 / 24, self.last_close)
                marks = self.marks(day)
                self.settle(day, marks, late=False)
                self.value(self.last_close)
                decided = day - hours // 24
                wanted = decisions.get(decided) if decided >= first else None
                self.trade(day, wanted)
                self.accrue(self.world.rates[day], 1 - hours % 24 / 24, marks)
            self.close(day)
            if day >= first:
                self.settle(day, self.last_close, late=True)
                self.equity.append(self.value(self.last_close))
        return self.equity

    def accrue(self, rate: float, days: float, marks: Mapping[str, float]) -> None:
        """Simple interest ACT/360 on all money, dearer when it is owed.

        A perpetual's value is not paid for: it is money of the account's own.
        """
        money = self.cash
        for name in self.world.funding:
            if self.coins[name] != 0:
                money += self.coins[name] * marks[name]
        percent = rate + (self.terms.borrow_percent if money < 0 else 0.0)
        earned = money * percent / 100 * days / 360
        if money < 0:
            self.borrow -= earned
        else:
            self.interest += earned
        self.cash += earned

    def settle(self, day: int, marks: Mapping[str, float], *, late: bool) -> None:
        """Pay the day's funding: up to the fill, or after it and before the close."""
        for name, rates in self.world.funding.items():
            fill = self.fill_hour(day, name)
            for hour, rate in rates.items():
                early = 24 * day <= hour <= fill
                after = fill < hour < 24 * day + 24
                if (after if late else early) and self.coins[name] != 0:
                    paid = self.coins[name] * marks[name] * rate
                    self.cash -= paid
                    self.funding += paid

    def fill_hour(self, day: int, name: str) -> int:
        """Hour at which an order for a coin fills on a day, or would."""
        if day == self.world.first_dead_day.get(name):
            return 24 * day
        first = 24 * day + self.terms.delay_hours % 24
        if self.terms.delay_hours % 24:
            for hour in range(first, 24 * day + 24):
                if hour in self.world.hourly_opens.get(name, {}):
                    return hour
        return first

    def marks(self, day: int) -> dict[str, float]:
        """Prices of the fill moment: the fill's where there could be one, else the last close."""
        found = {name: self.price_on(day, name) for name in self.world.assets}
        return self.last_close | {name: at for name, at in found.items() if at is not None}

    def close(self, day: int) -> None:
        """Remember closes and ranges; what comes after a delisting is another coin's."""
        for name, bar in self.world.bars[day].items():
            if day >= self.world.first_dead_day.get(name, day + 1):
                continue
            self.last_close[name] = bar.close
            if bar.open is not None and bar.high is not None and bar.low is not None:
                self.last_range[name] = (bar.high - bar.low) / bar.open

    def value(self, marks: Mapping[str, float]) -> float:
        """Cash and coins at these prices; raise when nothing is left."""
        total = 0.0
        for name in self.world.assets:
            if self.coins[name] != 0:
                total += self.coins[name] * marks[name]
        total += self.cash
        self.peak = max(self.peak, total)
        if total <= 1e-9 * self.peak:
            raise RuinedError
        return total

    def price_on(self, day: int, name: str) -> float | None:
        """Price at which an order can fill on a day, before slippage; None when it cannot."""
        bar = self.world.bars[day].get(name)
        dead = day >= self.world.first_dead_day.get(name, day + 1)
        if bar is None or bar.open is None or dead:
            return None
        if self.terms.slippage_range and name not in self.last_range:
            return None
        into_day = self.terms.delay_hours % 24
        if not into_day:
            return bar.open
        for hour in range(24 * day + into_day, 24 * day + 24):
            if hour in self.world.hourly_opens.get(name, {}):
                return self.world.hourly_opens[name][hour]
        return None

    def slip(self, name: str) -> float:
        ranged = self.terms.slippage_range * self.last_range.get(name, 0.0)
        if not ranged:
            return self.terms.slippage
        return min(self.terms.slippage + ranged, 0.5)

    def quotes(self, day: int, wanted: Mapping[str, float] | None) -> dict[str, Quote]:
        """What trades on a day: all that is wanted and has a price, and all that is delisted."""
        quotes = {}
        for name in self.world.assets:
            price = self.price_on(day, name)
            if day == self.world.first_dead_day.get(name) and name in self.last_close:
                discount = self.terms.delisting_discount
                quotes[name] = Quote(self.last_close[name], discount, 0.0, 0.0, forced=True)
            elif wanted is not None and price is not None:
                quotes[name] = Quote(price, self.slip(name), self.terms.fee, wanted[name])
        return quotes

    def trade(self, day: int, wanted: Mapping[str, float] | None) -> None:
        """Fill what can fill, so that weights on the value after costs are those wanted."""
        quotes = self.quotes(day, wanted)
        if not quotes:
            return
        value = self.value(self.last_close | {name: quote.price for name, quote in quotes.items()})
        spent = 0.0
        for _ in range(200):
            book = Book(self.cash, dict(self.coins))
            book.fill(quotes, max(value - spent, 0.0), min(0.0, wanted[CASH]) if wanted else None)
            if abs(book.cost - spent) <= 1e-16 * value:
                break
            spent = book.cost
        self.cash, self.coins = book.cash, book.coins
        self.fees += book.fees
        self.slippage += book.slippage
        self.delisting += book.delisting


@dataclass(frozen=True)
class Quote:
    """A price, what moves against the order, and the weight that is wanted."""

    price: float
    slippage: float
    fee: float
    wanted: float
    forced: bool = False


@dataclass
class Book:
    """Cash and coins through one fill, and what it costs."""

    cash: float
    coins: dict[str, float]
    fees: float = 0.0
    slippage: float = 0.0
    delisting: float = 0.0

    @property
    def cost(self) -> float:
        return self.fees + self.slippage + self.delisting

    def fill(self, quotes: Mapping[str, Quote], value: float, credit: float | None) -> None:
        """Sales first, then purchases from the smallest on, while the money lasts.

        All cash is laid on the table, and as much is borrowed as `credit` (a weight, 0 or less)
        allows; a debt beyond it is repaid as if it were a purchase. Without a limit (None) cash
        takes whatever comes.
        """
        due = [
            (quote.wanted * value - self.coins[name] * quote.price, name)
            for name, quote in quotes.items()
        ]
        if credit is not None:
            due.append((credit * value - self.cash, CASH))
        table = 0.0
        for amount, name in sorted(due, key=lambda order: order[0]):
            money = table if credit is not None else float("inf")
            if name == CASH:
                moved = min(amount, money)
                self.cash += moved
                table -= moved
            elif amount < 0:
                table += self.sell(name, -amount / quotes[name].price, quotes[name])
            elif amount > 0:
                table -= self.buy(name, amount / quotes[name].price, quotes[name], money)
        self.cash += table

    def sell(self, name: str, size: float, quote: Quote) -> float:
        taken = size * quote.price * (1 - quote.slippage)
        self.coins[name] -= size
        self.charge(taken * quote.fee, size * quote.price * quote.slippage, quote.forced)
        return taken * (1 - quote.fee)

    def buy(self, name: str, size: float, quote: Quote, money: float) -> float:
        each = quote.price * (1 + quote.slippage) * (1 + quote.fee)
        size = min(size, money / each)
        self.coins[name] += size
        fee = size * quote.price * (1 + quote.slippage) * quote.fee
        self.charge(fee, size * quote.price * quote.slippage, quote.forced)
        return size * each

    def charge(self, fee: float, slippage: float, forced: bool) -> None:
        self.fees += fee
        if forced:
            self.delisting += slippage
        else:
            self.slippage += slippage
