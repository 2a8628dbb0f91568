"""One comparison on the simulated world: a rule, a yardstick, and one that never moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from backtests.compare.comparison import Comparison
    from backtests.compare.field import Field
    from backtests.report.comparison.content import Said
    from data.snapshot import Snapshot

VARIANTS = ("liquidity_threshold", "trend_200", "buy_and_hold")
DRAWS = 99


@pytest.fixture(scope="session")
def ledger_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="session")
def comparison(phantom: Snapshot, ledger_home: Path) -> Comparison:
    from backtests.compare.comparison import compare
    from backtests.compare.field import rules_of
    from backtests.trials.ledger import Ledger
    from data.panel import panel_of

    return compare(rules_of(VARIANTS), phantom, panel_of(phantom), Ledger(ledger_home), draws=DRAWS)


@pytest.fixture(scope="session")
def field(comparison: Comparison) -> Field:
    return comparison.field


@pytest.fixture(scope="session")
def told(comparison: Comparison) -> Said:
    from backtests.report.comparison.content import said

    return said(comparison)
