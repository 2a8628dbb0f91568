"""A secret that is easy to recognise, and a search for it in everything that a program leaves."""

from __future__ import annotations

import base64
import gzip
import io
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

# It has the form of a key of FRED's interface.
CANARY = "canaryc0ffeec0ffeec0ffeec0ffee42"


def traces(
    secret: str,
    texts: Mapping[str, str | bytes],
    folders: Collection[Path] = (),
    but: Collection[Path] = (),
) -> list[str]:
    """Names of the texts and files in which a secret stands, plain or thinly wrapped.

    Parameters
    ----------
    secret : str
        Letters and digits.
    texts : mapping of name to text
        What was printed, logged, or handed to other processes.
    folders : collection of Path
        All files below them are read, compressed ones and databases by their content.
    but : collection of Path
        Files where the secret belongs.
    """
    found = [name for name, text in texts.items() if _holds(_bytes(text), secret)]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if _holds(path.name.encode(), secret):
                found.append(str(path))
            elif not path.is_file() or path in but:
                continue
            elif any(_holds(content, secret) for content in _contents(path)):
                found.append(str(path))
    return found


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _holds(content: bytes, secret: str) -> bool:
    return any(form in content for form in _forms(secret))


def _forms(secret: str) -> Iterator[bytes]:
    plain = secret.encode()
    yield from (plain, plain.upper(), plain.hex().encode(), plain[::-1])
    yield from (secret.encode("utf-16-le"), secret.encode("utf-16-be"))
    # In the middle of something longer its encoding depends on where it begins, but for its ends.
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain)
        yield coded[4 if before else 0 : -4]


def _contents(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    if content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    elif content[:4] == b"PAR1":
        table = pq.ParquetFile(io.BytesIO(content)).read()
        yield str(table.schema).encode()
        for column in table.itercolumns():
            if "string" in str(column.type) or "binary" in str(column.type):
                yield "\n".join(map(str, column.unique().to_pylist())).encode()
    elif content[:15] == b"SQLite format 3":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            yield "\n".join(database.iterdump()).encode()
