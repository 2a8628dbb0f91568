"""The screening kernel beside vectorbt and backtesting.py, in one run on one machine.

    python benchmarks/sweep.py [--json FILE]

Nanoseconds are those of one core's CPU time for one variant, bar and asset, the whole way from
signals to metrics and fold returns; 2,900 daily bars, float64. Peers get finished weights and
compute three metrics. backtesting.py is installed into a folder of its own for the occasion,
from benchmarks/sweep.txt.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.sweep.batch import MatrixBatch, terms_of
from backtests.sweep.field import Field, field_of
from backtests.sweep.native import native_batch
from backtests.sweep.paths import Paths
from backtests.sweep.screen import METRICS, screen
from data.bars import Bars
from data.panel import Panel
from data.simulate import simulated
from signals.registry import signal
from strategies.allocation.baskets import BtcOnly, InverseVolatility
from strategies.exposure.threshold import Threshold
from strategies.market import Market
from strategies.overlays.holdings import DrawdownStop, MinimumHolding
from strategies.strategy import Strategy

ROOT = Path(__file__).resolve().parents[1]
BARS = 2_900
# Days of prices before the first bar.
BEFORE = 400
COINS = [
    "BTC",
    "ADA",
    "ATOM",
    "AVAX",
    "BCH",
    "BNB",
    "DOGE",
    "DOT",
    "ETC",
    "ETH",
    "FIL",
    "LINK",
    "LTC",
    "NEAR",
    "SOL",
    "TRX",
    "UNI",
    "XLM",
    "XMR",
    "XRP",
]
EXECUTION = Execution(fee_bp=10.0, slippage_bp=10.0)
DAY = pd.Timedelta(days=1)


class World:
    """Random walks of coins, and the simulated world's liquidity."""

    def __init__(self, assets: int, bars: int = BARS, gaps: float = 0.0) -> None:
        rng = np.random.default_rng(7)
        names = sorted(COINS[:assets])
        index = pd.date_range("2016-01-02", periods=bars + BEFORE, freq="D", tz="UTC", unit="us")
        shape = (len(index), assets)
        close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.03, shape), axis=0))
        opened = np.vstack([close[:1], close[:-1]]) * np.exp(rng.normal(0.0, 0.002, shape))
        missing = rng.random(shape) < gaps
        missing[:, names.index("BTC")] = False

        def frame(values: np.ndarray[Any, Any]) -> pd.DataFrame:
            columns = pd.Index(names, name="asset")
            return pd.DataFrame(np.where(missing, np.nan, values), index=index, columns=columns)

        high, low = np.maximum(opened, close) * 1.01, np.minimum(opened, close) * 0.99
        market = pd.DataFrame("benchmark", index=index, columns=pd.Index(names, name="asset"))
        bars_of = (frame(opened), frame(high), frame(low), frame(close), frame(close * 0 + 1e6))
        self.bars = Bars(*bars_of, market, DAY)
        self.names = tuple(names)
        self.decisions = pd.DatetimeIndex(index[BEFORE:] - DAY)
        panel = Panel(simulated("phantom").observations, self.decisions)
        self.market = Market(panel, self.bars)
        self.rate = pd.Series(4.0, index=self.decisions)

    def field(self) -> Field:
        return field_of(self.bars, self.decisions, self.rate, EXECUTION)

    def allocation(self) -> BtcOnly | InverseVolatility:
        return BtcOnly() if len(self.names) == 1 else InverseVolatility(days=60)


def strategy(world: World, overlays: bool = True) -> Strategy:
    rule = Threshold(signal=signal("liquidity_impulse"), enter=20.0, leave=-20.0)
    late = (DrawdownStop(limit=0.2, pause=30, days=100), MinimumHolding(days=7))
    return Strategy("benchmark", "benchmark", rule, world.allocation(), late if overlays else ())


def columns(count: int, overlays: bool = True) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(11)
    found = {
        "exposure.signal.days": rng.choice(np.arange(14, 98, 7), count),
        "exposure.enter": rng.uniform(-100.0, 150.0, count),
        "exposure.leave": rng.uniform(-150.0, 50.0, count),
    }
    if overlays:
        found["overlays.drawdown_stop.limit"] = rng.uniform(0.1, 0.5, count)
        found["overlays.minimum_holding.days"] = rng.integers(1, 30, count)
    return found


def cpu(function: Callable[[], object], repeats: int = 3) -> float:
    """Smallest CPU time, seconds."""
    found = []
    for _ in range(repeats):
        begun = time.process_time()
        function()
        found.append(time.process_time() - begun)
    return min(found)


def wall(function: Callable[[], object], repeats: int = 3) -> float:
    found = []
    for _ in range(repeats):
        begun = time.perf_counter()
        function()
        found.append(time.perf_counter() - begun)
    return min(found)


def native_ns(world: World, count: int, overlays: bool = True) -> float:
    """Nanoseconds a cell, from the signals on; all but the panel is computed anew each time."""
    field, table = world.field(), columns(count, overlays)

    def run() -> None:
        market = Market(world.market.panel, world.bars)
        paths = Paths(market, world.names)
        screen(field, native_batch(paths, strategy(world, overlays), EXECUTION, table))

    run()
    return cpu(run) / (count * len(field.closes) * len(world.names)) * 1e9


def matrix_ns(world: World, count: int) -> float:
    """Nanoseconds a cell where the rule hands over target weights."""
    field = world.field()
    rng = np.random.default_rng(5)
    shape = (count, len(world.decisions), len(world.names))
    weights = rng.dirichlet(np.ones(shape[2] + 1), shape[:2])[:, :, :-1]
    batch = MatrixBatch(np.ascontiguousarray(weights), terms_of(EXECUTION, count))
    screen(field, batch)
    return cpu(lambda: screen(field, batch)) / math.prod(shape) * 1e9


def vectorbt_ns(world: World, sizes: tuple[int, ...]) -> float:
    """Nanoseconds a cell of the best chunk of vectorbt's from_orders and three metrics."""
    import vectorbt as vbt

    assets, rng = len(world.names), np.random.default_rng(9)
    rows = world.bars.index[-BARS:]
    found = []
    for count in sizes:
        switch = (rng.random((BARS, count)) < 0.02).cumsum(axis=0) % 2
        spread = rng.dirichlet(np.ones(assets), BARS)
        weights = (switch[:, :, None] * spread[:, None, :]).reshape(BARS, -1)
        names = pd.MultiIndex.from_product([range(count), world.names])
        close, opened, held = (
            pd.DataFrame(values, index=rows, columns=names)
            for values in (
                np.tile(world.bars.close.loc[rows].to_numpy(), (1, count)),
                np.tile(world.bars.open.loc[rows].to_numpy(), (1, count)),
                np.vstack([np.full((1, weights.shape[1]), np.nan), weights[:-1]]),
            )
        )
        shared = {"group_by": 0, "cash_sharing": True, "call_seq": "auto"} if assets > 1 else {}

        def run(
            close: Any = close, opened: Any = opened, held: Any = held, more: Any = shared
        ) -> None:
            portfolio = vbt.Portfolio.from_orders(
                close, held, size_type="targetpercent", direction="longonly", price=opened,
                fees=0.001, slippage=0.001, init_cash=100_000.0, freq="1D", **more,
            )  # fmt: skip
            portfolio.total_return(), portfolio.sharpe_ratio(), portfolio.max_drawdown()

        run()
        found.append(cpu(run) / (count * BARS * assets) * 1e9)
        gc.collect()
    return min(found)


_BACKTESTING = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import multiprocessing.dummy
import numpy as np, pandas as pd
import backtesting
backtesting.Pool = lambda *a, **k: multiprocessing.dummy.Pool(1)
from backtesting import Backtest, Strategy
table = pd.read_parquet(sys.argv[1])
class Switch(Strategy):
    enter = 0.0
    leave = 0.0
    def init(self):
        self.signal = self.I(lambda: table["Signal"].to_numpy())
    def next(self):
        if not self.position and self.signal[-1] > self.enter:
            self.buy(size=0.99)
        elif self.position and self.signal[-1] <= self.leave:
            self.position.close()
test = Backtest(table, Switch, cash=1e7, commission=0.002, finalize_trades=True)
enter, leave = list(range(0, 100, 10)), list(range(-100, 0, 25))
test.run(enter=0, leave=-50)
begun = time.process_time()
test.optimize(enter=enter, leave=leave, maximize="Return [%]")
print(json.dumps((time.process_time() - begun) / (len(enter) * len(leave))))
"""


def backtesting_seconds(world: World, folder: Path) -> float:
    """Seconds a variant of backtesting.py's optimize() takes, in a process of its own."""
    target = folder / "backtesting"
    wanted = ["--no-deps", "-r", str(ROOT / "benchmarks" / "sweep.txt")]
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(target), *wanted]
    subprocess.run(pip, check=True, capture_output=True)
    seen = world.market.signal(strategy(world).signals[0])
    rows = world.bars.index[-BARS:]
    table = pd.DataFrame(
        {
            "Open": world.bars.open.loc[rows, "BTC"],
            "High": world.bars.high.loc[rows, "BTC"],
            "Low": world.bars.low.loc[rows, "BTC"],
            "Close": world.bars.close.loc[rows, "BTC"],
            "Volume": 1.0,
            "Signal": seen[-BARS:],
        }
    ).set_axis(rows.tz_localize(None))
    table.to_parquet(folder / "table.parquet")
    environment = {**os.environ, "PYTHONPATH": str(target)}
    command = [sys.executable, "-c", _BACKTESTING, str(folder / "table.parquet")]
    answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(json.loads(answer.stdout.strip().splitlines()[-1]))


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """Slope of log time on log size."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def seconds_of(world: World, count: int) -> float:
    field = world.field()
    paths = Paths(world.market, world.names)
    batch = native_batch(paths, strategy(world), EXECUTION, columns(count))
    screen(field, batch)
    return cpu(lambda: screen(field, batch))


def threads(world: World, count: int) -> float:
    """How many times as fast two threads are."""
    field = world.field()
    batch = native_batch(
        Paths(world.market, world.names), strategy(world), EXECUTION, columns(count)
    )
    screen(field, batch)
    one = wall(lambda: screen(field, batch), 5)
    return one / wall(lambda: screen(field, batch, threads=2), 5)


def stream(count: int, out: Path) -> None:
    """Sweep variants of one coin in chunks into a Parquet leaderboard; print the peak memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    world, chunk = World(1), 4_096
    field, paths = world.field(), Paths(world.market, world.names)
    table, rule = columns(count), strategy(world)
    begun, writer = time.perf_counter(), None
    for first in range(0, count, chunk):
        part = {path: column[first : first + chunk] for path, column in table.items()}
        screened = screen(field, native_batch(paths, rule, EXECUTION, part))
        named = dict(zip(METRICS, screened.metrics.T, strict=True))
        folds = {f"fold_{k:02d}": column for k, column in enumerate(screened.folds.T)}
        rows = pa.table({**part, **named, **folds})
        writer = writer or pq.ParquetWriter(out, rows.schema)
        writer.write_table(rows)
    assert writer is not None
    writer.close()
    # Not ru_maxrss: that begins with the peak of the process that started this one.
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    print(json.dumps({"peak_mb": peak, "seconds": time.perf_counter() - begun}))


def child(*arguments: str, cache: Path | None = None) -> Any:
    """Run this script again in a new process and read what it prints."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    command = [sys.executable, __file__, *arguments]
    answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout.strip().splitlines()[-1])


def first_call() -> None:
    """Print how long the first screening of a process takes: compiling, or loading from disk."""
    world = World(1, bars=60)
    field, paths = world.field(), Paths(world.market, world.names)
    batch = native_batch(paths, strategy(world), EXECUTION, {}, 1)
    begun = time.process_time()
    screen(field, batch)
    print(json.dumps(time.process_time() - begun))


def measure(folder: Path) -> dict[str, float]:
    one, ten = World(1), World(10)
    found = {
        "compile_seconds": child("--first-call", cache=folder / "numba"),
        "load_seconds": child("--first-call", cache=folder / "numba"),
        "ns_per_cell_1": native_ns(one, 65_536),
        "ns_per_cell_10": native_ns(ten, 2_048),
        "ns_per_cell_10_cash_binding": native_ns(World(10, gaps=0.01), 1_024),
        "ns_per_cell_1_matrix": matrix_ns(one, 2_048),
        "ns_per_cell_10_matrix": matrix_ns(ten, 256),
        "vectorbt_ns_per_cell_1": vectorbt_ns(one, (100, 250)),
        "vectorbt_ns_per_cell_10": vectorbt_ns(ten, (10, 25)),
    }
    found["ratio_vectorbt_1"] = found["vectorbt_ns_per_cell_1"] / found["ns_per_cell_1"]
    found["ratio_vectorbt_10"] = found["vectorbt_ns_per_cell_10"] / found["ns_per_cell_10"]
    own = native_ns(one, 65_536, overlays=False) * BARS / 1e9
    found["backtesting_ms_a_variant"] = backtesting_seconds(one, folder) * 1e3
    found["ratio_backtesting"] = found["backtesting_ms_a_variant"] / 1e3 / own
    found["threads_2"] = threads(one, 16_384)
    for count, name in ((100_000, "peak_mb"), (400_000, "peak_mb_400000")):
        streamed = child("--stream", str(count), str(folder / "leaderboard.parquet"))
        found[name] = streamed["peak_mb"]
        found[name.replace("peak_mb", "seconds_100000" if count < 200_000 else "seconds")] = (
            streamed["seconds"]
        )
    counts, bars = [8_192, 16_384, 32_768, 65_536], [725, 1_450, 2_900]
    assets = [1, 2, 5, 10, 20]
    found["exponent_variants"] = exponent(counts, [seconds_of(one, n) for n in counts])
    # The rules decide on the days before the first bar as well.
    days = [BEFORE + n for n in bars]
    found["exponent_bars"] = exponent(days, [seconds_of(World(1, n), 32_768) for n in bars])
    by_assets = [seconds_of(World(n), 2_048) for n in assets]
    found["exponent_assets"] = exponent(assets, by_assets)
    found["exponent_assets_5_to_20"] = exponent(assets[2:], by_assets[2:])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the screening kernel beside its peers.")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--first-call", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--stream", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.first_call:
        first_call()
    elif given.stream:
        stream(int(given.stream[0]), Path(given.stream[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder))
        for name, value in found.items():
            print(f"{name:30} {value:12,.3f}")
        if given.json:
            given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
