"""A registration is read whole, or refused with the field at fault."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from backtests.thesis.claims import HALLELUJAH, read_thesis
from backtests.thesis.scorecard import METHODS
from data.catalogue import SERIES
from data.errors import BadConfig, UnknownName

# DESIGN's list of claims.
CLAIMS = [
    *("A1", "A2", "A3", "A4", "A5"),
    *("B1", "B2", "B3", "B4", "B5", "B6", "B7"),
    *("C1", "C2a", "C2b", "C3", "C4", "C5", "C6"),
    *("D1", "D2", "D3a", "D3b", "D4u", "D4c", "D5", "D6", "D7", "E1"),
]
DECIDED = {
    *("B1", "B3", "B6", "C1"),
    *("D1", "D2", "D3a", "D3b", "D4u", "D4c", "D6"),
    *("B4", "C2a", "C2b", "C3", "C5", "E1"),
}


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = HALLELUJAH.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "changed.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_every_claim_is_registered_and_none_is_left_out() -> None:
    thesis = read_thesis()
    assert [claim.id for claim in thesis.claims] == CLAIMS
    assert {claim.id for claim in thesis.claims if claim.method != "pending"} == DECIDED


def test_every_method_exists() -> None:
    named = {claim.method for claim in read_thesis().claims} - {"pending"}
    assert named == set(METHODS)


def test_the_hash_is_that_of_the_file() -> None:
    assert read_thesis().sha256 == hashlib.sha256(HALLELUJAH.read_bytes()).hexdigest()


def test_the_series_of_every_claim_are_in_the_catalogue() -> None:
    for claim in read_thesis().claims:
        assert set(claim.series) <= set(SERIES), claim.id


def test_the_smallest_effects_of_interest_are_those_fixed_beforehand() -> None:
    thesis = read_thesis()
    for name in ("C2a", "C2b", "C3"):
        delta = thesis.claim(name).delta
        assert isinstance(delta, dict)
        assert (delta[4], delta[13]) == (1.0, 2.0)
    assert thesis.claim("C5").delta == 5.0
    assert thesis.claim("E1").delta == 0.3


BAD = [
    ('kind = "fact"', 'kind = "fcat"', r"claim A1, kind: .*'fcat'"),
    ('id = "A2"', 'id = "A1"', r"claim A1 is registered twice"),
    ("alpha = 0.025", "alpha = 1.5", r"alpha: .*1.5"),
    ('unit = "share of days"', 'units = "days"', r"claim B1, units: Extra inputs"),
    ("bootstrap_draws = 999", "", r"bootstrap_draws: Field required$"),
    (
        "sample = { start = 2021-07-29 }",
        "sample = { start = 2021-07-29, end = 2020-01-01 }",
        r"the end 2020-01-01 lies before the start 2021-07-29",
    ),
    ("alpha = 0.025", "alpha = ", r"not valid TOML"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD)
def test_a_bad_registration_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(BadConfig, match=message):
        read_thesis(changed(tmp_path, old, new))


def test_a_missing_file_and_an_unknown_claim_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such thesis file"):
        read_thesis(tmp_path / "nowhere.toml")
    with pytest.raises(UnknownName, match=r"unknown claim 'C2c': did you mean C2"):
        read_thesis().claim("C2c")


def test_a_method_that_needs_a_field_says_so() -> None:
    with pytest.raises(BadConfig, match=r"claim A1: method 'pending' needs the field 'usage_bn'"):
        read_thesis().claim("A1").needs("usage_bn")
