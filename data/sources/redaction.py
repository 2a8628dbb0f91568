"""Keep addresses and keys out of everything that is written down."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

MASK = "***"
_SHOWN = 120


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with every secret masked."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return text


def scrub_bytes(content: bytes, secrets: Iterable[str]) -> bytes:
    """Return `content` with every secret masked, in case an answer echoes the question."""
    for secret in secrets:
        if secret:
            content = content.replace(secret.encode(), MASK.encode())
    return content


def redact_url(url: str, secrets: Iterable[str] = ()) -> str:
    """Return an address fit for the archive: no user, no password, no key.

    Parameters
    ----------
    url : str
        The address as requested.
    secrets : iterable of str
        Known secrets, masked wherever they stand.
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = [
        (name, MASK if "key" in name.lower() or "token" in name.lower() else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    masked = urlunsplit((parts.scheme, host, parts.path, urlencode(query, safe="*,$:/"), ""))
    return scrub(masked, secrets)


def first_line(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the first line of an answer that says something, short enough for a message."""
    lines = (line.strip() for line in text[:10_000].splitlines())
    line = next((line for line in lines if line and not line.startswith("<?xml")), "")
    shown = "".join(character for character in line if character.isprintable())
    shown = scrub(shown, secrets)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"


class HostOnly(logging.Filter):
    """Reduce the addresses in httpx's log records to the host.

    httpx logs the whole address of every request at level INFO.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; every record is kept."""
        if isinstance(record.args, tuple):
            record.args = tuple(_host(value) for value in record.args)
        return True


def _host(value: object) -> object:
    text = str(value)
    return urlsplit(text).hostname or MASK if "://" in text else value


class Silent(logging.Filter):
    """Keep httpcore's records to itself.

    At level DEBUG it tells the headers of every answer, the address of a redirect among them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let nothing pass."""
        del record
        return False


_FILTERS: Mapping[str, type[logging.Filter]] = {
    "httpx": HostOnly,
    "httpcore.connection": Silent,
    "httpcore.http11": Silent,
    "httpcore.http2": Silent,
    "httpcore.proxy": Silent,
    "httpcore.socks": Silent,
}


def quiet_addresses() -> None:
    """Install the filters on the loggers of httpx and httpcore, once."""
    for name, kind in _FILTERS.items():
        logger = logging.getLogger(name)
        if not any(isinstance(installed, kind) for installed in logger.filters):
            logger.addFilter(kind())
