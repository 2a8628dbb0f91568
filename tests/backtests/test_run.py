"""A run begins where its rule can decide, says why it traded, and is known by what it rests on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from backtests.execution import Execution
from backtests.output import run_summary, write_run
from backtests.run import FIRST_TRADE, Run, backtest, cash_rate
from data.errors import InputError, TooShort
from data.panel import Panel, panel_of
from data.snapshot import Snapshot
from strategies.baselines import BASELINES
from strategies.variants import variant


@pytest.fixture(scope="module")
def panel(phantom: Snapshot) -> Panel:
    return panel_of(phantom)


@pytest.fixture(scope="module")
def playbook(phantom: Snapshot, panel: Panel) -> Run:
    return backtest(variant("essay_playbook"), phantom, panel=panel)


def test_a_rule_that_can_decide_early_begins_on_the_common_first_day(
    phantom: Snapshot, panel: Panel
) -> None:
    run = backtest(BASELINES["buy_and_hold"], phantom, panel=panel)
    assert run.manifest["start"] == FIRST_TRADE
    assert run.simulation.equity.index[0] == FIRST_TRADE
    assert run.simulation.equity.index[-1] == phantom.as_of


def test_a_rule_that_can_decide_only_later_begins_then(playbook: Run) -> None:
    # The Treasury announced its first target on 2021-05-03.
    assert playbook.manifest["start"] == pd.Timestamp("2021-05-04", tz="UTC")


def test_every_fill_of_a_decision_says_why(playbook: Run) -> None:
    fills = playbook.simulation.fills
    own = fills[fills["reason"] != "delisted"]
    assert len(own) > 10
    assert own["reason"].str.match(r"(cash|btc|altcoins) \(tga_excess -?[\d,.]+ USD bn; srf").all()


def test_the_same_is_run_under_the_same_id(phantom: Snapshot, panel: Panel, playbook: Run) -> None:
    again = backtest(variant("essay_playbook"), phantom, panel=panel)
    assert again.run_id == playbook.run_id
    pd.testing.assert_series_equal(again.simulation.equity, playbook.simulation.equity)


def test_whatever_a_result_rests_on_is_in_its_id(
    phantom: Snapshot, panel: Panel, playbook: Run
) -> None:
    rule = variant("essay_playbook")
    later = playbook.manifest["start"] + pd.Timedelta(days=30)
    others = [
        backtest(variant("playbook_btc"), phantom, panel=panel),
        backtest(rule, phantom, Execution(fee_bp=11.0), panel=panel),
        backtest(rule, phantom, panel=panel, start=later),
        backtest(rule, replace(phantom, snapshot_id="another"), panel=panel),
    ]
    assert len({playbook.run_id, *(run.run_id for run in others)}) == 5


def test_an_end_before_the_start_is_refused(phantom: Snapshot, panel: Panel) -> None:
    start, end = (pd.Timestamp(day, tz="UTC") for day in ("2024-02-01", "2024-01-01"))
    with pytest.raises(InputError, match="the end 2024-01-01 lies before the start 2024-02-01"):
        backtest(BASELINES["cash"], phantom, panel=panel, start=start, end=end)


def test_a_start_after_the_data_is_refused(phantom: Snapshot, panel: Panel) -> None:
    with pytest.raises(TooShort, match="the data end on 2026-08-07, before the start 2031-01-01"):
        backtest(
            BASELINES["cash"], phantom, panel=panel, start=pd.Timestamp("2031-01-01", tz="UTC")
        )


def test_a_rule_that_can_never_decide_is_refused(phantom: Snapshot) -> None:
    early = phantom.until(pd.Timestamp("2020-01-01", tz="UTC"))
    with pytest.raises(TooShort, match="cannot decide on any day"):
        backtest(variant("essay_playbook"), early)


def test_cash_earns_sofr_and_effr_before_it_began(phantom: Snapshot, panel: Panel) -> None:
    rate = cash_rate(panel)
    before, after = (pd.Timestamp(day, tz="UTC") for day in ("2018-03-01", "2024-03-01"))
    assert rate[before] == panel.last("effr")[before]
    assert rate[after] == panel.last("sofr")[after]


def test_what_is_written_is_what_was_run(playbook: Run, tmp_path: Path) -> None:
    write_run(playbook, tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["run_id"] == playbook.run_id
    equity = pd.read_parquet(tmp_path / "equity.parquet")["equity"]
    assert equity.tolist() == playbook.simulation.equity.tolist()
    assert run_summary(playbook)["orders"] == len(pd.read_parquet(tmp_path / "orders.parquet"))
