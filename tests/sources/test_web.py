"""The HTTP client: patience, politeness, limits, and what it never writes down."""

from __future__ import annotations

import io
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pandas as pd
import pytest
import stamina
from pydantic import SecretStr

from data.errors import BadConfig, Incomplete, Refused, UnexpectedAnswer, Unreachable
from data.sources.archive import RawAnswer
from data.sources.base import collect
from data.sources.fred_api import FredApi
from data.sources.redaction import HostOnly, first_line, redact_url
from data.sources.retry import Patience, Transient, persist, retry_after
from data.sources.web import Client, Page, Request
from tests.sources.clock import VirtualClock
from tests.sources.faults import ALWAYS, Fault
from tests.sources.server import Scenario, Server
from tests.sources.truth import NOW, SINCE
from tests.sources.world import CANARY, PATIENCE, VINTAGED, client, scenario


def ask(server: Server, scene: Scenario, **settings: object) -> str:
    base = server.open(scene)
    params = {"id": "SOFR", "cosd": "2026-02-02"}
    request = Request("test", "SOFR", f"{base}/fred/graph/fredgraph.csv", params)
    chosen = {"clock": scene.clock, "patience": PATIENCE, **settings}
    with Client(**chosen) as asking:  # type: ignore[arg-type]
        return asking.get(request, lambda page: page.text)


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and then does as it is told with the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("kind", ["429", "503"])
def test_a_wait_that_the_server_asks_for_is_kept(server: Server, kind: str) -> None:
    scene = scenario()
    scene.fault, scene.retry_after = Fault(kind, 2), "41"
    assert ask(server, scene).startswith("observation_date")
    assert scene.clock.slept.count(41.0) == 2


def test_a_wait_until_a_date_is_kept(server: Server) -> None:
    scene = scenario()
    scene.fault, scene.retry_after = Fault("429", 1), "Tue, 10 Mar 2026 21:01:30 GMT"
    ask(server, scene)
    assert scene.clock.slept[0] == pytest.approx(90.0)


def test_a_wait_of_an_hour_is_not_kept(server: Server) -> None:
    scene = scenario()
    scene.fault, scene.retry_after = Fault("429", 1), "3600"
    with pytest.raises(Unreachable, match="asks to wait 3600 s: try again later"):
        ask(server, scene)
    assert scene.clock.slept == []


def test_waits_double_where_nothing_is_asked(server: Server) -> None:
    scene = scenario()
    scene.fault = Fault("500", ALWAYS)
    with pytest.raises(Unreachable, match=r"the server answers 500 \(4 attempts\)"):
        ask(server, scene, patience=Patience(attempts=4, first_wait=2.0, longest_wait=5.0))
    assert [wait for wait in scene.clock.slept if wait >= 2] == [2.0, 4.0, 5.0]


def test_a_nonsensical_wait_is_overlooked() -> None:
    clock = VirtualClock(NOW)
    assert retry_after("soon", clock) is None
    assert retry_after(None, clock) is None
    assert retry_after("Mon, 09 Mar 2026 00:00:00 GMT", clock) == 0.0


@pytest.mark.parametrize(("kind", "attempts"), [("html", 3), ("500", 5)])
def test_odd_answers_are_asked_for_less_often_than_busy_servers(
    server: Server, kind: str, attempts: int
) -> None:
    scene = scenario()
    scene.fault = Fault(kind, ALWAYS)
    request = Request("test", "SOFR", f"{server.open(scene)}/fred/graph/fredgraph.csv", ASKED)
    patience = Patience(attempts=5, content_attempts=3)
    with (
        Client(clock=scene.clock, patience=patience) as asking,
        pytest.raises(Exception, match="test"),
    ):
        asking.get(request, lambda page: page.json())
    assert len(scene.asked) == attempts


ASKED = {"id": "SOFR", "cosd": "2026-02-02"}


def test_one_host_is_asked_at_most_so_often(server: Server) -> None:
    scene = scenario()
    base = server.open(scene)
    began = scene.clock.now()
    request = Request("test", "it", f"{base}/fred/graph/fredgraph.csv", ASKED, per_second=2.0)
    with client(scene) as asking:
        threads = [
            threading.Thread(target=asking.get, args=(request, lambda page: page.text))
            for _ in range(7)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(scene.asked) == 7
    assert scene.clock.now() - began == pd.Timedelta(seconds=3)


def test_an_answer_without_end_is_given_up(server: Server) -> None:
    with pytest.raises(Incomplete, match="the answer does not end"):
        ask(server, scenario(), most_bytes=100)


def test_an_answer_that_drips_is_given_up(server: Server) -> None:
    with pytest.raises(Unreachable, match="no end within 0 s"):
        ask(server, scenario(), deadline=0.0)


def test_a_body_of_unknown_length_must_end_with_a_line(server: Server) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nobservation_date,SOFR\n2026-02-02,3.6")

    with raw_server(answer) as base:
        request = Request("test", "SOFR", base)
        with client(scenario()) as asking, pytest.raises(Incomplete, match="within a line"):
            asking.get(request, Page.lines)


def test_a_redirect_is_followed_but_not_with_a_key(server: Server) -> None:
    scene = scenario()
    there = f"{server.open(scene)}/fred/graph/fredgraph.csv?id=SOFR&cosd=2026-03-01"

    def answer(connection: socket.socket) -> None:
        connection.sendall(
            f"HTTP/1.1 302 Found\r\nLocation: {there}\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n".encode()
        )

    with raw_server(answer) as base, client(scene) as asking:
        assert asking.get(Request("test", "it", base), Page.lines)[0] == "observation_date,SOFR"
        keyed = Request("test", "it", base, secret={"api_key": SecretStr(CANARY)})
        with pytest.raises(UnexpectedAnswer, match="answers 302, not the figures"):
            asking.get(keyed, Page.lines)
    assert not any(CANARY in path for path in scene.asked)


@pytest.mark.parametrize("base", ["nowhere", "ftp://127.0.0.1/x", "http://[bad"])
def test_a_base_address_that_is_none_is_a_setting_to_mend(base: str) -> None:
    with client(scenario()) as asking, pytest.raises(BadConfig, match="is not a web address"):
        asking.get(Request("test", "it", base), Page.lines)


def test_a_refusal_says_what_the_server_said(server: Server) -> None:
    scene = scenario()
    scene.fault = Fault("451", 1)
    with pytest.raises(Refused, match=r"not available in this country \(451\); .* 'status 451 of"):
        ask(server, scene)


def test_stamina_switched_off_means_one_attempt() -> None:
    def fail() -> None:
        raise Transient(Unreachable("busy"))

    stamina.set_active(False)
    try:
        with pytest.raises(Unreachable, match="busy"):
            persist(fail, PATIENCE, VirtualClock(NOW))
    finally:
        stamina.set_active(True)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://u:p@host:1/a?x=1&api_key=k", "http://host:1/a?x=1&api_key=***"),
        ("https://host/a/hidden/b?q=a,b", "https://host/a/***/b?q=a,b"),
        ("https://host/a?access_token=t#f", "https://host/a?access_token=***"),
    ],
)
def test_an_archived_address_holds_no_secret(url: str, shown: str) -> None:
    assert redact_url(url, ["hidden"]) == shown


def test_a_first_line_is_short_and_printable() -> None:
    assert first_line("\n <?xml version='1.0'?>\n<a>\x1b[31m k</a>", ["k"]) == "<a>[31m ***</a>"
    assert len(first_line("x" * 500)) == 120
    assert first_line("") == ""


def test_logs_name_the_host_alone() -> None:
    record = logging.LogRecord("httpx", 20, "f", 1, "%s %s", ("GET", "http://h/p?k=v"), None)
    assert HostOnly().filter(record)
    assert record.getMessage() == "GET h"


KEY_FAULTS = ["none", "400", "403", "500", "timeout", "reset", "truncated", "html", "echo"]


@pytest.mark.parametrize("kind", KEY_FAULTS)
def test_the_key_is_nowhere_but_in_the_request(
    server: Server, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    written = io.StringIO()
    archived: list[RawAnswer] = []
    scene = scenario()
    if kind == "echo":
        scene.mangle = lambda path, text: f"<html>you asked for {path}</html>"
    elif kind != "none":
        scene.fault = Fault(kind, ALWAYS)
    source = FredApi(SecretStr(CANARY), f"{server.open(scene)}/fred_api", VINTAGED)
    settings = {"clock": scene.clock, "patience": PATIENCE, "archive": archived.append}
    with caplog.at_level(logging.DEBUG), Client(timeout=0.3, **settings) as asking:  # type: ignore[arg-type]
        try:
            answer = collect(source, SINCE, asking)
            written.write(f"{answer.problems} {source!r} {source}")
        except Exception as error:
            written.write(f"{error!r} {error}")
            seen: BaseException | None = error
            while seen is not None:
                written.write("".join(traceback.format_exception(seen)))
                seen = seen.__context__ or seen.__cause__
    assert any(CANARY in path for path in scene.asked), "the key was not even used"
    everything = written.getvalue() + caplog.text + repr(caplog.records)
    everything += " ".join(str(record.__dict__) for record in caplog.records)
    everything += " ".join(f"{raw.url} {raw.text}" for raw in archived)
    assert CANARY not in everything


def test_the_client_goes_by_the_name_of_the_settings() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    with raw_server(answer) as base:
        for name in (None, "plumbline"):
            with Client(user_agent=name, clock=VirtualClock(NOW)) as asking:
                assert asking.get(Request("test", "it", base), lambda page: page.text) == "ok"
                told = asking._http.headers["User-Agent"]
                assert told == name or (name is None and told.startswith("python-httpx"))
