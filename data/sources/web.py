"""The one HTTP client: timeouts, retries, politeness, the archive, and nothing in the logs.

An answer is handed to a reader, which returns what it found in it or raises
:class:`UnexpectedAnswer` or :class:`Incomplete`; such an answer is asked for again before it is
given up, since a page of maintenance or an empty page passes. What the server refuses for good
(401, 403, 404, 418, 451 and the other 4xx) is raised at once as :class:`Refused`.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import pandas as pd
from pydantic import SecretStr

from data.errors import (
    BadConfig,
    Incomplete,
    Refused,
    SourceError,
    UnexpectedAnswer,
    Unreachable,
)
from data.sources.archive import Archiver, discard, raw_answer
from data.sources.clock import Clock, SystemClock
from data.sources.redaction import first_line, quiet_addresses, redact_url, scrub_bytes
from data.sources.retry import Patience, Transient, persist, retry_after

T = TypeVar("T")

# Busy or broken for the moment; every other status of 400 and above is final.
TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 530})
REFUSALS: Mapping[int, str] = {
    400: "it does not understand the request",
    401: "it wants a valid key",
    403: "it is forbidden from here",
    404: "there is no such thing",
    418: "it has banned this address for asking too often; wait before trying again",
    451: "it is not available in this country",
}


class NoSuchThing(Refused):
    """The source is there, and does not have what was asked for (400, 404, 410)."""


_NO_SUCH_THING = frozenset({400, 404, 410})
_EXPECTED = {True: "the figures", False: "that it took it"}


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for.

    Parameters
    ----------
    source : str
        Name of the source that asks; stands in every error.
    what : str
        What is asked for, in words; stands in every error in place of the address.
    url : str
        Address without query.
    params : mapping
        Query.
    secret : mapping
        Further query parameters that must not be seen anywhere.
    per_second : float
        Requests a second to this host, at most.
    hidden : tuple of str
        Parts of the address that must not be seen either.
    body : bytes, optional
        What to send, for :meth:`Client.post`.
    headers : mapping
        Headers beside the client's own.
    """

    source: str
    what: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, SecretStr] = field(default_factory=dict)
    per_second: float = 4.0
    hidden: tuple[str, ...] = ()
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret values."""
        return (*self.hidden, *(value.get_secret_value() for value in self.secret.values()))

    def __str__(self) -> str:
        return f"{self.source}: {self.what}"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer with status 200.

    Parameters
    ----------
    request : Request
        What was asked.
    text : str
        The body, secrets masked.
    framed : bool
        Whether the transport vouches for the length of the body; if not, it may have been cut.
    """

    request: Request
    text: str
    framed: bool

    def unexpected(self, expected: str) -> UnexpectedAnswer:
        """Return the error that says what was expected and how the answer begins."""
        return UnexpectedAnswer(
            f"{self.request}: expected {expected}, the answer begins {first_line(self.text)!r}"
        )

    def incomplete(self, why: str) -> Incomplete:
        """Return the error that says what is missing."""
        return Incomplete(f"{self.request}: {why}")

    def json(self) -> Any:
        """Return the body as JSON.

        Raises
        ------
        UnexpectedAnswer
            If it is not JSON: HTML, or an answer cut short.
        """
        try:
            return json.loads(self.text)
        except ValueError:
            pass
        raise self.unexpected("JSON")

    def lines(self) -> list[str]:
        """Return the lines of the body.

        Raises
        ------
        Incomplete
            If neither the transport nor a last newline says that the body is whole.
        """
        if not self.framed and not self.text.endswith("\n"):
            raise self.incomplete("the answer breaks off within a line")
        return self.text.removeprefix("\ufeff").splitlines()


class Client:
    """Asks publishers; shared by all sources of one fetch, safe to use from several threads.

    Parameters
    ----------
    clock : Clock
        What waits and tells the time.
    archive : Archiver
        Receives every answer with status 200.
    patience : Patience
        How often to ask again.
    timeout : float
        Seconds without a byte after which an answer is given up.
    deadline : float
        Seconds for one whole answer.
    most_bytes : int
        Largest answer accepted.
    user_agent : str, optional
        What to call ourselves; None: httpx's own name. Some sites leave names that they do not
        know without an answer.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        archive: Archiver = discard,
        patience: Patience | None = None,
        timeout: float = 30.0,
        deadline: float = 180.0,
        most_bytes: int = 200_000_000,
        user_agent: str | None = None,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.archive = archive
        self.patience = patience or Patience()
        self.timeout, self.deadline, self.most_bytes = timeout, deadline, most_bytes
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._next_turn: dict[str, pd.Timestamp] = {}
        quiet_addresses()
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout),
            verify=_certificates(),
            headers=None if user_agent is None else {"User-Agent": user_agent},
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, request: Request, read: Callable[[Page], T]) -> T:
        """Ask, and return what `read` makes of the answer.

        Parameters
        ----------
        request : Request
            What to ask for.
        read : callable
            Given the :class:`Page`; raises :class:`UnexpectedAnswer` or :class:`Incomplete` for
            an answer that it cannot use, which is then asked for again.

        Raises
        ------
        Unreachable
            No answer, or only "busy", after all attempts.
        Refused
            A refusal that will not pass.
        UnexpectedAnswer, Incomplete
            From `read`, after its attempts.
        """

        def once() -> T:
            page = self._page(request)
            try:
                return read(page)
            except (UnexpectedAnswer, Incomplete) as fault:
                found: SourceError = fault
            raise Transient(found, content=True)

        return persist(once, self.patience, self.clock)

    def post(self, request: Request) -> None:
        """Send the request's body; what is answered to a success is not looked at.

        A redirect is not followed, and the same is sent again where that may help: the receiver
        must know a repetition, for instance by a key among the headers.

        Raises
        ------
        Unreachable
            No answer, or only "busy", after all attempts.
        Refused, UnexpectedAnswer
            A refusal that will not pass, or a redirect.
        """
        persist(lambda: self._answer(request, range(200, 300)), self.patience, self.clock)

    @contextmanager
    def turn(self, host: str, per_second: float) -> Iterator[None]:
        """Hold the one connection to `host`, taken at most `per_second` times a second."""
        with self._locks[host]:
            now = self.clock.now()
            due = self._next_turn.get(host, now)
            if due > now:
                self.clock.sleep((due - now).total_seconds())
            pause = pd.Timedelta(milliseconds=round(1000 / per_second))
            self._next_turn[host] = max(due, now) + pause
            yield

    def _answer(self, request: Request, sound: Container[int]) -> tuple[httpx.Headers, bytes]:
        """Return headers and body, secrets masked; raise what another status than `sound` means."""
        with self.turn(_host(request), request.per_second):
            status, headers, body = self._exchange(request)
        if status in TRANSIENT_STATUS:
            error = Unreachable(f"{request}: the server answers {status}")
            raise Transient(error, retry_after(headers.get("retry-after"), self.clock))
        if status >= 400:
            raise _refusal(request, status, body)
        if status not in sound:
            raise UnexpectedAnswer(
                f"{request}: the server answers {status}, not {_EXPECTED[request.body is None]}: "
                "has the base address moved?"
            )
        return headers, scrub_bytes(body, request.secrets)

    def _page(self, request: Request) -> Page:
        headers, body = self._answer(request, (200,))
        self.archive(
            raw_answer(
                request.source,
                redact_url(str(httpx.URL(request.url, params=request.params)), request.secrets),
                self.clock.now(),
                headers.get("content-type", ""),
                body,
            )
        )
        framed = "content-length" in headers or "transfer-encoding" in headers
        return Page(request, body.decode("utf-8", errors="replace"), framed)

    def _exchange(self, request: Request) -> tuple[int, httpx.Headers, bytes]:
        """Return status, headers and body; transport faults become :class:`Transient`."""
        secret = {name: value.get_secret_value() for name, value in request.secret.items()}
        began = time.monotonic()
        fault: Transient | BadConfig
        try:
            with self._http.stream(
                "GET" if request.body is None else "POST",
                request.url,
                params={**request.params, **secret} or None,
                content=request.body,
                headers=dict(request.headers),
                # A key is never carried to another host.
                follow_redirects=not request.secrets and request.body is None,
            ) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > self.most_bytes:
                        raise _fault(Incomplete, request, "the answer does not end")
                    if time.monotonic() - began > self.deadline:
                        raise _fault(Unreachable, request, f"no end within {self.deadline:g} s")
                return response.status_code, response.headers, bytes(body)
        except httpx.TimeoutException:
            fault = _fault(Unreachable, request, f"no answer within {self.timeout:g} s")
        except (httpx.RemoteProtocolError, httpx.DecodingError):
            fault = _fault(Incomplete, request, "the answer breaks off")
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError):
            fault = BadConfig(f"{request}: its base address is not a web address")
        except httpx.TooManyRedirects:
            fault = _fault(UnexpectedAnswer, request, "it redirects in a circle")
        except httpx.TransportError as error:
            fault = _fault(Unreachable, request, f"no connection ({type(error).__name__})")
        # Raised here, not above: httpx's own errors carry the address with the key.
        raise fault


def reachable(addresses: Iterable[str], seconds: float) -> bool:
    """Tell whether any of `addresses` answers, whatever it says, within so many seconds.

    The look-up of a name has no time limit of its own, so every address is tried in a thread that
    is left behind when the time is over.
    """
    answered = threading.Event()
    left = threading.Semaphore(0)

    def knock(address: str) -> None:
        try:
            httpx.head(address, timeout=seconds, verify=_certificates())
            answered.set()
        except httpx.HTTPError:
            pass
        finally:
            left.release()

    quiet_addresses()
    end = time.monotonic() + seconds
    tried = [threading.Thread(target=knock, args=(one,), daemon=True) for one in addresses]
    for thread in tried:
        thread.start()
    for _ in tried:
        # Each release is one address that has answered or failed.
        if not left.acquire(timeout=max(0.0, end - time.monotonic())) or answered.is_set():
            break
    return answered.is_set()


@cache
def _certificates() -> ssl.SSLContext:
    """Read the certificates once; every client shares them."""
    return httpx.create_ssl_context()


def _host(request: Request) -> str:
    try:
        return urlsplit(request.url).netloc
    except ValueError:
        pass
    raise BadConfig(f"{request}: its base address is not a web address")


def _fault(kind: type[SourceError], request: Request, why: str) -> Transient:
    return Transient(kind(f"{request}: {why}"))


def _refusal(request: Request, status: int, body: bytes) -> Refused:
    reason = REFUSALS.get(status, "it refuses the request")
    said = first_line(body.decode("utf-8", errors="replace"), request.secrets)
    kind = NoSuchThing if status in _NO_SUCH_THING else Refused
    return kind(f"{request}: {reason} ({status}); the answer begins {said!r}")
