"""A local server that speaks an exchange's private protocol, with faults on the way.

Each test opens its own venue and points ccxt at ``http://127.0.0.1:PORT/<venue>/...``.
"""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import pandas as pd

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


class ExchangeServer:
    """The server and its venues."""

    def __init__(self) -> None:
        self.venues: dict[str, tuple[Venue, Dialect]] = {}
        self.over = threading.Event()
        self._numbers = itertools.count()
        server = self

        class Handler(_Handler):
            owner = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def open(self, venue: Venue, dialect: Dialect) -> str:
        """Register a venue and return its address."""
        name = f"v{next(self._numbers)}"
        self.venues[name] = (venue, dialect)
        return f"http://127.0.0.1:{self._http.server_port}/{name}"

    def close(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: ExchangeServer

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        parts = urlsplit(self.path)
        _, name, path = parts.path.split("/", 2)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        venue, dialect = self.owner.venues[name]
        request = Request(method, path, parts.query, body, dict(self.headers.items()))
        with venue.lock:
            venue.asked.append((method, path))
            venue.pass_time()
            kind = dialect.kind(request)
            if venue.list_is_lookup and path.endswith("allOrders"):
                kind = "lookup"
            fault = venue.due(kind)
            answer = self._process(venue, dialect, request, kind, fault)
        self._reply(venue, fault, answer)

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

    def _reply(self, venue: Venue, fault: str, answer: Answer | None) -> None:
        if fault in STALLS:
            # Nothing comes until the client has long gone.
            self.owner.over.wait(3)
            self.close_connection = True
        elif fault in ("lost before accepted", "reset after accepted"):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault in ("html before", "html"):
            self._send(200, HTML)
        elif fault in ("429", "418"):
            self._send(int(fault), "too many requests", retry_after=True)
        elif fault == "500":
            self._send(500, f"internal error {HTML}")
        elif answer is not None:
            text = answer.body
            if venue.echo:
                heard = " ".join(str(value) for value in self.headers.values())
                text = json.dumps({"code": -1, "message": f"you said {heard}", "msg": heard})
                self._send(400, text)
            else:
                self._send(answer.status, text, cut=fault == "truncated")

    def _send(self, status: int, text: str, retry_after: bool = False, cut: bool = False) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if retry_after:
            self.send_header("Retry-After", RETRY_AFTER)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, OSError):
            self.close_connection = True


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
