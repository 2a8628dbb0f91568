"""What every signal keeps to; test classes inherit it and give the fixture ``signal``."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.catalogue import SERIES
from data.errors import MissingSeries
from data.observations import Observations
from data.panel import Panel
from tests.signals.contract_world import (
    TIMES,
    contract_observations,
    contract_panel,
    cut_panel,
    poisoned_panel,
)

# Before the first figure, before some series begin, in the hole, late, and anywhere.
CUTS = (
    *("2020-10-04", "2021-02-15", "2022-09-20", "2023-04-03", "2024-12-31"),
    *(f"{day:%Y-%m-%d}" for day in np.random.default_rng(0).choice(TIMES.to_pydatetime(), 3)),
)


class SpyPanel(Panel):
    """A panel that remembers which series were read."""

    def __init__(self, observations: Observations, times: pd.DatetimeIndex) -> None:
        super().__init__(observations, times)
        object.__setattr__(self, "read", set())

    def _last(self, series_id: str) -> Any:
        self.read.add(series_id)  # type: ignore[attr-defined]
        return super()._last(series_id)

    def _stacked(self, series_id: str) -> Any:
        self.read.add(series_id)  # type: ignore[attr-defined]
        return super()._stacked(series_id)


def without(observations: Observations, series: str) -> Observations:
    table = observations.table[observations.table["series"] != series]
    return Observations(table.reset_index(drop=True), observations.ids - {series})


def optional(signal: Any) -> tuple[str, ...]:
    return tuple(getattr(signal, "optional", ()))


@cache
def whole(signal: Any) -> Any:
    """The signal over the whole contract world, computed once."""
    return signal.compute(contract_panel())


class TableContract:
    """Holds for signals and for tables of several columns."""

    @pytest.fixture
    def signal(self) -> Any:
        raise NotImplementedError

    def test_is_a_frozen_dataclass_with_slots(self, signal):
        assert dataclasses.is_dataclass(type(signal))
        assert not hasattr(signal, "__dict__")
        fields = dataclasses.fields(signal)
        for name in [field.name for field in fields] + ["name"]:
            with pytest.raises((dataclasses.FrozenInstanceError, TypeError, AttributeError)):
                setattr(signal, name, 1)
        again = type(signal)(**{field.name: getattr(signal, field.name) for field in fields})
        assert again == signal
        assert hash(again) == hash(signal)

    def test_says_what_it_is(self, signal):
        text = type(signal).__doc__ or ""
        assert signal.unit
        assert signal.essay.endswith(".")
        assert "known" in text.lower()
        assert "NaN" in text or "unknown" in text

    def test_index_is_the_panels(self, signal):
        computed = whole(signal)
        pd.testing.assert_index_equal(computed.index, TIMES)

    def test_inputs_are_the_series_that_are_read(self, signal):
        spy = SpyPanel(contract_observations(), TIMES)
        signal.compute(spy)
        read = spy.read  # type: ignore[attr-defined]
        assert set(signal.inputs) <= read <= set(signal.inputs) | set(optional(signal))
        assert set(signal.inputs) | set(optional(signal)) <= set(SERIES)
        assert list(signal.inputs) == sorted(set(signal.inputs))

    def test_a_missing_input_is_named(self, signal):
        for series in signal.inputs:
            cut = without(contract_observations(), series)
            with pytest.raises(MissingSeries, match=f"'{series}'"):
                signal.compute(Panel(cut, TIMES))

    def test_optional_series_can_be_missing(self, signal):
        cut = contract_observations()
        for series in optional(signal):
            cut = without(cut, series)
        signal.compute(Panel(cut, TIMES))

    def test_computing_twice_gives_the_same(self, signal):
        assert_same_bits(signal.compute(contract_panel()), whole(signal))

    @pytest.mark.parametrize("day", CUTS)
    def test_cutting_the_future_changes_nothing(self, signal, day):
        t = pd.Timestamp(day, tz="UTC")
        assert_same_bits(signal.compute(cut_panel(t)), whole(signal).loc[:t])

    @pytest.mark.parametrize(("seed", "day"), list(enumerate(CUTS)))
    def test_poisoning_the_future_changes_nothing(self, signal, day, seed):
        t = pd.Timestamp(day, tz="UTC")
        assert_same_bits(signal.compute(poisoned_panel(t, seed)).loc[:t], whole(signal).loc[:t])


class SignalContract(TableContract):
    """Every signal of one number a day."""

    def test_values_are_named_floats(self, signal):
        computed = whole(signal)
        assert isinstance(computed, pd.Series)
        assert computed.dtype == np.float64
        assert computed.name == signal.name

    def test_direction_is_a_sign(self, signal):
        assert signal.direction in (-1, 0, 1)

    def test_says_something_in_the_contract_world(self, signal):
        computed = whole(signal)
        assert computed.notna().sum() > 300
        assert not np.isinf(computed).any()
        assert computed.nunique() > 1

    def test_one_decision_alone_can_be_computed(self, signal):
        alone = Panel(contract_observations(), TIMES[-1:])
        assert len(signal.compute(alone)) == 1


def assert_same_bits(one: pd.Series | pd.DataFrame, other: pd.Series | pd.DataFrame) -> None:
    if isinstance(one, pd.DataFrame):
        assert list(one.columns) == list(other.columns)
        for column in one.columns:
            assert_same_bits(one[column], other[column])
        return
    assert one.index.equals(other.index)
    assert one.dtype == other.dtype
    if one.dtype == np.float64:
        left, right = (np.asarray(side, dtype=np.float64).view(np.int64) for side in (one, other))
        differs = (left != right) & ~(np.isnan(one.to_numpy()) & np.isnan(other.to_numpy()))
        assert not differs.any(), f"differs at {list(one.index)[int(np.argmax(differs))]}"
    else:
        assert list(one) == list(other)
