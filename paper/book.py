"""Cash and coins: what they are worth, what they earn, and the orders that make them a target.

This is the engine's rule written again with decimals and without a library: weights right after
the trades, on the value after their costs, are exactly those wanted; sales go before purchases;
purchases go from the smallest to the largest while the money lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from data.errors import EngineError, PaperError
from paper.brokers.base import Side
from paper.money import ONE, ZERO, whole_steps

# Simple interest ACT/360, as SOFR and EFFR are counted.
YEAR, PERCENT = Decimal(360), Decimal(100)
# Costs settle by a factor of their rate at each pass: seven passes at ordinary costs.
MAX_PASSES, SETTLED = 200, Decimal("1e-20")
# Finer than any market's step: what is cut off is worth nothing, and texts stay short.
FINEST = Decimal("1e-18")
# What is smaller than this share of the value is left over by rounding and no order.
DUST = Decimal("1e-14")


@dataclass(frozen=True, slots=True)
class Terms:
    """What trading and borrowing cost.

    Parameters
    ----------
    fee : Decimal
        Share of the traded value.
    slippage : Decimal
        Share of the price that moves against an order.
    borrow_percent : Decimal
        Percent a year on borrowed cash, above the cash rate.
    delisting_discount : Decimal
        Share of its last close that a holding loses when its market is delisted.
    """

    fee: Decimal
    slippage: Decimal
    borrow_percent: Decimal = ZERO
    delisting_discount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Trade:
    """What was bought or sold at one price, or shall be.

    Parameters
    ----------
    asset : str
        The coin.
    side : {"buy", "sell"}
        Which way.
    quantity : Decimal
        Coins, positive.
    price : Decimal
        USD a coin, slippage included.
    fee : Decimal
        USD.
    """

    asset: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal

    @property
    def coins(self) -> Decimal:
        """Change of the holding."""
        return self.quantity if self.side == "buy" else -self.quantity

    @property
    def cash(self) -> Decimal:
        """Change of the cash."""
        return -self.coins * self.price - self.fee


@dataclass(frozen=True, slots=True)
class Book:
    """What an account holds.

    Parameters
    ----------
    cash : Decimal
        USD; negative when borrowed.
    coins : mapping of str to Decimal
        Holdings that are not zero; negative when short.
    """

    cash: Decimal
    coins: Mapping[str, Decimal]

    def after(self, trade: Trade) -> Book:
        """Return the book after a trade."""
        left = self.coins.get(trade.asset, ZERO) + trade.coins
        coins = {**self.coins, trade.asset: left}
        if not left:
            del coins[trade.asset]
        return Book(self.cash + trade.cash, coins)

    def with_interest(self, amount: Decimal) -> Book:
        """Return the book after interest on its cash."""
        return Book(self.cash + amount, self.coins)

    def interest(self, percent: Decimal, terms: Terms) -> Decimal:
        """Return what one day's interest on the cash is; negative when it is borrowed."""
        rate = percent + (terms.borrow_percent if self.cash < 0 else ZERO)
        return self.cash * rate / PERCENT / YEAR

    def value(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Return cash and holdings at these prices.

        Raises
        ------
        PaperError
            If a holding has no price.
        """
        total = self.cash
        for name, held in self.coins.items():
            if name not in prices:
                raise PaperError(f"{name}: {held} are held and no price is known: import its bars")
            total += held * prices[name]
        return total


@dataclass(frozen=True, slots=True)
class Target:
    """Wanted weights of a decision, as decimals.

    Parameters
    ----------
    weights : mapping of str to Decimal
        Of coins; what is absent is not wanted.
    cash : Decimal
        Weight of cash; negative when it shall be borrowed.
    """

    weights: Mapping[str, Decimal]
    cash: Decimal


def trades(
    book: Book,
    target: Target,
    quotes: Mapping[str, Decimal],
    marks: Mapping[str, Decimal],
    terms: Terms,
) -> list[Trade]:
    """Return the trades that bring a book to its target, sales first.

    Parameters
    ----------
    book : Book
        What is held.
    target : Target
        What is wanted, on the value after the trades' costs.
    quotes : mapping of str to Decimal
        Prices before slippage of what can trade. The rest of the holdings stays as it is.
    marks : mapping of str to Decimal
        Last known prices, for holdings without a quote.
    terms : Terms
        Costs.

    Raises
    ------
    EngineError
        If the account is worth nothing, or trading would cost more than there is.
    """
    value = book.value({**marks, **quotes})
    if value <= 0:
        raise EngineError(f"the account is worth {value:.2f} USD: nothing can be traded")
    spent, smallest = ZERO, DUST * value
    for _ in range(MAX_PASSES):
        after = max(value - spent, ZERO)
        found = _pass(book, target, quotes, terms, after, smallest)
        cost = sum((_cost(trade, quotes[trade.asset]) for trade in found), ZERO)
        if abs(cost - spent) <= SETTLED * value:
            return found
        spent = cost
    raise EngineError("costs do not settle: with these fees trading would cost more than there is")


def _cost(trade: Trade, quote: Decimal) -> Decimal:
    return trade.fee + trade.quantity * abs(trade.price - quote)


def _pass(
    book: Book,
    target: Target,
    quotes: Mapping[str, Decimal],
    terms: Terms,
    value: Decimal,
    smallest: Decimal,
) -> list[Trade]:
    """Size all trades for a value after costs.

    All cash is laid on the table, or as much is borrowed as the target says; a debt beyond that
    is repaid in the order of the purchases, as if it were one.
    """
    due = [
        (target.weights.get(name, ZERO) * value - book.coins.get(name, ZERO) * quote, name)
        for name, quote in quotes.items()
    ]
    due.append((min(ZERO, target.cash) * value - book.cash, ""))
    table, found = ZERO, list[Trade]()
    for amount, name in sorted(due):
        if not name:
            table -= min(amount, table)
        elif abs(amount) > smallest:
            trade = _trade(name, amount, quotes[name], terms, table)
            if trade.side == "sell" and not target.weights.get(name):
                trade = _whole(trade, book.coins[name], terms)
            table += trade.cash
            if trade.quantity > 0:
                found.append(trade)
    return found


def _trade(name: str, amount: Decimal, quote: Decimal, terms: Terms, table: Decimal) -> Trade:
    """Return the trade that moves a holding by `amount` USD, purchases as the table allows."""
    if amount < 0:
        price = quote * (ONE - terms.slippage)
        quantity = whole_steps(-amount / quote, FINEST)
        return Trade(name, "sell", quantity, price, quantity * price * terms.fee)
    price = quote * (ONE + terms.slippage)
    affordable = max(table, ZERO) / (price * (ONE + terms.fee))
    quantity = whole_steps(min(amount / quote, affordable), FINEST)
    return Trade(name, "buy", quantity, price, quantity * price * terms.fee)


def _whole(trade: Trade, held: Decimal, terms: Terms) -> Trade:
    """Return a sale of all that is held, to the last digit."""
    return replace(trade, quantity=held, fee=held * trade.price * terms.fee)
