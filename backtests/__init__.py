"""Backtests on vectorbt, inference, the thesis scorecard and the report."""
