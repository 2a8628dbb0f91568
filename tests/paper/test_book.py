"""Trades bring a book to its target, to the value after costs; the rest is arithmetic by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import EngineError, PaperError
from paper.book import Book, Target, Terms, Trade, trades
from paper.money import decimal, exact, text, whole_steps

D = Decimal
FREE = Terms(D(0), D(0))
COSTS = Terms(D("0.001"), D("0.001"), D("1.5"), D("0.1"))


def carried(book: Book, orders: list[Trade]) -> Book:
    with exact():
        for order in orders:
            book = book.after(order)
    return book


def test_a_first_purchase_without_costs() -> None:
    found = trades(Book(D(1000), {}), Target({"BTC": D("0.5")}, D("0.5")), {"BTC": D(50)}, {}, FREE)
    assert found == [Trade("BTC", "buy", D(10), D(50), D(0))]


def test_costs_come_out_of_the_value_before_the_weights() -> None:
    # x of 1000 in coins at 50: bought at 50.05 with a fee of 0.1%, x / (1000 - cost) = 1/2.
    with exact():
        found = trades(
            Book(D(1000), {}), Target({"BTC": D("0.5")}, D("0.5")), {"BTC": D(50)}, {}, COSTS
        )
    cost_rate = 0.001 + 1.001 * 0.001
    worth = 0.5 * 1000 / (1 + 0.5 * cost_rate)
    assert float(found[0].quantity) == pytest.approx(worth / 50, rel=1e-12)
    after = carried(Book(D(1000), {}), found)
    assert float(after.coins["BTC"] * 50 / after.value({"BTC": D(50)})) == pytest.approx(0.5)


def test_sales_go_before_purchases_and_small_purchases_before_large_ones() -> None:
    book = Book(D(0), {"A": D(10)})
    target = Target({"B": D("0.7"), "C": D("0.3")}, D(0))
    found = trades(book, target, dict.fromkeys("ABC", D(10)), {}, FREE)
    assert [(one.asset, one.side) for one in found] == [("A", "sell"), ("C", "buy"), ("B", "buy")]


def test_what_cannot_trade_stays_and_the_largest_purchase_gives_way() -> None:
    # 60 of 100 sit in a coin without a market: 40 are left for targets of 30 and 70.
    book = Book(D(40), {"H": D(6)})
    target = Target({"A": D("0.3"), "B": D("0.7")}, D(0))
    found = trades(book, target, {"A": D(1), "B": D(1)}, {"H": D(10)}, FREE)
    assert [(one.asset, one.quantity) for one in found] == [("A", D(30)), ("B", D(10))]


def test_a_holding_that_is_not_wanted_goes_to_the_last_digit() -> None:
    held = D("0.123456789012345678")
    found = trades(Book(D(0), {"A": held}), Target({}, D(1)), {"A": D(3)}, {}, COSTS)
    assert found[0].quantity == held
    assert carried(Book(D(0), {"A": held}), found).coins == {}


def test_a_short_pays_when_it_is_bought_back() -> None:
    opened = carried(
        Book(D(100), {}),
        trades(Book(D(100), {}), Target({"A": D("-0.5")}, D("1.5")), {"A": D(10)}, {}, FREE),
    )
    assert opened == Book(D(150), {"A": D(-5)})
    assert opened.value({"A": D(20)}) == D(50)


def test_interest_is_simple_over_360_days_and_dearer_when_borrowed() -> None:
    assert Book(D(36000), {}).interest(D(5), COSTS) == D(5)
    assert Book(D(-36000), {}).interest(D(5), COSTS) == D("-6.5")


def test_an_account_without_value_cannot_trade() -> None:
    with pytest.raises(EngineError, match=r"worth -10\.00 USD"):
        trades(Book(D(-110), {"A": D(10)}), Target({}, D(1)), {"A": D(10)}, {}, FREE)


def test_a_holding_without_a_price_is_refused() -> None:
    with pytest.raises(PaperError, match="A: 2 are held and no price is known"):
        Book(D(0), {"A": D(2)}).value({})


@given(
    weights=st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3),
    held=st.lists(st.integers(0, 50), min_size=3, max_size=3),
    prices=st.lists(st.floats(0.001, 90_000.0), min_size=3, max_size=3),
)
def test_weights_after_the_trades_are_those_wanted(
    weights: list[float], held: list[int], prices: list[float]
) -> None:
    total = sum(weights) + 0.1
    target = {name: decimal(w / total) for name, w in zip("ABC", weights, strict=True)}
    quotes = {name: decimal(price) for name, price in zip("ABC", prices, strict=True)}
    coins = {name: D(count) for name, count in zip("ABC", held, strict=True) if count}
    with exact():
        book = Book(D(10_000), coins)
        cash = D(1) - sum(target.values(), D(0))
        after = carried(book, trades(book, Target(target, cash), quotes, {}, COSTS))
        value = after.value(quotes)
        for name in "ABC":
            share = after.coins.get(name, D(0)) * quotes[name] / value
            assert abs(share - target[name]) < D("1e-12")
        assert after.cash >= 0


@pytest.mark.parametrize(
    ("quantity", "step", "rounded"),
    [("1.2345", "0.01", "1.23"), ("-1.239", "0.01", "-1.23"), ("0.009", "0.01", "0"),
     ("1.5", "0", "1.5"), ("7", "5", "5")],
)  # fmt: skip
def test_steps_round_towards_nothing(quantity: str, step: str, rounded: str) -> None:
    assert text(whole_steps(D(quantity), D(step))) == rounded


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_from_its_decimal_to_the_bit(value: float) -> None:
    assert float(text(decimal(value))) == value


def test_only_finite_numbers_are_booked() -> None:
    with pytest.raises(PaperError, match="price is nan"):
        decimal(float("nan"), "price")
