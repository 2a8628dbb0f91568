"""A comparison as one self-contained page."""

from __future__ import annotations

from collections.abc import Mapping

from backtests.report.comparison.content import Said
from backtests.report.comparison.sentences import NAMED, winner_text, words
from backtests.report.frame import environment, frame
from backtests.report.wording import listing, plural


def page(said: Said, pictures: Mapping[str, bytes]) -> str:
    """Return the comparison as HTML.

    Parameters
    ----------
    said : Said
        What it says.
    pictures : mapping of str to bytes
        The PNG of each chart, for readers without scripts and for paper.
    """
    found = said.found
    names = listing([words(name) for name in found.names])
    if len(found.names) > NAMED:
        names = f"{plural(len(found.names), 'variant')} compared"
    around = found.plateau
    return (
        environment()
        .get_template("comparison.html.j2")
        .render(
            **frame(
                title=f"{names[0].upper()}{names[1:]}",
                description=" ".join(said.sentences),
                truth=found.field.snapshot.truth,
                charts=said.charts,
                pictures=pictures,
            ),
            said=said,
            found=found,
            field=found.field,
            winner="" if around is None else winner_text(around),
        )
    )
