"""All sources by name, and the addresses of the settings."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest
from pydantic import SecretStr

from data.catalogue import SERIES
from data.errors import UnknownName
from data.sources.base import COLUMNS, TableName, collect, nothing
from data.sources.funding import Perpetual
from data.sources.prices import Market
from data.sources.registry import ADDRESSES, sources
from tests.sources.server import Server
from tests.sources.trading import urls
from tests.sources.truth import SINCE
from tests.sources.world import CASES, client, scenario


def test_every_source_goes_by_its_name() -> None:
    every = sources()
    assert list(every)[:7] == [
        "nyfed_operations",
        "nyfed_rates",
        "treasury_cash",
        "treasury_debt",
        "fred_csv",
        "cftc",
        "alfred_csv",
    ]
    assert "prices:coinbaseexchange:BTC/USD:1h" in every
    assert all(name == source.name for name, source in every.items())


def test_with_a_key_vintages_come_from_the_interface() -> None:
    every = sources(fred_key=SecretStr("k"))
    assert "fred_api" in every
    assert "alfred_csv" not in every


def test_sources_serve_series_of_the_catalogue() -> None:
    served = {name for source in sources(markets=()).values() for name in source.serves}
    assert served <= set(SERIES)
    # Announced by the Treasury, and the TIC tables, which have no interface.
    assert set(SERIES) - served == {"tga_target", "cayman_treasuries", "foreign_treasuries"}


def test_addresses_of_the_settings_are_used(server: Server) -> None:
    scene = scenario()
    base = server.open(scene)
    addresses = {publisher: f"{base}/{publisher}/" for publisher in ADDRESSES}
    every = sources(
        addresses,
        markets=[Market("BTC", "BTC/USD", "kraken")],
        perpetuals=[Perpetual("BTC", "BTC/USDT:USDT", "bybit")],
        exchanges=urls(base),
    )
    with client(scene) as asking:
        for name in ("nyfed_rates", "treasury_cash", "cftc", "prices:kraken:BTC/USD:1d"):
            assert len(collect(every[name], SINCE, asking).rows)
        assert len(collect(every["funding:bybit:BTC/USDT:USDT"], SINCE, asking).rows)


def test_an_address_of_no_publisher_has_near_names() -> None:
    with pytest.raises(UnknownName, match="did you mean fred"):
        sources({"freds": "http://127.0.0.1"})


def test_publishers_are_read_without_ccxt() -> None:
    code = (
        "import sys; from data.sources import nyfed_rates, treasury, fred_csv, cftc, alfred_csv;"
        "sys.exit('ccxt' in sys.modules or 'fredapi' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("table", COLUMNS)
def test_an_answer_without_rows_has_the_types_of_one_with_rows(
    server: Server, table: TableName
) -> None:
    names = {
        "observations": "cftc",
        "prices_1d": "kraken",
        "prices_1h": "kraken",
        "funding": "okx funding",
    }
    scene = scenario()
    with client(scene) as asking:
        full = collect(CASES[names[table]].make(server.open(scene)), SINCE, asking).rows
    pd.testing.assert_series_equal(nothing(table).dtypes, full.dtypes)
