"""Fold returns over mean exposure, and what the ledger is told of a sweep."""

from __future__ import annotations

import tomllib

import numpy as np
import pyarrow as pa
import pytest

from backtests.sweep.columns import FOLD_NAMES
from backtests.sweep.grid import grid_of
from backtests.sweep.job import Job, job_of
from backtests.sweep.matched import Holding, holding_of, over_exposure
from data.snapshot import Snapshot

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
    assert found.periods == (close.index[-1] - job.first).days
    assert np.prod(1 + found.btc) == pytest.approx(close.iloc[-1] / close.loc[job.first])
    assert (found.cash > 0).all()
    assert found.cash.sum() == pytest.approx(0.03 * found.periods / 365, abs=0.1)


def test_a_constant_exposure_has_nothing_over_itself() -> None:
    holding = Holding(np.linspace(-0.2, 0.3, 16), np.full(16, 0.01), 1600)
    half = 0.5 * holding.btc + 0.5 * holding.cash
    folds, sharpes = over_exposure(rows(half[None], np.array([0.5])), holding)
    assert np.abs(folds).max() < 1e-15
    assert np.isnan(sharpes).all()


def test_sharpe_ratios_of_folds_are_those_of_days() -> None:
    rng = np.random.default_rng(1)
    daily = rng.normal(0.0006, 0.02, size=(400, 1600))
    sums = daily.reshape(400, 16, 100).sum(axis=2)
    holding = Holding(np.zeros(16), np.zeros(16), 1600)
    folds, sharpes = over_exposure(rows(sums, np.zeros(400)), holding)
    np.testing.assert_allclose(folds, sums)
    assert sharpes.mean() == pytest.approx(0.03, rel=0.15)
    # Noise has a variance of 1 / T; the few folds add about 15%.
    noise = over_exposure(rows(sums - 0.06, np.zeros(400)), holding)[1]
    assert noise.var() == pytest.approx(1.15 / 1600, rel=0.25)
