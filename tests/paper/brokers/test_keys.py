"""Keys come from the environment or a private file, and are seen nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import AccessDenied, BadConfig
from paper.brokers.keys import key_file, keys

CANARY, SECRET = "canaryK3y", "canaryS3cret"


def write(text: str, mode: int = 0o600) -> Path:
    path = key_file("binance")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    write('key = "other"\nsecret = "other"\n')
    monkeypatch.setenv("PLUMBLINE_BINANCE_KEY", CANARY)
    monkeypatch.setenv("PLUMBLINE_BINANCE_SECRET", SECRET)
    assert keys("binance").texts == (CANARY, SECRET)


def test_a_private_file_will_do() -> None:
    write(f'key = "{CANARY}"\nsecret = "{SECRET}"\npassword = "p4ss"\n')
    assert keys("binance").texts == (CANARY, SECRET, "p4ss")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(mode: int) -> None:
    path = write(f'key = "{CANARY}"\nsecret = "{SECRET}"\n', mode)
    with pytest.raises(AccessDenied, match=f"{path}: others may read these keys") as caught:
        keys("binance")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", 'key = "x"\n', 'secret = "x"\n', 'key = ""\nsecret = "x"\n', None]
)
def test_without_keys_it_says_where_they_go(text: str | None) -> None:
    if text is not None:
        write(text)
    with pytest.raises(AccessDenied) as caught:
        keys("binance")
    assert "PLUMBLINE_BINANCE_KEY" in str(caught.value)
    assert str(key_file("binance")) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"key = {CANARY}\n", "not valid TOML"),
        (f'api_key = "{CANARY}"\n', "it holds more than key, secret, password"),
        (f'{CANARY} = "x"\n', "it holds more than key, secret, password"),
        (f'key = ["{CANARY}"]\nsecret = "x"\n', "key is not a string"),
    ],
)
def test_a_wrong_file_is_refused_without_a_word_of_what_it_holds(text: str, message: str) -> None:
    write(text)
    with pytest.raises(BadConfig, match=message) as caught:
        keys("binance")
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_keys_do_not_print() -> None:
    write(f'key = "{CANARY}"\nsecret = "{SECRET}"\n')
    shown = repr(keys("binance")) + str(keys("binance"))
    assert CANARY not in shown
    assert SECRET not in shown
