from __future__ import annotations

import re

import pytest

from backtests import palette
from backtests.inference.verdict import NOT_YET_TESTED, FactVerdict, ForecastVerdict, Verdict
from backtests.report.frame import TEMPLATES
from backtests.report.verdicts import LOOKS, look
from data.errors import UnknownName

WORDS = [*Verdict, *FactVerdict, *ForecastVerdict, NOT_YET_TESTED]
TEXT = ("ink", "muted", "blue-text", "vermilion-text", "purple-text")


@pytest.mark.parametrize("word", WORDS)
def test_every_word_a_claim_can_end_with_has_a_look(word) -> None:
    assert look(str(word)).word == str(word)


@pytest.mark.parametrize("tone", sorted({one.tone for one in LOOKS.values()}))
def test_every_tone_has_an_icon_and_a_line(tone) -> None:
    page = (TEMPLATES / "frame.html.j2").read_text()
    style = (TEMPLATES / "style.css").read_text()
    assert f'id="i-{tone}"' in page
    assert re.search(rf"\.pipe\.{tone}\b", style)


def test_good_and_bad_differ_in_colour_and_undecided_is_neither() -> None:
    assert [look(word).tone for word in ("supported", "contradicted", "inconclusive")] == [
        "for",
        "against",
        "open",
    ]
    assert not look("inconclusive").decided


def test_a_misspelt_verdict_gets_a_hint() -> None:
    with pytest.raises(UnknownName, match="supported"):
        look("suported")


@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK])
@pytest.mark.parametrize("ground", ["paper", "panel"])
def test_text_colours_keep_their_contrast(name, colours, ground) -> None:
    assert palette.contrast(colours[name], colours[ground]) >= 4.5


def test_banner_is_legible() -> None:
    light = palette.LIGHT
    assert palette.contrast(light["banner-text"], light["banner"]) >= 7


def test_contrast_of_black_and_white_is_21() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21.0)
