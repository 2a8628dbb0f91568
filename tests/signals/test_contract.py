"""The contract, over everything registered and over the variants of each."""

from __future__ import annotations

import pytest

from signals.registry import SIGNALS, TABLES, signal, table
from tests.signals.contract import SignalContract, TableContract

VARIANTS: list[tuple[str, dict[str, object]]] = [
    ("net_liquidity", {"form": "weekly"}),
    ("liquidity_impulse", {"days": 91, "measure": "share"}),
    ("liquidity_impulse", {"days": 7, "smooth": 1}),
    ("wednesday_impulse", {"days": 91}),
    ("srf_usage", {"statistic": "max", "period_ends": False}),
    ("srf_usage", {"statistic": "days", "period_ends": False}),
    ("srf_usage", {"statistic": "days", "temporary": True}),
    ("srf_usage", {"temporary": True}),
    ("srf_surprise", {"days": 7, "least": 2}),
    ("corridor_net", {"days": 28}),
    ("stealth_qe", {"days": 7}),
    ("funding_pressure", {"measure": "p99_ceiling"}),
    ("funding_pressure", {"measure": "sofr_iorb"}),
    ("funding_pressure", {"measure": "share_at_ceiling"}),
    ("rrp_median", {"operations": 5}),
    ("tga_impulse", {"days": 7, "smooth": 7}),
    ("reserve_scarcity", {"against": "maximum", "days": 365}),
    ("repo_demand", {"against_debt": True}),
    ("regime", {"flag": "drain"}),
    ("composite", {"members": ["tga_impulse", "funding_pressure"], "days": 365}),
]
CASES: list[tuple[str, dict[str, object]]] = [(name, {}) for name in SIGNALS] + VARIANTS


def label(case: tuple[str, dict[str, object]]) -> str:
    return case[0] + "".join(f"-{key}={value}" for key, value in case[1].items())


class TestEverySignal(SignalContract):
    @pytest.fixture(params=CASES, ids=label)
    def signal(self, request):
        name, parameters = request.param
        return signal(name, **parameters)


class TestEveryTable(TableContract):
    @pytest.fixture(params=list(TABLES))
    def signal(self, request):
        return table(request.param)


@pytest.mark.parametrize("registered", [SIGNALS, TABLES])
def test_the_registered_name_is_the_classes_own(registered):
    assert {name: kind.name for name, kind in registered.items()} == {n: n for n in registered}
