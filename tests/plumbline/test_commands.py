"""The commands end to end, as a user runs them, on the real tables."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from plumbline.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def imported(real_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose store holds the real tables."""
    home = tmp_path_factory.mktemp("imported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_HOME", str(home))
        with pytest.raises(SystemExit) as stopped:
            main(["data", "import", str(real_tables), "--json"])
    assert stopped.value.code == 0
    return home


@pytest.fixture
def real_home(imported: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLUMBLINE_HOME", str(imported))
    return imported


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    captured = capsys.readouterr()
    assert stopped.value.code == 0, captured.err
    return captured.out


def series(capsys: pytest.CaptureFixture[str], name: str, *more: str) -> pd.Series[float]:
    text = run(capsys, "signals", "show", name, "--format", "csv", *more)
    table = pd.read_csv(io.StringIO(text))
    assert table.columns[0] == "decision_time"
    assert table["decision_time"].str.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z").all()
    times = pd.DatetimeIndex(table["decision_time"])
    assert (times[1:] - times[:-1] == pd.Timedelta(days=1)).all()
    return table.set_index(times.strftime("%Y-%m-%d")).iloc[:, 1]


@pytest.mark.usefixtures("real_home")
class TestOnTheRealTables:
    def test_status_lists_every_series_and_market(self, capsys: pytest.CaptureFixture[str]) -> None:
        status = json.loads(run(capsys, "data", "status", "--json"))
        assert status["as_of"] == "2026-08-07T00:00:00Z"
        rows = {row["series"]: row for row in status["series"]}
        assert rows["rrp"]["unit"] == "USD bn"
        assert rows["tga"]["gaps"] == [{"first": "2013-01-29", "last": "2016-01-03"}]
        assert rows["ioer"]["state"] == "stale"
        markets = {(row["asset"], row["timeframe"]): row for row in status["markets"]}
        assert markets["BTC", "1d"]["state"] == "fresh"
        assert markets["LUNA_CLASSIC", "1d"]["state"] == "delisted"
        assert ("BTC", "1h") in markets

    def test_status_of_an_earlier_moment(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = run(capsys, "data", "status", "--json", "--as-of", "2020-01-01T00:00Z")
        status = json.loads(text)
        rows = {row["series"]: row for row in status["series"]}
        assert rows["rrp"]["last"] == "2019-12-31"
        assert rows["tga"]["last"] == "2019-12-30"
        assert "SOL" not in {row["asset"] for row in status["markets"]}

    def test_net_liquidity_is_the_daily_nowcast(
        self, capsys: pytest.CaptureFixture[str], real_tables: Path
    ) -> None:
        raw = pd.read_parquet(real_tables / "observations.parquet")
        figure = raw.set_index(["series", "ref_date"])["value"]
        # At 00:00 UTC of Thursday 2025-11-06 the newest known are the H.4.1 of 10-29, the account
        # of 11-04 (published 16:00 on 11-05) and the operations of 11-05.
        expected = (
            figure["fed_assets", "2025-10-29"]
            - figure["tga", "2025-11-04"]
            - figure["rrp", "2025-11-05"]
            + figure["srf", "2025-11-05"]
            - figure["srf", "2025-10-29"]
        )
        level = series(capsys, "net_liquidity")
        assert level.loc["2025-11-06"] == pytest.approx(expected, abs=1e-6)
        assert level.loc["2025-11-06"] == pytest.approx(6587.03 - 939.6, rel=0.01)

    def test_funding_pressure_is_in_basis_points(self, capsys: pytest.CaptureFixture[str]) -> None:
        pressure = series(capsys, "funding_pressure")
        # SOFR of 2025-10-31 (4.22 against 4.00) came on Monday 11-03.
        assert pressure.loc["2025-11-03"] == pytest.approx(4.0, abs=1e-6)
        assert pressure.loc["2025-11-04"] == pytest.approx(22.0, abs=1e-6)

    def test_a_backtest_prints_and_writes(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        text = run(capsys, "backtest", "liquidity_threshold", "--json", "--out", str(tmp_path))
        found = json.loads(text)
        assert {row["name"] for row in found["benchmarks"]} >= {"buy_and_hold", "cash"}
        written = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
        assert written["run_id"] == found["run_id"]
        orders = pd.read_parquet(tmp_path / "orders.parquet")
        assert len(orders) == found["orders"]
        assert (orders["fill_time"] >= orders["decision_time"]).all()
        equity = pd.read_parquet(tmp_path / "equity.parquet")
        assert equity["equity"].iloc[-1] == pytest.approx(found["metrics"]["ending_value"])
        weights = pd.read_parquet(tmp_path / "weights.parquet")
        assert weights.drop(columns="decision_time").dropna().sum(axis=1).sub(1).abs().max() < 1e-9

    def test_a_backtest_with_perpetuals_says_what_funding_took(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        window = ("--start", "2022-01-01", "--end", "2022-03-01")
        rule = ("backtest", "buy_and_hold", "--perpetual", "btc", *window)
        found = json.loads(run(capsys, *rule, "--json"))
        assert found["manifest"]["execution"]["perpetuals"] == ["BTC"]
        assert all(row["costs"]["funding"] == 0.0 for row in found["benchmarks"])
        other = json.loads(run(capsys, *rule, "--funding-venue", "bybit perp", "--json"))
        assert other["manifest"]["execution"]["funding_venue"] == "bybit perp"
        assert other["costs"]["funding"] != found["costs"]["funding"]
        text = run(capsys, "backtest", "altcoins_hedged", "--perpetual", "all", *window)
        assert "BTC, ETH as perpetuals: funding is paid less received" in text

    def test_explain_says_why(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = run(capsys, "explain", "playbook_btc", "2025-11-05", "--json")
        rows = {(row["step"], row["name"]): row for row in json.loads(text)}
        # The balance of 11-03 is the newest known at 00:00 UTC of 11-05.
        assert rows["figure", "tga"]["ref_date"] == "2025-11-03"
        assert rows["figure", "tga"]["age_days"] == 2
        assert rows["figure", "tga_target"]["value"] == 850.0

    def test_today_lists_what_is_new(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = run(capsys, "today", "--json", "--as-of", "2025-11-07T00:00Z")
        found = json.loads(text)
        new = {row["series"] for row in found["published"]}
        # A Thursday: the H.4.1 among them.
        assert {"fed_assets", "tga", "rrp", "srf", "sofr"} <= new
        assert "deficit_monthly" not in new
        assert found["regime"]["regime"]
        assert found["next"][0]["known_at"] > "2025-11-07"


def test_strategies_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(run(capsys, "strategies", "list", "--json"))
    rules = {row["name"]: row for row in listed}
    assert len([row for row in listed if not row["benchmark"]]) >= 10
    assert {"essay_playbook", "buy_and_hold", "four_year_cycle"} <= set(rules)


def test_a_variant_of_ones_own(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    out = run(capsys, "strategies", "new", "mine")
    path = home / "variants" / "mine.toml"
    assert str(path) in out
    listed = json.loads(run(capsys, "strategies", "list", "--json"))
    rules: dict[str, dict[str, Any]] = {row["name"]: row for row in listed}
    assert rules["mine"]["inputs"]
    assert not rules["mine"]["benchmark"]
    path.write_text(path.read_text(encoding="utf-8").replace("[exposure]", "[exposuer]"))
    with pytest.raises(SystemExit) as stopped:
        main(["backtest", "mine"])
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert "mine.toml" in message
    assert "exposuer" in message


def test_signals_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "signals", "list", "--json"))
    assert {"net_liquidity", "composite"} <= {row["name"] for row in found["signals"]}
    assert all(row["essay"] for row in found["signals"])


def test_a_leak_of_ones_own_is_found_and_its_clean_twin_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules_of_a_user.py").write_text(
        "from data.panel import panel_of\n\n\n"
        "def leaky(snapshot):\n"
        "    return panel_of(snapshot).last('rrp').shift(-1).to_frame()\n\n\n"
        "def clean(snapshot):\n"
        "    return panel_of(snapshot).last('rrp').shift(1).to_frame()\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    arguments = ["--data", "simulated:null", "--count", "8", "--json"]
    with pytest.raises(SystemExit) as stopped:
        main(["audit", "rules_of_a_user:leaky", *arguments])
    assert stopped.value.code == 1
    (leak,) = json.loads(capsys.readouterr().out)
    assert leak["leak"]
    assert leak["series"] == "rrp"
    (passed,) = json.loads(run(capsys, "audit", "rules_of_a_user:clean", *arguments))
    assert not passed["leak"]


def test_the_example_script_runs(tmp_path: Path) -> None:
    script = ROOT / "backtests" / "examples" / "essay_playbook.py"
    environment = {
        **os.environ,
        "PLUMBLINE_HOME": str(tmp_path),
        "PLUMBLINE_DATA": "simulated:null",
    }
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "sharpe" in done.stdout
    assert "simulated world 'null'" in done.stderr
