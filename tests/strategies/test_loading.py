from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.errors import BadConfig, UnknownName
from strategies.baselines import BASELINES
from strategies.loading import load_strategy
from strategies.strategy import Strategy
from strategies.variants import template, variant


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("my_"):
            del sys.modules[name]


def test_a_name(home: Path) -> None:
    found = load_strategy("essay_playbook")
    assert isinstance(found, Strategy)
    assert found == variant("essay_playbook")
    assert load_strategy("cash") is BASELINES["cash"]


def test_a_file(here: Path) -> None:
    (here / "mine.toml").write_text(template("mine"))
    assert load_strategy("mine.toml").name == "mine"


def test_an_object_in_a_module(here: Path) -> None:
    (here / "my_rules.py").write_text(
        "from strategies.baselines import BASELINES\nrule = BASELINES['cash']\n"
    )
    assert load_strategy("my_rules:rule") is BASELINES["cash"]


def test_the_working_directory_shadows_nothing(here: Path) -> None:
    (here / "strategies").mkdir()
    (here / "strategies" / "__init__.py").write_text("")
    (here / "my_first.py").write_text("import strategies\nrule = strategies.__doc__\n")
    with pytest.raises(BadConfig, match="this str is no strategy, it lacks 'name'"):
        load_strategy("my_first:rule")
    assert sys.path[-1] == str(here)


@pytest.mark.parametrize(
    ("reference", "error", "message"),
    [
        ("esay_playbook", UnknownName, "unknown strategy 'esay_playbook': did you mean essay_play"),
        ("buy_and_hodl", UnknownName, "did you mean buy_and_hold"),
        ("none.toml", BadConfig, "none.toml: there is no such file"),
        ("my_none:rule", BadConfig, "my_none:rule: there is no module 'my_none' here"),
        ("my_broken:rule", BadConfig, "my_broken fails on import: ZeroDivisionError: division"),
        ("my_lost:rule", BadConfig, "my_lost imports 'nowhere_at_all', not found"),
        ("my_rules:rul", UnknownName, "unknown object in my_rules 'rul': did you mean rule?"),
        ("my_rules:rule", BadConfig, "my_rules:rule: this int is no strategy, it lacks 'name'"),
    ],
)
def test_what_cannot_be_found_is_said_in_one_line(
    here: Path, reference: str, error: type[Exception], message: str
) -> None:
    (here / "my_broken.py").write_text("1 / 0\n")
    (here / "my_lost.py").write_text("import nowhere_at_all\n")
    (here / "my_rules.py").write_text("rule = 1\n")
    with pytest.raises(error) as caught:
        load_strategy(reference)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
