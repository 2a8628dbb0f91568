"""A loop that is killed anywhere, under every fault of its broker, trades as if nothing had been.

``PLUMBLINE_PAPER_KILLS=1000 pytest tests/paper/test_crash.py`` for more; docs/reliability.md has
the figures.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.snapshot import Snapshot
from strategies.loading import load_strategy
from tests.paper.deaths import DISTURBANCES, FATES, Trial, agrees_with_broker, fate_of

KILLS = int(os.environ.get("PLUMBLINE_PAPER_KILLS", "40"))
# A fork of a process with threads is a warning since Python 3.12; the child only trades and dies.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


def trading_days(count: int) -> pd.DatetimeIndex:
    return pd.date_range("2024-01-05", periods=count, freq="D", tz="UTC", unit="us")


def test_a_killed_loop_trades_as_if_it_had_not_been(tmp_path: Path, phantom: Snapshot) -> None:
    strategy = load_strategy("liquidity_beta_tilt")
    trial = Trial(strategy, phantom, tmp_path / "killed")
    rng = np.random.default_rng(20240105)
    days = list[pd.Timestamp]()
    for day in trading_days(3000):
        if trial.kills >= KILLS:
            break
        trial.violently(day, rng, kills=4)
        days.append(day)
    assert trial.kills >= KILLS
    untouched = Trial(strategy, phantom, tmp_path / "calm")
    untouched.calmly(pd.DatetimeIndex(days))
    killed, calm = trial.books(), untouched.books()
    assert killed.equity == calm.equity
    assert killed == calm
    account = tmp_path / "killed" / "paper" / strategy.name / "account.sqlite"
    agrees_with_broker(killed, account, strategy.name)
    print(
        f"\n{trial.kills} kills ({trial.by_time} at any time) over {len(days)} days, "
        f"{len(killed.orders)} orders, {len(DISTURBANCES)} disturbances, {len(FATES)} fates on "
        f"{sum(fate_of(name) is not None for name in killed.orders)} orders"
    )
