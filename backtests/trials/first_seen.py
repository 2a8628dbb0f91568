"""When a configuration was first recorded."""

from __future__ import annotations

import json

import pandas as pd

from backtests.trials.ledger import Ledger
from backtests.trials.schema import connected


def first_seen(ledger: Ledger, family: str, config_hash: str) -> pd.Timestamp | None:
    """Return the moment (UTC) at which a family's ledger first had a configuration.

    Parameters
    ----------
    ledger : Ledger
        The trial ledger.
    family : str
        Research family.
    config_hash : str
        By :func:`backtests.trials.configuration.configuration_hash`.

    Returns
    -------
    Timestamp or None
        ``None`` where it was never recorded.
    """
    if not ledger.path.is_file():
        return None
    with connected(ledger.path) as connection:
        row = connection.execute(
            "SELECT header FROM trials JOIN families USING (family_id) JOIN entries USING (entry) "
            "WHERE family = ? AND config_hash = ?",
            (family, bytes.fromhex(config_hash)),
        ).fetchone()
    return None if row is None else pd.Timestamp(json.loads(row[0])["at"])
