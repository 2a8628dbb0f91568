"""``plumbline audit``: does anything look ahead?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.options import AsOfOption, DataOption, JsonOption

if TYPE_CHECKING:
    from signals.audit import Leak
    from signals.audited import SharedPanel
    from signals.trial import Compute
    from strategies.strategy import WeightRule


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A signal, a strategy, a .toml file, or module:object (a signal, a strategy, or "
            "a function from a snapshot to a table by decision time); by default all that is "
            "registered."
        ),
    ] = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    count: Annotated[int, typer.Option(min=8, help="How many times the data are cut.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Seed of times and false futures.")] = 0,
    json: JsonOption = False,
) -> None:
    """Cut and falsify what was not known yet and see whether anything computed before changes.

    Exit status 1 if something does: it looks ahead.
    """
    from plumbline.options import print_json, snapshot_of
    from signals.audit import audit_all
    from signals.audited import SharedPanel
    from signals.trial import ROUNDING

    shared = SharedPanel()
    chosen = _registered(shared) if name is None else _named(name, shared)
    snapshot = snapshot_of(data, as_of)
    computes = {f"{kind} {label}": compute for (kind, label), compute in chosen.items()}
    # What the project names is held to the last bit: live targets must equal the backtest's.
    rounding = ROUNDING if name is not None and ":" in name else 0.0
    found = audit_all(computes, snapshot, count=count, seed=seed, rounding=rounding)
    leaks = {leak.name: leak for leak in found}
    rows = [_row(kind, label, leaks.get(f"{kind} {label}")) for kind, label in chosen]
    if json:
        print_json(rows)
    else:
        _print(rows)
    if leaks:
        raise typer.Exit(1)


def _registered(shared: SharedPanel) -> dict[tuple[str, str], Compute]:
    """Everything that has a name, the user's own variants among it."""
    from data.settings import settings
    from signals.audited import registered
    from strategies.baselines import BASELINES
    from strategies.variants import names, variant

    home = settings().home
    rules: list[WeightRule] = [*map(BASELINES.__getitem__, BASELINES)]
    rules += [variant(name, home) for name in names(home)]
    return {
        **registered(shared),
        **{("strategy", rule.name): _of_rule(rule, shared) for rule in rules},
    }


def _named(name: str, shared: SharedPanel) -> dict[tuple[str, str], Compute]:
    from data.errors import UnknownName

    if name.endswith(".toml"):
        from strategies.variants import variant

        rule = variant(name)
        return {("strategy", rule.name): _of_rule(rule, shared)}
    if ":" in name:
        return _of_object(name, shared)
    known = _registered(shared)
    found = {key: compute for key, compute in known.items() if key[1] == name}
    if not found:
        raise UnknownName("signal or strategy", name, {label for _, label in known})
    return found


def _of_object(reference: str, shared: SharedPanel) -> dict[tuple[str, str], Compute]:
    from data.errors import BadConfig
    from data.user_objects import load_object
    from signals.audited import of_signal

    found = load_object(reference)
    if isinstance(found, type):
        found = found()
    if hasattr(found, "target_weights"):
        return {("strategy", reference): _of_rule(found, shared)}
    if hasattr(found, "compute"):
        return {("signal", reference): of_signal(found, shared)}
    if callable(found):
        return {("function", reference): found}
    raise BadConfig(
        f"{reference}: this {type(found).__name__} is no signal (compute), no strategy "
        "(target_weights) and no function of a snapshot"
    )


def _of_rule(rule: WeightRule, shared: SharedPanel) -> Compute:
    from strategies.strategy import weights_of

    return lambda snapshot: weights_of(rule, shared(snapshot), snapshot.daily, snapshot.funding)


def _row(kind: str, label: str, leak: Leak | None) -> dict[str, object]:
    return {
        "name": label,
        "kind": kind,
        "leak": leak is not None,
        "check": None if leak is None else leak.kind,
        "series": None if leak is None else ", ".join(leak.series) or None,
        "column": None if leak is None else leak.column,
        "decision_time": None if leak is None else leak.decision_time,
        "known_by": None if leak is None else leak.cut,
        "detail": None if leak is None else leak.detail,
    }


def _print(rows: list[dict[str, object]]) -> None:
    from plumbline.options import print_table

    bad = [row for row in rows if row["leak"]]
    if bad:
        print_table(
            "These look ahead",
            ("what", "check", "through", "column", "first decision"),
            [
                (
                    f"{row['kind']} {row['name']}",
                    str(row["check"]),
                    str(row["series"] or "no single input"),
                    str(row["column"]),
                    f"{row['decision_time']:%Y-%m-%d}",
                )
                for row in bad
            ],
        )
        for row in bad:
            print(f"{row['name']}: {row['detail']} (known by {row['known_by']:%Y-%m-%d %H:%M} UTC)")
    print(f"{len(rows)} audited, {len(bad)} of them look ahead.")
