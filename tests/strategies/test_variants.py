from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import pytest

from data.errors import BadConfig, UnknownName
from strategies.baselines import BASELINES
from strategies.config import AnyAllocation, AnyExposure, AnyOverlay
from strategies.variants import FOLDER, VARIANTS, names, template, variant


def test_at_least_twelve_variants_the_playbook_among_them() -> None:
    assert len(VARIANTS) >= 12
    assert "essay_playbook" in VARIANTS


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_says_what_it_is_and_where_its_numbers_come_from(name: str) -> None:
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    comment = "".join(itertools.takewhile(lambda line: line.startswith("#"), text.splitlines(True)))
    assert comment.count("\n") >= 2
    assert {"title", "family", "decide"} <= set(tomllib.loads(text))


def test_no_two_variants_are_the_same_rule() -> None:
    rules = [*map(variant, VARIANTS), *BASELINES.values()]
    assert len({rule.config_hash for rule in rules}) == len(rules)


def kinds(union: object) -> set[str]:
    return {piece.model_fields["kind"].default for piece in getattr(union, "__args__", ())}


def test_every_piece_is_used() -> None:
    configs = [rule.config for rule in (*map(variant, VARIANTS), *BASELINES.values())]
    assert kinds(AnyExposure) == {config["exposure"]["kind"] for config in configs}
    assert kinds(AnyAllocation) == {config["allocation"]["kind"] for config in configs}
    used = {overlay["kind"] for config in configs for overlay in config["overlays"]}
    assert kinds(AnyOverlay) == used


def own(home: Path, name: str, text: str) -> Path:
    folder = home / "variants"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_variants_of_the_users_own(home: Path) -> None:
    path = own(home, "mine", template("mine"))
    assert "mine" in names()
    assert set(names()) - {"mine"} == set(VARIANTS)
    assert variant("mine").title == "mine: in one line"
    assert variant(path).config_hash == variant("mine", home).config_hash


def test_a_home_given_beats_the_environment(home: Path, tmp_path: Path) -> None:
    own(tmp_path, "elsewhere", template("elsewhere"))
    assert "elsewhere" in names(tmp_path)
    assert "elsewhere" not in names()


@pytest.mark.parametrize("taken", ["essay_playbook", "buy_and_hold"])
def test_a_name_of_the_projects_is_not_shadowed(home: Path, taken: str) -> None:
    own(home, taken, template("mine"))
    with pytest.raises(BadConfig, match=f"'{taken}' is one of the project's own: rename the file"):
        names()


def test_a_misspelt_name() -> None:
    with pytest.raises(UnknownName, match="unknown strategy 'esay_playbook': did you mean"):
        variant("esay_playbook")


@pytest.mark.parametrize("bad", ["Mine", "a-b", "../x", "1st", "größe", ""])
def test_a_template_wants_a_plain_name(bad: str) -> None:
    with pytest.raises(BadConfig, match="name a variant in lower-case letters"):
        template(bad)


def test_a_template_wants_a_free_name() -> None:
    with pytest.raises(BadConfig, match="take another name"):
        template("essay_playbook")


def test_the_template_names_every_rule_that_can_be_chosen() -> None:
    text = template("mine")
    for union in (AnyExposure, AnyAllocation, AnyOverlay):
        for kind in kinds(union):
            assert kind in text
