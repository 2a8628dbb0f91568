from __future__ import annotations

import tomllib

import pytest

from backtests.sweep.axis import read_axes
from data.errors import BadConfig


def axes(text: str) -> dict[str, tuple[object, ...]]:
    return {axis.path: axis.values for axis in read_axes(tomllib.loads(text), "g.toml")}


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ("[1, 2.5]", (1, 2.5)),
        ('["daily"]', ("daily",)),
        ("{ from = 0, to = 6, step = 3 }", (0, 3, 6)),
        ("{ from = 0, to = 7, step = 3 }", (0, 3, 6)),
        ("{ from = 5, to = -5, step = -5 }", (5, 0, -5)),
        ("{ from = 0, to = 0.3, step = 0.1 }", (0.0, 0.1, 0.2, 0.3)),
        ("{ from = -1, to = 1, count = 3 }", (-1, 0, 1)),
        ("{ from = 0, to = 1, count = 5 }", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("{ from = 4, to = 9, count = 1 }", (4,)),
    ],
)
def test_values(given: str, values: tuple[object, ...]):
    found = axes(f"a.b = {given}")["a.b"]
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_thirds_end_where_they_should():
    found = axes("a = { from = 0.0, to = 1.0, count = 4 }")["a"]
    assert found == (0.0, pytest.approx(1 / 3, abs=1e-15), pytest.approx(2 / 3, abs=1e-15), 1.0)


def test_quoted_and_plain_keys_are_the_same_path():
    assert axes('"a.b" = [1]\na.c = [2]\n[a.d]\ne = [3]') == {
        "a.b": (1,),
        "a.c": (2,),
        "a.d.e": (3,),
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a = []", "grid.a has no values"),
        ("a = 3", "give a list of values"),
        ("a = [1, 2, 1]", "has the value 1 twice"),
        ('"a.b" = [1]\na.b = [2]', "grid.a.b is given twice"),
        ("a = { from = 0, to = 1 }", "either step or count"),
        ("a = { from = 0, to = 1, step = 1, count = 2 }", "either step or count"),
        ("a = { from = 0, to = 1, stop = 1 }", "did you mean 'step'"),
        ("a = { from = 0, to = 1, step = 0 }", "do not lead from 0 to 1"),
        ("a = { from = 0, to = 1, step = -1 }", "do not lead from 0 to 1"),
        ("a = { from = 0, to = 1, step = 1e-9 }", "more than 100,000 values"),
        ("a = { from = 0, to = nan, step = 1 }", "a.to = nan is not a number"),
        ('a = { from = 0, to = "x", step = 1 }', "a.to = 'x' is not a number"),
        ("a = { from = 0, to = 1, count = 0 }", "a.count = 0"),
        ("a = { from = 1, to = 1, count = 2 }", "are the same"),
    ],
)
def test_faults(text: str, fault: str):
    with pytest.raises(BadConfig, match=r"^g\.toml: ") as caught:
        axes(text)
    assert fault in str(caught.value)
