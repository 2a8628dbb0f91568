"""Long histories through random faults arrive complete and equal."""

from __future__ import annotations

import random
from datetime import date

import pandas as pd
import pytest

from data.sources.base import Source, collect
from data.sources.exchanges import Exchanges
from data.sources.fred_csv import FredCsv
from data.sources.prices import Market, Prices
from data.sources.retry import Patience
from data.sources.treasury import DebtToThePenny, OperatingCash
from tests.sources.faults import Fault
from tests.sources.server import Server
from tests.sources.trading import urls
from tests.sources.truth import NOW, Bars, Truth, figures
from tests.sources.world import FIGURES, MARKETS, client, scenario, since, table

PASSING = (
    *("429", "500", "502", "503", "reset", "truncated"),
    *("cut", "html", "empty", "shape", "disorder"),
)
BEGINNING = date(2015, 9, 1)
# So patient that one answer in four may be anything.
PATIENCE = Patience(attempts=12, content_attempts=12)


class Chaos(Fault):
    """One fault in four answers, drawn by a seed."""

    def __init__(self, seed: int, kinds: tuple[str, ...] = PASSING) -> None:
        super().__init__()
        self._random, self._kinds = random.Random(seed), kinds

    def due(self) -> bool:
        if self._random.random() >= 0.25:
            return False
        self.kind = self._random.choice(self._kinds)
        self.hits += 1
        return True


def test_a_hundred_thousand_hours_arrive(server: Server) -> None:
    hours = 100_000
    step = pd.Timedelta(hours=1)
    first = NOW.floor("h") - hours * step
    truth = Truth(hourly=Bars(first, step))
    scene = scenario(truth, NOW + pd.Timedelta(minutes=20))
    scene.fault = Chaos(20251104)
    market = Market("BTC", "BTC/USD", "bitstamp", "1h")
    with client(scene, patience=PATIENCE) as asking:
        source = Prices(market, Exchanges(urls(server.open(scene))))
        answer = collect(source, None, asking)
    assert scene.fault.hits > 30
    assert len(answer.rows) == hours
    assert list(answer.rows["opened"]) == list(pd.date_range(first, periods=hours, freq=step))
    closes = [truth.hourly.row(at, NOW) for at in answer.rows["opened"][::997]]
    assert list(answer.rows["close"][::997]) == [row[4] for row in closes if row]
    assert not answer.problems


@pytest.mark.parametrize("name", MARKETS)
def test_days_of_every_exchange_arrive(server: Server, name: str) -> None:
    scene = scenario(Truth(daily=Bars(pd.Timestamp("2021-01-01", tz="UTC"), pd.Timedelta(days=1))))
    scene.fault = Chaos(hash_of(name))
    with client(scene, patience=PATIENCE) as asking:
        answer = collect(MARKETS[name].make(server.open(scene)), date(2021, 2, 1), asking)
    found, true = table(answer.rows, "prices_1d"), MARKETS[name].truth(scene)
    begin = date(2024, 4, 1) if name == "kraken" else date(2021, 2, 1)
    assert since(found, begin) == since(true, begin)
    assert {problem.kind for problem in answer.problems} <= {"beyond_reach"}


@pytest.mark.parametrize(
    "name", ["nyfed_operations", "nyfed_rates", "treasury_cash", "treasury_debt", "cftc"]
)
def test_ten_years_of_a_publisher_arrive(server: Server, name: str) -> None:
    scene = scenario(Truth(beginning=BEGINNING))
    scene.fault = Chaos(hash_of(name))
    base = server.open(scene)
    sources: dict[str, Source] = {
        "treasury_cash": OperatingCash(f"{base}/fiscaldata", page_size=1000),
        "treasury_debt": DebtToThePenny(f"{base}/fiscaldata", page_size=300),
    }
    source = sources.get(name) or FIGURES[name].make(base)
    first = date(2016, 2, 1)
    with client(scene, patience=PATIENCE) as asking:
        answer = collect(source, first, asking)
    found, true = table(answer.rows, "observations"), FIGURES[name].truth(scene)
    assert since(found, first) == since(true, first)
    assert not answer.problems


def test_ten_years_of_every_series_of_fred_arrive(server: Server) -> None:
    scene = scenario(Truth(beginning=date(2013, 1, 1)))
    # A text that is cut between two lines is a short one, told by its gaps; it is left out here.
    scene.fault = Chaos(6, tuple(kind for kind in PASSING if kind != "cut"))
    first = date(2016, 2, 1)
    source = FredCsv(f"{server.open(scene)}/fred")
    with client(scene, patience=PATIENCE) as asking:
        answer = collect(source, first, asking)
    found = since(table(answer.rows, "observations"), first)
    true = {
        (name, pd.Timestamp(day)): (value,)
        for name in source.serves
        for day, value in figures(name, NOW, date(2013, 1, 1)).items()
        if day >= first
    }
    assert found == true
    assert not answer.problems
    assert scene.fault.hits > 5


def hash_of(name: str) -> int:
    """The same number for a name in every run."""
    return sum(name.encode())
