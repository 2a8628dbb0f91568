"""Find a strategy by what a user types: a name, a TOML file, or ``module:object``."""

from __future__ import annotations

from pathlib import Path

from data.errors import BadConfig, UnknownName
from data.user_objects import load_object
from strategies.baselines import BASELINES
from strategies.strategy import WeightRule
from strategies.variants import SUFFIX, names, variant

_SHAPE = ("name", "title", "family", "config", "config_hash", "inputs", "target_weights")


def load_strategy(reference: str, home: Path | None = None) -> WeightRule:
    """Return the strategy that `reference` names.

    Parameters
    ----------
    reference : str
        A variant or a baseline by name, a path that ends in ``.toml``, or ``module:object``
        where the object is a :class:`~strategies.strategy.Strategy` or has its shape. A module
        is looked for in the working directory too, after everything that is installed.
    home : Path, optional
        Folder of the user's variants; by default ``PLUMBLINE_HOME``.

    Raises
    ------
    UnknownName
        If there is no such name, or no such object in the module.
    BadConfig
        If the file is wrong, the module cannot be imported, or the object is no strategy.
    """
    if reference.endswith(SUFFIX):
        return variant(reference)
    if ":" in reference:
        return _from_module(reference)
    if reference in BASELINES:
        return BASELINES[reference]
    known = names(home)
    if reference not in known:
        raise UnknownName("strategy", reference, (*known, *BASELINES))
    return variant(reference, home)


def _from_module(reference: str) -> WeightRule:
    found = load_object(reference)
    missing = [name for name in _SHAPE if not hasattr(found, name)]
    if missing:
        raise BadConfig(
            f"{reference}: this {type(found).__name__} is no strategy, it lacks {missing[0]!r}"
        )
    rule: WeightRule = found
    return rule
