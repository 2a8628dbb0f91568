from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.compare.comparison import Comparison
from backtests.compare.field import Field, assemble, rules_of
from backtests.compare.superiority import superiorities
from backtests.execution import Execution
from backtests.run import backtest
from backtests.trials.configuration import configuration_hash
from backtests.trials.first_seen import first_seen
from backtests.trials.ledger import Ledger
from data.errors import InputError, TooShort, UnknownName
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.loading import load_strategy
from tests.compare.conftest import VARIANTS


def test_all_run_on_the_days_from_the_latest_first_decision(field: Field) -> None:
    alone = [
        backtest(load_strategy(name), field.snapshot, panel=field.panel).simulation.equity.index[0]
        for name in VARIANTS
    ]
    assert field.first == max(alone)
    runs = [*field.yardsticks.values(), *(one.run for one in field.entrants)]
    runs += [one.matched for one in field.entrants]
    for run in runs:
        assert run.simulation.equity.index[0] == field.first
        assert list(run.simulation.returns.index) == list(field.days)
    assert field.names == VARIANTS


def test_excess_is_what_the_weights_earn_beyond_their_mean(field: Field) -> None:
    for one in field.entrants:
        weights, returns, costs = one.held
        mean = weights.sum() / returns.notna().sum()
        expected = ((weights - mean) * returns.fillna(0.0)).sum(axis=1) - costs
        np.testing.assert_allclose(one.daily, expected, atol=1e-15)


def test_a_variant_that_never_moves_times_nothing(field: Field) -> None:
    assert [one.timed for one in field.entrants] == [True, True, False]
    excesses = field.excesses()
    assert not excesses[:, 2].any()
    assert excesses[:, 0].any()


@pytest.mark.parametrize(
    ("references", "words"),
    [
        (["trend_200"], "at least two variants, got trend_200"),
        ([], "got none"),
        (["trend_200", "trend_200"], "trend_200 and trend_200 have the same name"),
        (["trend_200", "trend_20"], "unknown strategy 'trend_20': did you mean trend_200"),
    ],
)
def test_what_cannot_be_compared_is_refused(references: list[str], words: str) -> None:
    with pytest.raises((InputError, UnknownName), match=words):
        rules_of(references)


def test_two_names_of_one_configuration_are_refused(tmp_path: Path) -> None:
    text = 'title = "T"\n[exposure]\nkind = "trend"\n[allocation]\nkind = "btc"\n'
    paths = [tmp_path / "one.toml", tmp_path / "two.toml"]
    for path in paths:
        path.write_text(text)
    with pytest.raises(InputError, match=r"one\.toml and .*two\.toml have the same configuration"):
        rules_of([str(path) for path in paths])


def test_too_few_common_days_are_refused(phantom: Snapshot) -> None:
    early = phantom.until(pd.Timestamp("2016-03-10", tz="UTC"))
    with pytest.raises(TooShort, match="at least 60 days are needed"):
        assemble(rules_of(VARIANTS[1:]), early, panel_of(early))


def test_every_configuration_is_in_the_ledger_once(
    comparison: Comparison, ledger_home: Path
) -> None:
    ledger = Ledger(ledger_home)
    assert ledger.counts() == {"baseline": 2, "liquidity": 1}
    assert comparison.trials.families == {"baseline": 2, "liquidity": 1}
    assert comparison.trials.number == 3
    for one in comparison.field.entrants:
        counted_as = configuration_hash(one.rule.config)
        seen = first_seen(ledger, one.rule.family, counted_as)
        assert seen is not None
        assert seen.tzinfo is not None
        assert first_seen(ledger, "another family", counted_as) is None
    assert first_seen(Ledger(ledger_home / "none"), "liquidity", "0" * 64) is None


def test_perpetuals_run_on_days_with_rates_and_pay_funding_like_their_mean_exposure(
    phantom: Snapshot,
) -> None:
    rules = rules_of(("trend_200", "liquidity_threshold"))
    execution = Execution(perpetuals=("BTC",))
    found = assemble(rules, phantom, panel_of(phantom), execution)
    assert phantom.funding is not None
    rates = phantom.funding[(phantom.funding["symbol"] == "BTC").to_numpy()]["ts"]
    assert found.first == rates.min().ceil("D")
    assert found.funded is not None
    assert (found.first, found.last) == found.funded
    for entrant in found.entrants:
        for run in (entrant.run, entrant.matched):
            assert run.simulation.costs["funding"] != 0.0, entrant.name
    assert all(run.simulation.costs["funding"] == 0.0 for run in found.yardsticks.values())
    # The variant and the yardstick of one name are two runs: one in perpetuals, one in coins.
    assert found.runs()["trend_200"] is found.entrants[0].run
    assert found.runs()["trend_200"] is not found.yardsticks["trend_200"]
    over = superiorities(found, seed=1, draws=99)
    assert "trend_200" in {test.benchmark for test in over}


def test_rates_of_few_days_are_too_short(phantom: Snapshot) -> None:
    assert phantom.funding is not None
    ended = (phantom.funding["ts"] < pd.Timestamp("2019-10-01", tz="UTC")).to_numpy()
    short = replace(phantom, funding=phantom.funding[ended])
    with pytest.raises(TooShort, match="can all decide and have funding rates only from 2019-09"):
        assemble(
            rules_of(("trend_200", "liquidity_threshold")),
            short,
            panel_of(short),
            Execution(perpetuals=("BTC",)),
        )
