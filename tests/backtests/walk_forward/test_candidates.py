"""What is read before any data are looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtests.walk_forward import candidates
from backtests.walk_forward.candidates import candidates_of
from data.errors import InputError

GRID = (
    'base = "liquidity_threshold"\n[grid]\nexposure.enter = [0, 50]\nexecution.fee_bp = [5, 10]\n'
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "g.toml"
    found.write_text(GRID)
    return found


def test_a_grid_over_costs_is_a_candidate_list_for_each(path: Path) -> None:
    found = candidates_of([str(path)], None, most=10)
    assert [(each.count, each.scenario) for each in found] == [
        (2, {"execution.fee_bp": 5}),
        (2, {"execution.fee_bp": 10}),
    ]


def test_names_are_one_list() -> None:
    (found,) = candidates_of(["trend_200", "liquidity_threshold"], None, most=10)
    assert (found.count, found.scenario, found.reach.look_back) == (2, {}, 200)


def test_too_many_variants_are_refused(path: Path) -> None:
    with pytest.raises(InputError, match="4 variants: a walk forward takes 3 at most"):
        candidates_of([str(path)], None, most=3)


def test_too_many_scenarios_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST_SCENARIOS", 1)
    with pytest.raises(InputError, match=r"more than 1 executions; .* fewer values of `execution`"):
        candidates_of([str(path)], None, most=10)


def test_a_grid_over_costs_alone_leaves_nothing_to_choose(path: Path) -> None:
    path.write_text('base = "liquidity_threshold"\n[grid]\nexecution.fee_bp = [5, 10]\n')
    with pytest.raises(InputError, match="1 variant: there is nothing to choose from"):
        candidates_of([str(path)], None, most=10)
