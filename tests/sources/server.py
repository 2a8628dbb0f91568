"""A local server that speaks every publisher's and exchange's protocol, with faults to order.

One server serves all tests. Each test opens a scenario and points the real client libraries at
``http://127.0.0.1:PORT/<scenario>/<publisher>``; the scenario holds its own truth, clock and fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pandas as pd

from tests.local_server import LocalHandler, LocalServer
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


class Server(LocalServer[Scenario]):
    """The server and its scenarios."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self.routes = routes
        super().__init__(_Handler)

    def open(self, scenario: Scenario) -> str:
        """Register a scenario and return its address."""
        return self.admit(scenario)


class _Handler(LocalHandler[Scenario]):
    owner: Server
    scenario: Scenario

    def do_HEAD(self) -> None:  # noqa: N802 - the name is the base class's
        """Answer the knock of who wants to know whether there is a network."""
        self.scenario = self.owner.scenes[urlsplit(self.path).path.split("/")[1]]
        self.reply(404, "", "text/html")

    def do_GET(self) -> None:  # noqa: N802 - the name is the base class's
        parts = urlsplit(self.path)
        _, name, publisher, *rest = parts.path.split("/")
        self.scenario = self.owner.scenes[name]
        self.scenario.asked.append(self.path)
        path = "/".join(rest)
        listing = self.owner.routes[publisher](self.scenario, path, dict(parse_qsl(parts.query)))
        if listing is None:
            self.reply(404, HTML, "text/html")
            return
        fault = self.scenario.fault
        kind = fault.kind if listing.exposed and fault.due() else "none"
        self._answer(kind, listing)

    def _answer(self, kind: str, listing: Listing) -> None:
        if kind in STATUS:
            wait = self.scenario.retry_after if kind in ("429", "503", "418") else None
            text = f"status {kind} of the server, which knows no such api_key"
            self.reply(STATUS[kind], text, "text/plain", wait)
        elif kind == "timeout":
            self.stall(5)
        elif kind == "reset":
            self.reset()
        else:
            content_type = "text/html" if kind == "html" else listing.content_type
            text = self.scenario.mangle(self.path, body(listing, kind))
            self.reply(200, text, content_type, cut=kind == "truncated")

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(
            self.scenario.now.to_pydatetime().replace(microsecond=0), usegmt=True
        )
