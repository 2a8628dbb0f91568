"""Every source keeps the contract."""

from __future__ import annotations

from tests.sources.contract import SourceContract
from tests.sources.world import FIGURES, MARKETS, PERPETUALS


class TestNyFedOperations(SourceContract):
    case = FIGURES["nyfed_operations"]


class TestNyFedRates(SourceContract):
    case = FIGURES["nyfed_rates"]


class TestTreasuryCash(SourceContract):
    case = FIGURES["treasury_cash"]


class TestTreasuryDebt(SourceContract):
    case = FIGURES["treasury_debt"]


class TestFredCsv(SourceContract):
    case = FIGURES["fred_csv"]


class TestCftc(SourceContract):
    case = FIGURES["cftc"]


class TestAlfredCsv(SourceContract):
    case = FIGURES["alfred_csv"]


class TestFredApi(SourceContract):
    case = FIGURES["fred_api"]


class TestCoinbase(SourceContract):
    case = MARKETS["coinbaseexchange"]


class TestBitstamp(SourceContract):
    case = MARKETS["bitstamp"]


class TestKraken(SourceContract):
    case = MARKETS["kraken"]


class TestBinance(SourceContract):
    case = MARKETS["binance"]


class TestOkx(SourceContract):
    case = MARKETS["okx"]


class TestBybit(SourceContract):
    case = MARKETS["bybit"]


class TestBinanceFunding(SourceContract):
    case = PERPETUALS["binanceusdm funding"]


class TestOkxFunding(SourceContract):
    case = PERPETUALS["okx funding"]


class TestBybitFunding(SourceContract):
    case = PERPETUALS["bybit funding"]
