from __future__ import annotations

from dataclasses import replace

import pytest

from backtests.execution import Execution
from backtests.trials.configuration import configuration_hash
from strategies.baselines import BASELINES
from strategies.exposure.yardsticks import Trend
from strategies.variants import variant

RULE = variant("liquidity_trend")


def test_names_and_titles_do_not_make_a_trial():
    renamed = replace(RULE, name="other", title="Another name")
    assert configuration_hash(renamed.config) == configuration_hash(RULE.config)
    assert len(configuration_hash(RULE.config)) == 64


@pytest.mark.parametrize(
    "execution",
    [Execution(delay_hours=24), Execution(fee_bp=5.0), Execution(slippage_range=0.1)],
)
def test_delay_and_costs_do(execution):
    assert configuration_hash(RULE.config, execution) != configuration_hash(RULE.config)


def test_the_usual_execution_and_the_size_of_the_account_do_not():
    usual = configuration_hash(RULE.config)
    assert configuration_hash(RULE.config, Execution()) == usual
    assert configuration_hash(RULE.config, Execution(initial_cash=5.0)) == usual
    assert configuration_hash(RULE.config, Execution(fee_bp=10)) == usual


def test_every_parameter_does():
    trend = BASELINES["trend_200"]
    assert isinstance(trend.exposure, Trend)
    other = replace(trend, exposure=trend.exposure.model_copy(update={"days": 100}))
    weekly = replace(trend, decide="weekly_after_h41")
    found = {configuration_hash(each.config) for each in (trend, other, weekly)}
    assert len(found) == 3
