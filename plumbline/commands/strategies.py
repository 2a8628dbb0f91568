"""``plumbline strategies``: the named variants, and a start for one of your own."""

from __future__ import annotations

from typing import Annotated

import typer

from plumbline.options import JsonOption

app = typer.Typer(help="List the strategies and start one of your own.", no_args_is_help=True)


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List every variant and yardstick."""
    from data.settings import settings
    from plumbline.options import print_json, print_table
    from strategies.baselines import BASELINES
    from strategies.variants import names, variant

    home = settings().home
    rules = [(variant(name, home), False) for name in names(home)]
    rules += [(rule, True) for rule in BASELINES.values()]
    described = [
        {
            "name": rule.name,
            "title": rule.title,
            "family": rule.family,
            "decide": rule.decide,
            "inputs": rule.inputs,
            "config_hash": rule.config_hash,
            "benchmark": benchmark,
        }
        for rule, benchmark in rules
    ]
    if json:
        print_json(described)
        return
    print_table(
        "Strategies",
        ("name", "kind", "decides", "reads", "what"),
        [
            (
                rule.name,
                "yardstick" if benchmark else rule.family,
                rule.decide.replace("_", " "),
                ", ".join(rule.inputs),
                rule.title,
            )
            for rule, benchmark in rules
        ],
    )


@app.command()
def new(name: Annotated[str, typer.Argument(help="Name of the new variant.")]) -> None:
    """Write a variant of your own into the home folder, to edit."""
    from data.atomic import replace_file
    from data.errors import BadConfig
    from data.settings import settings
    from strategies.variants import template

    path = settings().variants / f"{name}.toml"
    text = template(name)
    if path.exists():
        raise BadConfig(f"{path} exists already: choose another name")
    replace_file(path, text.encode())
    print(f"{path}\nedit it, then: plumbline backtest {name}")
