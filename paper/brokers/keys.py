"""Keys of a sandbox account, from the environment or a private file, never shown."""

from __future__ import annotations

import logging
import os
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from data.errors import AccessDenied, BadConfig
from data.settings import home
from data.sources.redaction import Silent

FIELDS = ("key", "secret", "password")


@dataclass(frozen=True, slots=True)
class Keys:
    """What an exchange knows an account by.

    Parameters
    ----------
    key, secret : SecretStr
        As the exchange issued them.
    password : SecretStr
        The third part that some exchanges want; empty elsewhere.
    """

    key: SecretStr
    secret: SecretStr
    password: SecretStr = field(default_factory=lambda: SecretStr(""))

    @property
    def texts(self) -> tuple[str, ...]:
        """The secret values that are not empty, to be masked wherever they turn up."""
        values = (self.key, self.secret, self.password)
        return tuple(one.get_secret_value() for one in values if one.get_secret_value())


def key_file(exchange: str) -> Path:
    """Return where the keys of an exchange's sandbox may lie."""
    return home() / "keys" / f"{exchange}.toml"


def keys(exchange: str) -> Keys:
    """Return the keys of an exchange's sandbox.

    ``PLUMBLINE_BINANCE_KEY``, ``_SECRET`` and, where one is wanted, ``_PASSWORD`` come first;
    else the file ``keys/binance.toml`` in ``PLUMBLINE_HOME`` with ``key``, ``secret`` and
    ``password``, which nobody but its owner may read.

    Raises
    ------
    AccessDenied
        If there are none, or others may read the file.
    BadConfig
        If the file is wrong.
    """
    prefix = f"PLUMBLINE_{exchange.upper()}_"
    found = {name: os.environ.get(prefix + name.upper(), "") for name in FIELDS}
    path = key_file(exchange)
    if not any(found.values()) and path.is_file():
        found |= _read(path)
    if not found["key"] or not found["secret"]:
        raise AccessDenied(
            f"{exchange}: no keys of its sandbox: set {prefix}KEY and {prefix}SECRET, or write "
            f"key and secret to {path}, readable by you alone"
        )
    return Keys(*(SecretStr(found[name]) for name in FIELDS))


def _read(path: Path) -> dict[str, str]:
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise AccessDenied(f"{path}: others may read these keys: chmod 600 {path}, then renew them")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        table = None
    # Raised here: the decoder's own message may quote the line.
    if table is None:
        raise BadConfig(f'{path}: not valid TOML; it holds lines such as key = "..."')
    for name, value in table.items():
        if name not in FIELDS:
            raise BadConfig(f"{path}: it holds more than {', '.join(FIELDS)}")
        if not isinstance(value, str):
            raise BadConfig(f"{path}: {name} is not a string")
    return table


def silence(exchange: Any) -> None:
    """Keep keys and signatures out of the logs: ccxt tells headers, urllib3 whole addresses."""
    exchange.logger = logging.Logger("plumbline.broker", logging.CRITICAL + 1)
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logger = logging.getLogger(name)
        if not any(isinstance(installed, Silent) for installed in logger.filters):
            logger.addFilter(Silent())
