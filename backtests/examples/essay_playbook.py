"""Backtest the essay's playbook from a script: ``python backtests/examples/essay_playbook.py``."""

import plumbline as pl

run = pl.backtest("essay_playbook")
equity, orders = run.simulation.equity, run.simulation.fills
print(f"{run.title}: {equity.index[0]:%Y-%m-%d} .. {equity.index[-1]:%Y-%m-%d}, run {run.run_id}")
for name in ("cagr", "sharpe", "max_drawdown", "exposure", "turnover"):
    print(f"{name:>14} {run.metrics[name]:8.3f}")
print(orders.tail(3).to_string(index=False))
