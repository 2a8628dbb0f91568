from __future__ import annotations

import pickle

import numpy as np
import pytest

from backtests.sweep.constraint import Constraint
from data.errors import BadConfig

A, B = np.array([0.0, 1.0, 2.0, 3.0]), np.array([3.0, 1.0, -1.0, 0.0])


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("a <= b", [True, True, False, False]),
        ("a.x == 2", [False, False, True, False]),
        ("a < b or b < 0", [True, False, True, False]),
        ("not a < b and b >= 0", [False, True, False, True]),
        ("0 <= b < 2", [False, True, False, True]),
        ("a + 2 * b > 5", [True, False, False, False]),
        ("-a / 2 <= b - 1", [True, True, False, True]),
        ("1 / a < 1", [False, False, True, True]),
        ("kind == 'trend'", [True, True, True, True]),
        ("a != +1", [True, False, True, True]),
    ],
)
def test_meaning(text: str, met: list[bool]):
    found = Constraint(text).holds({"a": A, "a.x": A, "b": B, "kind": "trend"})
    assert np.broadcast_to(found, A.shape).tolist() == met


def test_names_its_parameters():
    constraint = Constraint(
        "exposure.leave <= exposure.enter and overlays.rebalance_band.width < 1"
    )
    assert constraint.paths == ("exposure.leave", "exposure.enter", "overlays.rebalance_band.width")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.b()",
        "[a for a in (1, 2)] == a",
        "(lambda: 1)() == 1",
        "a[0] == 1",
        "a if b else 1",
        "a ** 99 > 1",
        "f'{a}' == 'x'",
        "a",
        "1",
        "True",
        "a in (1, 2)",
        "a is b",
        "a <",
        "",
        "a == b'x'",
        "a == None",
        "not " * 200 + "a < 1",
        "-" * 200 + "a < 1",
    ],
)
def test_anything_else_is_refused(text: str):
    with pytest.raises(BadConfig, match=r"^grid: "):
        Constraint(text, "grid")


def test_text_and_numbers_do_not_compare():
    words = np.array(["x", "y"], dtype=object)
    with pytest.raises(BadConfig, match="not supported between"):
        Constraint("a < 1").holds({"a": words})


def test_goes_to_another_process():
    constraint = pickle.loads(pickle.dumps(Constraint("a <= b", "here")))
    assert constraint.holds({"a": A, "b": B}).tolist() == [True, True, False, False]
    assert constraint.origin == "here"
