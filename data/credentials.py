"""The key of FRED's interface: where it may lie, and that it is shown nowhere."""

from __future__ import annotations

import os
import stat
from importlib.util import find_spec
from pathlib import Path

from pydantic import SecretStr

from data.errors import BadConfig

VARIABLE, FILE = "FRED_API_KEY", "fred_api_key"
_SERVICE, _USER = "plumbline", "fred"
_LENGTH = 32  # lower-case letters and digits


def fred_key(home: Path) -> SecretStr | None:
    """Return the user's key of FRED's interface, None where there is none.

    Looked for in the environment (``FRED_API_KEY``), then in the file ``fred_api_key`` of the home
    folder, then in the system's keyring (service ``plumbline``, user ``fred``; needs the extra
    ``plumbline[keyring]``).

    Parameters
    ----------
    home : Path
        ``PLUMBLINE_HOME``.

    Raises
    ------
    BadConfig
        If the file can be read by others, or the keyring cannot be opened, or what is found has
        not the form of a key. The message never holds the key.
    """
    path = home / FILE
    if given := os.environ.get(VARIABLE, "").strip():
        return _checked(given, f"the environment's {VARIABLE}")
    if path.is_file():
        return _checked(_private(path), str(path))
    kept = _from_keyring()
    return None if kept is None else _checked(kept, "the keyring's entry plumbline / fred")


def _checked(key: str, where: str) -> SecretStr:
    if len(key) != _LENGTH or not key.isascii() or not key.isalnum():
        raise BadConfig(
            f"{where} is not a key of FRED's interface: {_LENGTH} letters and digits are wanted, "
            f"it has {len(key)} characters"
        )
    return SecretStr(key)


def _private(path: Path) -> str:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadConfig(f"{path}: others can read the key: chmod 600 {path}")
    return path.read_text(encoding="utf-8").strip()


def _from_keyring() -> str | None:
    if find_spec("keyring") is None:
        return None
    import keyring
    from keyring.errors import KeyringError, NoKeyringError

    try:
        return keyring.get_password(_SERVICE, _USER)
    except NoKeyringError:
        # A machine without a keyring has no key in it.
        return None
    except KeyringError as error:
        why = type(error).__name__
    raise BadConfig(f"the keyring cannot be opened ({why}): unlock it, or set {VARIABLE}")
