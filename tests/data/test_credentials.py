"""Where the key is looked for, and that no message holds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from data.credentials import fred_key
from data.errors import BadConfig

KEY = "abcdef0123456789abcdef0123456789"
OTHER = "0" * 32


class Ring(KeyringBackend):
    """A keyring with one entry, or one that is locked."""

    priority = 1.0

    def __init__(self, kept: str | None, locked: bool = False) -> None:
        super().__init__()
        self.kept, self.locked = kept, locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("locked")
        return self.kept if (service, username) == ("plumbline", "fred") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept = password


@pytest.fixture(autouse=True)
def empty_ring() -> Iterator[Ring]:
    before, ring = keyring.get_keyring(), Ring(None)
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def written(home: Path, text: str, mode: int = 0o600) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    path = home / "fred_api_key"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_no_key_anywhere(home: Path) -> None:
    assert fred_key(home) is None


def test_the_environment_beats_the_file_which_beats_the_keyring(
    home: Path, monkeypatch: pytest.MonkeyPatch, empty_ring: Ring
) -> None:
    empty_ring.kept = "9" * 32
    found = fred_key(home)
    assert found is not None
    assert found.get_secret_value() == "9" * 32
    written(home, OTHER + "\n")
    found = fred_key(home)
    assert found is not None
    assert found.get_secret_value() == OTHER
    monkeypatch.setenv("FRED_API_KEY", KEY)
    found = fred_key(home)
    assert found is not None
    assert found.get_secret_value() == KEY
    assert KEY not in repr(found)
    assert KEY not in str(found)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused(home: Path, mode: int) -> None:
    path = written(home, KEY, mode)
    with pytest.raises(BadConfig, match="others can read the key: chmod 600") as caught:
        fred_key(home)
    assert str(path) in str(caught.value)
    assert KEY not in str(caught.value)


def test_what_is_no_key_is_refused_without_showing_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRED_API_KEY", "my-password")
    with pytest.raises(BadConfig, match="32 letters and digits are wanted, it has 11") as caught:
        fred_key(home)
    assert "my-password" not in str(caught.value)


def test_a_locked_keyring_is_told(home: Path) -> None:
    keyring.set_keyring(Ring(None, locked=True))
    with pytest.raises(BadConfig, match=r"the keyring cannot be opened \(KeyringLocked\): unlock"):
        fred_key(home)
