"""A flag beats the environment, which beats the two settings files, which beat the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import BadConfig, UnknownName
from data.settings import settings
from data.sources.registry import configured


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


def test_tables_of_sources_exchanges_and_markets(here: Path) -> None:
    (here / "plumbline.toml").write_text(
        """
        offline = true
        [sources]
        nyfed = "http://127.0.0.1:1/nyfed"
        [exchanges.kraken.urls.api]
        public = "http://127.0.0.1:1/kraken"
        [[markets]]
        asset = "BTC"
        symbol = "BTC/USD"
        exchange = "kraken"
        [[perpetuals]]
        asset = "BTC"
        symbol = "BTC/USDT:USDT"
        exchange = "bybit"
        """,
        encoding="utf-8",
    )
    chosen = settings()
    assert chosen.sources == {"nyfed": "http://127.0.0.1:1/nyfed"}
    assert chosen.exchanges["kraken"]["urls"]["api"]["public"] == "http://127.0.0.1:1/kraken"
    every = configured(chosen)
    assert "prices:kraken:BTC/USD:1d" in every
    assert "prices:coinbaseexchange:BTC/USD:1d" not in every
    assert "funding:bybit:BTC/USDT:USDT" in every


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("offline = 1", BadConfig, "offline = 1 is not true or false"),
        ("sources = 3", BadConfig, "sources = 3 is not a table of publishers"),
        ("[sources]\nnyfed = 3", BadConfig, r"sources\.nyfed = 3 is not a string"),
        ("exchanges = {kraken = 1}", BadConfig, r"exchanges\.kraken = 1 is not a table"),
        ("markets = [1]", BadConfig, r"markets\[0\] = 1 is not a table"),
    ],
)
def test_a_setting_of_the_wrong_form_is_refused(
    here: Path, text: str, error: type[Exception], message: str
) -> None:
    (here / "plumbline.toml").write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message):
        settings()


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('[sources]\nnyfd = "x"', UnknownName, "unknown publisher 'nyfd': did you mean nyfed"),
        ("[exchanges.krakn]", UnknownName, "unknown exchange 'krakn': did you mean kraken"),
        ('[[markets]]\nasset = "BTC"', BadConfig, r"\[\[markets\]\] number 1: symbol is missing"),
        (
            '[[markets]]\nasset = "BTC"\nsymbl = "BTC/USD"',
            UnknownName,
            r"unknown key in \[\[markets\]\] number 1 'symbl': did you mean symbol",
        ),
        (
            '[[markets]]\nasset = "BTC"\nsymbol = "BTC/USD"\ntimeframe = "4h"',
            BadConfig,
            "timeframe '4h' is not 1d or 1h",
        ),
        ('[[perpetuals]]\nasset = "BTC"', BadConfig, "number 1: symbol is missing"),
        ("[[perpetuals]]\nasset = 3", BadConfig, "asset = 3 is not a string"),
    ],
)
def test_a_source_that_cannot_be_is_refused(
    here: Path, text: str, error: type[Exception], message: str
) -> None:
    (here / "plumbline.toml").write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message):
        configured(settings())


def test_offline_comes_from_the_environment_too(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "plumbline.toml").write_text("offline = true", encoding="utf-8")
    monkeypatch.setenv("PLUMBLINE_OFFLINE", "0")
    assert not settings().offline
    monkeypatch.setenv("PLUMBLINE_OFFLINE", "maybe")
    with pytest.raises(BadConfig, match="PLUMBLINE_OFFLINE = 'maybe' is neither 1 nor 0"):
        settings()
