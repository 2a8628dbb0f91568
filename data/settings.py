"""Where the program keeps its things, and where it fetches from.

A flag beats the environment, which beats ``./plumbline.toml``, which beats ``plumbline.toml`` in
the home folder, which beats the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.errors import BadConfig, UnknownName

FILE = "plumbline.toml"
# Each setting of a file and what it must be.
KEYS: Mapping[str, tuple[type, str]] = {
    "data": (str, "a string"),
    "offline": (bool, "true or false"),
    "sources": (dict, "a table of publishers and base addresses"),
    "exchanges": (dict, "a table of exchanges and their ccxt settings"),
    "markets": (list, "a list of tables: [[markets]]"),
    "perpetuals": (list, "a list of tables: [[perpetuals]]"),
    "paper": (dict, "a table"),
}
_TRUE, _FALSE = frozenset({"1", "true", "yes"}), frozenset({"", "0", "false", "no"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Resolved settings.

    Parameters
    ----------
    home : Path
        Folder of the store, of the user's variants and of the ledgers (``PLUMBLINE_HOME``).
    data : str
        Default of ``--data``.
    offline : bool
        Never look for a network (``PLUMBLINE_OFFLINE``).
    sources : mapping of publisher to base address
        Mirrors, in place of the publishers' own addresses.
    exchanges : mapping of exchange to ccxt settings
        Such as ``urls``.
    markets, perpetuals : sequence of mappings, or None
        Whose prices and funding rates are fetched, in order of preference for each asset; None:
        the built-in list.
    paper : mapping
        Limits of the paper loop.
    """

    home: Path
    data: str = "auto"
    offline: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)
    exchanges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    markets: Sequence[Mapping[str, Any]] | None = None
    perpetuals: Sequence[Mapping[str, Any]] | None = None
    paper: Mapping[str, Any] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        """Folder of the table store."""
        return self.home / "store"

    @property
    def raw(self) -> Path:
        """Folder of the raw answers."""
        return self.home / "raw"

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
    if (offline := os.environ.get("PLUMBLINE_OFFLINE")) is not None:
        resolved["offline"] = _truth(offline)
    if data is not None:
        resolved["data"] = data
    return Settings(home=place, **resolved)


def _truth(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise BadConfig(f"PLUMBLINE_OFFLINE = {text!r} is neither 1 nor 0")


def _read(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path}: not valid TOML: {error}") from None
    for key, value in table.items():
        if key not in KEYS:
            raise UnknownName(f"setting in {path}", key, KEYS)
        _check(path, key, value)
    return table


def _check(path: Path, key: str, value: object) -> None:
    kind, words = KEYS[key]
    if not isinstance(value, kind):
        raise BadConfig(f"{path}: {key} = {value!r} is not {words}")
    entries: list[tuple[str, object, type]] = []
    inner: type
    if key in ("sources", "exchanges") and isinstance(value, dict):
        inner = str if key == "sources" else dict
        entries = [(f"{key}.{name}", entry, inner) for name, entry in value.items()]
    elif isinstance(value, list):
        entries = [(f"{key}[{number}]", entry, dict) for number, entry in enumerate(value)]
    for name, entry, inner in entries:
        if not isinstance(entry, inner):
            wanted = "a string" if inner is str else "a table"
            raise BadConfig(f"{path}: {name} = {entry!r} is not {wanted}")
