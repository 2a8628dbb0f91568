"""The last months stay closed until they are opened, once and for all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from backtests.trials.holdout import break_seal, close_last, cut, in_force, seals
from backtests.trials.ledger import Ledger
from data.errors import InputError, TooShort
from data.snapshot import Snapshot
from tests.backtests.trials.trial_batches import BATCH, hashes

AT = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def ledger(home: Path) -> Ledger:
    return Ledger(home)


def test_without_a_seal_all_is_seen(ledger: Ledger, phantom: Snapshot) -> None:
    seen, seal = cut(phantom, ledger)
    assert seen is phantom
    assert seal is None
    assert not ledger.path.exists()


def test_a_seal_cuts_everything_later(ledger: Ledger, phantom: Snapshot) -> None:
    seal = close_last(ledger, phantom, 6, at=AT)
    assert seal.boundary == phantom.as_of - pd.DateOffset(months=6)
    seen, cutting = cut(phantom, ledger)
    assert cutting == seal
    assert seen.as_of == seal.boundary
    assert seen.daily.index[-1] <= seal.boundary
    assert seen.snapshot_id == phantom.snapshot_id
    # An earlier moment is not touched by it.
    early = phantom.until(seal.boundary - pd.Timedelta(days=30))
    assert cut(early, ledger) == (early, None)


def test_new_data_do_not_move_the_boundary(ledger: Ledger, phantom: Snapshot) -> None:
    early = phantom.until(phantom.as_of - pd.Timedelta(days=100))
    seal = close_last(ledger, early, 3, at=AT)
    assert cut(phantom, ledger)[0].as_of == seal.boundary


def test_opening_is_logged_once_and_for_all(ledger: Ledger, phantom: Snapshot) -> None:
    close_last(ledger, phantom, 6, at=AT)
    opened = break_seal(ledger, " the final test ", at=AT)
    assert cut(phantom, ledger)[0] is phantom
    assert in_force(ledger) is None
    assert seals(ledger) == (opened,)
    assert (opened.opened_at, opened.reason) == ("2026-09-01T00:00:00Z", "the final test")
    with pytest.raises(InputError, match="no seal is in force"):
        break_seal(ledger, "again")
    close_last(ledger, phantom, 2, at=AT)
    assert [seal.reason for seal in seals(ledger)] == ["the final test", None]


def test_what_was_seen_before_is_told(ledger: Ledger, phantom: Snapshot) -> None:
    late = {**BATCH, "data_until": phantom.as_of.to_pydatetime()}
    early = {**BATCH, "data_until": (phantom.as_of - pd.DateOffset(years=1)).to_pydatetime()}
    ledger.record("f", hashes(0, 7), **late)
    ledger.record("f", hashes(7, 30), **early)
    assert close_last(ledger, phantom, 6, at=AT).peeked == 7


def test_deleting_the_database_does_not_open_the_seal(ledger: Ledger, phantom: Snapshot) -> None:
    seal = close_last(ledger, phantom, 6, at=AT)
    ledger.path.unlink()
    assert in_force(ledger) == seal


def test_mistakes_are_refused(ledger: Ledger, phantom: Snapshot) -> None:
    with pytest.raises(InputError, match="--months 0: seal at least one month"):
        close_last(ledger, phantom, 0)
    with pytest.raises(TooShort, match="less than a year of prices"):
        close_last(ledger, phantom, 600)
    close_last(ledger, phantom, 6, at=AT)
    with pytest.raises(InputError, match="open that seal before setting another"):
        close_last(ledger, phantom, 3)
    with pytest.raises(InputError, match="say why the holdout is opened"):
        break_seal(ledger, "  ")
