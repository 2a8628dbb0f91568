"""The simulated broker's own books: an SQLite file that survives the loop's death.

Each step is one transaction: an order that was accepted is there with its fills and balances, or
is not there at all. Amounts are decimal text; movements are only ever added, and the balances are
their sums.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pandas as pd

from data.errors import Corrupt, WrongLedger
from paper.brokers.base import ZERO, Fee, MarketRules, OrderRequest, OrderState, exact

VERSION = "1"
_SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE orders (
    number INTEGER PRIMARY KEY,
    client_order_id TEXT NOT NULL UNIQUE,
    asset TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    amount TEXT NOT NULL,
    status TEXT NOT NULL,
    filled TEXT NOT NULL,
    cost TEXT NOT NULL,
    fee TEXT NOT NULL,
    fee_currency TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT NOT NULL,
    pending TEXT NOT NULL
) STRICT;
CREATE TABLE movements (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TABLE balances (currency TEXT PRIMARY KEY, amount TEXT NOT NULL) STRICT;
CREATE INDEX orders_by_status ON orders (status);
CREATE TRIGGER movements_stay BEFORE UPDATE ON movements
    BEGIN SELECT RAISE(ABORT, 'movements are only added'); END;
CREATE TRIGGER movements_last BEFORE DELETE ON movements
    BEGIN SELECT RAISE(ABORT, 'movements are only added'); END;
"""


class Account:
    """Orders, movements and balances of one simulated account.

    Parameters
    ----------
    path : Path or None
        The file; None keeps everything in memory, for a replay.
    owner : str
        Whose account it is, such as the strategy's name; a file of another owner is refused.
    durable : bool
        Whether a commit waits for the disk, so that it outlives a loss of power too.

    Raises
    ------
    WrongLedger
        If the file is another owner's, or of another version.
    Corrupt
        If the file is no such account.
    """

    def __init__(self, path: Path | None, owner: str, *, durable: bool = True) -> None:
        self.where = str(path or "account in memory")
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            str(path or ":memory:"), isolation_level=None, timeout=10.0, check_same_thread=False
        )
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            self._open(owner)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise Corrupt(f"{self.where}: not a simulated account ({error})") from None
        except WrongLedger:
            self._db.close()
            raise

    def _open(self, owner: str) -> None:
        with self.transaction():
            if not self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                # executescript would commit: the file is made whole or not at all.
                for statement in _statements(_SCHEMA):
                    self._db.execute(statement)
                about = {"version": VERSION, "owner": owner}
                self._db.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        about = dict(self._db.execute("SELECT name, value FROM about").fetchall())
        if about.get("version") != VERSION:
            raise WrongLedger(
                f"{self.where}: simulated account of version {about.get('version')}, this program "
                f"writes {VERSION}: move the file away to begin anew"
            )
        if about.get("owner") != owner:
            raise WrongLedger(
                f"{self.where}: the simulated account of {about.get('owner')!r}, not of {owner!r}: "
                "give each strategy its own"
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything within, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def move(self, name: str, currency: str, amount: Decimal, at: pd.Timestamp) -> None:
        """Add `amount` to a balance under a name that is used once; inside a transaction."""
        self._db.execute(
            "INSERT INTO movements (name, currency, amount, at) VALUES (?, ?, ?, ?)",
            (name, currency, str(amount), at.isoformat()),
        )
        with exact():
            total = self.balance(currency) + amount
        self._db.execute(
            "INSERT INTO balances VALUES (?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount",
            (currency, str(total)),
        )

    def has_moved(self, name: str) -> bool:
        """Whether there is a movement of this name."""
        found = self._db.execute("SELECT 1 FROM movements WHERE name = ?", (name,)).fetchone()
        return found is not None

    def balance(self, currency: str) -> Decimal:
        """Return one balance."""
        row = self._db.execute(
            "SELECT amount FROM balances WHERE currency = ?", (currency,)
        ).fetchone()
        return Decimal(row[0]) if row else ZERO

    def balances(self) -> dict[str, Decimal]:
        """Return every balance that is not zero."""
        rows = self._db.execute("SELECT currency, amount FROM balances ORDER BY currency")
        return {currency: Decimal(amount) for currency, amount in rows if Decimal(amount)}

    def verify(self) -> None:
        """Check that the balances are the sums of their movements.

        Raises
        ------
        Corrupt
            If one is not.
        """
        sums: dict[str, Decimal] = {}
        with exact():
            for currency, amount in self._db.execute("SELECT currency, amount FROM movements"):
                sums[currency] = sums.get(currency, ZERO) + Decimal(amount)
        for currency, total in sums.items():
            if total != self.balance(currency):
                raise Corrupt(
                    f"{self.where}: {currency} stands at {self.balance(currency)}, its movements "
                    f"add up to {total}"
                )

    def take(self, request: OrderRequest, amount: Decimal, at: pd.Timestamp, pending: str) -> None:
        """Write an accepted order down; inside a transaction."""
        self._db.execute(
            "INSERT INTO orders (client_order_id, asset, side, amount, status, filled, cost, fee,"
            " fee_currency, at, reason, pending)"
            " VALUES (?, ?, ?, ?, 'accepted', '0', '0', '0', '', ?, '', ?)",
            (
                request.client_order_id,
                request.asset,
                request.side,
                str(amount),
                at.isoformat(),
                pending,
            ),
        )

    def fill(
        self,
        state: OrderState,
        rules: MarketRules,
        amount: Decimal,
        price: Decimal,
        fee_share: Decimal,
        at: pd.Timestamp,
    ) -> None:
        """Trade a part of an order or all that is left; inside a transaction."""
        part = f"{state.client_order_id}/{state.filled}"
        with exact():
            cost = amount * price
            fee = cost * fee_share
            sign = 1 if state.side == "buy" else -1
            filled, paid = state.filled + amount, state.cost + cost
            fees = sum((one.amount for one in state.fees), ZERO) + fee
        self.move(f"{part}/coins", rules.base, sign * amount, at)
        self.move(f"{part}/cost", rules.quote, -sign * cost, at)
        if fee:
            self.move(f"{part}/fee", rules.quote, -fee, at)
        self._db.execute(
            "UPDATE orders SET status = ?, filled = ?, cost = ?, fee = ?, fee_currency = ?"
            " WHERE client_order_id = ?",
            (
                "filled" if filled == state.amount else "partial",
                str(filled),
                str(paid),
                str(fees),
                rules.quote,
                state.client_order_id,
            ),
        )

    def end(self, client_order_id: str, status: str, reason: str) -> None:
        """Close an order that will not fill any further; inside a transaction."""
        self._db.execute(
            "UPDATE orders SET status = ?, reason = ? WHERE client_order_id = ?",
            (status, reason, client_order_id),
        )

    def order(self, client_order_id: str) -> OrderState | None:
        """Return an order as it stands."""
        found = self._orders("WHERE client_order_id = ?", client_order_id)
        return found[0] if found else None

    def open(self) -> tuple[OrderState, ...]:
        """Return the orders that are not final, oldest first."""
        return self._orders("WHERE status IN ('accepted', 'partial')")

    def since(self, at: pd.Timestamp) -> tuple[OrderState, ...]:
        """Return the orders taken at or after an instant, oldest first."""
        return tuple(state for state in self._orders("") if state.at >= at)

    def pending(self, client_order_id: str) -> str:
        """Return what is still to happen to an order."""
        row = self._db.execute(
            "SELECT pending FROM orders WHERE client_order_id = ?", (client_order_id,)
        ).fetchone()
        return str(row[0])

    def _orders(self, where: str, *values: str) -> tuple[OrderState, ...]:
        rows = self._db.execute(
            "SELECT number, client_order_id, asset, side, amount, status, filled, cost, fee,"
            f" fee_currency, at, reason FROM orders {where} ORDER BY number",
            values,
        )
        return tuple(
            OrderState(
                client_order_id=row[1],
                broker_id=f"sim{row[0]}",
                asset=row[2],
                side=row[3],
                amount=Decimal(row[4]),
                status=row[5],
                filled=Decimal(row[6]),
                cost=Decimal(row[7]),
                fees=(Fee(row[9], Decimal(row[8])),) if Decimal(row[8]) else (),
                at=pd.Timestamp(row[10]),
                reason=row[11],
            )
            for row in rows
        )


def _statements(schema: str) -> Iterator[str]:
    """Cut a schema into statements; a trigger's own semicolon does not end it."""
    statement = ""
    for line in schema.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
