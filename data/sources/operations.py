"""One repo or reverse repo operation of the New York Fed, read and classified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from data.sources.web import Page

Kind: TypeAlias = Literal[
    "standing", "temporary", "exercise", "term", "earlier", "reverse", "reverse_term"
]

# The first operation of the standing repo facility, and of the temporary ones before it.
STANDING_FROM = date(2021, 7, 29)
TEMPORARY_FROM = date(2019, 9, 17)
COLLATERAL: Mapping[str, str] = {
    "Treasury": "treasury",
    "Agency": "agency",
    "Mortgage-Backed": "mbs",
}
# The Desk names its operational tests in the note, with or without hyphen.
_EXERCISE = "small value exercise"
# Amounts are dollars, and bids are taken in whole millions; exercises may be smaller. Anything
# else is another unit. The largest operation, a reverse repo, took 2.55 trillion.
_MILLION, _MOST = 1_000_000, 20_000_000_000_000
_STATUS_PENDING = frozenset({"Announced", "Open", "Closed", "Pending"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with results.

    Parameters
    ----------
    id : str
        The Desk's number.
    day, settlement, maturity : date
        When it was held, paid out and is repaid.
    kind : str
        ``standing`` (the standing repo facility), ``temporary`` (overnight repo from 2019-09-17
        until it), ``term`` (repo over days or weeks), ``earlier`` (repo before 2019-09-17),
        ``exercise`` (small-value test, either way), ``reverse`` (overnight reverse repo),
        ``reverse_term``.
    closes : str
        New York time at which bids close, ``HH:MM``.
    submitted, accepted : int
        Dollars.
    by_collateral : mapping of {"treasury", "agency", "mbs"} to int
        Dollars accepted.
    rate : float or None
        Award rate of the first collateral, percent; None where nothing was awarded.
    note : str
        The Desk's remark.
    """

    id: str
    day: date
    settlement: date
    maturity: date
    kind: Kind
    closes: str
    submitted: int
    accepted: int
    by_collateral: Mapping[str, int]
    rate: float | None
    note: str

    @property
    def session(self) -> Literal["morning", "afternoon"]:
        """The standing facility's two sessions close at 08:30 and 13:45."""
        return "morning" if self.closes < "12:00" else "afternoon"


def read_operations(page: Page) -> list[Operation]:
    """Return the operations with results of one answer, by day and closing time.

    Operations that are announced or under way are left out: their results come later.

    Raises
    ------
    UnexpectedAnswer
        If the answer is not a list of operations, a field is gone, a type of operation or of
        collateral is unknown, an amount cannot be in dollars, the parts do not add up to the
        total, or one operation comes with two results.
    """
    answer = page.json()
    repo = answer.get("repo") if isinstance(answer, dict) else None
    rows = repo.get("operations") if isinstance(repo, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise page.unexpected('{"repo": {"operations": [...]}}')
    found: dict[tuple[str, date], Operation] = {}
    for row in rows:
        status = _text(row, "auctionStatus", page)
        if status in _STATUS_PENDING:
            continue
        if status != "Results":
            raise page.unexpected(f"an operation with results, not with status {status!r}")
        operation = _operation(row, page)
        key = (operation.id, operation.day)
        if found.setdefault(key, operation) != operation:
            raise page.unexpected(f"one result of operation {operation.id!r}")
    return sorted(found.values(), key=lambda one: (one.day, one.closes, one.id))


def _operation(row: Mapping[str, Any], page: Page) -> Operation:
    day = _date(row, "operationDate", page)
    note = str(row.get("note") or "")
    kind = _kind(row, day, note, page)
    step = 1 if kind == "exercise" else _MILLION
    accepted = _dollars(row, "totalAmtAccepted", day, page, step)
    parts, rate = _parts(row, day, page, step)
    if sum(parts.values()) != accepted:
        raise page.unexpected(
            f"parts that add up to the {accepted} dollars of {day}, not to {sum(parts.values())}"
        )
    return Operation(
        id=_text(row, "operationId", page),
        day=day,
        settlement=_date(row, "settlementDate", page),
        maturity=_date(row, "maturityDate", page),
        kind=kind,
        closes=_text(row, "closeTime", page)[:5],
        submitted=_dollars(row, "totalAmtSubmitted", day, page, step),
        accepted=accepted,
        by_collateral=parts,
        rate=rate,
        note=note,
    )


def _kind(row: Mapping[str, Any], day: date, note: str, page: Page) -> Kind:
    direction, term = _text(row, "operationType", page), _text(row, "term", page)
    if term not in ("Overnight", "Term"):
        raise page.unexpected(f"the term Overnight or Term on {day}, not {term!r}")
    if direction not in ("Repo", "Reverse Repo"):
        raise page.unexpected(f"Repo or Reverse Repo on {day}, not {direction!r}")
    if _EXERCISE in note.lower().replace("-", " "):
        return "exercise"
    if direction == "Reverse Repo":
        return "reverse" if term == "Overnight" else "reverse_term"
    if day < TEMPORARY_FROM:
        return "earlier"
    if term == "Term":
        return "term"
    return "standing" if day >= STANDING_FROM else "temporary"


def _parts(
    row: Mapping[str, Any], day: date, page: Page, step: int
) -> tuple[dict[str, int], float | None]:
    details = row.get("details")
    if not isinstance(details, list) or not all(isinstance(part, dict) for part in details):
        raise page.unexpected(f"a list 'details' in the operation of {day}")
    parts: dict[str, int] = {}
    rate = None
    for part in details:
        security = _text(part, "securityType", page)
        if security not in COLLATERAL:
            raise page.unexpected(f"collateral {', '.join(COLLATERAL)} on {day}, not {security!r}")
        # Nothing taken may be told by silence; the sum of the parts is checked.
        taken = part.get("amtAccepted") is not None
        amount = _dollars(part, "amtAccepted", day, page, step) if taken else 0
        name = COLLATERAL[security]
        parts[name] = parts.get(name, 0) + amount
        award = part.get("percentAwardRate", part.get("percentWeightedAverageRate"))
        if rate is None and amount and award is not None:
            rate = _percent(award, day, page)
    return parts, rate


def _dollars(row: Mapping[str, Any], field: str, day: date, page: Page, step: int) -> int:
    try:
        number = float(str(row.get(field)))
    except ValueError:
        number = float("nan")
    if not (0 <= number <= _MOST and number % step == 0):
        unit = "whole millions of dollars" if step > 1 else "whole dollars"
        raise page.unexpected(f"{unit} in {field!r} of {day}, not {str(row.get(field))[:40]!r}")
    return int(number)


def _percent(value: object, day: date, page: Page) -> float:
    try:
        rate = float(str(value))
    except ValueError:
        rate = float("nan")
    if not -5.0 <= rate <= 50.0:
        raise page.unexpected(f"a rate in percent on {day}, not {str(value)[:40]!r}")
    return rate


def _text(row: Mapping[str, Any], field: str, page: Page) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value:
        raise page.unexpected(f"the field {field!r} in every operation")
    return value


def _date(row: Mapping[str, Any], field: str, page: Page) -> date:
    text = _text(row, field, page)
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    raise page.unexpected(f"a day in {field!r}, not {text[:40]!r}")
