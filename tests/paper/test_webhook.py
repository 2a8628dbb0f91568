"""A signal is sent until it is taken, and nothing of the address is told."""

from __future__ import annotations

import json
import logging
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from data.errors import BadConfig, Refused, SourceError, UnexpectedAnswer, Unreachable
from data.snapshot import Snapshot
from paper.feed import export, read_feed
from paper.webhook import push
from tests.paper.feeds import always, moment
from tests.sources.clock import VirtualClock

SECRET = "hooks/T0KEN-n0b0dy-may-see"


@dataclass
class Receiver:
    """What came in, and what to answer: a status, ``timeout``, ``reset`` or ``lost``."""

    script: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    taken: set[str | None] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{SECRET}"


class Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver, key = self.receiver, self.headers["Idempotency-Key"]
        receiver.bodies.append(body)
        receiver.keys.append(key)
        answer = receiver.script.pop(0) if receiver.script else "200"
        if answer in ("200", "204", "lost"):
            receiver.taken.add(key)
        if answer == "timeout":
            receiver.over.wait(5)
        elif answer in ("reset", "lost"):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            said = f"status {answer} of /{SECRET}".encode()
            self.send_response(int(answer))
            self.send_header("Content-Length", str(len(said) if answer != "204" else 0))
            self.send_header("Location", f"/{SECRET}/elsewhere")
            self.end_headers()
            self.wfile.write(said if answer != "204" else b"")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Bound(Handler):
        receiver = found

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield found
    found.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def folder(phantom: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("feed")
    export(always(), phantom, moment("2024-05-22"), out)
    return out


def send(folder: Path, url: str) -> VirtualClock:
    clock = VirtualClock(moment("2024-05-22"))
    push(folder, url, timeout=0.3, clock=clock)
    return clock


@pytest.mark.parametrize(
    "script",
    [
        ["200"],
        ["204"],
        ["500", "200"],
        ["503", "429", "200"],
        ["timeout", "200"],
        ["reset", "200"],
        ["lost", "200"],
        ["reset", "timeout", "502", "500", "200"],
    ],
)
def test_it_is_sent_until_it_is_taken(folder: Path, receiver: Receiver, script: list[str]) -> None:
    receiver.script = list(script)
    send(folder, receiver.url)
    assert receiver.script == []
    assert len(receiver.bodies) == len(script)
    # However often it is sent, the receiver can tell that it is one signal.
    assert receiver.taken == {read_feed(folder).latest.signal_id}
    assert set(receiver.bodies) == {(folder / "latest.json").read_bytes()}
    assert json.loads(receiver.bodies[0])["latest"][0]["target_weight"] == 0.75


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        (["500"] * 9, Unreachable, r"the server answers 500 \(5 attempts\)"),
        (["timeout"] * 9, Unreachable, r"no answer within 0.3 s \(5 attempts\)"),
        (["404"], Refused, "there is no such thing"),
        (["401"], Refused, "it wants a valid key"),
        (["301"], UnexpectedAnswer, "the server answers 301, not that it took it"),
    ],
)
def test_what_does_not_pass_is_told_without_the_address(
    folder: Path,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    script: list[str],
    error: type[SourceError],
    message: str,
) -> None:
    receiver.script = list(script)
    with caplog.at_level(logging.DEBUG), pytest.raises(error, match=message) as raised:
        send(folder, receiver.url)
    signal = read_feed(folder).latest.signal_id
    assert str(raised.value).startswith(f"webhook: signal {signal} to 127.0.0.1: ")
    told = [str(raised.value), *(record.getMessage() for record in caplog.records)]
    assert not [text for text in told if "T0KEN" in text]
    assert len(receiver.bodies) <= 5


def test_the_waits_between_attempts_double(folder: Path, receiver: Receiver) -> None:
    receiver.script = ["500", "500", "500", "200"]
    clock = send(folder, receiver.url)
    assert (clock.now() - moment("2024-05-22")).total_seconds() == pytest.approx(0.5 + 1 + 2)


@pytest.mark.parametrize("url", ["ftp://host/x", "host/x", "https://", "http://[", ""])
def test_what_is_no_web_address_is_refused(folder: Path, url: str) -> None:
    with pytest.raises(BadConfig, match="--webhook: this is no web address"):
        push(folder, url)


def test_nobody_there(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match="no connection"):
        send(folder, f"http://127.0.0.1:{port}/{SECRET}")
