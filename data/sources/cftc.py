"""CFTC, Traders in Financial Futures: what leveraged funds hold of Treasury futures.

The public reporting service (Socrata) answers without a key, futures only, one row a contract and
week. A contract's face value turns numbers of contracts into dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

import pandas as pd

from data.catalogue import series as series_spec
from data.errors import Incomplete, UnexpectedAnswer
from data.families import DOLLARS
from data.sources.base import Answer, Problem, TableName, failed, observations
from data.sources.checks import in_order, missing, plausible
from data.sources.web import Client, Page, Request

BASE = "https://publicreporting.cftc.gov"
DATASET = "gpe5-46if"  # Traders in Financial Futures, futures only
PAGE_SIZE = 5000
OVERLAP = timedelta(days=35)
BEGINNING = date(2006, 6, 13)


@dataclass(frozen=True, slots=True)
class Contract:
    """A Treasury future.

    Parameters
    ----------
    code : str
        CFTC contract market code.
    name : str
        In words.
    face : int
        Dollars a contract.
    core : bool
        Whether it is reported every week since :data:`BEGINNING`.
    """

    code: str
    name: str
    face: int
    core: bool = True


CONTRACTS: Mapping[str, Contract] = {
    contract.code: contract
    for contract in (
        Contract("042601", "2-year note", 200_000),
        Contract("044601", "5-year note", 100_000),
        Contract("043602", "10-year note", 100_000),
        Contract("043607", "Ultra 10-year note", 100_000, core=False),  # from 2016
        Contract("020601", "bond", 100_000),
        Contract("020604", "Ultra bond", 100_000, core=False),  # from 2010
    )
}
SIDES: Mapping[str, str] = {"leveraged_short": "short", "leveraged_long": "long"}
_POSITIONS = "lev_money_positions_"
_DAY, _CODE, _FORM = "report_date_as_yyyy_mm_dd", "cftc_contract_market_code", "futonly_or_combined"


@dataclass(frozen=True, slots=True)
class LeveragedFunds:
    """Leveraged funds' long and short positions in Treasury futures, face value.

    Parameters
    ----------
    base : str
        Base address.
    page_size : int
        Rows a page.

    Notes
    -----
    The answer's ``details["positions"]`` has one row a contract and week: ``day``, ``contract``
    (CFTC code), ``long`` and ``short`` (contracts). Spread positions count in neither.
    """

    base: str = BASE
    page_size: int = PAGE_SIZE
    name: ClassVar[str] = "cftc"
    table: ClassVar[TableName] = "observations"
    serves: ClassVar[tuple[str, ...]] = tuple(SIDES)

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield one answer with the whole span."""
        begin = BEGINNING if since is None else max(BEGINNING, since - OVERLAP)
        try:
            rows, page = self._rows(begin, client)
            yield self._answer(rows, page, begin, client.clock.now())
        except (UnexpectedAnswer, Incomplete) as error:
            yield failed(self, "leveraged_short", error)

    def _rows(self, begin: date, client: Client) -> tuple[list[dict[str, Any]], Page]:
        """Read one page, and where it is full, as many more as the server counts rows."""
        codes = ",".join(f"'{code}'" for code in CONTRACTS)
        where = f"{_DAY} >= '{begin}T00:00:00.000' AND {_CODE} in({codes})"
        url = f"{self.base}/resource/{DATASET}.json"
        rows: list[dict[str, Any]] = []
        total: int | None = None
        while total is None or len(rows) < total:
            params = {
                "$where": where,
                "$order": f"{_DAY},{_CODE}",
                "$limit": str(self.page_size),
                "$offset": str(len(rows)),
            }
            what = f"Treasury futures from {begin}, row {len(rows)} on"
            due = None if total is None else min(self.page_size, total - len(rows))
            read = _reader(begin, self.page_size, due, client)
            found, page = client.get(Request(self.name, what, url, params), read)
            rows += found
            if total is None and len(found) < self.page_size:
                break
            if total is None:
                what = f"number of rows from {begin}"
                asked = {"$select": "count(*) as rows", "$where": where}
                total = client.get(Request(self.name, what, url, asked), _count)
        if total is not None and len(rows) != total:
            raise page.incomplete(f"{len(rows)} rows came where the server counts {total}")
        return rows, page

    def _answer(
        self, rows: Sequence[Mapping[str, Any]], page: Page, begin: date, now: pd.Timestamp
    ) -> Answer:
        positions = _positions(rows, page)
        faces = positions["contract"].map(lambda code: CONTRACTS[code].face)
        pieces: list[pd.DataFrame] = []
        problems: list[Problem] = []
        for name, side in SIDES.items():
            spec = series_spec(name)
            totals = (positions[side] * faces * DOLLARS).groupby(positions["day"]).sum()
            read = zip(pd.DatetimeIndex(totals.index), totals, strict=True)
            figures = in_order(spec, read, page)
            plausible(spec, figures.values, page, now)
            source = f"cftc:tff_futures_only_lev_money_{side}"
            pieces.append(observations(name, figures.values, source))
            problems += missing(spec, figures.published, begin, now)
        if repeated := len(rows) - len(positions):
            text = f"{repeated} rows came twice with the same positions and were used once"
            problems.append(Problem("repeated", "leveraged_short", text))
        table = pd.concat(pieces, ignore_index=True)
        return Answer(self.name, self.table, table, tuple(problems), {"positions": positions})


def _reader(
    begin: date, size: int, due: int | None, client: Client
) -> Callable[[Page], tuple[list[dict[str, Any]], Page]]:
    def read(page: Page) -> tuple[list[dict[str, Any]], Page]:
        rows = page.json()
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise page.unexpected("a list of rows")
        fields = (_DAY, _CODE, _FORM, *(_POSITIONS + side for side in SIDES.values()))
        for row in rows:
            gone = [field for field in fields if not isinstance(row.get(field), str)]
            if gone:
                raise page.unexpected(f"the field {gone[0]!r} in every row")
            if row[_FORM] != "FutOnly":
                raise page.unexpected(f"futures only, not {row[_FORM][:40]!r}")
        if len(rows) > size or (due is not None and len(rows) != due):
            raise page.incomplete(f"{len(rows)} rows where {due or size} were due")
        if due is None and not rows:
            none = pd.DatetimeIndex([], dtype="datetime64[us]")
            gaps = missing(series_spec("leveraged_short"), none, begin, client.clock.now())
            if gaps:
                raise page.incomplete(f"no row at all, {gaps[0].text}")
        return rows, page

    return read


def _count(page: Page) -> int:
    answer = page.json()
    try:
        return int(answer[0]["rows"])
    except (LookupError, TypeError, ValueError):
        pass
    raise page.unexpected('[{"rows": "..."}]')


def _positions(rows: Sequence[Mapping[str, Any]], page: Page) -> pd.DataFrame:
    """One row a week and contract; every core contract in every week."""
    read = []
    for row in rows:
        code = row[_CODE].strip()
        if code not in CONTRACTS:
            raise page.unexpected(f"contracts {', '.join(CONTRACTS)}, not {code[:20]!r}")
        sides = {side: _contracts(row, side, page) for side in SIDES.values()}
        read.append({"day": _day(row, page), "contract": code, **sides})
    table = pd.DataFrame(read, columns=["day", "contract", *SIDES.values()]).drop_duplicates()
    twice = table[table.duplicated(["day", "contract"])]
    if len(twice):
        raise page.unexpected(f"one row for {twice['contract'].iloc[0]} on {twice['day'].iloc[0]}")
    core = {code for code, contract in CONTRACTS.items() if contract.core}
    for day, codes in table.groupby("day")["contract"]:
        if absent := core - set(codes):
            raise page.incomplete(
                f"no row for the {CONTRACTS[min(absent)].name} ({min(absent)}) on {day}"
            )
    return table.sort_values(["day", "contract"], ignore_index=True)


def _day(row: Mapping[str, Any], page: Page) -> pd.Timestamp:
    text = row[_DAY]
    try:
        return pd.Timestamp(date.fromisoformat(text[:10]))
    except ValueError:
        pass
    raise page.unexpected(f"a day in {_DAY!r}, not {text[:40]!r}")


def _contracts(row: Mapping[str, Any], side: str, page: Page) -> int:
    text = row[_POSITIONS + side]
    if not text.strip().isdigit():
        raise page.unexpected(f"a number of contracts in {_POSITIONS + side!r}, not {text[:40]!r}")
    return int(text)
