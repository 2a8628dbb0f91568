"""The freqtrade client stays small and knows nothing of ours but the feed's files."""

from __future__ import annotations

import ast
import json
import sys

from paper.feed_signal import COLUMNS
from tests.integrations.running import CLIENT

SOURCE = (CLIENT / "PlumblineFeed.py").read_text(encoding="utf-8")
TREE = ast.parse(SOURCE)


def test_it_is_under_80_lines() -> None:
    assert len(SOURCE.splitlines()) < 80


def test_it_imports_the_standard_library_pandas_and_freqtrade() -> None:
    names = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(TREE)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    foreign = {name.split(".")[0] for name in names} - sys.stdlib_module_names
    assert foreign == {"pandas", "freqtrade"}


def test_it_reads_columns_that_a_feed_has() -> None:
    texts = {node.value for node in ast.walk(TREE) if isinstance(node, ast.Constant)}
    read = {"valid_from", "valid_until", "hold_until", "action", "asset", "target_weight"}
    assert read <= texts
    assert read <= set(COLUMNS)


def test_the_template_trades_on_paper_and_holds_no_secret() -> None:
    config = json.loads((CLIENT / "config.template.json").read_text(encoding="utf-8"))
    assert config["dry_run"] is True
    assert (config["exchange"]["key"], config["exchange"]["secret"]) == ("", "")
    # Targets are looked at in every round, not once a candle.
    assert config["process_only_new_candles"] is False
