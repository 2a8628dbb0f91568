"""What an exchange answered, word for word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.errors import BrokerUnavailable
from data.sources.clock import Clock
from data.sources.retry import retry_after


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of an exchange as it came, keys masked.

    Parameters
    ----------
    status : int
        HTTP status.
    headers : mapping
        Its headers.
    text : str
        Its body.
    """

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def content(self) -> Any:
        """The answer as JSON; None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @property
    def is_json(self) -> bool:
        """Whether it is an object or a list, as every answer of an exchange is."""
        return isinstance(self.content, dict | list)

    @property
    def code(self) -> str:
        """The exchange's own code of an error; empty where there is none."""
        content = self.content
        return str(content.get("code", "")) if isinstance(content, dict) else ""

    def unavailable(self, text: str, clock: Clock) -> BrokerUnavailable:
        """Return the error of a busy exchange, with the wait that it asks for."""
        wait = retry_after(self.headers.get("Retry-After"), clock)
        asks = f"; it asks to wait {wait:.0f} s" if wait is not None else ""
        return BrokerUnavailable(text + asks, wait)
