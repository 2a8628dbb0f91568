"""What a variant file may say, and one line for everything else."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadConfig
from strategies.config import AnyAllocation, AnyExposure, AnyOverlay, read_variant, strategy_of

GOOD = """
title = "A title"
family = "tests"

[exposure]
kind = "threshold"
signal = { name = "liquidity_impulse", days = 28 }
enter = 50
leave = -50.0

[allocation]
kind = "uptrend_altcoins"
part = 0.4

[[overlays]]
kind = "volatility_target"
target = 0.3

[[overlays]]
kind = "rebalance_band"
width = 0.05
"""


def read(text: str, tmp_path: Path) -> str:
    """Return the error that a file with this text gives, without the path."""
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        read_variant(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    found = read_variant(path)
    assert (found.name, found.title, found.family) == ("mine", "A title", "tests")
    assert found.decide == "daily"
    assert found.config["allocation"]["part"] == 0.4
    assert found.config["exposure"]["enter"] == 50.0
    assert [overlay["kind"] for overlay in found.config["overlays"]] == [
        "volatility_target",
        "rebalance_band",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("family =", "famly =", "unknown key 'famly': did you mean family?"),
        ("leave =", "leaf =", "unknown key 'exposure.leaf': did you mean leave?"),
        ("enter = 50", "enter = 50\nentr = 1", "unknown key 'exposure.entr': did you mean enter"),
        ("width =", "widht = 1\nwidth =", "unknown key 'overlays.1.widht': did you mean width?"),
        (
            "days = 28",
            "dayz = 28",
            "'liquidity_impulse' has no parameter 'dayz': did you mean days?",
        ),
        ("days = 28", "days = -1", "days = -1 is not a whole number of at least 1"),
        ("liquidity_impulse", "liquidty_impulse", "did you mean liquidity_impulse"),
        ("liquidity_impulse", "liquidty_impulse", "exposure.signal = {'name': 'liquidty_impulse'"),
        ('"threshold"', '"treshold"', "exposure.kind = 'treshold': did you mean threshold"),
        ('kind = "rebalance_band"', "", "overlays.1.kind is missing: known: drawdown_stop"),
        (
            '"rebalance_band"',
            '"rebalance"',
            "overlays.1.kind = 'rebalance': did you mean",
        ),
        ("part = 0.4", "part = 1.4", "allocation.part = 1.4: input should be less than or equal"),
        ("part = 0.4", 'part = "0.4"', "allocation.part = '0.4': input should be a valid number"),
        ("part = 0.4", "part = nan", "allocation.part = nan: input should be"),
        ("enter = 50", "enter = inf", "exposure.enter = inf: input should be a finite number"),
        ("width = 0.05", "width = true", "overlays.1.width = True: input should be a valid number"),
        ('title = "A title"', "", "title is missing"),
        ('title = "A title"', 'title = ""', "title = '': string should have at least 1"),
        (
            "family =",
            'decide = "hourly"\nfamily =',
            "decide = 'hourly': input should be 'daily' or",
        ),
        ("[exposure]", "[exposure", "not valid TOML: "),
        ("[allocation]", "[allocations]", "unknown key 'allocations': did you mean allocation?"),
        ('name = "liquidity_impulse", days', "days", "a signal needs a name"),
        ("signal = {", "signal = 3 # {", "exposure.signal = 3: a signal is a name, or a table"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    old: str, new: str, expected: str, tmp_path: Path
) -> None:
    assert old in GOOD
    assert expected in read(GOOD.replace(old, new, 1), tmp_path)


def test_overlays_in_the_wrong_order_are_named_with_the_file(tmp_path: Path) -> None:
    text = GOOD + '\n[[overlays]]\nkind = "max_gross"\nlimit = 1.0\n'
    assert "overlay 'max_gross' must come before" in read(text, tmp_path)


def test_a_conditioner_cannot_set_a_proportion(tmp_path: Path) -> None:
    text = """
title = "x"
[exposure]
kind = "proportional"
signal = "net_liquidity"
[allocation]
kind = "btc"
"""
    assert "signal 'net_liquidity' has no direction" in read(text, tmp_path)


def test_a_nested_rule_is_checked_too(tmp_path: Path) -> None:
    text = """
title = "x"
[exposure]
kind = "pressure_veto"
[exposure.base]
kind = "trend"
dais = 3
[allocation]
kind = "btc"
"""
    assert read(text, tmp_path) == "unknown key 'exposure.base.dais': did you mean days?"
    text = text.replace('"trend"', '"playbook"')
    assert "exposure.base.kind = 'playbook': known: constant, impulse_trend" in read(text, tmp_path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"none\.toml: there is no such file"):
        read_variant(tmp_path / "none.toml")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfig, match="cannot be read"):
        read_variant(path)
    with pytest.raises(BadConfig, match="cannot be read"):
        read_variant(tmp_path)


@given(st.permutations(list(tomllib.loads(GOOD).items())))
def test_the_order_of_keys_does_not_change_the_hash(items: list[tuple[str, object]]) -> None:
    base = strategy_of(tomllib.loads(GOOD), "a", "a file")
    assert strategy_of(dict(items), "b", "b file").config_hash == base.config_hash


def test_a_default_that_is_written_out_does_not_change_the_hash() -> None:
    table = tomllib.loads(GOOD)
    base = strategy_of(table, "a", "a file").config_hash
    table["allocation"]["trend_days"] = 200
    table["exposure"]["signal"]["smooth"] = 7
    table["decide"] = "daily"
    assert strategy_of(table, "a", "a file").config_hash == base
    table["allocation"]["trend_days"] = 201
    assert strategy_of(table, "a", "a file").config_hash != base


def test_every_piece_has_a_kind_of_its_own() -> None:
    for union in (AnyExposure, AnyAllocation, AnyOverlay):
        kinds = [piece.model_fields["kind"].default for piece in get_args(union)]
        assert len(set(kinds)) == len(kinds)
