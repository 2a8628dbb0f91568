"""What is left of a target when its inputs are late."""

from __future__ import annotations

import tomllib

import pytest

from data.errors import BadConfig
from strategies.config import strategy_of
from strategies.feed_terms import FeedTerms
from strategies.variants import VARIANTS, template, variant


@pytest.mark.parametrize(
    ("on_stale", "late", "over", "kept"),
    [
        ("hold", 0, 0, 1.0),
        ("hold", 9, 0, 1.0),
        ("hold", 9, 1, 0.75),
        ("hold", 9, 4, 0.0),
        ("decay", 1, 0, 0.75),
        ("decay", 2, 3, 0.25),
        ("decay", 40, 30, 0.0),
        ("flat", 0, 0, 1.0),
        ("flat", 1, 0, 0.0),
        ("flat", 0, 1, 0.0),
    ],
)
def test_the_share_that_is_kept(on_stale: str, late: int, over: int, kept: float) -> None:
    terms = FeedTerms.model_validate({"on_stale": on_stale, "decay_days": 4})
    assert terms.kept(late, over) == kept


def test_they_stand_in_the_variants_file_and_not_in_its_hash() -> None:
    table = tomllib.loads(template("mine"))
    held, flat = (
        strategy_of({**table, "feed": {"on_stale": choice}}, "mine", "mine.toml")
        for choice in ("hold", "flat")
    )
    assert (held.feed.on_stale, flat.feed.on_stale) == ("hold", "flat")
    assert held.config_hash == flat.config_hash


def test_the_projects_variants_hold() -> None:
    assert {variant(name).feed for name in VARIANTS} == {FeedTerms()}


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        ({"on_stal": "flat"}, "unknown key 'feed.on_stal': did you mean on_stale?"),
        ({"on_stale": "sell"}, "feed.on_stale = 'sell'"),
        ({"decay_days": 0}, "feed.decay_days = 0"),
        ({"grace_hours": 25.0}, "feed.grace_hours = 25.0"),
    ],
)
def test_what_cannot_be_is_refused(feed: dict[str, object], message: str) -> None:
    table = tomllib.loads(template("mine"))
    with pytest.raises(BadConfig, match=message):
        strategy_of({**table, "feed": feed}, "mine", "mine.toml")
