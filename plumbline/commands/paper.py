"""``plumbline paper``: the paper-trading loop of one strategy."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.options import DataOption, JsonOption

if TYPE_CHECKING:
    from paper.desk import Desk
    from paper.loop import Outcome
    from paper.replay import Parity
    from paper.standing import Standing

app = typer.Typer(
    help="Carry a strategy's decisions out on paper: each exactly once, never on stale data.",
    no_args_is_help=True,
)
EVENTS_SHOWN = 8

StrategyOption = Annotated[
    str, typer.Option("--strategy", help="A variant, a .toml file, or module:object.")
]
BrokerOption = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="BROKER",
        help="simulated, or ccxt:EXCHANGE for its sandbox; by default the ledger's, simulated "
        "for a new one. Live accounts are refused.",
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="Act as if it were this instant (with zone); a simulated world's own last day by "
        "default, else now.",
    ),
]


@app.command()
def once(
    strategy: StrategyOption,
    data: DataOption = None,
    broker: BrokerOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Do what is due now and end: for a timer. Exit status 1 where something is held back."""
    from paper.once import once as act
    from paper.once import sentence
    from plumbline.options import print_json

    desk = _desk(strategy, data, broker, at)
    outcome = act(desk, _warn)
    if json:
        print_json({"strategy": desk.strategy.name, "ledger": desk.ledger_path, **_told(outcome)})
    else:
        print(f"{desk.strategy.name}, {sentence(outcome)}")
        print(f"page: {desk.page_path}")
    if outcome.status in ("waiting", "blocked"):
        raise typer.Exit(1)


@app.command()
def run(
    strategy: StrategyOption,
    data: DataOption = None,
    broker: BrokerOption = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Stop at this instant.")
    ] = None,
) -> None:
    """Keep acting: at every decision time, and again while something is held back."""
    from data.loading import instant
    from paper.once import run as keep_on

    stop = None if until is None else instant(until)
    keep_on(_desk(strategy, data, broker, None), _say, _warn, until=stop)


@app.command()
def status(strategy: StrategyOption, at: AtOption = None, json: JsonOption = False) -> None:
    """Show holdings, targets, the last decision and why, and value against the backtest."""
    from paper.events import moment
    from paper.standing import ages, document, standing
    from plumbline.options import print_json

    desk = _desk(strategy, None, None, at)
    with desk.ledger() as ledger:
        found = standing(ledger)
    # A simulated world stands still between two runs.
    now = moment(found.recent[0].at) if found.world and at is None else desk.clock.now()
    old = ages(found, now)
    if json:
        print_json({**document(found), "ages_hours": old, "page": desk.page_path})
    else:
        _print(found, old)
    if found.halt is not None or found.blocks:
        raise typer.Exit(1)


@app.command()
def replay(
    strategy: Annotated[
        str | None, typer.Option("--strategy", help="A variant, a .toml file, or module:object.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every variant.")] = False,
    data: DataOption = None,
    start: Annotated[str | None, typer.Option(help="First decision day.")] = None,
    end: Annotated[str | None, typer.Option(help="Last decision day.")] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Take every decision again on data cut at its time.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Replay history through the loop and hold it against the backtest; 1 where they differ."""
    from data.errors import InputError
    from data.panel import panel_of
    from data.settings import settings
    from paper.replay import SAMPLES
    from paper.replay import replay as walk
    from plumbline.options import day, print_json, snapshot_of
    from strategies.loading import load_strategy
    from strategies.variants import names

    home = settings().home
    if all_ == (strategy is not None):
        raise InputError("give --strategy NAME, or --all")
    chosen = [load_strategy(name, home) for name in (names(home) if all_ else [str(strategy)])]
    snapshot = snapshot_of(data, None)
    panel, span = panel_of(snapshot), {"start": day(start), "end": day(end)}
    samples = None if exact else SAMPLES
    found = [walk(rule, snapshot, **span, panel=panel, samples=samples) for rule in chosen]
    if json:
        print_json(found)
    else:
        _print_parity(found)
    if not all(one.equal for one in found):
        raise typer.Exit(1)


@app.command()
def reconcile(
    strategy: StrategyOption,
    data: DataOption = None,
    broker: BrokerOption = None,
    at: AtOption = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take the broker's balances over into the ledger.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Compare the ledger with the broker; exit status 1 where they differ."""
    from paper.once import reconcile as compare
    from plumbline.options import print_json

    found = compare(_desk(strategy, data, broker, at), accept=accept)
    if json:
        rows = [{"asset": d.asset, "ledger": str(d.ledger), "broker": str(d.broker)} for d in found]
        print_json({"differences": rows, "accepted": accept and bool(rows)})
    else:
        for one in found:
            print(one)
        print("taken over" if found and accept else f"{len(found)} differences")
    if found and not accept:
        raise typer.Exit(1)


@app.command()
def halt(
    strategy: StrategyOption,
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "by hand",
    at: AtOption = None,
) -> None:
    """Stop trading: no order adds risk until it is resumed."""
    from paper.once import halt as stop

    stop(_desk(strategy, None, None, at), reason)
    print("halted: no order adds risk; `plumbline paper resume` ends it")


@app.command()
def resume(strategy: StrategyOption, at: AtOption = None) -> None:
    """Let trading go on after a halt."""
    from paper.once import resume as go_on

    print("resumed" if go_on(_desk(strategy, None, None, at)) else "it was not halted")


def _desk(strategy: str, data: str | None, broker: str | None, at: str | None) -> Desk:
    from functools import cache

    from data.loading import SIMULATED, instant, load
    from data.settings import settings
    from paper.clocks import Shifted
    from paper.desk import desk_of
    from plumbline.options import snapshot_of
    from strategies.loading import load_strategy

    chosen = settings(data)
    rule = load_strategy(strategy, chosen.home)
    simulated = chosen.data.startswith(SIMULATED)
    loaded = cache(lambda: snapshot_of(chosen.data, None, live=True)) if simulated else None
    clock = None
    if at is not None:
        clock = Shifted(instant(at))
    elif loaded is not None:
        clock = Shifted.after(loaded().as_of)
    return desk_of(rule, chosen, loaded or (lambda: load(chosen.data)), broker, clock)


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "decision_time": outcome.decision_time,
        "reasons": list(outcome.reasons),
    }


def _say(line: str) -> None:
    print(line, flush=True)


def _warn(line: str) -> None:
    print(f"plumbline: {line}", file=sys.stderr, flush=True)


def _print(found: Standing, old: dict[str, float]) -> None:
    from paper import words
    from plumbline.options import print_table

    print(f"{found.strategy} on {found.broker}, since {words.day(found.started)}")
    for line in words.warnings(found):
        print(f"! {line}")
    print(
        f"value {words.money(found.value)} USD at the close of {words.instant(found.close)}: "
        f"{words.percent(found.change)} since the start, {words.percent(found.drawdown)} from "
        "the highest"
    )
    print(
        f"the backtest has {words.money(found.model_value)} USD: drift "
        f"{words.money(found.drift)} USD, {words.percent(found.drift_share, 3)}"
    )
    print_table(
        "Holdings and targets",
        ("asset", "target", "weight", "quantity", "price", "value"),
        [
            (
                one.asset,
                "–" if one.target is None else words.percent(one.target, sign=False),
                words.percent(one.weight, sign=False),
                "" if one.asset == "CASH" else words.quantity(one.quantity),
                "" if one.asset == "CASH" else words.price(one.price),
                words.money(one.value),
            )
            for one in found.positions
        ],
    )
    _print_decision(found, old)
    print_table(
        "Last events",
        ("no.", "when", "what", ""),
        [
            (str(event.seq), event.at[:16].replace("T", " "), event.kind, words.told(event))
            for event in found.recent[:EVENTS_SHOWN]
        ],
    )


def _print_decision(found: Standing, old: dict[str, float]) -> None:
    from paper import words

    decision = found.decision
    if decision is None:
        print("no decision yet")
        return
    print(
        f"decision of {decision['decision_time'][:10]} ({old['decision']:,.0f} h ago, data "
        f"{old['data']:,.0f} h old): {words.acted(decision)}. {words.carried_out(found)}"
    )
    print(f"why: {decision['reason']}")
    if found.missed:
        print(f"{found.missed} decision times were missed since the start")


def _print_parity(found: list[Parity]) -> None:
    from plumbline.options import print_table

    print_table(
        "The loop against the backtest",
        ("strategy", "first", "last", "decisions", "orders", "targets", "largest difference, USD"),
        [
            (
                one.strategy,
                f"{one.first:%Y-%m-%d}",
                f"{one.last:%Y-%m-%d}",
                f"{one.decisions:,}",
                f"{one.orders:,}",
                "equal to the bit" if one.targets_equal else "DIFFERENT",
                f"{one.equity_max_abs_diff:.9f}",
            )
            for one in found
        ],
    )
    for one in found:
        for gap in one.differences[:EVENTS_SHOWN]:
            print(
                f"{one.strategy}: {gap.what} {gap.name} at {gap.at:%Y-%m-%d}: replay "
                f"{gap.replay!r}, backtest {gap.backtest!r}"
            )
