"""A flag beats the environment, which beats the two settings files, which beat the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import BadConfig, UnknownName
from data.settings import settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLUMBLINE_DATA", raising=False)
    return tmp_path


def test_each_source_beats_the_next(
    here: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings().data == "auto"
    home.mkdir(parents=True)
    (home / "plumbline.toml").write_text('data = "simulated:null"\n', encoding="utf-8")
    assert settings().data == "simulated:null"
    (here / "plumbline.toml").write_text('data = "simulated:linked"\n', encoding="utf-8")
    assert settings().data == "simulated:linked"
    monkeypatch.setenv("PLUMBLINE_DATA", "store")
    assert settings().data == "store"
    assert settings("simulated:phantom").data == "simulated:phantom"


def test_the_home_moves_the_store_and_the_variants(home: Path) -> None:
    assert settings().store == home / "store"
    assert settings().variants == home / "variants"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("data = ", BadConfig, "not valid TOML"),
        ("data = 3", BadConfig, "data = 3 is not a string"),
        ('dta = "store"', UnknownName, "unknown setting in .* 'dta': did you mean data"),
    ],
)
def test_a_bad_settings_file_is_refused(
    here: Path, text: str, error: type[Exception], message: str
) -> None:
    (here / "plumbline.toml").write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message):
        settings()
