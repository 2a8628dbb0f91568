"""``plumbline trials`` and what the other commands owe to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import plumbline as pl
from backtests.trials.ledger import Ledger
from plumbline.__main__ import main
from tests.backtests.trials.trial_batches import BATCH, figures, hashes

WORLD = ("--data", "simulated:phantom")


def run(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    captured = capsys.readouterr()
    assert (stopped.value.code or 0) == status, captured.err
    return captured.out, captured.err


def trials(capsys: pytest.CaptureFixture[str], status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(capsys, "trials", "--json", status=status)[0])
    return found


def test_before_the_first_trial(capsys: pytest.CaptureFixture[str]) -> None:
    text, _ = run(capsys, "trials")
    assert "no configuration has been tried yet" in text
    assert trials(capsys)["families"] == []


def test_backtests_count_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (("trend_200",), ("trend_200", "--delay", "24")):
        run(capsys, "backtest", *arguments, *WORLD, "--start", "2024-01-01")
    (family,) = trials(capsys)["families"]
    assert (family["family"], family["count"]) == ("baseline", 2)
    assert family["by_origin"] == {"backtest": 2}
    assert family["needed_sharpe_annual"] > 0
    assert "baseline" in run(capsys, "trials")[0]


def test_the_facade_records_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(UserWarning, match="simulated world"):
        pl.backtest("trend_200", data="simulated:phantom:3", start="2025-01-01")
    assert trials(capsys)["trials"] == 1


def test_a_seal_closes_the_data_to_backtests_and_not_to_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text, _ = run(capsys, "trials", "seal", "--months", "6", *WORLD)
    assert "sealed: nothing after" in text
    boundary = trials(capsys)["holdout"]["in_force"]
    text, words = run(capsys, "backtest", "trend_200", *WORLD, "--start", "2024-01-01", "--json")
    assert json.loads(text)["last"] == boundary
    assert f"nothing after {boundary[:10]} is used" in words
    status = json.loads(run(capsys, "data", "status", *WORLD, "--json")[0])
    assert status["as_of"] > boundary
    run(capsys, "trials", "open", "--reason", "done")
    text, words = run(capsys, "backtest", "trend_200", *WORLD, "--start", "2024-01-01", "--json")
    assert json.loads(text)["last"] == status["as_of"]
    assert "holdout" not in words
    (seal,) = trials(capsys)["holdout"]["seals"]
    assert seal["reason"] == "done"
    assert "opened" in run(capsys, "trials")[0]


def test_a_tampered_ledger_says_so_and_counts_as_before(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    ledger = Ledger(home)
    ledger.record("f", hashes(0, 20), **BATCH, **figures(20))
    for path in home.glob("trials.sqlite*"):
        path.unlink()
    found = trials(capsys, status=1)
    assert found["trials"] == 20
    assert "is gone, with 20 trials" in found["faults"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("seal", "--months", "0", *WORLD), "seal at least one month"),
        (("seal", "--months", "900", *WORLD), "less than a year of prices"),
        (("open", "--reason", "why not"), "no seal is in force"),
        (("open",), "no seal is in force"),
    ],
)
def test_mistakes_are_one_line(
    capsys: pytest.CaptureFixture[str], home: Path, arguments: tuple[str, ...], message: str
) -> None:
    _, words = run(capsys, "trials", *arguments, status=2)
    assert message in words.strip().splitlines()[-1]
    assert not home.exists()
