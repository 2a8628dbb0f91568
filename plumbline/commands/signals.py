"""``plumbline signals``: the liquidity signals, their values, and a strategy's feed."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.commands import export
from plumbline.options import AsOfOption, DataOption, JsonOption

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(
    help="List the signals, show their values, export a strategy's targets.", no_args_is_help=True
)
app.command("export")(export.command)

WEEKS_SHOWN = 60
ROWS_SHOWN = 15
BLOCKS = "▁▂▃▄▅▆▇█"


class Format(StrEnum):
    """How values are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List every signal: unit, what the thesis says of it, inputs, what it is."""
    from plumbline.options import print_json, print_table
    from signals.registry import SIGNALS, TABLES, signal

    directions = {1: "+1 lifts", -1: "-1 weighs", 0: "0 conditions"}
    found = {name: signal(name) for name in SIGNALS}
    if json:
        described = [
            {
                "name": name,
                "unit": each.unit,
                "direction": each.direction,
                "inputs": each.inputs,
                "what": _first_line(type(each)),
                "essay": each.essay,
            }
            for name, each in found.items()
        ]
        print_json({"signals": described, "tables": sorted(TABLES)})
        return
    print_table(
        "Signals",
        ("name", "unit", "thesis", "reads", "what"),
        [
            (
                name,
                each.unit,
                directions[each.direction],
                ", ".join(each.inputs),
                _first_line(type(each)),
            )
            for name, each in found.items()
        ],
    )
    print(f"Tables: {', '.join(sorted(TABLES))} (signals show NAME)")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of a signal or table.")],
    data: DataOption = None,
    as_of: AsOfOption = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter.")
    ] = None,
) -> None:
    """Show a signal at every daily decision time, from what was known then."""
    from data.panel import panel_of
    from plumbline.options import snapshot_of
    from signals.registry import TABLES, signal, table

    parameters = dict(_pair(text) for text in set_ or [])
    unit = ""
    if name in TABLES:
        rows = table(name, **parameters)
        frame = rows.compute(panel_of(snapshot_of(data, as_of, live=True)))
    else:
        chosen = signal(name, **parameters)
        unit = chosen.unit
        frame = chosen.compute(panel_of(snapshot_of(data, as_of, live=True))).to_frame()
    frame = frame.loc[frame.first_valid_index() :]
    if form is Format.CSV:
        _csv(frame).to_csv(sys.stdout, index=False)
    elif form is Format.JSON:
        from plumbline.options import print_json

        print_json(_csv(frame))
    else:
        _print(name, unit, frame)


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _pair(text: str) -> tuple[str, object]:
    """Parse ``key=value``; a value that is valid TOML has its type, another is a string."""
    import tomllib

    from data.errors import BadConfig

    key, equals, value = text.partition("=")
    if not equals:
        raise BadConfig(f"--set {text!r}: give KEY=VALUE")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value


def _csv(frame: pd.DataFrame) -> pd.DataFrame:
    stamped = frame.copy()
    stamped.insert(0, "decision_time", [f"{when:%Y-%m-%dT%H:%M:%SZ}" for when in frame.index])
    return stamped


def _print(name: str, unit: str, frame: pd.DataFrame) -> None:
    from plumbline.options import print_table

    rows = [
        (f"{when:%Y-%m-%d}", *(_cell(value) for value in row))
        for when, row in zip(
            frame.index[-ROWS_SHOWN:], frame.tail(ROWS_SHOWN).to_numpy(), strict=True
        )
    ]
    print_table(f"{name} ({unit})" if unit else name, ("decision", *map(str, frame.columns)), rows)
    first = frame.iloc[:, 0]
    if first.dtype.kind == "f":
        weekly = first.iloc[::-7][:WEEKS_SHOWN].iloc[::-1]
        print(f"{len(weekly)} weeks  {sparkline(weekly)}")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:,.2f}"
    return str(value)


def sparkline(values: pd.Series[float]) -> str:
    """Draw values as a line of blocks; a gap where a value is missing."""
    low, high = values.min(), values.max()
    span = high - low
    return "".join(
        " "
        if value != value
        else BLOCKS[
            0 if not span else min(int((value - low) / span * len(BLOCKS)), len(BLOCKS) - 1)
        ]
        for value in values
    )
