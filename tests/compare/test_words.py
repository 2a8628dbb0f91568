from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.compare.board import read_board
from backtests.compare.comparison import Comparison
from backtests.compare.overfit import overfit_sweep
from backtests.compare.pairs import Difference, Pair
from backtests.compare.plateau import plateau
from backtests.report.comparison.content import Said, said
from backtests.report.comparison.document import document
from backtests.report.comparison.headline import headline
from backtests.report.comparison.memo import memo, memo_page, memo_text
from backtests.report.comparison.page import page
from backtests.report.comparison.sentences import (
    pair_sentence,
    plateau_sentence,
    since_sentence,
    telling_pairs,
)
from backtests.report.comparison.writer import write_comparison, write_memo
from data.canonical import canonical_json
from tests.compare.boards import write_board

ALIKE = Difference(0.05, (-0.2, 0.3), 0.7, 1.0)
FOUND = Difference(0.25, (0.1, 0.4), 0.001, 0.003)
LOST = Difference(-0.25, (-0.4, -0.1), 0.001, 0.003)


def paired(found: Comparison, **outcomes: Difference) -> Comparison:
    """The comparison with other differences; ``a_b`` names first and second by their initials."""
    pairs = []
    for pair in found.pairs:
        key = f"{pair.one[0]}_{pair.other[0]}"
        difference = outcomes.get(key, ALIKE)
        pairs.append(Pair(pair.one, pair.other, difference, difference, same=False))
    return replace(found, pairs=tuple(pairs))


def test_where_nothing_differs_it_is_said_and_nothing_is_ranked(comparison: Comparison) -> None:
    first, _, third = headline(paired(comparison))
    assert first == "Both variants are indistinguishable from buy and hold."
    assert third == (
        "Which of them is best cannot be known from these data: no pair differs after adjustment "
        "for three pairs."
    )


def test_what_differs_is_said_and_the_rest_stays_indistinguishable(comparison: Comparison) -> None:
    first, _, third = headline(paired(comparison, l_b=FOUND, l_t=FOUND))
    assert first == (
        "Liquidity threshold beat buy and hold; trend 200 is indistinguishable from buy and hold."
    )
    assert third == (
        "Liquidity threshold differs from trend 200 in its favour; liquidity threshold differs "
        "from buy and hold in its favour; one other pair is indistinguishable."
    ).replace("; liquidity threshold differs from buy", " and liquidity threshold differs from buy")
    first, _, _ = headline(paired(comparison, t_b=LOST))
    assert first.startswith("Trend 200 fell behind buy and hold; liquidity threshold is indist")


def test_skill_is_said_with_its_trials(comparison: Comparison) -> None:
    _, second, _ = headline(comparison)
    assert second.startswith("Liquidity threshold earned more than its own mean exposure beyond")
    assert "3 trials on record" in second
    head = comparison.standings[0]
    assert head.skill is not None
    deflated = replace(head, skill=replace(head.skill, deflated=0.4))
    tried = replace(comparison.trials, number=5_000)
    swept = replace(comparison, standings=(deflated, *comparison.standings[1:]), trials=tried)
    assert headline(swept)[1] == (
        "Liquidity threshold earned more than its own mean exposure among these variants alone "
        "(StepM, familywise 5%), but not after the 5,000 trials on record (deflated Sharpe ratio "
        "0.400)."
    )
    none = replace(comparison.superiorities[0], superior=(), p=0.4)
    _, second, _ = headline(replace(comparison, superiorities=(none,)))
    assert second == (
        "None beats its own mean exposure beyond luck (SPA p = 0.400 for the best, liquidity "
        "threshold; 3 trials on record)."
    )
    _, second, _ = headline(replace(comparison, superiorities=()))
    assert second.startswith("No variant changes its exposure enough")


def test_less_than_two_years_cannot_tell(comparison: Comparison) -> None:
    short = [Pair(pair.one, pair.other, None, None, same=False) for pair in comparison.pairs]
    first, _, third = headline(replace(comparison, pairs=tuple(short)))
    assert first == (
        "For liquidity threshold and trend 200 less than two years are there: whether they differ "
        "from buy and hold cannot be known from these data."
    )
    assert third.endswith("cannot be known from these data: less than two years are there.")


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (
            Pair("my_rule", "buy_and_hold", ALIKE, ALIKE, same=False),
            "My rule is indistinguishable from buy and hold: mean +5.0% a year [−20.0, +30.0], "
            "Holm p 1.000; Sharpe +0.05 [−0.20, +0.30], Holm p 1.000.",
        ),
        (
            Pair("my_rule", "cash", LOST, None, same=False),
            "My rule differs from cash to its disadvantage: mean −25.0% a year [−40.0, −10.0], "
            "Holm p 0.003.",
        ),
        (Pair("a", "b", None, None, same=True), "A and b had the same return on every day."),
        (Pair("a", "b", None, None, same=False), "A and b: less than two years, too short to say."),
    ],
)
def test_pairs_in_words(pair: Pair, expected: str) -> None:
    assert pair_sentence(pair) == expected


def test_pairs_that_tell_nothing_are_counted(comparison: Comparison) -> None:
    told = telling_pairs(paired(comparison))
    assert len(told) == 3
    assert told[-1] == "One other pair is indistinguishable: see the matrix."


def test_since_publication_is_one_outcome(comparison: Comparison) -> None:
    sentence = since_sentence(comparison)
    assert sentence is not None
    assert sentence.startswith("Since publication (2025-11-04), ")
    assert sentence.endswith("One outcome, no test.")
    cut = [replace(one, stretches=one.stretches[:1]) for one in comparison.standings]
    assert since_sentence(replace(comparison, standings=tuple(cut))) is None


def test_the_matrix_is_antisymmetric_in_words(told: Said) -> None:
    table = told.tables["differences"]
    ((_, rows),) = table.groups
    upper, lower = rows[0][2].small, rows[1][1].small
    signs = str.maketrans("+−", "−+")
    mean = upper.split(" [")[0]
    assert lower.split(" [")[0] == mean.translate(signs)
    assert [rows[at][at + 1].text for at in range(3)] == ["–"] * 3


def test_the_document_is_json_and_carries_its_identity(told: Said, comparison: Comparison) -> None:
    text = canonical_json(document(told))
    assert text == canonical_json(document(said(comparison)))
    found = json.loads(text)
    assert found["schema_version"] == 2
    assert found["run_id"] == comparison.run_id
    assert found["snapshot_id"] == comparison.field.snapshot.snapshot_id
    assert found["seed"] == 20251104
    assert [one["name"] for one in found["variants"]] == list(comparison.names)
    assert all(one["config_hash"] and one["config"] for one in found["variants"])
    first = found["variants"][0]
    assert set(first["resampling_ranges"]) == {"volatility", "max_drawdown", "calmar", "tail"}
    assert set(first["intervals"]) == {"sharpe"}
    assert first["skill"]["psr"] > 0.9
    assert set(first["break_even"]) == {"exposure_matched", "buy_and_hold"}
    assert set(first["latency"]["growth"]) == {"0", "1", "4", "12", "24", "72"}
    assert "2020-03..06" in first["leave_one_out"]["episodes"]
    assert "2021" in first["leave_one_out"]["years"]
    assert found["variants"][2]["skill"] is None
    assert found["sweep"] is None


class Parsed(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "a":
            self.links.append(str(values["href"]))


def test_the_page_holds_every_table_and_says_that_it_is_simulated(told: Said) -> None:
    pictures = dict.fromkeys(told.charts, b"png")
    text = page(told, pictures)
    found = Parsed(text)
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)
    assert set(told.tables) - {"eras"} <= set(found.ids)
    for sentence in (*told.headline, *told.telling, *told.skills):
        assert sentence.replace("&", "&amp;").replace("<", "&lt;") in text
    assert "Simulated world “phantom”" in text
    assert ">nan" not in text


def test_a_sweep_is_mapped_and_said(told: Said, comparison: Comparison, tmp_path: Path) -> None:
    days, enter = np.meshgrid([7, 28, 91], [0.0, 25.0, 50.0])
    parameters = {"exposure.signal.days": days.ravel(), "exposure.enter": enter.ravel()}
    sharpe = [0.5, 0.6, 0.5, 0.6, 0.65, 0.6, 0.5, 0.6, 0.2]
    path = write_board(tmp_path, comparison.field.snapshot, parameters, sharpe)
    board = read_board(path, comparison.field.snapshot)
    with_sweep = replace(
        comparison, board=board, plateau=plateau(board), overfit=overfit_sweep(board.folds)
    )
    found = said(with_sweep)
    assert found.plateau == (
        "The best of 9 variants has a Sharpe ratio over its own mean exposure of 0.65. Its "
        "neighbourhood holds: 50% of its eight neighbours in the grid (one step in every "
        "number, equal otherwise) are within 0.1 of it; their median is 0.55, the worst 0.20."
    )
    assert "heat_1" in found.charts
    assert found.charts["heat_1"].png().startswith(b"\x89PNG")
    text = page(found, dict.fromkeys(found.charts, b"png"))
    assert "exposure.signal.days = 28, exposure.enter = 25" in text
    swept = document(found)["sweep"]
    assert swept is not None
    assert (swept["neighbours"], swept["near"], swept["holds"]) == (8, 4, True)
    assert document(found)["overfitting"]["over"] == "sweep"
    assert "heat_1" not in told.charts


def test_the_plateau_in_words_where_it_does_not_hold(
    comparison: Comparison, tmp_path: Path
) -> None:
    path = write_board(tmp_path, comparison.field.snapshot, {"days": [1, 2]}, [1.5, 0.2])
    found = plateau_sentence(plateau(read_board(path, comparison.field.snapshot)))
    assert "Its neighbourhood does not hold: 0% of its one neighbour in the grid" in found
    assert found.endswith("It stands on the edge of the grid in days: look beyond.")


def test_the_memo_defends_the_first_variant(comparison: Comparison) -> None:
    seen = pd.Timestamp("2026-07-01", tz="UTC")
    made = memo(comparison, seen)
    text = memo_text(made)
    rule = comparison.field.entrants[0].rule
    assert made.title == "The case for liquidity threshold"
    joined = " ".join(text.split())
    for words in (
        rule.config_hash,
        "first saw it on 2026-07-01",
        "Why not trend 200",
        "Break-even over its mean exposure: ",
        "What would change it",
        comparison.run_id,
    ):
        assert words in joined
    days = (comparison.field.last - seen).days
    assert f"{days} of the" in joined
    assert max(len(line) for line in text.splitlines()) <= 96
    assert rule.config_hash in memo_page(made, comparison)
    late = " ".join(memo_text(memo(comparison, pd.Timestamp("2026-11-01", tz="UTC"))).split())
    assert "none is out of sample" in late


def test_files_are_written_with_their_hashes(told: Said, tmp_path: Path) -> None:
    import hashlib

    out = tmp_path / "deep" / "folder"
    write_comparison(told, out)
    write_memo(memo(told.found, None), told, out)
    manifest = json.loads((out / "manifest.json").read_text())
    assert set(manifest["files"]) == {
        "compare.html",
        "compare.json",
        *(f"{key}.png" for key in told.charts),
    }
    for name, expected in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == expected
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    write_comparison(told, out)
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}
    assert len(before["compare.html"]) < 8_000_000
    assert "no record of it" in before["memo.txt"].decode()
