"""``plumbline sweep`` as a user runs it, and the same call from Python."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

import plumbline as pl
from data.settings import settings
from plumbline.__main__ import main
from plumbline.progress import Bar, span

WORLD = ("--data", "simulated:phantom", "--as-of", "2016-09-01T00:00Z")
GRID = """
base = "liquidity_threshold"
[grid]
exposure.signal.days = [7, 28]
exposure.enter = [0, 50, 100]
[[constraint]]
holds = "exposure.enter < 100"
"""


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(GRID)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["sweep", *map(str, arguments)])
    captured = capsys.readouterr()
    return int(stopped.value.code or 0), captured.out, captured.err


def test_says_what_is_needed_and_what_was_found(
    grid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    status, out, err = run(capsys, grid, "--out", tmp_path / "out", *WORLD, "--top", 2)
    assert status == 0, err
    assert "family 'liquidity': 0 configurations tried so far, at most 4 more now" in out
    assert "will need a Sharpe ratio of" in out
    assert "computed: 4 by the kernel alone" in out
    assert "2 winners agree with vectorbt within 1e-09" in out
    assert "has now tried 4 configurations" in out
    assert "SIMULATED DATA" in err
    assert "4 of 4 variants" in err
    assert len(pd.read_parquet(tmp_path / "out" / "leaderboard.parquet")) == 4


def test_json_is_json_alone(grid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    status, out, err = run(capsys, grid, "--out", tmp_path / "out", *WORLD, "--json")
    assert status == 0
    assert "will need a Sharpe ratio" in err
    printed = json.loads(out)
    written = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {key: printed[key] for key in written} == written
    assert Path(printed["leaderboard"]).is_file()


def test_from_python(grid: Path, tmp_path: Path):
    with pytest.warns(pl.SimulatedData):
        done = pl.sweep(
            grid,
            tmp_path / "out",
            data="simulated:phantom",
            as_of="2016-09-01T00:00Z",
            workers=1,
            top=1,
        )
    assert done.manifest["variants"] == 4
    assert done.trials == 4
    table = {"base": "liquidity_threshold", "grid": {"exposure.enter": [1, 2]}}
    more = pl.sweep(table, tmp_path / "b", data="simulated:phantom", as_of="2016-09-01T00:00Z")
    assert more.trials == 6


@pytest.mark.parametrize(
    ("text", "more", "fault"),
    [
        ('base = "liquidity_threshold"', (), "the grid has no points"),
        (
            GRID.replace("exposure.enter = [0", "exposure.entre = [0"),
            (),
            "did you mean exposure.enter",
        ),
        (GRID.replace("enter < 100", "enter > 100"), (), "never holds in this grid"),
        (GRID.replace("[7, 28]", "[7, -1]"), (), "days = -1 is not a whole number"),
        (GRID.replace("[7, 28]", "[7, 7]"), (), "has the value 7 twice"),
        (GRID, ("--on", "daks"), "did you mean dask"),
        (GRID, ("--on", "dask"), "--on dask and --scheduler tcp://HOST:PORT go together"),
        (GRID, ("--scheduler", "tcp://127.0.0.1:9"), "go together"),
        (GRID, ("--workers", "0"), "--workers 0: give at least 1"),
        (GRID, ("--top", "0"), "--top 0: give at least 1"),
        (
            'base = "liquidity_threshold"\n[grid]\n'
            + "".join(
                f"{path} = {{ from = 1, to = 1000, step = 1 }}\n"
                for path in ("exposure.enter", "exposure.leave", "exposure.signal.days")
            ),
            (),
            "1,000,000,000 variants are too many",
        ),
        (GRID + "\n[nonsense]\na = 1", (), "unknown key in"),
        ("base = ", (), "not valid TOML"),
    ],
)
def test_bad_input_is_one_line(
    text: str,
    more: tuple[str, ...],
    fault: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    path, out = tmp_path / "grid.toml", tmp_path / "out"
    path.write_text(text)
    status, _, err = run(capsys, path, "--out", out, *WORLD, *more)
    assert status == 2
    told = [line for line in err.splitlines() if line.startswith("plumbline: ")]
    assert len(told) == 1
    assert fault in told[0]
    assert not (out / "leaderboard.parquet").exists()
    assert not (settings().home / "trials.sqlite").exists()


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    status, _, err = run(capsys, tmp_path / "no.toml", "--out", tmp_path / "out")
    assert (status, "there is no such file" in err) == (2, True)


def test_a_leaderboard_of_other_data(
    grid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(capsys, grid, "--out", tmp_path / "out", *WORLD)[0] == 0
    other = ("--data", "simulated:phantom:7", "--as-of", "2016-09-01T00:00Z")
    status, _, err = run(capsys, grid, "--out", tmp_path / "out", *other)
    assert status == 2
    assert "holds a leaderboard of another snapshot" in err


def test_plain_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr("plumbline.progress.time.monotonic", lambda: now[0])
    stream = io.StringIO()
    with Bar(1000, 200, stream=stream) as bar:
        for second, done in ((5, 300), (20, 600), (22, 640), (40, 1000)):
            now[0] = 100.0 + second
            bar.reach(done)
    assert stream.getvalue().splitlines() == [
        "200 of 1,000 variants were done before",
        "600 of 1,000 variants, 20 a second, 20 s left",
        "1,000 of 1,000 variants, 20 a second, 0 s left",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal():
    stream = Terminal()
    with Bar(1000, 0, stream=stream) as bar:
        bar.reach(1000)
    assert "1,000 of 1,000 variants" in stream.getvalue()
    assert "a second" in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (61, "1 min 01 s"),
        (7500, "2 h 05 min"),
        (400_000, "4 days"),
        (float("inf"), "unknown time"),
    ],
)
def test_spans(seconds: float, text: str):
    assert span(seconds) == text
