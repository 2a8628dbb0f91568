"""Find an object of the user's own by ``module:object``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from data.errors import BadConfig, UnknownName


def load_object(reference: str) -> Any:
    """Return the object that ``module:object`` names.

    The module is looked for in the working directory too, after everything that is installed.

    Raises
    ------
    BadConfig
        If the module is not there or fails on import.
    UnknownName
        If it has no such object.
    """
    module_name, _, attribute = reference.partition(":")
    module = _module(module_name, reference)
    if not hasattr(module, attribute):
        public = [name for name in vars(module) if not name.startswith("_")]
        raise UnknownName(f"object in {module_name}", attribute, public)
    return getattr(module, attribute)


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
        first = f"{type(error).__name__}: {error}".splitlines()[0]
        raise BadConfig(f"{reference}: {name} fails on import: {first}") from error
