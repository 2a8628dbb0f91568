"""Raw answers on disk: what each source said, when, and its hash.

One gzip file a distinct body, named by its hash, and one line an answer in ``index.jsonl``, each
with a check sum of its own. No result is computed from them: they are the record to go back to
when a figure is in doubt.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data import atomic
from data.checks import Fault
from data.sources.archive import RawAnswer

INDEX = "index.jsonl"
_CHECK = 16  # hex digits of a line's check sum, followed by a blank


@dataclass(frozen=True, slots=True)
class RawArchive:
    """Raw answers below one folder; safe to use from several threads.

    Parameters
    ----------
    folder : Path
        Made with the first answer.
    """

    folder: Path
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def keep(self, answer: RawAnswer) -> None:
        """Write an answer: first its body, then its line."""
        entry = {
            name: value if isinstance(value, str) else value.isoformat()
            for name, value in asdict(answer).items()
            if name != "body"
        }
        with self._lock:
            path = self._body(answer.sha256)
            if not path.exists():
                atomic.replace_file(path, answer.body)
            packed = hashlib.sha256(path.read_bytes()).hexdigest()
            text = json.dumps({**entry, "packed": packed}).encode()
            atomic.append_line(self.folder / INDEX, _sum(text) + b" " + text)

    def entries(self) -> list[dict[str, Any]]:
        """Return what the index says of each answer, oldest first; broken lines left out."""
        lines = self._lines()
        return [entry for line in lines if (entry := _entry(line)) is not None]

    def faults(self) -> Iterator[Fault]:
        """Yield what does not hold: a broken line, a body missing or not what its hash says."""
        checked: set[str] = set()
        for number, line in enumerate(self._lines(), 1):
            entry = _entry(line)
            if entry is None:
                yield Fault(INDEX, f"line {number} is not what was written")
            elif (key := entry["sha256"] + entry["packed"]) not in checked:
                checked.add(key)
                yield from self._body_faults(entry, number)

    def _lines(self) -> list[bytes]:
        index = self.folder / INDEX
        if not index.is_file():
            return []
        *lines, rest = index.read_bytes().split(b"\n")
        # A crash may cut the line that it was writing; a whole one was acknowledged.
        return [*lines, rest] if rest and _entry(rest[:-1]) is not None else lines

    def _body(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}.gz"

    def _body_faults(self, entry: dict[str, Any], number: int) -> Iterator[Fault]:
        path = self._body(entry["sha256"])
        name = f"{path.parent.name}/{path.name}"
        if not path.is_file():
            yield Fault(name, f"the answer of line {number} of {INDEX} is missing")
            return
        packed = path.read_bytes()
        try:
            content = gzip.decompress(packed)
        except (OSError, EOFError, zlib.error):
            content = b""
        found = (hashlib.sha256(content).hexdigest(), hashlib.sha256(packed).hexdigest())
        if found != (entry["sha256"], entry["packed"]):
            yield Fault(name, "the answer is not what was archived (hash differs)")


def _sum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:_CHECK].encode()


def _entry(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, None where it is not what was written."""
    text = line[_CHECK + 1 :]
    if line[: _CHECK + 1] != _sum(text) + b" ":
        return None
    entry: dict[str, Any] = json.loads(text)
    return entry
