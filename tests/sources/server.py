"""A local server that speaks every publisher's and exchange's protocol, with faults to order.

One server serves all tests. Each test opens a scenario and points the real client libraries at
``http://127.0.0.1:PORT/<scenario>/<publisher>``; the scenario holds its own truth, clock and fault.
"""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pandas as pd

from tests.sources.clock import VirtualClock
from tests.sources.faults import HTML, STATUS, Fault, Listing, body

Route = Callable[["Scenario", str, Mapping[str, str]], Listing | None]


@dataclass
class Scenario:
    """What one test sees."""

    truth: Any
    clock: VirtualClock
    fault: Fault = field(default_factory=Fault)
    # How far the server's clock is ahead of ours.
    ahead: pd.Timedelta = field(default_factory=lambda: pd.Timedelta(0))
    retry_after: str | None = "7"
    # The last word on every sound body: path with query, and text.
    mangle: Callable[[str, str], str] = lambda path, text: text
    asked: list[str] = field(default_factory=list)

    @property
    def now(self) -> pd.Timestamp:
        return self.clock.now() + self.ahead


class Server:
    """The server and its scenarios."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self.scenarios: dict[str, Scenario] = {}
        self.over = threading.Event()
        self._numbers = itertools.count()
        server = self

        class Handler(_Handler):
            owner = server
            table = routes

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def open(self, scenario: Scenario) -> str:
        """Register a scenario and return its address."""
        name = f"s{next(self._numbers)}"
        self.scenarios[name] = scenario
        return f"http://127.0.0.1:{self._http.server_port}/{name}"

    def close(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: Server
    table: Mapping[str, Route]
    scenario: Scenario

    def do_HEAD(self) -> None:
        """Answer the knock of who wants to know whether there is a network."""
        self.scenario = self.owner.scenarios[urlsplit(self.path).path.split("/")[1]]
        self._send(404, "", "text/html")

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        _, name, publisher, *rest = parts.path.split("/")
        self.scenario = self.owner.scenarios[name]
        self.scenario.asked.append(self.path)
        path = "/".join(rest)
        listing = self.table[publisher](self.scenario, path, dict(parse_qsl(parts.query)))
        if listing is None:
            self._send(404, HTML, "text/html")
            return
        fault = self.scenario.fault
        kind = fault.kind if listing.exposed and fault.due() else "none"
        self._answer(kind, listing)

    def _answer(self, kind: str, listing: Listing) -> None:
        if kind in STATUS:
            wait = self.scenario.retry_after if kind in ("429", "503", "418") else None
            text = f"status {kind} of the server, which knows no such api_key"
            self._send(STATUS[kind], text, "text/plain", wait)
        elif kind == "timeout":
            # Nothing comes until the client has long gone.
            self.owner.over.wait(5)
            self.close_connection = True
        elif kind == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            content_type = "text/html" if kind == "html" else listing.content_type
            text = self.scenario.mangle(self.path, body(listing, kind))
            self._send(200, text, content_type, cut=kind == "truncated")

    def _send(
        self,
        status: int,
        text: str,
        content_type: str,
        retry_after: str | None = None,
        cut: bool = False,
    ) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(
            self.scenario.now.to_pydatetime().replace(microsecond=0), usegmt=True
        )

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, OSError):
            self.close_connection = True
