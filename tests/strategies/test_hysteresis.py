from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.exposure.hysteresis import hysteresis
from tests.strategies.small import NAN


@pytest.mark.parametrize(
    ("values", "enter", "leave", "initially", "expected"),
    [
        ([0, 1, 2, 1, 0, 1], 1.5, 0.5, False, [0, 0, 1, 1, 0, 0]),
        ([1, 1, 2], 1.5, 0.5, True, [1, 1, 1]),
        ([1.5, 1.6, 0.5], 1.5, 0.5, False, [0, 1, 0]),
        ([0, 0.1, 0, -1], 0.0, 0.0, False, [0, 1, 0, 0]),
        ([2, NAN, 1, NAN, 0, NAN], 1.5, 0.5, False, [1, 1, 1, 1, 0, 0]),
        ([0, -6, -3, 0, -3], -5.0, 0.0, False, [0, 1, 1, 0, 0]),
        ([NAN, NAN], 1.5, 0.5, True, [1, 1]),
        ([], 1.5, 0.5, False, []),
    ],
)
def test_switches(
    values: list[float], enter: float, leave: float, initially: bool, expected: list[int]
) -> None:
    found = hysteresis(np.array(values, dtype=float), enter, leave, initially)
    assert found.astype(int).tolist() == expected


@given(st.lists(st.floats(-3, 3) | st.just(NAN), max_size=40), st.floats(-2, 2), st.floats(-2, 2))
def test_agrees_with_a_walk_through_the_rows(
    values: list[float], enter: float, leave: float
) -> None:
    state, walked = False, []
    for value in values:
        if value > enter if enter >= leave else value < enter:
            state = True
        elif value <= leave if enter >= leave else value >= leave:
            state = False
        walked.append(state)
    assert hysteresis(np.array(values, dtype=float), enter, leave).tolist() == walked
