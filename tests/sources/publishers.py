"""The publishers' protocols, after ../shared/payloads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from xml.sax.saxutils import quoteattr

import pandas as pd

from data.catalogue import SeriesSpec
from data.catalogue import series as series_spec
from data.sources.fred_csv import fred_ids
from tests.sources.faults import Listing
from tests.sources.server import Scenario
from tests.sources.truth import cash_rows, figures, operations, positions

Params = Mapping[str, str]
_BY_FRED_ID = {identifier: name for name, identifier in fred_ids().items()}


def _told(scenario: Scenario, series: str) -> dict[date, float]:
    return figures(series, scenario.clock.now(), scenario.truth.beginning)


def _stamp(spec: SeriesSpec, day: date) -> date:
    """Months and quarters are stamped at their start where the catalogue says so."""
    if spec.stamped == "end":
        return day
    span = "Q" if spec.period == "quarter" else "M"
    return pd.Timestamp(day).to_period(span).start_time.date()


def nyfed(scenario: Scenario, path: str, params: Params) -> Listing | None:
    first, last = params["startDate"], params["endDate"]
    if path == "api/rp/results/search.json":
        rows = [
            row
            for row in operations(scenario.clock.now(), scenario.truth.beginning)
            if first <= str(row["operationDate"]) <= last
        ]
        return Listing(rows, lambda found: json.dumps({"repo": {"operations": found}}))
    _, _, _, name, _ = path.split("/")
    rate = name.upper()
    fields = {"percentRate": rate.lower()}
    if rate == "SOFR":
        fields |= {f"percentPercentile{n}": f"sofr_p{n}" for n in (1, 25, 75, 99)}
        fields["volumeInBillions"] = "sofr_volume"
    told = {field: _told(scenario, series) for field, series in fields.items()}
    rows = [
        {
            "effectiveDate": str(day),
            "type": rate,
            **{field: values[day] for field, values in told.items()},
            "revisionIndicator": "",
        }
        for day in sorted(told["percentRate"], reverse=True)
        if first <= str(day) <= last
    ]
    return Listing(rows, lambda found: json.dumps({"refRates": found}))


def fiscaldata(scenario: Scenario, path: str, params: Params) -> Listing | None:
    begin = params["filter"].removeprefix("record_date:gte:")
    rows: list[dict[str, str]] = []
    if path == "v1/accounting/dts/operating_cash_balance":
        rows = cash_rows(scenario.clock.now(), scenario.truth.beginning)
    elif path == "v2/accounting/od/debt_to_penny":
        public = _told(scenario, "debt_public")
        for day, value in _told(scenario, "debt_total").items():
            rows.append(
                {
                    "record_date": str(day),
                    "debt_held_public_amt": f"{public[day] * 1e9:.2f}",
                    "intragov_hold_amt": "7500000000000.00",
                    "tot_pub_debt_out_amt": f"{value * 1e9:.2f}",
                }
            )
    else:
        return None
    rows = [row for row in rows if row["record_date"] >= begin]
    number, size = int(params["page[number]"]), int(params["page[size]"])
    total = len(rows)

    def build(found: list[Any]) -> str:
        meta = {"count": len(found), "total-count": total, "total-pages": -(-total // size)}
        return json.dumps({"data": found, "meta": meta, "links": {}})

    return Listing(rows[(number - 1) * size : number * size], build)


def fred(scenario: Scenario, path: str, params: Params) -> Listing | None:
    identifier = params["id"]
    if path != "graph/fredgraph.csv" or identifier not in _BY_FRED_ID:
        return None
    series = _BY_FRED_ID[identifier]
    spec = series_spec(series)
    factor = spec.scale(f"fred:{identifier}")
    stamped = {_stamp(spec, day): value for day, value in _told(scenario, series).items()}
    rows = [
        f"{day},{value / factor:.3f}"
        for day, value in stamped.items()
        if str(day) >= params["cosd"]
    ]
    if spec.period == "day":
        rows.append("2026-02-16,")  # Washington's birthday, told without a figure
    header = f"observation_date,{identifier}"
    return Listing(
        sorted(set(rows)), lambda found: "\n".join([header, *found]) + "\n", "application/csv"
    )


def alfred(scenario: Scenario, path: str, params: Params) -> Listing | None:
    identifiers, vintages = params["id"].split(","), params["vintage_date"].split(",")
    if path != "graph/alfredgraph.csv" or len(identifiers) != len(vintages):
        return None
    series = _BY_FRED_ID[identifiers[0]]
    spec = series_spec(series)
    told = []
    for vintage in vintages:
        day = date.fromisoformat(vintage)
        factor = spec.scale(f"fred:{identifiers[0]}", day)
        stood = scenario.truth.vintage(series, day)
        told.append({ref: f"{value / factor:.3f}" for ref, value in stood.items()})
    days = sorted({day for stood in told for day in stood if str(day) >= params["cosd"]})
    rows = [
        ",".join([str(_stamp(spec, day)), *(stood.get(day, "") for stood in told)]) for day in days
    ]
    columns = [f"{identifiers[0]}_{vintage.replace('-', '')}" for vintage in vintages]
    header = ",".join(["observation_date", *columns])
    return Listing(rows, lambda found: "\n".join([header, *found]) + "\n", "application/csv")


def fred_api(scenario: Scenario, path: str, params: Params) -> Listing | None:
    """The XML interface; realtime dates are cut to the window asked for."""
    series = _BY_FRED_ID[params["series_id"]]
    days = [str(day) for day in scenario.truth.vintage_days(series)]
    if path == "series/vintagedates":
        return Listing(
            [f"<vintage_date>{day}</vintage_date>" for day in days],
            lambda found: _xml("vintage_dates", found),
            "text/xml",
        )
    first, last = params["realtime_start"], params["realtime_end"]
    inside = [day for day in days if first <= day <= last]
    if len(inside) > 2000:
        return None
    factor = series_spec(series).scale(f"fred:{params['series_id']}", date.fromisoformat(days[-1]))
    spans: dict[date, list[list[str]]] = {}
    for day in days:
        for ref, value in scenario.truth.vintage(series, date.fromisoformat(day)).items():
            told = spans.setdefault(ref, [])
            text = f"{value / factor:.3f}"
            if not told or told[-1][1] != text:
                if told:
                    told[-1][2] = day
                told.append([day, text, "9999-12-31"])
    rows = []
    for ref, told in sorted(spans.items()):
        for start, text, end in told:
            if start <= last and end > first:
                rows.append(
                    f"<observation realtime_start={quoteattr(max(start, first))} "
                    f'realtime_end={quoteattr(min(end, last))} date="{ref}" value="{text}"/>'
                )
    return Listing(rows, lambda found: _xml("observations", found), "text/xml")


def _xml(tag: str, rows: list[str]) -> str:
    head = '<?xml version="1.0" encoding="utf-8" ?>\n'
    return (
        f'{head}<{tag} count="{len(rows)}" offset="0" limit="100000">' + "".join(rows) + f"</{tag}>"
    )


def cftc(scenario: Scenario, path: str, params: Params) -> Listing | None:
    if path != "resource/gpe5-46if.json":
        return None
    begin = params["$where"].split("'")[1]
    rows = [
        row
        for row in positions(scenario.clock.now(), scenario.truth.beginning)
        if row["report_date_as_yyyy_mm_dd"] >= begin
    ]
    if "$select" in params:
        return Listing([{"rows": str(len(rows))}], json.dumps)
    start = int(params["$offset"])
    return Listing(rows[start : start + int(params["$limit"])], json.dumps)


PUBLISHERS = {
    "nyfed": nyfed,
    "fiscaldata": fiscaldata,
    "fred": fred,
    "alfred": alfred,
    "fred_api": fred_api,
    "cftc": cftc,
}
