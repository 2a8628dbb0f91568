"""What every local server of the tests is made of: a thread, an address, and broken connections."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Generic, TypeVar

S = TypeVar("S")


class LocalServer(Generic[S]):
    """One server for all tests; each test opens a scene of its own under its own address."""

    def __init__(self, handler: type[LocalHandler[S]]) -> None:
        self.scenes: dict[str, S] = {}
        self.over = threading.Event()
        self._numbers = itertools.count()
        bound: type[LocalHandler[S]] = type("Handler", (handler,), {"owner": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), bound)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def admit(self, scene: S) -> str:
        """Register a scene and return its address."""
        name = f"s{next(self._numbers)}"
        self.scenes[name] = scene
        return f"http://127.0.0.1:{self._http.server_port}/{name}"

    def close(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class LocalHandler(BaseHTTPRequestHandler, Generic[S]):
    """Answers of a given length, and the ways in which one fails to come."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: LocalServer[S]

    def stall(self, seconds: float) -> None:
        """Send nothing until the client has long gone."""
        self.owner.over.wait(seconds)
        self.close_connection = True

    def reset(self) -> None:
        """Cut the connection."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def reply(
        self,
        status: int,
        text: str,
        content_type: str,
        retry_after: str | None = None,
        cut: bool = False,
    ) -> None:
        """Send an answer, or the first half of it."""
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

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, OSError):
            self.close_connection = True
