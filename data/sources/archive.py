"""A raw answer on its way to the archive."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One answer as it came, for the record.

    Parameters
    ----------
    source : str
        Name of the source that asked.
    url : str
        Address, without user, password and keys.
    fetched_at : Timestamp
        UTC instant at which the answer was complete.
    content_type : str
        As the server said.
    sha256 : str
        Hash of the body, before compression, with secrets masked.
    body : bytes
        The body, gzip-compressed; the same bytes for the same body.
    """

    source: str
    url: str
    fetched_at: pd.Timestamp
    content_type: str
    sha256: str
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return gzip.decompress(self.body).decode("utf-8", errors="replace")


Archiver: TypeAlias = Callable[[RawAnswer], None]


def raw_answer(
    source: str, url: str, fetched_at: pd.Timestamp, content_type: str, body: bytes
) -> RawAnswer:
    """Return the record of an answer; `url` and `body` are redacted already."""
    digest = hashlib.sha256(body).hexdigest()
    return RawAnswer(source, url, fetched_at, content_type, digest, gzip.compress(body, mtime=0))


def discard(answer: RawAnswer) -> None:
    """Archive nothing."""
    del answer
