"""What a world may be."""

from __future__ import annotations

import pickle
from datetime import date
from typing import Any

import pytest

from data.errors import BadConfig, PlumblineError, UnknownName
from data.worlds.config import CONFOUNDERS, WORLDS, World, world
from data.worlds.confounders import ALL
from data.worlds.notes import notes


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"links": {"C2": 1.0}}, UnknownName, "unknown link 'C2': did you mean C2"),
        ({"confounders": ("calender",)}, UnknownName, "did you mean calendar"),
        ({"seed": -1}, BadConfig, "seed -1 is negative"),
        ({"links": {"B4": -0.5}}, BadConfig, "B4 = -0.5 is negative"),
        ({"start": date(2012, 12, 31)}, BadConfig, "starts between"),
        ({"start": date(2018, 1, 2)}, BadConfig, "starts between"),
        ({"end": date(2023, 12, 31)}, BadConfig, "ends between"),
        ({"end": date(2026, 8, 7)}, BadConfig, "ends between"),
    ],
)
def test_what_cannot_be_is_refused(
    given: dict[str, Any], error: type[PlumblineError], message: str
) -> None:
    with pytest.raises(error, match=message):
        World("tried", **({"seed": 1} | given))


def test_a_size_that_is_not_given_is_nought() -> None:
    assert World("tried", 1, {"C3": 2.0}).size("C3") == 2.0
    assert World("tried", 1).size("C3") == 0.0


def test_a_world_does_not_change_with_the_mapping_it_was_made_from() -> None:
    sizes = {"C3": 2.0}
    made = World("tried", 1, sizes)
    sizes["C3"] = 9.0
    assert made.size("C3") == 2.0


def test_a_world_can_go_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(WORLDS["linked"])) == WORLDS["linked"]


def test_names_are_read() -> None:
    assert world("null") is WORLDS["null"]
    assert world("null:12").seed == 12
    assert world("null:12").links == WORLDS["null"].links


def test_every_confounder_has_a_world_a_function_and_a_sentence() -> None:
    assert set(CONFOUNDERS) == set(ALL)
    for name in CONFOUNDERS:
        assert WORLDS[name].confounders == (name,)
        assert len(notes(WORLDS[name], {})) == len(notes(World("none", 1), {})) + 1
