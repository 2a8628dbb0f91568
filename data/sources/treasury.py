"""Treasury Fiscal Data: the cash balance of the Daily Treasury Statement, and Debt to the Penny.

All values are strings and a missing one is ``"null"``. The closing balance of the Treasury's
account has had three names and two columns:

======================  ==============================================  ===================
record dates            ``account_type``                                column
======================  ==============================================  ===================
to 2021-09-30           Federal Reserve Account                         ``close_today_bal``
to 2022-04-15           Treasury General Account (TGA)                  ``close_today_bal``
from 2022-04-18         Treasury General Account (TGA) Closing Balance  ``open_today_bal``
======================  ==============================================  ===================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, TypeAlias

import pandas as pd

from data.catalogue import series as series_spec
from data.errors import Incomplete, UnexpectedAnswer
from data.sources.base import Answer, Problem, TableName, failed, observations
from data.sources.checks import in_order, missing, plausible
from data.sources.web import Client, Page, Request

BASE = "https://api.fiscaldata.treasury.gov/services/api/fiscal_service"
PAGE_SIZE = 5000
OVERLAP = timedelta(days=21)
CASH_FROM = date(2005, 10, 3)
DEBT_FROM = date(1993, 4, 1)
# The debt held by the public is told apart from here.
DEBT_PARTS_FROM = date(2005, 3, 31)

Row: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Closing:
    """Where the closing balance stood for a while."""

    account: str
    column: str
    first: date
    last: date


SPLICE = (
    Closing("Federal Reserve Account", "close_today_bal", CASH_FROM, date(2021, 9, 30)),
    Closing(
        "Treasury General Account (TGA)", "close_today_bal", date(2021, 10, 1), date(2022, 4, 15)
    ),
    Closing(
        "Treasury General Account (TGA) Closing Balance",
        "open_today_bal",
        date(2022, 4, 18),
        date.max,
    ),
)
# Lines beside it. Long names are cut to 28 letters in some years.
OTHER_ACCOUNTS = (
    "Supplementary Financing Program Account",
    "Short-Term Cash Investments (Table V)",
    "Tax and Loan Note Accounts (Table V)",
    "Financial Institution Account",
    "Total Operating Balance",
    "Treasury General Account (TGA) Opening Balance",
    "Total TGA Deposits (Table II)",
    "Total TGA Withdrawals (Table II) (-)",
)
_CUT = 28
_KNOWN = frozenset(OTHER_ACCOUNTS) | {name[:_CUT] for name in OTHER_ACCOUNTS}


@dataclass(frozen=True, slots=True)
class OperatingCash:
    """Closing balance of the Treasury General Account, by day.

    Parameters
    ----------
    base : str
        Base address.
    page_size : int
        Rows a page.
    """

    base: str = BASE
    page_size: int = PAGE_SIZE
    name: ClassVar[str] = "treasury_cash"
    table: ClassVar[TableName] = "observations"
    serves: ClassVar[tuple[str, ...]] = ("tga",)

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield one answer with the whole span."""
        begin = CASH_FROM if since is None else max(CASH_FROM, since - OVERLAP)
        fields = ("record_date", "account_type", "close_today_bal", "open_today_bal")
        request = _request(self.name, self.base, "v1/accounting/dts/operating_cash_balance", begin)
        try:
            rows, page = read_pages(client, request, fields, self.page_size)
            yield self._answer(rows, page, begin, client.clock.now())
        except (UnexpectedAnswer, Incomplete) as error:
            yield failed(self, "tga", error)

    def _answer(self, rows: Sequence[Row], page: Page, begin: date, now: pd.Timestamp) -> Answer:
        spec, source = series_spec("tga"), "fiscaldata:TGA_DTS"
        factor = spec.scale(source)
        closing = _closing_balances(rows, page)
        figures = in_order(spec, ((day, value * factor) for day, value in closing), page)
        plausible(spec, figures.values, page, now)
        gaps = missing(spec, figures.published, begin, now)
        return Answer(
            self.name,
            self.table,
            observations("tga", figures.values, source),
            (*figures.problems, *gaps),
        )


@dataclass(frozen=True, slots=True)
class DebtToThePenny:
    """Total public debt and the part held by the public, by day.

    Parameters
    ----------
    base : str
        Base address.
    page_size : int
        Rows a page.
    """

    base: str = BASE
    page_size: int = PAGE_SIZE
    name: ClassVar[str] = "treasury_debt"
    table: ClassVar[TableName] = "observations"
    serves: ClassVar[tuple[str, ...]] = ("debt_total", "debt_public")

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield one answer with the whole span."""
        begin = DEBT_FROM if since is None else max(DEBT_FROM, since - OVERLAP)
        fields = ("record_date", "tot_pub_debt_out_amt", "debt_held_public_amt")
        request = _request(self.name, self.base, "v2/accounting/od/debt_to_penny", begin)
        try:
            rows, page = read_pages(client, request, fields, self.page_size)
            yield self._answer(rows, page, begin, client.clock.now())
        except (UnexpectedAnswer, Incomplete) as error:
            yield failed(self, "debt_total", error)

    def _answer(self, rows: Sequence[Row], page: Page, begin: date, now: pd.Timestamp) -> Answer:
        source = "fiscaldata:debt_to_penny"
        pieces: list[pd.DataFrame] = []
        problems: list[Problem] = []
        for name, field, first in (
            ("debt_total", "tot_pub_debt_out_amt", DEBT_FROM),
            ("debt_public", "debt_held_public_amt", DEBT_PARTS_FROM),
        ):
            spec = series_spec(name)
            factor = spec.scale(source)
            read = [
                (day, _amount(row, field, page) * factor)
                for row in rows
                if (day := _day(row, page)).date() >= first
            ]
            figures = in_order(spec, read, page)
            plausible(spec, figures.values, page, now)
            pieces.append(observations(name, figures.values, source))
            problems += figures.problems
            problems += missing(
                spec, pd.DatetimeIndex(figures.values.index), max(begin, first), now
            )
        return Answer(self.name, self.table, pd.concat(pieces, ignore_index=True), tuple(problems))


def read_pages(
    client: Client, request: Request, fields: Sequence[str], size: int
) -> tuple[list[Row], Page]:
    """Read all pages of a Fiscal Data table.

    Parameters
    ----------
    client : Client
        What asks.
    request : Request
        Without the page.
    fields : sequence of str
        Columns that every row must have.
    size : int
        Rows a page.

    Returns
    -------
    (rows, page)
        All rows in the order given, and the last page, for messages.

    Raises
    ------
    UnexpectedAnswer
        If the answer is not a page of such rows.
    Incomplete
        If the pages do not hold as many rows as the server counts, or its count changes.
    """
    rows: list[Row] = []
    number, total = 1, None
    while True:
        asked = Request(
            request.source,
            f"{request.what}, page {number}",
            request.url,
            {**request.params, "page[number]": str(number), "page[size]": str(size)},
        )
        read = _page_reader(fields, size, number, total)
        total, page_rows, page = client.get(asked, read)
        rows += page_rows
        if number * size >= total:
            return rows, page
        number += 1


def _page_reader(
    fields: Sequence[str], size: int, number: int, known_total: int | None
) -> Callable[[Page], tuple[int, list[Row], Page]]:
    def read(page: Page) -> tuple[int, list[Row], Page]:
        answer = page.json()
        rows = answer.get("data") if isinstance(answer, dict) else None
        meta = answer.get("meta") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not isinstance(meta, dict):
            raise page.unexpected('{"data": [...], "meta": {...}}')
        total = meta.get("total-count")
        if not isinstance(total, int) or isinstance(total, bool):
            raise page.unexpected("the number of rows in meta 'total-count'")
        if known_total is not None and total != known_total:
            raise page.incomplete(
                f"the number of rows went from {known_total} to {total} between pages: fetch again"
            )
        due = min(size, max(0, total - (number - 1) * size))
        if len(rows) != due:
            raise page.incomplete(f"{len(rows)} rows on page {number} where {due} were due")
        if total == 0:
            raise page.incomplete("no row at all")
        _require(rows, fields, page)
        return total, rows, page

    return read


def _require(rows: Sequence[Any], fields: Sequence[str], page: Page) -> None:
    for row in rows:
        if not isinstance(row, dict):
            raise page.unexpected("rows with fields")
        gone = [field for field in fields if not isinstance(row.get(field), str)]
        if gone:
            raise page.unexpected(f"the field {gone[0]!r} in every row")


def _request(source: str, base: str, path: str, begin: date) -> Request:
    params = {"filter": f"record_date:gte:{begin}", "sort": "record_date,src_line_nbr"}
    if path.endswith("debt_to_penny"):
        params["sort"] = "record_date"
    return Request(source, f"{path.rpartition('/')[2]} from {begin}", f"{base}/{path}", params)


def _closing_balances(rows: Sequence[Row], page: Page) -> Iterator[tuple[pd.Timestamp, float]]:
    accounts = {closing.account: closing for closing in SPLICE}
    found: set[pd.Timestamp] = set()
    days: dict[pd.Timestamp, None] = {}
    for row in rows:
        day, account = _day(row, page), row["account_type"]
        days[day] = None
        closing = accounts.get(account)
        if closing is None:
            if account not in _KNOWN:
                raise page.unexpected(
                    f"a known account_type on {day:%Y-%m-%d}, not {account[:60]!r}"
                )
            continue
        if not closing.first <= day.date() <= closing.last:
            raise page.unexpected(
                f"{account!r} from {closing.first} to {closing.last}, not on {day:%Y-%m-%d}"
            )
        found.add(day)
        yield day, _amount(row, closing.column, page)
    without = [day for day in days if day not in found]
    if without:
        raise page.unexpected(f"a closing balance for {without[0]:%Y-%m-%d}")


def _day(row: Row, page: Page) -> pd.Timestamp:
    try:
        return pd.Timestamp(date.fromisoformat(row["record_date"]))
    except ValueError:
        pass
    raise page.unexpected(f"a day in 'record_date', not {row['record_date'][:40]!r}")


def _amount(row: Row, field: str, page: Page) -> float:
    text = row[field]
    try:
        return float(text)
    except ValueError:
        pass
    raise page.unexpected(
        f"an amount in {field!r} of {row['record_date']}, not {text[:40]!r}: has the column moved?"
    )
