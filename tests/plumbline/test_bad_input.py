"""Bad input: one line that names what is wrong, exit status 2, nothing stored is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from data.store import Store
from plumbline.__main__ import main
from tests.data.test_store import SEEN, bars, figures


@pytest.fixture
def store(home: Path) -> Store:
    """A store with a little in it, at the test's own home."""
    store = Store(home / "store")
    days = pd.date_range("2024-01-01", periods=60, freq="D")
    prices = {f"{day:%Y-%m-%d}": 100.0 + i for i, day in enumerate(days)}
    store.add({"prices_1d": bars(prices), "observations": figures({"2024-01-02": 700.0})}, SEEN)
    return store


@pytest.fixture
def contents(store: Store) -> Iterator[dict[str, bytes]]:
    """What the store holds before; a test that yields checks that it holds the same after."""
    before = {path.name: path.read_bytes() for path in store.folder.glob("*.*")}
    yield before
    after = {path.name: path.read_bytes() for path in store.folder.glob("*.*")}
    assert after == before


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused and return its one line."""
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    assert stopped.value.code == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


COMMANDS = [
    (("signals", "show", "net_liqudity"), r"unknown signal 'net_liqudity': did you mean net_liq"),
    (("signals", "show", "net_liquidity", "--set", "form=monthly"), r"form = 'monthly'"),
    (("signals", "show", "net_liquidity", "--set", "frm=weekly"), r"'frm'.*form"),
    (("signals", "show", "net_liquidity", "--set", "weekly"), r"give KEY=VALUE"),
    (("signals", "show", "net_liquidity"), r"series 'fed_assets' is not in the data"),
    (("backtest", "essay_playbok"), r"'essay_playbok': did you mean essay_playbook"),
    (("backtest", "buy_and_hold", "--start", "2024-02-10", "--end", "2024-02-01"), r"before"),
    (("backtest", "essay_playbook", "--start", "soon"), r"'soon' is not a day"),
    (("backtest", "nowhere.toml"), r"nowhere.toml"),
    (("backtest", "buy_and_hold", "--perpetual", "BTC"), r"'funding' is not in the data"),
    (("backtest", "no.such.module:rule"), r"no.such.module"),
    (("data", "status", "--as-of", "2024-01-05"), r"'2024-01-05' has no time zone"),
    (("data", "status", "--as-of", "yesterdayish"), r"'yesterdayish' is not a time"),
    (("data", "status", "--data", "nowhere"), r"--data 'nowhere': neither"),
    (("data", "status", "--data", "simulated:fantom"), r"'fantom': did you mean phantom"),
    (("data", "import", "nowhere.parquet"), r"nowhere.parquet: no such file or directory"),
    (("explain", "essay_playbook", "2031-01-01"), r"2031-01-01 lies after the last decision"),
    (("today", "--strategy", "essay_playbok"), r"did you mean essay_playbook"),
    (("audit", "net_liqudity"), r"did you mean net_liq"),
    (("strategies", "new", "essay_playbook"), r"'essay_playbook' is one of the project's own"),
    (("report", "--data", "nowhere"), r"--data 'nowhere'"),
]


@pytest.mark.parametrize(("arguments", "message"), COMMANDS, ids=lambda value: str(value)[:60])
@pytest.mark.usefixtures("contents")
def test_a_command_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    import re

    assert re.search(message, refused(capsys, *arguments))


IMPORTS = [
    ("observations.csv", "series,ref_date,valeu\nrrp,2024-01-02,1\n", "column 'value' is missing"),
    (
        "observations.csv",
        "series,ref_date,value\nrrp,2024-01-02,\n",
        "rrp, 2024-01-02, value = nan",
    ),
    (
        "observations.csv",
        "series,ref_date,value\nrrp,2024-01-03,1\nrrp,2024-01-02,1\n",
        "rrp, 2024-01-02: ref_date goes back in time",
    ),
    (
        "observations.csv",
        "series,ref_date,value\nrrp,2024-01-02,1\nrrp,2024-01-02,2\n",
        "rrp, 2024-01-02: a second row",
    ),
    (
        "prices_1d.csv",
        "symbol,date,open,high,low,close,volume,market\nBTC,2024-01-02,1,2,1,-1,1,m\n",
        "BTC, 2024-01-02",
    ),
    (
        "prices_1h.csv",
        "symbol,ts,open,high,low,close,volume,market\nBTC,2024-01-02 01:00,1,2,1,1,1,m\n",
        "ts = 2024-01-02 01:00:00 is an instant without a time zone",
    ),
]


@pytest.mark.parametrize(("name", "text", "message"), IMPORTS, ids=range(len(IMPORTS)))
@pytest.mark.usefixtures("contents")
def test_a_bad_table_is_refused_and_the_store_keeps_what_it_has(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, text: str, message: str
) -> None:
    good = tmp_path / "a_good_table.csv"
    good.write_text("series,ref_date,value\nsofr,2024-01-02,5.4\n", encoding="utf-8")
    bad = tmp_path / name
    bad.write_text(text, encoding="utf-8")
    line = refused(capsys, "data", "import", str(good), str(bad))
    assert name in line
    assert message in line
