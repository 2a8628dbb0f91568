"""Where the program keeps its things.

A flag beats the environment, which beats ``./plumbline.toml``, which beats ``plumbline.toml`` in
the home folder, which beats the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import BadConfig, UnknownName

FILE = "plumbline.toml"
KEYS = ("data",)


@dataclass(frozen=True, slots=True)
class Settings:
    """Resolved settings.

    Parameters
    ----------
    home : Path
        Folder of the store, of the user's variants and of the ledgers (``PLUMBLINE_HOME``).
    data : str
        Default of ``--data``.
    """

    home: Path
    data: str = "auto"

    @property
    def store(self) -> Path:
        """Folder of the table store."""
        return self.home / "store"

    @property
    def variants(self) -> Path:
        """Folder of the user's own variants."""
        return self.home / "variants"


def home() -> Path:
    """Return ``PLUMBLINE_HOME``, or the platform's folder for user data."""
    chosen = os.environ.get("PLUMBLINE_HOME")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("plumbline")


def settings(data: str | None = None) -> Settings:
    """Resolve the settings; `data` is the value of the flag, if it was given.

    Raises
    ------
    BadConfig
        If a settings file is not TOML or holds a value of the wrong type.
    UnknownName
        If it holds an unknown key.
    """
    place = home()
    resolved: dict[str, Any] = {**_read(place / FILE), **_read(Path.cwd() / FILE)}
    if from_environment := os.environ.get("PLUMBLINE_DATA"):
        resolved["data"] = from_environment
    if data is not None:
        resolved["data"] = data
    return Settings(home=place, **resolved)


def _read(path: Path) -> Mapping[str, str]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path}: not valid TOML: {error}") from None
    for key, value in table.items():
        if key not in KEYS:
            raise UnknownName(f"setting in {path}", key, KEYS)
        if not isinstance(value, str):
            raise BadConfig(f"{path}: {key} = {value!r} is not a string")
    return table
