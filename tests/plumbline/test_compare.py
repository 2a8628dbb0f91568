"""``plumbline compare`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backtests.trials.ledger import Ledger
from plumbline.__main__ import main

PAIR = ("trend_200", "four_year_cycle")


# Replaced by the folder of the real tables.
TABLES = ("--data", "TABLES")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a comparison that must be refused and return its one line."""
    with pytest.raises(SystemExit) as stopped:
        main(["compare", *arguments])
    assert stopped.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("trend_200",), "at least two variants"),
        (("trend_200", "trend_20"), "did you mean trend_200"),
        (("trend_200", "nowhere.toml"), "nowhere.toml"),
        (("trend_200", "no.such.module:rule"), "no.such.module"),
        ((*PAIR, "--data", "nowhere"), "--data 'nowhere'"),
        ((*PAIR, "--funding-venue", "x", *TABLES), "give --perpetual COIN with it"),
        ((*PAIR, "--perpetual", "XRPL", *TABLES), "unknown perpetual 'XRPL'"),
        (
            (*PAIR, "--perpetual", "BTC", "--funding-venue", "binanse", *TABLES),
            "did you mean binance usdm",
        ),
    ],
)
def test_bad_input_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str],
    home: Path,
    real_tables: Path,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    given = [str(real_tables) if text == "TABLES" else text for text in arguments]
    assert words in refused(capsys, *given)
    assert Ledger(home).counts() == {}


def test_a_sweep_of_other_data_is_refused_and_nothing_recorded(
    capsys: pytest.CaptureFixture[str], home: Path, real_tables: Path, tmp_path: Path
) -> None:
    data = ("--data", str(real_tables), "--out", str(tmp_path / "out"), "--html")
    line = refused(capsys, *PAIR, "--sweep", str(tmp_path / "leaderboard.parquet"), *data)
    assert "there is no leaderboard: run `plumbline sweep GRID.toml` first" in line
    (tmp_path / "leaderboard.parquet").write_bytes(b"PAR1")
    (tmp_path / "manifest.json").write_text('{"snapshot_id": "0123", "code": "0"}')
    line = refused(capsys, *PAIR, "--sweep", str(tmp_path), *data)
    assert "from another snapshot (0123, this is " in line
    assert Ledger(home).counts() == {}
    assert not (tmp_path / "out").exists()


def test_a_comparison_prints_json_and_writes_its_pages(
    capsys: pytest.CaptureFixture[str], home: Path, real_tables: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ("--json", "--html", "--memo", "--out", str(out), "--data", str(real_tables))
    with pytest.raises(SystemExit) as stopped:
        main(["compare", *PAIR, *options])
    captured = capsys.readouterr()
    assert stopped.value.code == 0, captured.err
    found = json.loads(captured.out)
    assert [one["name"] for one in found["variants"]] == list(PAIR)
    assert not found["simulated"]
    assert found["trials"]["n"] == 2
    assert Ledger(home).counts() == {"baseline": 2}
    assert "plumbline: trend_200: break-even cost" in captured.err
    assert (out / "compare.json").read_text() == captured.out
    written = {path.name for path in out.iterdir()}
    assert {"compare.html", "memo.html", "memo.txt", "manifest.json"} <= written
    hold = next(one for one in found["yardsticks"] if one["name"] == "buy_and_hold")
    assert hold["metrics"]["exposure"] == pytest.approx(1.0)
    pair = next(
        one for one in found["pairs"] if (one["one"], one["other"]) == (PAIR[0], "buy_and_hold")
    )
    assert pair["outcome"] == "indistinguishable"
    assert "trend 200 is indistinguishable from buy and hold" in found["headline"]
    assert {one["benchmark"] for one in found["superiority"]} >= {"exposure_matched", "cash"}
