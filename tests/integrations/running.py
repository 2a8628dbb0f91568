"""Run freqtrade, in an environment of its own, on a feed and a local exchange."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data.bars import Bars

CLIENT = Path(__file__).resolve().parents[2] / "integrations" / "freqtrade"
DAY = pd.Timedelta(days=1)
FEE = 0.001
WALLET = 100_000.0
SECONDS = 240
# Freqtrade's own program with another clock, which goes on from there.
_AT = """
import datetime, sys, time_machine
time_machine.travel(datetime.datetime.fromisoformat(sys.argv[1]), tick=True).start()
from freqtrade.main import main
main(sys.argv[2:])
"""


def python() -> Path:
    """The interpreter that has freqtrade; without one the test is skipped."""
    folder = os.environ.get("PLUMBLINE_FREQTRADE")
    if not folder:
        pytest.skip("PLUMBLINE_FREQTRADE is not set: scripts/freqtrade_environment.py makes one")
    return Path(folder) / "bin" / "python"


@dataclass(frozen=True)
class Freqtrade:
    """Freqtrade's folder, and the exchange it asks."""

    python: Path
    folder: Path
    exchange: str
    feed: Path
    assets: tuple[str, ...]

    def configure(self) -> Path:
        """Fill in the template: the feed, the pairs and the local exchange."""
        config: dict[str, Any] = json.loads((CLIENT / "config.template.json").read_text())
        config["plumbline"] |= {"feed": str(self.feed), "fee": FEE}
        config |= {"dry_run_wallet": WALLET, "internals": {"process_throttle_secs": 1}}
        config["exchange"]["pair_whitelist"] = [f"{asset}/USDT" for asset in self.assets]
        config["exchange"]["ccxt_config"] = {
            "urls": {"api": {"public": f"{self.exchange}/binance/api/v3"}},
            "options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False},
            "enableRateLimit": False,
        }
        path = self.folder / "config.json"
        path.write_text(json.dumps(config, indent=2), encoding="utf-8")
        return path

    def candles(self, bars: Bars, since: pd.Timestamp, until: pd.Timestamp) -> None:
        """Write the candles of a backtest; a candle is dated by its open."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        for asset in self.assets:
            fields = ("open", "high", "low", "close", "volume")
            table = pd.DataFrame({name: getattr(bars, name)[asset] for name in fields}).dropna()
            table = table.loc[since:until]
            table.insert(0, "date", (pd.DatetimeIndex(table.index) - DAY).as_unit("ms"))
            path = self.folder / "data" / f"{asset}_USDT-1d.feather"
            table.reset_index(drop=True).to_feather(path)

    def backtest(self, since: pd.Timestamp) -> pd.DataFrame:
        """Return the orders of freqtrade's backtest from `since` on."""
        # The first signal stands on the candle that closes at `since`.
        timerange = f"{since - DAY:%Y%m%d}-"
        self.run(
            "backtesting",
            "--timerange",
            timerange,
            "--fee",
            str(FEE),
            "--cache",
            "none",
            "--export",
            "trades",
            "--datadir",
            str(self.folder / "data"),
        )
        (result,) = (self.folder / "backtest_results").glob("*.zip")
        with zipfile.ZipFile(result) as archive:
            (name,) = (item for item in archive.namelist() if item == f"{result.stem}.json")
            trades = json.loads(archive.read(name))["strategy"]["PlumblineFeed"]["trades"]
        return pd.DataFrame(
            {
                "fill_time": pd.Timestamp(order["order_filled_timestamp"], unit="ms", tz="UTC"),
                "asset": trade["pair"].split("/")[0],
                "side": order["ft_order_side"],
                "size": order["amount"],
                "price": order["safe_price"],
            }
            for trade in trades
            for order in trade["orders"]
            if order["ft_order_tag"] != "force_exit"
        )

    def run(self, *command: str, fails: bool = False) -> str:
        """Run one command to its end and return what it said."""
        done = subprocess.run(
            [str(self.python), "-m", "freqtrade", *self._arguments(*command)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said
        return said

    def dry_run(self, at: pd.Timestamp, done: Callable[[pd.DataFrame], bool]) -> pd.DataFrame:
        """Trade from an instant on until the orders are `done`; return all orders so far."""
        log = self.folder / f"dry_run_{at:%Y%m%d}.log"
        database = self.folder / "dry_run.sqlite"
        command = [str(self.python), "-c", _AT, at.isoformat()]
        command += self._arguments("trade", "--db-url", f"sqlite:///{database}")
        with log.open("w", encoding="utf-8") as file:
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
            try:
                deadline = time.monotonic() + SECONDS
                while time.monotonic() < deadline and not done(orders(database)):
                    assert process.poll() is None, log.read_text(encoding="utf-8")
                    time.sleep(0.5)
                # Another few rounds: what was done once is not done again.
                time.sleep(4)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
        found = orders(database)
        assert done(found), log.read_text(encoding="utf-8")[-4000:]
        return found

    def _arguments(self, command: str, *more: str) -> list[str]:
        return [
            command,
            *("--config", str(self.folder / "config.json"), "--userdir", str(self.folder)),
            *("--strategy", "PlumblineFeed", "--strategy-path", str(CLIENT)),
            *more,
        ]


def orders(database: Path) -> pd.DataFrame:
    """Return the filled orders of a dry run."""
    columns = ["fill_time", "asset", "side", "size", "price"]
    if not database.exists():
        return pd.DataFrame(columns=columns)
    ask = (
        "select order_filled_date, ft_pair, ft_order_side, filled, average from orders "
        "where status = 'closed' order by id"
    )
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            found = connection.execute(ask).fetchall()
    except sqlite3.OperationalError:
        found = []  # the tables are not there yet
    table = pd.DataFrame(found, columns=columns)
    table["fill_time"] = pd.to_datetime(table["fill_time"], utc=True, format="ISO8601")
    table["asset"] = table["asset"].str.split("/").str[0]
    return table
