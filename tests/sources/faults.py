"""What can go wrong on the way, applied to an answer that was right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ALWAYS = 10**9
STATUS = {
    "400": 400,
    "404": 404,
    "429": 429,
    "418": 418,
    "403": 403,
    "451": 451,
    "500": 500,
    "502": 502,
    "503": 503,
}
HTML = "<!DOCTYPE html>\n<html><head><title>Just a moment</title></head></html>\n"


@dataclass
class Listing:
    """An answer that lists rows, and how rows become a body."""

    rows: list[Any]
    build: Callable[[list[Any]], str]
    content_type: str = "application/json"
    # Faults hit the rows that matter, not the lists of markets before them.
    exposed: bool = True


@dataclass
class Fault:
    """One kind of fault, for so many answers."""

    kind: str = "none"
    times: int = 0
    # Skip so many answers before the first fault.
    after: int = 0
    hits: int = field(default=0, compare=False)

    def due(self) -> bool:
        if self.after > 0:
            self.after -= 1
            return False
        if self.times <= 0:
            return False
        self.times -= 1
        self.hits += 1
        return True


def body(listing: Listing, kind: str) -> str:
    """The body with the fault in it; ``none`` leaves it as it is."""
    rows = listing.rows
    if kind == "empty":
        rows = []
    elif kind == "duplicates":
        rows = [*rows[:1], *rows, *rows[-1:]]
    elif kind == "disorder":
        rows = [*rows[1::2], *reversed(rows[0::2])]
    elif kind == "shape":
        if listing.content_type == "application/json":
            return '{"message": "moved", "items": {"a": [1, 2, "x"]}}'
        return "time;figure\n1;2\n"
    elif kind == "html":
        return HTML
    text = listing.build(rows)
    return text[: len(text) * 2 // 3] if kind == "cut" else text
