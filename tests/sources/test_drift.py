"""A publisher that changes its form is refused in words, with the answer's first line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from data.errors import SourceError
from data.sources.base import Answer, collect
from tests.sources.server import Server
from tests.sources.truth import SINCE
from tests.sources.world import CASES, client, scenario

Mangle = Callable[[str, str], str]


def edit(change: Callable[[Any], None]) -> Mangle:
    """Change the parsed JSON of every answer."""

    def mangle(path: str, text: str) -> str:
        told = json.loads(text)
        change(told)
        return json.dumps(told)

    return mangle


def operations(change: Callable[[dict[str, Any]], None], day: str = "2026-02-20") -> Mangle:
    def each(told: Any) -> None:
        for row in told["repo"]["operations"]:
            if row["operationDate"] == day:
                change(row)

    return edit(each)


def rates(change: Callable[[dict[str, Any]], None], day: str | None = "2026-02-20") -> Mangle:
    def each(told: Any) -> None:
        for row in told["refRates"]:
            if day is None or row["effectiveDate"] == day:
                change(row)

    return edit(each)


def fiscal(change: Callable[[dict[str, str]], None], day: str = "2026-02-20") -> Mangle:
    def each(told: Any) -> None:
        for row in told["data"]:
            if row["record_date"] == day:
                change(row)

    return edit(each)


def weekly(change: Callable[[dict[str, str]], None], day: str = "2026-02-17") -> Mangle:
    def each(told: Any) -> None:
        for row in told:
            if row.get("report_date_as_yyyy_mm_dd", "").startswith(day):
                change(row)

    return edit(each)


def lines(day: str, change: Callable[[float], float]) -> Mangle:
    """Change the figures of one line of a CSV."""

    def mangle(path: str, text: str) -> str:
        return re.sub(
            rf"(?m)^({day}),(.+)$",
            lambda found: f"{found[1]},{change(float(found[2])):.3f}",
            text,
        )

    return mangle


def drop(field: str) -> Callable[[dict[str, Any]], None]:
    return lambda row: row.pop(field) and None


def put(field: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda row: row.update({field: value})


def times(field: str, factor: float) -> Callable[[dict[str, Any]], None]:
    def change(row: dict[str, Any]) -> None:
        row[field] = type(row[field])(float(row[field]) * factor)

    return change


def closing(factor: float) -> Callable[[dict[str, str]], None]:
    def change(row: dict[str, str]) -> None:
        if row["account_type"].endswith("Closing Balance"):
            row["open_today_bal"] = f"{float(row['open_today_bal']) * factor:.3f}"

    return change


def contracts(row: dict[str, str]) -> None:
    for side in ("long", "short"):
        row[f"lev_money_positions_{side}"] += "000"


def dollars(factor: float) -> Callable[[dict[str, Any]], None]:
    def change(row: dict[str, Any]) -> None:
        for part in (row, *row["details"]):
            for field in ("totalAmtAccepted", "totalAmtSubmitted", "amtAccepted", "amtSubmitted"):
                if field in part:
                    part[field] = part[field] * factor

    return change


def collateral(row: dict[str, Any]) -> None:
    row["details"][0]["securityType"] = "Corporate"


def more_than_its_parts(row: dict[str, Any]) -> None:
    row["totalAmtAccepted"] += 1_000_000


def vintage_in_other_unit(path: str, text: str) -> str:
    if "20260226" not in text.splitlines()[0]:
        return text
    return re.sub(r"(?m),(\d+\.\d+)$", lambda found: f",{float(found[1]) / 1000:.6f}", text)


def restated(path: str, text: str) -> str:
    """Every figure of the archive told again a thousand times smaller."""
    if "id=SOFR" in path:
        return text
    rows = re.findall(r'date="([\d-]+)" value="([\d.]+)"', text)
    again = "".join(
        f'<observation realtime_start="2026-03-05" realtime_end="9999-12-31" date="{day}" '
        f'value="{float(value) / 1000:.6f}"/>'
        for day, value in rows
    )
    text = re.sub(r'count="\d+"', f'count="{2 * len(rows)}"', text)
    return text.replace("</observations>", again + "</observations>")


CHANGES: list[tuple[str, str, Mangle, str]] = [
    ("nyfed_operations", "field gone", operations(drop("closeTime")), "the field 'closeTime'"),
    ("nyfed_operations", "amount gone", operations(drop("totalAmtAccepted")), "totalAmtAccepted"),
    ("nyfed_operations", "details gone", operations(drop("details")), "a list 'details'"),
    ("nyfed_operations", "unknown type", operations(put("operationType", "Swap")), "not 'Swap'"),
    ("nyfed_operations", "unknown term", operations(put("term", "Weekly")), "not 'Weekly'"),
    ("nyfed_operations", "unknown status", operations(put("auctionStatus", "Void")), "'Void'"),
    ("nyfed_operations", "unknown collateral", operations(collateral), "not 'Corporate'"),
    ("nyfed_operations", "sum of parts", operations(more_than_its_parts), "parts that add up"),
    ("nyfed_operations", "10^-3", operations(dollars(1e-3)), "whole millions of dollars"),
    ("nyfed_operations", "10^-6", operations(dollars(1e-6)), "whole millions of dollars"),
    ("nyfed_operations", "10^6", operations(dollars(10**6)), "whole millions of dollars"),
    ("nyfed_rates", "field gone", rates(drop("percentRate"), None), "the field 'percentRate'"),
    ("nyfed_rates", "a figure gone", rates(drop("percentRate")), "a figure in 'percentRate'"),
    ("nyfed_rates", "revision gone", rates(drop("revisionIndicator")), "revisionIndicator"),
    ("nyfed_rates", "another type", rates(put("type", "SOFRAI")), "not 'SOFRAI'"),
    ("nyfed_rates", "10^3", rates(times("percentRate", 1e3)), "cannot be that"),
    ("nyfed_rates", "10^-3", rates(times("percentRate", 1e-3)), "a jump of about 10^3"),
    ("nyfed_rates", "10^-6", rates(times("percentRate", 1e-6)), "a jump of about 10^6"),
    ("nyfed_rates", "a word", rates(put("percentRate", "n/a")), "a number in 'percentRate'"),
    ("nyfed_rates", "a future day", rates(put("effectiveDate", "2026-04-20")), "2026-04-20"),
    ("nyfed_rates", "no day", rates(put("effectiveDate", "20/02/2026")), "a day in"),
    ("treasury_cash", "field gone", fiscal(drop("open_today_bal")), "the field 'open_today_bal'"),
    ("treasury_cash", "unknown account", fiscal(put("account_type", "TGA")), "not 'TGA'"),
    (
        "treasury_cash",
        "an earlier name again",
        fiscal(put("account_type", "Federal Reserve Account")),
        "'Federal Reserve Account' from 2005-10-03 to 2021-09-30, not on 2026-02-20",
    ),
    (
        "treasury_cash",
        "no closing balance",
        fiscal(put("account_type", "Total TGA Deposits (Table II)")),
        "a closing balance for 2026-02-20",
    ),
    (
        "treasury_cash",
        "column moved back",
        fiscal(put("open_today_bal", "null")),
        "has the column moved?",
    ),
    ("treasury_cash", "10^3", fiscal(closing(1e3)), "cannot be that"),
    ("treasury_cash", "10^-3", fiscal(closing(1e-3)), "a jump of about 10^3"),
    ("treasury_debt", "field gone", fiscal(drop("tot_pub_debt_out_amt")), "tot_pub_debt_out_amt"),
    ("treasury_debt", "10^-3", fiscal(times("tot_pub_debt_out_amt", 1e-3)), "about 10^3"),
    ("treasury_debt", "10^-6", fiscal(times("tot_pub_debt_out_amt", 1e-6)), "about 10^6"),
    ("treasury_debt", "10^3", fiscal(times("tot_pub_debt_out_amt", 1e3)), "cannot be that"),
    ("fred_csv", "10^-3", lines("2026-02-18", lambda value: value / 1e3), "about 10^3"),
    ("fred_csv", "10^-6", lines("2026-02-18", lambda value: value / 1e6), "about 10^6"),
    ("fred_csv", "10^3", lines("2026-02-18", lambda value: value * 1e3), "cannot be that"),
    (
        "fred_csv",
        "another column",
        lambda path, text: text.replace("WALCL", "WALCL_PCH"),
        "the header 'observation_date,WALCL'",
    ),
    ("fred_csv", "a ZIP", lambda path, text: "PK\x03\x04 fred.zip", "the header"),
    ("cftc", "field gone", weekly(drop("lev_money_positions_long")), "lev_money_positions_long"),
    ("cftc", "another report", weekly(put("futonly_or_combined", "Combined")), "futures only"),
    ("cftc", "another contract", weekly(put("cftc_contract_market_code", "13874A")), "13874A"),
    ("cftc", "10^3", weekly(contracts), "cannot be that"),
    ("cftc", "10^6", weekly(times("lev_money_positions_short", 1e-6)), "a number of contracts"),
    ("alfred_csv", "10^-3 in one vintage", vintage_in_other_unit, "a factor of about 10^"),
    (
        "alfred_csv",
        "no vintage",
        lambda path, text: re.sub(r"_2026\d{4}", "", text, count=1),
        "the header 'observation_date,WALCL_2026",
    ),
    ("fred_api", "10^-3 in one vintage", restated, "a factor of about 10^-3"),
    (
        "fred_api",
        "attribute gone",
        lambda path, text: text.replace("realtime_start=", "start="),
        "a day in every row",
    ),
    ("fred_api", "a word", lambda path, text: re.sub(r'value="[\d.]+"', 'value="na"', text), "na"),
]


@pytest.mark.parametrize(
    ("name", "mangle", "says"),
    [pytest.param(name, how, says, id=f"{name} {what}") for name, what, how, says in CHANGES],
)
def test_a_change_of_form_is_refused(server: Server, name: str, mangle: Mangle, says: str) -> None:
    scene = scenario()
    scene.mangle = mangle
    source = CASES[name].make(server.open(scene))
    with client(scene) as asking:
        texts = errors(lambda: collect(source, SINCE, asking))
    assert any(says in text for text in texts), texts
    for text in texts:
        assert "\n" not in text
        assert len(text) < 600


@pytest.mark.parametrize("name", ["nyfed_rates", "treasury_cash", "cftc", "fred_csv", "fred_api"])
def test_the_message_shows_how_the_answer_begins(server: Server, name: str) -> None:
    scene = scenario()
    scene.mangle = lambda path, text: "\n\n  <html><title>We moved</title>\x07\n<p>secret</p>"
    source = CASES[name].make(server.open(scene))
    with client(scene) as asking:
        texts = errors(lambda: collect(source, SINCE, asking))
    assert all("the answer begins '<html><title>We moved</title>'" in text for text in texts)
    assert texts


def test_one_series_in_another_form_does_not_stop_the_others(server: Server) -> None:
    scene = scenario()
    scene.mangle = lambda path, text: "<html>" if "id=SOFR" in path else text
    source = CASES["fred_csv"].make(server.open(scene))
    with client(scene) as asking:
        answer = collect(source, SINCE, asking)
    assert set(answer.rows["series"]) == {"fed_assets", "rrp"}
    assert [problem.what for problem in answer.problems if problem.kind == "error"] == ["sofr"]
    assert not answer.complete


def errors(fetch: Callable[[], Answer]) -> list[str]:
    try:
        answer = fetch()
    except SourceError as error:
        return [str(error)]
    return [problem.text for problem in answer.problems if problem.kind == "error"]
