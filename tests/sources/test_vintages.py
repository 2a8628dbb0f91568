"""First prints, revisions, slips and units, from ALFRED's charts and from FRED's interface."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from pydantic import SecretStr

from data.catalogue import series as series_spec
from data.errors import Refused
from data.sources import fred_api
from data.sources.alfred_csv import AlfredCsv
from data.sources.base import Answer, Source, collect
from data.sources.fred_api import FredApi
from data.sources.vintages import VINTAGED, prints, public_at
from tests.sources.faults import Fault
from tests.sources.server import Scenario, Server
from tests.sources.truth import SINCE, Truth
from tests.sources.world import CANARY, FIGURES, client, scenario, since, table

REVISED, SLIPPED = date(2026, 2, 11), date(2026, 2, 18)


def eventful() -> Truth:
    """fed_assets of one week revised a fortnight later, that of another a day late."""
    return Truth(
        revisions={("fed_assets", REVISED): (date(2026, 2, 26), 6601.5)},
        late={("fed_assets", SLIPPED): date(2026, 2, 20)},
    )


def source_of(name: str, base: str) -> Source:
    return FIGURES[name].make(base)


def fetch(server: Server, scene: Scenario, name: str, first: date | None = SINCE) -> Answer:
    source = source_of(name, server.open(scene))
    with client(scene) as asking:
        return collect(source, first, asking)


both = pytest.mark.parametrize("name", ["alfred_csv", "fred_api"])


@both
def test_revisions_and_slips_come_with_their_days(server: Server, name: str) -> None:
    scene = scenario(eventful())
    answer = fetch(server, scene, name)
    found = since(table(answer.rows, "observations"), SINCE)
    assert found == since(FIGURES[name].truth(scene), SINCE)
    rows = answer.rows[answer.rows["series"] == "fed_assets"].set_index("ref_date")
    revised = rows.loc[[pd.Timestamp(REVISED)]]
    assert list(revised["known_at"]) == [
        pd.Timestamp("2026-02-12 21:35", tz="UTC"),
        pd.Timestamp("2026-02-26 21:35", tz="UTC"),
    ]
    assert revised["value"].iloc[1] == 6601.5
    slipped = rows.loc[pd.Timestamp(SLIPPED)]
    assert slipped["known_at"] == pd.Timestamp("2026-02-20 21:35", tz="UTC")


@both
def test_only_what_was_printed_since_is_told(server: Server, name: str) -> None:
    first = date(2026, 2, 23)
    rows = fetch(server, scenario(eventful()), name, first).rows
    # Each begins with a vintage before `first`; FRED's interface reads a fortnight again.
    begin = {"alfred_csv": "2026-02-19", "fred_api": "2026-02-10"}[name]
    assert (rows["known_at"] >= pd.Timestamp(begin, tz="America/New_York")).all()
    weekly = rows[rows["series"] == "fed_assets"]
    assert pd.Timestamp(REVISED) in set(weekly["ref_date"])


def test_several_vintages_in_one_request_tell_the_same(server: Server) -> None:
    scene = scenario(eventful())
    source = AlfredCsv(f"{server.open(scene)}/alfred", ("fed_assets", "sofr"), per_request=7)
    with client(scene) as asking:
        answer = collect(source, SINCE, asking)
    assert since(table(answer.rows, "observations"), SINCE) == since(
        FIGURES["alfred_csv"].truth(scene), SINCE
    )
    assert len(scene.asked) < 10


def test_vintages_whose_unit_is_not_on_record_are_left_out_and_listed(server: Server) -> None:
    # The unit of WRESBAL is known up to 2020-12-28 and from 2025-11-28.
    now = pd.Timestamp("2025-12-19 12:00", tz="UTC")
    scene = scenario(now=now)
    source = AlfredCsv(f"{server.open(scene)}/alfred", ("reserves",))
    with client(scene) as asking:
        answer = collect(source, date(2025, 11, 10), asking)
    (problem,) = answer.problems
    assert problem.kind == "unit"
    assert "in the vintages of 2025-11-06 to 2025-11-20 is not on record: 3" in problem.text
    assert (answer.rows["known_at"] >= pd.Timestamp("2025-12-04", tz="UTC")).all()
    assert len(answer.rows) > 0


def test_where_nothing_is_said_alfred_looks_back_a_few_months(server: Server) -> None:
    rows = fetch(server, scenario(), "alfred_csv", None).rows
    assert rows["known_at"].min() < pd.Timestamp("2025-11-20", tz="UTC")


@pytest.mark.parametrize("window", [3, 7, 1000])
def test_windows_of_vintages_are_stitched_without_seams(
    server: Server, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(fred_api, "WINDOW", window)
    scene = scenario(eventful())
    answer = fetch(server, scene, "fred_api", None)
    found, true = table(answer.rows, "observations"), FIGURES["fred_api"].truth(scene)
    assert since(found, SINCE) == since(true, SINCE)
    windows = [path for path in scene.asked if "observations" in path and "id=WALCL" in path]
    assert len(windows) == max(1, -(-(len(scene.truth.vintage_days("fed_assets")) - 1) // window))


def test_a_window_with_too_many_rows_is_halved(server: Server) -> None:
    truth = eventful()
    for week in range(20):
        ref = date(2025, 10, 1) + timedelta(weeks=week)
        truth.revisions.setdefault(("fed_assets", ref), (ref + timedelta(days=17), 6500.0 + week))
    scene = scenario(truth)
    most = 40

    def cut(path: str, text: str) -> str:
        head, *rows = text.split("<observation ")
        if len(rows) <= most:
            return text
        kept = "<observation ".join([head, *rows[:most]])
        return kept.removesuffix("</observations>") + "</observations>"

    scene.mangle = cut
    source = FredApi(SecretStr(CANARY), f"{server.open(scene)}/fred_api", ("fed_assets",))
    with client(scene) as asking:
        answer = collect(source, None, asking)
    true = FIGURES["fred_api"].truth(scene)
    weekly = {key: value for key, value in true.items() if key[0].startswith("fed_assets")}
    found = since(table(answer.rows, "observations"), SINCE)
    assert found == since(weekly, SINCE)
    assert len(scene.asked) > 3


def test_withdrawn_figures_are_no_figures(server: Server) -> None:
    scene = scenario()
    scene.mangle = lambda path, text: text.replace(
        'date="2026-02-11" value="', 'date="2026-02-11" value="." was="'
    )
    rows = fetch(server, scene, "fred_api").rows
    assert pd.Timestamp(REVISED) not in set(rows["ref_date"])
    assert pd.Timestamp(SLIPPED) in set(rows["ref_date"])


def test_a_key_that_is_none_stops_the_source(server: Server) -> None:
    scene = scenario()
    scene.fault = Fault("400", 1)
    source = FredApi(SecretStr(CANARY), f"{server.open(scene)}/fred_api", ("sofr",))
    with client(scene) as asking, pytest.raises(Refused, match="does not understand"):
        collect(source, SINCE, asking)


def test_figures_that_stood_before_the_archive_began_are_not_first_prints() -> None:
    spec = series_spec("sofr")
    told = pd.DataFrame(
        {
            "ref_date": pd.DatetimeIndex(["2018-04-03", "2018-04-03"]),
            "vintage": pd.DatetimeIndex(["2019-01-02", "2019-05-06"]),
            "value": [1.83, 1.84],
            "old": [True, False],
        }
    )
    rows = prints(spec, told, "fred:SOFR")
    assert list(rows["value"]) == [1.84]
    assert list(rows["known_at"]) == [pd.Timestamp("2019-05-06 12:05", tz="UTC")]


def test_a_print_on_its_scheduled_day_has_the_instant_of_the_rule() -> None:
    spec = series_spec("fed_assets")
    refs = pd.DatetimeIndex(["2025-12-24", "2026-02-11", "2026-02-11"])
    vintages = pd.DatetimeIndex(["2025-12-29", "2026-02-12", "2026-02-13"])
    assert list(public_at(spec, refs, vintages)) == [
        pd.Timestamp("2025-12-29 21:35", tz="UTC"),
        pd.Timestamp("2026-02-12 21:35", tz="UTC"),
        pd.Timestamp("2026-02-13 21:35", tz="UTC"),
    ]


def test_announced_rates_and_stock_indices_have_no_vintages() -> None:
    assert {"fed_assets", "reserves", "sofr", "m2", "gdp", "rrp"} <= set(VINTAGED)
    assert not {"ff_upper", "iorb", "sp500", "vix"} & set(VINTAGED)
