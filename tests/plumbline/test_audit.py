"""``plumbline audit`` from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plumbline.__main__ import main
from plumbline.commands.audit import _registered
from signals.audited import SharedPanel
from signals.registry import SIGNALS, TABLES
from strategies.baselines import BASELINES
from strategies.variants import VARIANTS

# Half of the built-in world: long enough for every signal to begin, the SRF among them.
DATA = ("--data", "simulated:phantom", "--as-of", "2022-03-01T00:00Z")

MODULE = """
import pandas as pd
from data.panel import Panel, decision_times
from signals.net_liquidity import NetLiquidity


def tga(snapshot):
    return Panel(snapshot.observations, decision_times(snapshot.as_of)).last("tga")


def tomorrow(snapshot):
    return tga(snapshot).shift(-1)


class Mine(NetLiquidity):
    pass


class Hindsight:
    name = title = family = config_hash = "hindsight"
    config, inputs = {}, ("tga",)

    def target_weights(self, panel, bars):
        high = bars.close["BTC"].reindex(panel.times).rolling(9, center=True).max()
        held = (bars.close["BTC"].reindex(panel.times) < high).astype(float)
        return pd.DataFrame({"BTC": held, "CASH": 1.0 - held})


number = 3
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a module of the user's own in the working directory."""
    name = f"mine_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["audit", *arguments])
    told = capsys.readouterr()
    return int(stopped.value.code or 0), told.out, told.err


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    status, out, _ = run(capsys, *arguments, *DATA, "--count", "8", "--json")
    return status, json.loads(out)


def test_nothing_that_is_registered_looks_ahead(capsys: pytest.CaptureFixture[str]) -> None:
    status, rows = found(capsys)
    assert [row for row in rows if row["leak"]] == []
    assert status == 0
    assert len(rows) == len(SIGNALS) + len(TABLES) + len(BASELINES) + len(VARIANTS)


def test_everything_that_has_a_name_is_audited() -> None:
    names = {name for _, name in _registered(SharedPanel())}
    assert names == {*SIGNALS, *TABLES, *BASELINES, *VARIANTS}


def test_one_signal_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, rows = found(capsys, "net_liquidity")
    assert status == 0
    assert rows == [
        {
            "name": "net_liquidity",
            "kind": "signal",
            "leak": False,
            "check": None,
            "series": None,
            "column": None,
            "decision_time": None,
            "known_by": None,
            "detail": None,
        }
    ]


def test_a_signal_and_a_table_of_one_name_are_both_audited(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, rows = found(capsys, "regime")
    assert (status, [row["kind"] for row in rows]) == (0, ["signal", "table"])


def test_a_leak_of_the_users_own_is_told_and_fails(
    capsys: pytest.CaptureFixture[str], mine: str
) -> None:
    status, rows = found(capsys, f"{mine}:tomorrow")
    assert status == 1
    (row,) = rows
    assert (row["name"], row["kind"]) == (f"{mine}:tomorrow", "function")
    assert (row["leak"], row["series"], row["column"]) == (True, "tga", "tga")
    assert row["decision_time"].endswith("T00:00:00Z")


def test_a_strategy_of_the_users_own(capsys: pytest.CaptureFixture[str], mine: str) -> None:
    status, (row,) = found(capsys, f"{mine}:Hindsight")
    assert (status, row["kind"], row["leak"]) == (1, "strategy", True)
    assert row["series"].startswith("daily.")


@pytest.mark.parametrize(("name", "kind"), [("tga", "function"), ("Mine", "signal")])
def test_a_sound_object_of_the_users_own(
    capsys: pytest.CaptureFixture[str], mine: str, name: str, kind: str
) -> None:
    status, (row,) = found(capsys, f"{mine}:{name}")
    assert (status, row["kind"], row["leak"]) == (0, kind, False)


def test_in_words(capsys: pytest.CaptureFixture[str], mine: str) -> None:
    status, out, err = run(capsys, f"{mine}:tomorrow", *DATA, "--count", "8")
    assert status == 1
    assert "These look ahead" in out
    assert "1 audited, 1 of them look ahead." in out
    assert "SIMULATED DATA" in err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("net_liqudity", "unknown signal or strategy 'net_liqudity': did you mean net_liquidity"),
        ("essay_playbok", "'essay_playbok': did you mean essay_playbook"),
        ("nowhere:tomorrow", "nowhere:tomorrow: there is no module 'nowhere' here"),
        ("{mine}:tomorow", "unknown object in {mine} 'tomorow': did you mean tomorrow"),
        ("{mine}:number", "{mine}:number: this int is no signal"),
    ],
)
def test_what_cannot_be_audited_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], mine: str, name: str, message: str
) -> None:
    status, out, err = run(capsys, name.format(mine=mine), *DATA)
    assert status == 2
    assert out == ""
    assert message.format(mine=mine) in err.strip().splitlines()[-1]
