"""Find a strategy by what a user types: a name, a TOML file, or ``module:object``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from data.errors import BadConfig, UnknownName
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
    module_name, _, attribute = reference.partition(":")
    module = _module(module_name, reference)
    found: Any = getattr(module, attribute, None)
    if found is None:
        public = [name for name in vars(module) if not name.startswith("_")]
        raise UnknownName(f"object in {module_name}", attribute, public)
    missing = [name for name in _SHAPE if not hasattr(found, name)]
    if missing:
        raise BadConfig(
            f"{reference}: this {type(found).__name__} is no strategy, it lacks {missing[0]!r}"
        )
    rule: WeightRule = found
    return rule


def _module(name: str, reference: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        # Last, so that a user's own folder never shadows one of the project's packages.
        sys.path.append(here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise BadConfig(f"{reference}: {name} imports {error.name!r}, not found") from None
        raise BadConfig(f"{reference}: there is no module {name!r} here ({here})") from None
    except Exception as error:
        raise BadConfig(f"{reference}: {name} fails on import: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
