"""One scoring of the real tables and one of the simulated world, shared by the tests."""

from __future__ import annotations

import pytest

from backtests.run import backtest
from backtests.thesis.finding import Finding
from backtests.thesis.scorecard import score
from data.panel import Panel, panel_of
from data.snapshot import Snapshot
from strategies.variants import variant


def findings(snapshot: Snapshot, panel: Panel) -> dict[str, Finding]:
    run = backtest(variant("essay_playbook"), snapshot, panel=panel)
    return {found.claim.id: found for found in score(snapshot, [run], panel=panel)}


@pytest.fixture(scope="session")
def real(real_snapshot: Snapshot) -> dict[str, Finding]:
    return findings(real_snapshot, panel_of(real_snapshot))


@pytest.fixture(scope="session")
def made_up(phantom: Snapshot) -> dict[str, Finding]:
    return findings(phantom, panel_of(phantom))
