from __future__ import annotations

from datetime import date

import pytest

from backtests.report.headline import headline
from backtests.report.since import Since
from tests.report.studies import finding

CANNOT = "cannot be known from these data"

MECHANISM = [
    ({}, "No claim about the mechanism has been tested"),
    ({"B1": "not yet tested"}, "No claim about the mechanism has been tested"),
    ({"B1": "holds"}, "The mechanism holds in the one claim tested"),
    ({"B1": "holds", "B4": "supported"}, "The mechanism holds in both claims tested"),
    ({"B1": "does not hold"}, "The mechanism does not hold in the one claim tested"),
    (
        {"B1": "does not hold", "B4": "contradicted"},
        "The mechanism holds in none of two claims tested",
    ),
    (
        {"B1": "not testable", "B4": "inconclusive"},
        f"Whether the mechanism holds {CANNOT}",
    ),
    (
        {"B1": "holds", "B3": "partly", "B6": "does not hold", "C1": "does not hold"},
        "Of four claims about the mechanism, one holds, one holds in part and two do not hold",
    ),
    (
        {"B1": "holds", "B3": "holds", "B4": "inconclusive"},
        f"Of three claims about the mechanism, two hold and one {CANNOT}",
    ),
    ({"B1": "partly"}, "Of one claim about the mechanism, one holds in part"),
]
TRANSMISSION = [
    ({}, "whether the plumbing moves BTC has not been tested."),
    ({"C2b": "not yet tested"}, "whether the plumbing moves BTC has not been tested."),
    ({"C2b": "inconclusive", "C5": "not testable"}, f"that the plumbing moves BTC {CANNOT}."),
    (
        {"C2a": "supported", "C2b": "inconclusive"},
        f"that the plumbing moves BTC {CANNOT}, though liquidity and BTC move together in the "
        "same weeks.",
    ),
    (
        {"C2a": "contradicted", "C2b": "inconclusive"},
        f"that the plumbing moves BTC {CANNOT}, and liquidity and BTC do not move together in the "
        "same weeks.",
    ),
    ({"C2a": "inconclusive", "C3": "inconclusive"}, f"that the plumbing moves BTC {CANNOT}."),
    ({"C2b": "supported"}, "that the plumbing moves BTC is supported by the one test."),
    (
        {"C2b": "contradicted", "C3": "contradicted", "C5": "contradicted"},
        "that the plumbing moves BTC is contradicted by all three tests.",
    ),
    (
        {"C2a": "supported", "C2b": "supported", "C3": "contradicted", "C5": "inconclusive"},
        "of three tests whether the plumbing moves BTC, one supports it, one contradicts it and "
        "one cannot tell, and liquidity and BTC move together in the same weeks.",
    ),
]
FORECASTS = [
    ({}, "No forecast has come due"),
    ({"D1": "no deadline given", "D2": "condition did not occur"}, "No forecast has come due"),
    ({"D1": "occurred"}, "The one forecast due since publication came true"),
    (
        {"D1": "occurred", "D2": "occurred", "D6": "no deadline given"},
        "Both forecasts due since publication came true",
    ),
    ({"D1": "did not occur"}, "The one forecast due since publication did not come true"),
    (
        {"D1": "did not occur", "D2": "did not occur"},
        "None of two forecasts due since publication came true",
    ),
    (
        {"D1": "occurred", "D2": "partly", "D3a": "did not occur", "D6": "did not occur"},
        "Of four forecasts due since publication, one came true, one in part and two did not",
    ),
    (
        {"D1": "partly", "D2": "did not occur"},
        "Of two forecasts due since publication, none came true, one in part and one did not",
    ),
]
RULES = [
    ({}, "the essay’s rules have not been tested."),
    (
        {"E1": "inconclusive"},
        f"whether the essay’s rules earn more than their mean exposure {CANNOT}.",
    ),
    (
        {"E1": "supported"},
        "the essay’s rules earned more than their mean exposure would have.",
    ),
    (
        {"E1": "contradicted"},
        "the essay’s rules did not earn more than their mean exposure would have.",
    ),
]


@pytest.mark.parametrize(("verdicts", "expected"), MECHANISM)
def test_first_sentence_begins_with_the_mechanism(verdicts, expected) -> None:
    first, _ = headline([finding(name, word) for name, word in verdicts.items()])
    assert first.startswith(f"{expected}; ")


@pytest.mark.parametrize(("verdicts", "expected"), TRANSMISSION)
def test_first_sentence_ends_with_transmission(verdicts, expected) -> None:
    first, _ = headline([finding(name, word) for name, word in verdicts.items()])
    assert first.endswith(f"; {expected}")


@pytest.mark.parametrize(("verdicts", "expected"), FORECASTS)
def test_second_sentence_begins_with_the_forecasts(verdicts, expected) -> None:
    _, second = headline([finding(name, word) for name, word in verdicts.items()])
    assert second.startswith(f"{expected}; ")


@pytest.mark.parametrize(("verdicts", "expected"), RULES)
def test_second_sentence_ends_with_the_rules(verdicts, expected) -> None:
    _, second = headline([finding(name, word) for name, word in verdicts.items()])
    assert second.endswith(f"; {expected}")


def test_rules_that_do_worse_are_said_to_do_worse() -> None:
    _, second = headline([finding("E1", "contradicted", p=(0.99, 0.002, 0.009))])
    assert second.endswith("the essay’s rules earned less than their mean exposure would have.")


@pytest.mark.parametrize(
    ("btc", "liquidity", "expected"),
    [
        ((101_497.22, 64_000.0), (5639.8, 5707.5), "BTC fell 37% while net liquidity rose 1.2%"),
        ((100.0, 150.0), (100.0, 90.0), "BTC rose 50% while net liquidity fell 10%"),
        ((100.0, 95.04), (100.0, 100.01), "BTC fell 5.0% while net liquidity did not move"),
    ],
)
def test_sentence_since_publication_is_computed(btc, liquidity, expected) -> None:
    since = Since(date(2025, 11, 4), date(2026, 8, 6), btc, liquidity)
    assert since.sentence == f"Since publication (2025-11-04) {expected}, both to 2026-08-06."
