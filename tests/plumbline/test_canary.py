"""With a key at hand, nothing that any command prints, logs, writes or starts holds it."""

from __future__ import annotations

import base64
import gzip
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.canary import CANARY, traces

ROOT = Path(__file__).resolve().parents[2]

# One process runs them all; whatever it starts or asks the system to run is printed.
RUNNER = """
import logging, shlex, sys, traceback

def watch(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        print("STARTED", event, arguments[:2], flush=True)

sys.addaudithook(watch)
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from data.credentials import fred_key
from data.settings import home
from plumbline.__main__ import main

key = fred_key(home())
assert key is not None
print(repr(key), str(key), vars(key).keys(), open("/proc/self/cmdline").read())
for line in sys.stdin.read().strip().splitlines():
    try:
        main(shlex.split(line))
    except SystemExit as stopped:
        print("STATUS", stopped.code, line, flush=True)
    except BaseException:
        traceback.print_exc()
"""

QUICK = """
data import {tables}
data import {tables} --json
data status
data status --json
data verify
data export {out}/exported
data status --data {out}/nowhere
signals list
signals show rrp_median --format csv
signals show no_such_signal
signals export --strategy trend_200 --at 2024-05-01 --out {out}/feed
strategies list
strategies new mine
trials
trials --json
explain trend_200 2024-05-01
backtest trend_200 --start 2023-01-01 --end 2023-06-01 --out {out}/run
backtest no_such_rule
report --data {out}/nowhere
"""
SLOW = """
audit rrp_median --data simulated:phantom
today --data simulated:phantom
backtest altcoins_hedged --data simulated:phantom --json
walkforward liquidity_trend essay_playbook --data simulated:phantom --out {out}/walk
report --data simulated:phantom --out {out}/report
"""


def tables(folder: Path) -> Path:
    """A small set of tables of one's own: a year and a half of BTC and of one series."""
    folder.mkdir()
    days = pd.date_range("2022-10-01", "2024-06-01", freq="D")
    close = 20_000.0 + 10.0 * pd.Series(range(len(days)))
    prices = {"open": close, "high": close + 5, "low": close - 5, "close": close, "volume": 1.0}
    pd.DataFrame({"symbol": "BTC", "date": days, **prices, "market": "own"}).to_csv(
        folder / "prices_1d.csv", index=False
    )
    open_days = days[days.day_of_week < 5]
    figures = pd.concat(
        pd.DataFrame({"series": name, "ref_date": open_days, "value": value})
        for name, value in (("rrp", 900.0), ("sofr", 5.3), ("effr", 5.3), ("tga", 700.0))
    )
    figures.to_csv(folder / "observations.csv", index=False)
    return folder


def left(tmp_path: Path, lines: str, kept: str) -> tuple[list[str], str]:
    """Run commands with the key in the environment or in its file; what was found, and told."""
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    out.mkdir()
    environment = {**os.environ, "PLUMBLINE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    file = home / "fred_api_key"
    if kept == "environment":
        environment["FRED_API_KEY"] = CANARY
    else:
        file.touch(mode=0o600)
        file.write_text(CANARY)
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=lines.format(out=out, tables=tables(tmp_path / "tables")),
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=True,
    )
    told = {"stdout": done.stdout, "stderr": done.stderr}
    return traces(CANARY, told, [home, out, tmp_path], but=[file]), done.stdout + done.stderr


def test_the_quick_commands_leave_no_trace(tmp_path: Path) -> None:
    found, told = left(tmp_path, QUICK, "environment")
    assert found == []
    assert "Traceback" not in told
    ran = [line for line in told.splitlines() if line.startswith("STATUS")]
    assert len(ran) == len(QUICK.strip().splitlines())
    assert sum(line.startswith("STATUS 2") for line in ran) == 4, ran
    assert (tmp_path / "out" / "run" / "run.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("kept", ["environment", "file"])
def test_the_long_commands_leave_no_trace(tmp_path: Path, kept: str) -> None:
    found, told = left(tmp_path, SLOW, kept)
    assert found == []
    assert "Traceback" not in told
    assert (tmp_path / "out" / "report").is_dir()


def test_the_search_finds_what_is_planted(tmp_path: Path) -> None:
    """Each way of leaving the key is found, and nothing is found where there is none."""
    text = f"https://host/path?api_key={CANARY}&file_type=json"
    (tmp_path / "plain.log").write_text(text)
    (tmp_path / "wide.log").write_text(text, encoding="utf-16")
    (tmp_path / "answer.gz").write_bytes(gzip.compress(text.encode()))
    for shift in range(3):
        coded = base64.b64encode(b"x" * shift + text.encode()).decode()
        (tmp_path / f"basic{shift}.txt").write_text(coded)
    pd.DataFrame({"address": ["none", text] * 400}).to_parquet(
        tmp_path / "table.parquet", compression="zstd"
    )
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("create table events (what text)")
        database.execute("insert into events values (?)", (text,))
    (tmp_path / f"{CANARY}.txt").write_text("a name tells, too")
    planted = {str(path) for path in tmp_path.iterdir()}
    (tmp_path / "innocent.txt").write_text("canary")
    (tmp_path / "kept").write_text(CANARY)
    found = traces(CANARY, {"out": text, "err": "fine"}, [tmp_path], but=[tmp_path / "kept"])
    assert set(found) == planted | {"out"}
