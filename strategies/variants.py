"""Named strategies: one TOML file each, the project's and the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from data.errors import BadConfig, UnknownName
from data.settings import home as default_home
from strategies.baselines import BASELINES
from strategies.config import read_variant
from strategies.strategy import Strategy

FOLDER = Path(__file__).resolve().parent / "variants"
SUFFIX = ".toml"
VARIANTS: tuple[str, ...] = tuple(sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}")))

TAKEN = frozenset({*VARIANTS, *BASELINES})


def files(home: Path | None = None) -> Mapping[str, Path]:
    """Return the file of every named variant.

    Parameters
    ----------
    home : Path, optional
        Folder whose ``variants/`` holds the user's own; by default ``PLUMBLINE_HOME``.

    Raises
    ------
    BadConfig
        If a file of the user's has the name of one of the project's variants or baselines.
    """
    own = (home or default_home()) / "variants"
    found = {name: FOLDER / f"{name}{SUFFIX}" for name in VARIANTS}
    for path in sorted(own.glob(f"*{SUFFIX}")):
        if path.stem in TAKEN:
            raise BadConfig(f"{path}: {path.stem!r} is one of the project's own: rename the file")
        found[path.stem] = path
    return dict(sorted(found.items()))


def names(home: Path | None = None) -> tuple[str, ...]:
    """Return the names of all variants, the user's own among them, sorted."""
    return tuple(files(home))


def variant(name_or_path: str | Path, home: Path | None = None) -> Strategy:
    """Return a named variant, or the one in a TOML file.

    Parameters
    ----------
    name_or_path : str or Path
        A name from :func:`names`, or a path that ends in ``.toml``.
    home : Path, optional
        See :func:`files`.

    Raises
    ------
    UnknownName
        If there is no variant of this name.
    BadConfig
        If the file is wrong; in one line with file, key and value.
    """
    if str(name_or_path).endswith(SUFFIX):
        return read_variant(Path(name_or_path))
    found = files(home)
    if str(name_or_path) not in found:
        raise UnknownName("strategy", str(name_or_path), found)
    return read_variant(found[str(name_or_path)])


def template(name: str) -> str:
    """Return the text of a new variant file, ready to be edited.

    Raises
    ------
    BadConfig
        If the name is no plain lower-case word, or taken by one of the project's own.
    """
    if not name.isascii() or not name.isidentifier() or name != name.lower():
        raise BadConfig(f"{name!r}: name a variant in lower-case letters, digits and underscores")
    if name in TAKEN:
        raise BadConfig(f"{name!r} is one of the project's own strategies: take another name")
    return _TEMPLATE.replace("NAME", name)


_TEMPLATE = """\
# Strategy NAME: say here what it does and where its numbers come from. Numbers that were tried
# out on the data belong to a research family, so that the number of trials can be counted.
# `plumbline backtest NAME` runs it; `plumbline strategies list` shows the others to copy from.

title = "NAME: in one line"
family = "own"
# Orders on every day, or "weekly_after_h41": on Fridays at 00:00 UTC.
decide = "daily"

# How much is put at risk: threshold, proportional, impulse_trend, regime_table, expected_build,
# pressure_veto, staged_entry, playbook, trend, cycle, constant.
[exposure]
kind = "threshold"
# Any signal of `plumbline signals list`, with its own parameters.
signal = { name = "liquidity_impulse", days = 28 }
enter = 0.0
leave = -50.0

# What it is spread over: btc, inverse_volatility, uptrend_altcoins, liquidity_beta, momentum,
# hedged_altcoins, equal_weight.
[allocation]
kind = "btc"

# Limits, in this order: volatility_target, max_gross, hot_funding look at the market;
# minimum_holding, drawdown_stop, rebalance_band look at the holdings and come after them.
[[overlays]]
kind = "rebalance_band"
width = 0.05

# What `plumbline signals export` says when inputs are late: "hold" until they are too old and
# then to cash over five days, "decay" at once, or "flat".
[feed]
on_stale = "hold"
"""
