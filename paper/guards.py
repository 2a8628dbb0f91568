"""What stands between a decision and an order: each guard is one comparison, told in one line.

A guard blocks increases of risk, of some coins or of all. A reduction proceeds all the same, once
a second venue confirms the price.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

import pandas as pd

from paper.book import Book, Trade
from paper.brokers.base import Quote
from paper.config import Limits
from paper.money import ONE, ZERO, decimal, text

Confirm: TypeAlias = Callable[[str], Quote | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a guard found.

    Parameters
    ----------
    guard : str
        Its name.
    reason : str
        What is wrong, with figures, and what ends it.
    assets : tuple of str or None
        Coins that may not grow; None for all.
    """

    guard: str
    reason: str
    assets: tuple[str, ...] | None = None

    def covers(self, asset: str) -> bool:
        """Whether it speaks of this coin."""
        return self.assets is None or asset in self.assets


def stale(decision: Mapping[str, Any]) -> list[Finding]:
    """Find a strategy that could not be computed, because a series is missing or too old."""
    if decision["known"]:
        return []
    words = "; ".join(decision["stale"]) or decision["silence"] or "a figure is missing"
    return [Finding("stale", f"{words}: fetch or import the figures")]


def clock_skew(ours: pd.Timestamp, brokers: pd.Timestamp, limits: Limits) -> list[Finding]:
    """Find two clocks too far apart: orders and prices could then be of another day."""
    seconds = abs((ours - brokers).total_seconds())
    if seconds <= limits.clock_skew_seconds:
        return []
    return [
        Finding(
            "clock_skew",
            f"the broker's clock says {brokers:%Y-%m-%d %H:%M:%S}, ours {ours:%H:%M:%S}: "
            f"{seconds:,.0f} s apart, at most {limits.clock_skew_seconds:,.0f}: set the clock",
        )
    ]


def price_age(quotes: Mapping[str, Quote], now: pd.Timestamp, limits: Limits) -> list[Finding]:
    """Find prices that nobody has paid for too long."""
    found = []
    for name, quote in sorted(quotes.items()):
        minutes = (now - quote.at).total_seconds() / 60
        if minutes > limits.price_age_minutes:
            reason = (
                f"{name}: the last price on {quote.venue} is of {quote.at:%Y-%m-%d %H:%M}, "
                f"{minutes:,.0f} minutes old, at most {limits.price_age_minutes:g}"
            )
            found.append(Finding("price_age", reason, (name,)))
    return found


def jump(
    quotes: Mapping[str, Quote], closes: Mapping[str, Decimal], limits: Limits
) -> list[Finding]:
    """Find prices that have left the last daily close too far behind."""
    found = []
    for name, quote in sorted(quotes.items()):
        if name not in closes:
            reason = f"{name}: there is no close to compare {quote.price} with: import its bars"
            found.append(Finding("jump", reason, (name,)))
            continue
        change = quote.price / closes[name] - ONE
        if abs(change) > decimal(limits.jump):
            reason = (
                f"{name}: {text(quote.price)} on {quote.venue} is {change:+.1%} from the last "
                f"close, {text(closes[name])}: more than {limits.jump:.0%}"
            )
            found.append(Finding("jump", reason, (name,)))
    return found


def turnover(
    planned: Sequence[Trade], traded: Decimal, value: Decimal, limits: Limits
) -> list[Finding]:
    """Find a decision that would trade too large a share of the account.

    Parameters
    ----------
    planned : sequence of Trade
        What is still to be traded.
    traded : Decimal
        USD that the decision has traded so far.
    value : Decimal
        Value of the account, USD.
    limits : Limits
        What is too large.
    """
    whole = sum((trade.quantity * trade.price for trade in planned), traded)
    if whole <= decimal(limits.turnover) * value:
        return []
    return [
        Finding(
            "turnover",
            f"the orders are worth {whole:,.2f} USD, {whole / value:.0%} of the account: more "
            f"than {limits.turnover:.0%}",
        )
    ]


def gross(
    book: Book,
    planned: Sequence[Trade],
    prices: Mapping[str, Decimal],
    limits: Limits,
) -> list[Finding]:
    """Find a target that would put too large a multiple of the account at risk."""
    for trade in planned:
        book = book.after(trade)
    value = book.value(prices)
    at_risk = sum((abs(held) * prices[name] for name, held in book.coins.items()), ZERO)
    if at_risk <= decimal(limits.gross) * value:
        return []
    return [
        Finding(
            "gross",
            f"holdings would be worth {at_risk:,.2f} USD on an account of {value:,.2f}: more than "
            f"{limits.gross:.0%}",
        )
    ]


def drawdown(value: Decimal, peak: Decimal, limits: Limits) -> list[Finding]:
    """Find a loss from the highest value that is too large to go on."""
    if value >= (ONE - decimal(limits.drawdown)) * peak:
        return []
    return [
        Finding(
            "drawdown",
            f"the account is worth {value:,.2f} USD, {value / peak - ONE:.1%} from its highest, "
            f"{peak:,.2f}: more than {limits.drawdown:.0%}",
        )
    ]


def confirmed(quote: Quote, confirm: Confirm, limits: Limits) -> str:
    """Ask a second venue for a price.

    Returns
    -------
    str
        Empty where it is within the limit, else why the price is not confirmed.
    """
    other = confirm(quote.asset)
    if other is None:
        return f"{quote.asset}: no second venue confirms {text(quote.price)} on {quote.venue}"
    away = abs(other.price / quote.price - ONE)
    if away <= decimal(limits.confirm_within):
        return ""
    return (
        f"{quote.asset}: {text(quote.price)} on {quote.venue} and {text(other.price)} on "
        f"{other.venue} are {away:.1%} apart, more than {limits.confirm_within:.0%}"
    )


def covering(findings: Collection[Finding], asset: str) -> list[Finding]:
    """Return the findings that speak of a coin."""
    return [finding for finding in findings if finding.covers(asset)]
