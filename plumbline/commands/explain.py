"""``plumbline explain``: why a strategy held what it held."""

from __future__ import annotations

from typing import Annotated

import typer

from plumbline.options import AsOfOption, DataOption, JsonOption


def command(
    name: Annotated[str, typer.Argument(help="A variant, a .toml file, or module:object.")],
    date: Annotated[str, typer.Argument(help="Decision day (00:00 UTC).")],
    data: DataOption = None,
    as_of: AsOfOption = None,
    json: JsonOption = False,
) -> None:
    """Show the target of a day and every figure behind it, with ages."""
    from data.errors import InputError, TooShort
    from data.panel import panel_of
    from data.settings import settings
    from plumbline.options import day, print_json, print_table, snapshot_of
    from strategies.explain import explain
    from strategies.loading import load_strategy
    from strategies.strategy import Strategy

    strategy = load_strategy(name, settings().home)
    if not isinstance(strategy, Strategy):
        raise InputError(f"{name}: only a strategy made of the project's pieces can be explained")
    snapshot, when = snapshot_of(data, as_of, live=True), day(date)
    assert when is not None  # the argument is required
    if when > snapshot.as_of:
        raise TooShort(
            f"{date} lies after the last decision with fresh prices, {snapshot.as_of:%Y-%m-%d}"
        )
    seen = snapshot.until(when)
    reasons = explain(strategy, panel_of(seen), seen.daily, when, seen.funding)
    if json:
        print_json(reasons)
        return
    print_table(
        f"{strategy.title}, decision of {when:%Y-%m-%d} 00:00 UTC",
        ("step", "name", "value", "unit", "about", "age (days)", "note"),
        [
            (
                reason.step,
                reason.name,
                _value(reason.value),
                reason.unit,
                "" if reason.ref_date is None else str(reason.ref_date),
                "" if reason.age_days is None else f"{reason.age_days:.0f}",
                reason.note,
            )
            for reason in reasons
        ],
    )


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return "–" if value != value else f"{value:,.2f}"
