"""Fold returns over mean exposure, and what the ledger is told of a sweep."""

from __future__ import annotations

import tomllib

import numpy as np
import pyarrow as pa
import pytest

from backtests.holding import excess_of
from backtests.sweep.columns import FOLD_NAMES
from backtests.sweep.confirm import confirming_run
from backtests.sweep.evaluate import Evaluator, Part
from backtests.sweep.grid import grid_of
from backtests.sweep.job import Job, job_of
from backtests.sweep.matched import Holding, holding_of, over_exposure, over_mean_weights
from backtests.sweep.screen import Daily
from data.panel import panel_of
from data.snapshot import Snapshot
from tests.backtests.sweep.agreement import moves_from_the_first_open

GRID = 'base = "liquidity_threshold"\nstart = 2022-01-01\n[grid]\nexposure.enter = [0, 50]\n'


@pytest.fixture(scope="module")
def job(phantom: Snapshot) -> Job:
    return job_of(grid_of(tomllib.loads(GRID), "g", "g.toml"), phantom)


def rows(folds: np.ndarray, exposure: np.ndarray) -> pa.Table:
    columns = {name: folds[:, at] for at, name in enumerate(FOLD_NAMES)}
    return pa.table({**columns, "exposure": exposure})


def test_holding_compounds_to_the_price_and_the_cash_rate(job: Job) -> None:
    found = holding_of(job)
    close = job.snapshot.daily.close["BTC"]
    assert np.prod(1 + found.btc) == pytest.approx(close.iloc[-1] / close.loc[job.first])
    assert (found.cash > 0).all()
    assert found.cash.sum() == pytest.approx(0.03 * job.days / 365, abs=0.1)


@pytest.mark.parametrize("allocation", ["btc", "equal_weight"])
def test_daily_returns_over_mean_weights_are_those_of_the_engine(
    phantom: Snapshot, allocation: str
) -> None:
    grid = GRID.replace("[0, 50]", f'[0, 50]\nallocation = [{{ kind = "{allocation}" }}]')
    job = job_of(grid_of(tomllib.loads(grid), "g", "g.toml"), phantom)
    evaluator = Evaluator(job)
    found = {
        int(point): row
        for part in evaluator.accounts((0, job.grid.count))
        for point, row in zip(part.points, over_mean_weights(part.field, _daily(part)), strict=True)
    }
    assert sorted(found) == [0, 1]
    for point, over in found.items():
        run = confirming_run(job, point, panel_of(phantom))
        simulation = run.simulation
        cash = simulation.cash_returns.iloc[1:]
        held = simulation.held.iloc[1:].drop(columns="CASH")
        times = simulation.equity.index
        moves = moves_from_the_first_open(phantom.daily, held.columns, times)
        excess = moves.iloc[1:].sub(cash, axis=0).fillna(0.0)
        expected = simulation.returns - cash - excess @ held.mean()
        # A coin that has been delisted earns nothing here, and minus cash in `expected`.
        np.testing.assert_allclose(over, expected.to_numpy(), atol=1e-6)
        # Close to the comparison's own, whose weights are those after the fills.
        own = excess_of(run, phantom.daily)
        assert np.corrcoef(own, over)[0, 1] > 0.99


def _daily(part: Part) -> Daily:
    assert part.screened.daily is not None
    return part.screened.daily


def test_a_constant_exposure_has_nothing_over_itself() -> None:
    holding = Holding(np.linspace(-0.2, 0.3, 16), np.full(16, 0.01))
    half = 0.5 * holding.btc + 0.5 * holding.cash
    folds = over_exposure(rows(half[None], np.array([0.5])), holding)
    assert np.abs(folds).max() < 1e-15
