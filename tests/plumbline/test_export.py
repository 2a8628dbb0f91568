"""``plumbline signals export`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data.snapshot import Snapshot
from paper.feed import read_feed
from plumbline.__main__ import main
from strategies.decision import decide
from strategies.variants import variant
from tests.paper.feeds import content, moment

RULE = "release_staged"


@pytest.fixture(autouse=True)
def _worlds(phantom: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated world is made once for all tests."""
    monkeypatch.setattr("data.simulate.simulated", lambda name: phantom)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["signals", "export", *arguments])
    return int(stopped.value.code or 0)


def test_it_writes_the_decision_of_the_last_day(
    phantom: Snapshot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "feed"
    assert run("--strategy", RULE, "--out", str(out), "--json") == 0
    captured = capsys.readouterr()
    assert "SIMULATED DATA" in captured.err
    said: dict[str, Any] = json.loads(captured.out)
    assert (said["outcome"], said["added"], said["webhook"]) == ("exported", 1, None)
    assert said["latest"] == json.loads((out / "latest.json").read_text(encoding="utf-8"))
    decision = decide(variant(RULE), phantom, phantom.as_of)
    assert decision.target is not None
    latest = read_feed(out).latest
    assert latest.decision_time == phantom.as_of
    assert all(latest.weights[name] == decision.target[name] for name in latest.weights)
    before = content(out)
    assert run("--strategy", RULE, "--out", str(out)) == 0
    assert "nothing to add" in capsys.readouterr().out
    assert content(out) == before


def test_a_day_an_instant_and_the_days_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "feed")
    assert run("--strategy", RULE, "--out", out, "--at", "2024-05-22") == 0
    assert run("--strategy", RULE, "--out", out, "--at", "2024-05-24T09:30:00-04:00") == 0
    assert run("--strategy", RULE, "--out", out, "--at", "2024-05-28", "--since", "2024-05-24") == 0
    assert "4 signals added, 6 in all" in capsys.readouterr().out
    days = [signal.decision_time.day for signal in read_feed(Path(out)).signals]
    assert days == [22, 24, 25, 26, 27, 28]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--strategy", "essay_playbok"], "unknown strategy 'essay_playbok': did you mean"),
        (["--strategy", RULE, "--at", "soon"], "'soon' is not a day"),
        (["--strategy", RULE, "--at", "2024-05-22T00:00"], "has no time zone"),
        (["--strategy", RULE, "--at", "2009-12-31"], "lies before the first decision"),
        (["--strategy", RULE, "--since", "2031-01-01"], "since 2031-01-01 lies after"),
        (["--strategy", RULE, "--webhook", "nowhere"], "--webhook: this is no web address"),
        (["--strategy", "essay_playbook", "--at", "2019-01-01"], "no target to export yet"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    out = tmp_path / "feed"
    assert run(*arguments, "--out", str(out)) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("plumbline: ")
    assert message in line
    assert not out.exists()


def test_a_path_that_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "feed").write_text("something else", encoding="utf-8")
    assert run("--strategy", RULE, "--out", str(tmp_path / "feed")) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_tampering_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "feed"
    run("--strategy", RULE, "--out", str(out), "--at", "2024-05-22")
    (out / "feed.csv").write_bytes((out / "feed.csv").read_bytes()[:-9])
    before = content(out)
    assert run("--strategy", RULE, "--out", str(out), "--at", "2024-05-23") == 2
    assert "it was changed or cut short" in capsys.readouterr().err
    assert content(out) == before


def test_a_webhook_that_is_away_leaves_the_feed_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.sources.clock.SystemClock.sleep", lambda self, seconds: None)
    out = tmp_path / "feed"
    # Nothing listens on the port for discarding.
    monkeypatch.setenv("PLUMBLINE_WEBHOOK", "http://127.0.0.1:9/S3CRET")
    assert run("--strategy", RULE, "--out", str(out), "--at", "2024-05-22") == 1
    told = capsys.readouterr()
    assert "the feed is written; webhook: signal" in told.err
    assert "run this again to send it" in told.err
    assert "S3CRET" not in told.err + told.out
    assert read_feed(out).latest.decision_time == moment("2024-05-22")
