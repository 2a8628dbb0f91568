"""Every error the project raises on purpose, in one tree.

::

    PlumblineError
    ├── InputError          the caller asked for something that cannot be
    │   ├── UnknownName     a name that is not registered (with near matches)
    │   ├── BadConfig       a setting, variant or thesis file is wrong
    │   └── BadTable        a user's table breaks the import schema
    ├── DataError           the data cannot carry the question
    │   ├── MissingSeries
    │   ├── Stale
    │   └── TooShort
    ├── StoreError
    │   ├── Locked
    │   ├── Corrupt
    │   └── WrongVersion
    ├── SourceError
    │   ├── Unreachable
    │   ├── Refused
    │   ├── UnexpectedAnswer
    │   └── Incomplete
    ├── EngineError
    └── PaperError
        ├── Halted
        ├── WrongLedger
        ├── Tampered
        └── BrokerError
            ├── OrderRefused        for good: nothing was traded, and the same order never will be
            │   ├── InsufficientFunds
            │   ├── BelowMinimum
            │   └── NoMarket
            ├── OutcomeUnknown      it was sent and no answer came: look it up before anything else
            ├── AccessDenied        nothing was done, and nothing will be until the key is mended
            └── BrokerUnavailable   nothing happened: ask again later

Each carries one line that names the series or symbol, the date and the value, and says what to
do next. The command line prints that line and exits with status 2; a traceback is for bugs.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PlumblineError(Exception):
    """Base of all errors raised on purpose; its text is one line meant for a user."""


class InputError(PlumblineError):
    """The caller asked for something that cannot be."""


class UnknownName(InputError):
    """A name that is not registered.

    Parameters
    ----------
    kind : str
        What was looked up, for instance ``"signal"``.
    name : str
        The name as given.
    known : iterable of str
        The names that exist; the nearest ones are suggested.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        near = difflib.get_close_matches(name, self.known, n=3, cutoff=0.5)
        if near:
            hint = f"did you mean {', '.join(near)}?"
        else:
            hint = f"known: {', '.join(self.known) or 'none'}"
        super().__init__(f"unknown {kind} {name!r}: {hint}")


class BadConfig(InputError):
    """A setting, a variant, a grid or a thesis file is wrong."""


class BadTable(InputError):
    """A user's table breaks the import schema."""


class DataError(PlumblineError):
    """The data cannot carry the question."""


class MissingSeries(DataError):
    """A series that is needed is not in the snapshot."""

    def __init__(self, series: str, needed_by: str | None = None) -> None:
        self.series = series
        for_whom = f" (needed by {needed_by})" if needed_by else ""
        super().__init__(
            f"series {series!r} is not in the data{for_whom}: import or fetch it, "
            "`plumbline data status` lists what is there"
        )


class Stale(DataError):
    """The last known value is older than the series' ``max_age``."""


class TooShort(DataError):
    """There are fewer observations than the computation needs."""


class StoreError(PlumblineError):
    """The store cannot be read or written."""


class Locked(StoreError):
    """Another process holds the store's write lock."""


class Corrupt(StoreError):
    """A stored file does not match its recorded hash or schema."""


class WrongVersion(StoreError):
    """The store was written by another schema version."""


class SourceError(PlumblineError):
    """A publisher or an exchange did not give what was asked."""


class Unreachable(SourceError):
    """No answer came."""


class Refused(SourceError):
    """The source refused the request for good."""


class UnexpectedAnswer(SourceError):
    """The answer is not in the form the source documents."""


class Incomplete(SourceError):
    """The answer ended before the data did."""


class EngineError(PlumblineError):
    """The backtest engine was given input it must not run on."""


class PaperError(PlumblineError):
    """The paper loop must not go on."""


class Halted(PaperError):
    """Trading is halted until it is resumed by hand."""


class WrongLedger(PaperError):
    """The ledger belongs to another strategy or version."""


class Tampered(PaperError):
    """A feed or a ledger does not match its hash."""


class BrokerError(PaperError):
    """The broker refused or failed."""


class OrderRefused(BrokerError):
    """The order was refused for good: nothing was traded, and the same order never will be."""


class InsufficientFunds(OrderRefused):
    """The account cannot pay for the order, or does not hold what it sells."""


class BelowMinimum(OrderRefused):
    """The order is smaller than the market takes; it was not sent."""


class NoMarket(OrderRefused):
    """The broker has no such market, or it is closed to trading."""


class OutcomeUnknown(BrokerError):
    """An order was sent and no answer came: it may have been accepted.

    The same order must be looked up, ``settles_after`` the moment of sending, before it is sent
    again.
    """


class AccessDenied(BrokerError):
    """The broker does not let this account, key or place in; nothing was done."""


class BrokerUnavailable(BrokerError):
    """The broker does not answer for the moment; nothing was done.

    Parameters
    ----------
    message : str
        The line for the user.
    wait : float, optional
        Seconds that the broker asked to wait.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait
