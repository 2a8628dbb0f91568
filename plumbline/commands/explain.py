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
    from data.errors import TooShort
    from data.settings import settings
    from plumbline.options import day, print_json, snapshot_of
    from strategies.explain import explain
    from strategies.loading import load_strategy

    strategy = load_strategy(name, settings().home)
    snapshot, when = snapshot_of(data, as_of), day(date)
    assert when is not None  # the argument is required
    if when > snapshot.as_of:
        raise TooShort(
            f"{date} lies after the last decision with fresh prices, {snapshot.as_of:%Y-%m-%d}"
        )
    found = explain(strategy, snapshot.until(when), when)
    if json:
        print_json(found)
        return
    print(found.text())
