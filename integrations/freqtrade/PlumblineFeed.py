# ruff: noqa: ARG002, D101, D102
"""Hold the target weights of a Plumbline feed. Reads the feed's files only: docs/feed.md."""

import hashlib
import json
from bisect import bisect_right
from datetime import timedelta
from pathlib import Path

import pandas as pd
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy


class PlumblineFeed(IStrategy):
    minimal_roi, stoploss, position_adjustment_enable, stamp = {}, -0.99, True, 0

    def bot_start(self, **kwargs):
        """Read the feed when it has changed; refuse one that is not what latest.json records."""
        folder = Path(self.config["plumbline"]["feed"])
        stamp = (folder / "latest.json").stat().st_mtime_ns
        if stamp == self.stamp:
            return
        head, table = json.loads((folder / "latest.json").read_text()), folder / "feed.csv"
        if hashlib.sha256(table.read_bytes()).hexdigest() != head["files"]["feed.csv"]["sha256"]:
            raise ValueError(f"{table} is not what latest.json records")
        days = head["terms"]["decay_days"] * (head["terms"]["on_stale"] != "flat")
        found, order = [], ({}, None)
        times = ["valid_from", "valid_until", "hold_until"]
        for since, rows in pd.read_csv(table, parse_dates=times).groupby("valid_from"):
            until, held, action = rows.iloc[0][[*times[1:], "action"]]
            if action == "rebalance":
                order = dict(zip(rows["asset"], rows["target_weight"], strict=True)), since
            end = max(until, held + timedelta(days)) if days else until
            found.append((since, until, end, *order))
        self.signals, self.stamp, self.fee = found, stamp, self.config["plumbline"]["fee"]

    bot_loop_start = bot_start

    def target(self, pair, now):
        """Return the weight wanted, since when, and whether it still counts for a purchase."""
        at = bisect_right(self.signals, pd.Timestamp(now), key=lambda signal: signal[0])
        _, until, end, weights, since = self.signals[at - 1] if at else (0, now, now, {}, now)
        return weights.get(pair.split("/")[0], 0.0) * (now <= end), since, now <= until

    def value(self, pair, rate):
        """Return what the account is worth; the fees of open entries are not booked yet."""
        worth = self.wallets.get_free(self.config["stake_currency"])
        for trade in Trade.get_trades_proxy(is_open=True):
            frame, _ = self.dp.get_analyzed_dataframe(trade.pair, self.timeframe)
            price = rate if trade.pair == pair else frame["close"].iloc[-1]
            worth += trade.amount * price - trade.stake_amount * trade.fee_open
        return worth

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    populate_exit_trend = populate_indicators

    def populate_entry_trend(self, dataframe, metadata):
        wanted = [self.target(metadata["pair"], day + timedelta(1)) for day in dataframe["date"]]
        return dataframe.assign(enter_long=[int(w > 0 and counts) for w, _, counts in wanted])

    def custom_stake_amount(self, pair, current_time, current_rate, max_stake, **kwargs):
        weight, _, counts = self.target(pair, current_time)
        weight *= counts / (1 + weight * self.fee)
        return min(max_stake, weight * self.value(pair, current_rate))

    def adjust_trade_position(self, trade, current_time, current_rate, max_stake, **kwargs):
        weight, since, counts = self.target(trade.pair, current_time)
        if weight <= 0 or trade.has_open_orders or trade.date_last_filled_utc >= since:
            return None
        gap = weight * self.value(trade.pair, current_rate) - trade.amount * current_rate
        if gap > 0:
            return min(gap / (1 + weight * self.fee), max_stake) if counts else None
        return gap / (1 - weight * self.fee) / trade.amount / current_rate * trade.stake_amount

    def custom_exit(self, pair, trade, current_time, **kwargs):
        return "target is zero" if self.target(pair, current_time)[0] <= 0 else None
