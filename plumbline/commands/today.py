"""``plumbline today``: what is new, where we stand, and what would change a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.options import AsOfOption, DataOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from signals.news import Published, Release
    from strategies.tripwires import Tripwire

NEXT_SHOWN = 8
HEADLINE = "essay_playbook"


def command(
    data: DataOption = None,
    as_of: AsOfOption = None,
    days: Annotated[int, typer.Option(help="How many days back counts as new.")] = 1,
    strategy: Annotated[
        list[str] | None, typer.Option("--strategy", help="Whose tripwires (may be repeated).")
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Tripwires of every variant (takes a minute).")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show new figures against the calendar, the regime, the next releases, and tripwires."""
    import pandas as pd

    from data.panel import panel_of
    from data.settings import settings
    from plumbline.options import print_json, snapshot_of
    from signals.news import published, upcoming
    from signals.registry import SIGNALS, signal, table
    from strategies.tripwires import tripwires
    from strategies.variants import names, variant

    snapshot = snapshot_of(data, as_of, live=True)
    now, home = snapshot.as_of, settings().home
    seen = snapshot.until(now)
    panel = panel_of(seen)
    chosen = names(home) if all_ else strategy or [HEADLINE]
    rules = [variant(name, home) for name in chosen]
    read = {series for name in SIGNALS for series in signal(name).inputs}
    watched = sorted(series for series in read if panel.has(series))
    regime = table("regime").compute(panel).iloc[-1]
    found: dict[str, Any] = {
        "as_of": now,
        "snapshot_id": snapshot.snapshot_id,
        "published": published(seen.observations, now - pd.Timedelta(days=days), now),
        "regime": regime.to_dict(),
        "next": upcoming(watched, now),
        "tripwires": {
            rule.name: tripwires(rule, panel, seen.daily, now, seen.funding) for rule in rules
        },
    }
    if json:
        print_json(found)
        return
    print(f"As of {now:%Y-%m-%d %H:%M} UTC, snapshot {snapshot.snapshot_id}")
    _print_published(found["published"])
    _print_regime(regime)
    _print_next(found["next"])
    _print_tripwires(found["tripwires"])


def _print_published(items: list[Published]) -> None:
    from plumbline.options import print_table

    rows = [
        (
            item.series + (" (revised)" if item.revision else ""),
            str(item.ref_date),
            f"{item.known_at:%m-%d %H:%M}",
            f"{item.value:,.2f}",
            _number(item.previous),
            _number(item.expected),
            _number(item.surprise),
            item.unit,
        )
        for item in items
    ]
    header = ("series", "about", "known (UTC)", "value", "before", "expected", "surprise", "unit")
    print_table("Published since", header, rows)


def _print_regime(regime: pd.Series[Any]) -> None:
    print(f"Regime: {regime['regime']}. {regime['reason']}\n")


def _print_next(releases: list[Release]) -> None:
    from plumbline.options import print_table

    rows = [
        (release.series, str(release.ref_date), f"{release.known_at:%a %Y-%m-%d %H:%M}")
        for release in releases
        if release.known_at is not None
    ]
    print_table("Next releases", ("series", "about", "known (UTC)"), rows[:NEXT_SHOWN])


def _print_tripwires(wires: dict[str, list[Tripwire]]) -> None:
    from plumbline.options import print_table

    rows = [
        (
            name,
            wire.series,
            f"{wire.value:,.2f} {wire.unit}",
            _edge(wire.below, wire.weights_below),
            _edge(wire.above, wire.weights_above),
        )
        for name, found in wires.items()
        for wire in found
        if wire.below is not None or wire.above is not None
    ]
    print_table(
        "Tripwires: the level of one input that would change the target, others as they are",
        ("strategy", "input", "now", "changes below", "changes above"),
        rows,
    )


def _edge(level: float | None, weights: Mapping[str, float]) -> str:
    if level is None:
        return "–"
    target = ", ".join(f"{asset} {weight:.0%}" for asset, weight in weights.items())
    return f"{level:,.2f} -> {target or 'no order'}"


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:,.2f}"
