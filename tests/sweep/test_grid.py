from __future__ import annotations

import dataclasses
import hashlib
import pickle
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtests.sweep.columns import Rows, columns_of, table_of
from backtests.sweep.grid import Grid, grid_of, read_grid
from data.canonical import canonical_json
from data.errors import BadConfig, UnknownName

LEVELS = """
base = "liquidity_threshold"
[grid]
exposure.signal.days = [7, 28]
exposure.enter = { from = 0, to = 100, step = 50 }
exposure.leave = [-50, 0, 50]
overlays.minimum_holding.days = [1, 7]
decide = ["daily", "weekly_after_h41"]
execution.fee_bp = [5, 10]
[[constraint]]
holds = "exposure.leave <= exposure.enter"
"""

KINDS = """
family = "mixed"
[variant]
title = "Own"
exposure = { kind = "constant" }
allocation = { kind = "btc" }
[grid]
exposure = [
    { kind = "trend", days = 50 },
    { kind = "threshold", signal = "liquidity_impulse", enter = 1, leave = 0 },
    { kind = "proportional", signal = { name = "tga_impulse" } },
]
overlays = [[], [{ kind = "rebalance_band", width = 0.1 }]]
"""


def grid(text: str, **changed: Any) -> Grid:
    return grid_of({**tomllib.loads(text), **changed}, "g", "g.toml")


def test_every_point_is_a_variant():
    found = grid(LEVELS)
    assert found.count == 2 * 8 * 2 * 2 * 2
    seen = set()
    for point in range(found.count):
        strategy, execution = found.strategy(point), found.execution(point)
        rule: Any = strategy.exposure
        assert rule.leave <= rule.enter
        seen.add((strategy.config_hash, execution.fee_bp))
        assert strategy.name == f"g:{point}"
        assert strategy.family == "liquidity"
    assert len(seen) == found.count


def test_whole_tables_are_alternatives():
    found = grid(KINDS)
    kinds = [
        (found.strategy(point).config["exposure"]["kind"], len(found.strategy(point).overlays))
        for point in range(found.count)
    ]
    assert kinds == [
        (kind, overlays) for kind in ("trend", "threshold", "proportional") for overlays in (0, 1)
    ]
    assert found.strategy(0).family == "mixed"


@pytest.mark.parametrize("text", [LEVELS, KINDS])
def test_hashes_are_those_of_each_variant(text: str):
    found = grid(text)
    for point in range(found.count):
        execution = dataclasses.asdict(found.execution(point))
        del execution["initial_cash"]
        digits = found.space.digits(np.array([point]))
        alone = found.structure(digits[0].tolist()).config_hashes(digits)
        text = canonical_json({"config": found.strategy(point).config, "execution": execution})
        assert alone == [hashlib.sha256(text.encode()).hexdigest()]


def test_rows_show_every_varied_parameter():
    found = grid(KINDS)
    columns = columns_of(found, ["sharpe"])
    points = found.points(0, found.count)
    rows = Rows(
        points,
        found.space.digits(points),
        ["0" * 64] * len(points),
        ["native"] * len(points),
        ["fine"] * len(points),
        np.zeros((len(points), 1)),
        np.zeros((len(points), 16)),
    )
    table = table_of(found, columns, columns.schema({}), rows).to_pandas()
    assert table["exposure.kind"].tolist()[::2] == ["trend", "threshold", "proportional"]
    assert table["exposure.days"].tolist()[::2][0] == 50
    assert table["exposure.days"].isna().tolist() == [False] * 2 + [True] * 4
    assert table["exposure.signal.name"].isna().tolist() == [True] * 2 + [False] * 4
    assert table["exposure.enter"].tolist()[2] == 1.0
    assert table["exposure.window"].tolist()[4] == 730
    assert table["overlays.rebalance_band.width"].isna().tolist() == [True, False] * 3
    assert table["variant"].tolist() == list(range(6))


def test_a_sample_is_a_part_of_the_grid():
    whole, part = grid(LEVELS), grid(LEVELS, sample=20, seed=5)
    points = part.points(0, part.count)
    assert part.count == 20
    assert len(set(points.tolist())) == 20
    assert max(points) < whole.count
    assert part.points(7, 9).tolist() == points[7:9].tolist()
    assert grid(LEVELS, sample=20, seed=6).points(0, 20).tolist() != points.tolist()
    assert grid(LEVELS, sample=10**6).count == whole.count


def test_the_hash_is_of_what_is_evaluated():
    same = grid(LEVELS, title="Another title", seed=9)
    assert same.grid_hash == grid(LEVELS).grid_hash
    for changed in ({"family": "other"}, {"sample": 3}, {"start": "2018-01-01"}):
        assert grid(LEVELS, **changed).grid_hash != same.grid_hash


def test_goes_to_another_process():
    found = pickle.loads(pickle.dumps(grid(LEVELS)))
    assert found.grid_hash == grid(LEVELS).grid_hash
    assert found.strategy(3).config_hash == grid(LEVELS).strategy(3).config_hash


def test_a_billion_points_are_numbered():
    axes = "\n".join(
        f"{path} = {{ from = 1, to = 1000, step = 1 }}"
        for path in ("exposure.signal.days", "exposure.enter", "overlays.minimum_holding.days")
    )
    found = grid(f'base = "liquidity_threshold"\n[grid]\n{axes}')
    assert found.count == 10**9
    last: Any = found.strategy(10**9 - 1)
    assert (last.signals[0].days, last.exposure.enter) == (1000, 1000.0)


def test_reads_a_file_and_its_own_base(tmp_path: Path):
    (tmp_path / "mine.toml").write_text(
        'title = "Mine"\n[exposure]\nkind = "trend"\n[allocation]\nkind = "btc"\n'
    )
    (tmp_path / "g.toml").write_text(
        'base = "mine.toml"\nstart = 2018-01-01\n[grid]\nexposure.days = [50, 100]\n'
    )
    found = read_grid(tmp_path / "g.toml")
    assert found.count == 2
    assert str(found.file.start) == "2018-01-01 00:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[grid]\nexposure.enter = [1]", "give either base = NAME or a [variant] table"),
        ('base = "liquidity_treshold"\n[grid]\na = [1]', "did you mean liquidity_threshold"),
        ('base = "trend"\nsampel = 1', "did you mean sample"),
        ('base = "liquidity_threshold"', "the grid has no points"),
        ('base = "liquidity_threshold"\n[grid]\nexposure.enter = []', "no points"),
        (
            'base = "liquidity_threshold"\n[grid]\nexposure.entr = [1]',
            "unknown parameter in g.toml 'exposure.entr': did you mean exposure.enter",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\noverlays.rebalance_band.width = [0.1]',
            "unknown parameter in g.toml 'overlays.rebalance_band.width'",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\nexecution.fee = [1]',
            "did you mean execution.fee_bp",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\nexecution.fee_bp = [1, -1]',
            "execution: fee_bp must be a number from 0 to 5000, got -1",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\noverlays.minimum_holding.days = [1, 0]',
            "g.toml: overlays.0.days = 0: input should be greater than",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\nexposure.signal.days = [1, 2.5]',
            "days = 2.5 is not a whole number of at least 1",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\nexposure.signal = ["regim"]',
            "unknown signal 'regim': did you mean regime",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\ndecide = ["daily", "hourly"]',
            "decide",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\nexposure.enter = [1]\n'
            '[[constraint]]\nholds = "exposure.enter > 1"',
            "constraint 1: 'exposure.enter > 1' never holds",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\nexposure.enter = [1]\n'
            '[[constraint]]\nholds = "exposure.leave > 1"',
            "never holds",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\nexposure.enter = [1, 2]\n'
            '[[constraint]]\nholds = "exposure.enter > 1"\n'
            '[[constraint]]\nholds = "exposure.enter < 2"',
            "the constraints never hold together: exposure.enter > 1; exposure.enter < 2",
        ),
        (
            'base = "liquidity_threshold"\n[grid]\nexposure.enter = [1]\n'
            '[[constraint]]\nholds = "exposure.levae > 1"',
            "did you mean exposure.leave",
        ),
        (
            'base = "liquidity_threshold"\nstart = "yesterday"\n[grid]\nexposure.enter = [1]',
            "start = 'yesterday' is not a day",
        ),
        ('base = "liquidity_threshold"\nsample = 0\n[grid]\nexposure.enter = [1]', "sample = 0"),
    ],
)
def test_faults(text: str, fault: str):
    with pytest.raises((BadConfig, UnknownName)) as caught:
        grid(text)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)
