"""A local server that speaks an exchange's private protocol, with faults on the way.

Each test opens its own venue and points ccxt at ``http://127.0.0.1:PORT/<venue>/...``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import pandas as pd

from tests.local_server import LocalHandler, LocalServer
from tests.paper.brokers.venue import FATES, Refusal, Venue
from tests.sources.faults import HTML

RETRY_AFTER = "7"
# A late order arrives this long after it was sent.
LATE = pd.Timedelta(seconds=3)
STALLS = frozenset({"timeout after accepted", "late arrival"})
UNPROCESSED = frozenset({"lost before accepted", "html before", "429", "418", "maintenance"})


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query))


@dataclass(frozen=True)
class Answer:
    status: int
    content: Any
    text: str | None = None

    @property
    def body(self) -> str:
        return json.dumps(self.content) if self.text is None else self.text


class Dialect(Protocol):
    """How one exchange words requests and answers."""

    def kind(self, request: Request) -> str:
        """order, lookup, trades or read."""

    def denied(self, request: Request) -> Answer | None:
        """The refusal of a request that is not signed as it should be."""

    def answer(self, venue: Venue, request: Request, fate: str) -> Answer:
        """Do what is asked; raises Refusal."""

    def refusal(self, refusal: Refusal) -> Answer:
        """How it says no."""

    def expired(self, venue: Venue, request: Request) -> Answer | None:
        """The refusal of a request that is too old by now."""

    def maintenance(self) -> Answer:
        """How it says that it is closed for work."""


class ExchangeServer(LocalServer[tuple[Venue, Dialect]]):
    """The server and its venues."""

    def __init__(self) -> None:
        super().__init__(_Handler)

    def open(self, venue: Venue, dialect: Dialect) -> str:
        """Register a venue and return its address."""
        return self.admit((venue, dialect))


class _Handler(LocalHandler[tuple[Venue, Dialect]]):
    def do_GET(self) -> None:  # noqa: N802 - the name is the base class's
        self._serve("GET")

    def do_POST(self) -> None:  # noqa: N802 - the name is the base class's
        self._serve("POST")

    def _serve(self, method: str) -> None:
        parts = urlsplit(self.path)
        _, name, path = parts.path.split("/", 2)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        venue, dialect = self.owner.scenes[name]
        request = Request(method, path, parts.query, body, dict(self.headers.items()))
        with venue.lock:
            venue.asked.append((method, path))
            venue.pass_time()
            kind = dialect.kind(request)
            if venue.list_is_lookup and path.endswith("allOrders"):
                kind = "lookup"
            fault = venue.due(kind)
            answer = self._process(venue, dialect, request, kind, fault)
        self._tell(venue, fault, answer)

    def _process(
        self, venue: Venue, dialect: Dialect, request: Request, kind: str, fault: str
    ) -> Answer | None:
        if fault in UNPROCESSED:
            return dialect.maintenance() if fault == "maintenance" else None
        if fault == "price jump":
            venue.prices = {name: price * 2 for name, price in venue.prices.items()}
        if fault == "reject":
            return dialect.refusal(Refusal("reject"))
        if fault == "insufficient funds":
            return dialect.refusal(Refusal("insufficient funds"))
        if fault == "not yet there":
            return dialect.refusal(Refusal("no such order"))
        if fault == "takes a minute":
            venue.clock.sleep(60.0)
        act = _acting(venue, dialect, request, fault if fault in FATES else "")
        if fault == "late arrival":
            venue.underway.append((venue.clock.now() + LATE, act))
            return None
        if kind != "order":
            venue.go_on()
        return act()

    def _tell(self, venue: Venue, fault: str, answer: Answer | None) -> None:
        if fault in STALLS:
            self.stall(3)
        elif fault in ("lost before accepted", "reset after accepted"):
            self.reset()
        elif fault in ("html before", "html"):
            self._send(200, HTML)
        elif fault in ("429", "418"):
            self._send(int(fault), "too many requests", RETRY_AFTER)
        elif fault == "500":
            self._send(500, f"internal error {HTML}")
        elif answer is not None and venue.echo:
            heard = " ".join(str(value) for value in self.headers.values())
            told = {"code": -1, "message": f"you said {heard}", "msg": heard}
            self._send(400, json.dumps(told))
        elif answer is not None:
            self._send(answer.status, answer.body, cut=fault == "truncated")

    def _send(
        self, status: int, text: str, retry_after: str | None = None, cut: bool = False
    ) -> None:
        self.reply(status, text, "application/json", retry_after, cut)


def _acting(venue: Venue, dialect: Dialect, request: Request, fate: str) -> Callable[[], Answer]:
    def act() -> Answer:
        refused = dialect.denied(request) or dialect.expired(venue, request)
        if refused is not None:
            return refused
        try:
            return dialect.answer(venue, request, fate)
        except Refusal as refusal:
            return dialect.refusal(refusal)

    return act
