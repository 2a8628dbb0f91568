"""The tests against several benchmarks at once, beside those of each difference alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import backtests.inference.superior_to_each as module
from backtests.inference.superior_ability import superior_ability, superior_variants
from backtests.inference.superior_to_each import superior_to_each

DRAWS = 199


def returns(seed: int = 1, periods: int = 400) -> np.ndarray:
    variants = 90
    rng = np.random.default_rng(seed)
    r = rng.normal(size=(periods, variants)) * np.linspace(0.5, 3.0, variants)
    r[:, 3] += 0.4
    r[:, 40] += 0.9
    r[:, 60:] -= 0.6
    return r


def benchmarks(seed: int = 2, periods: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([np.zeros(periods), 0.3 + rng.normal(size=periods), np.full(periods, 9)])


@pytest.mark.parametrize("mean_block", [6, None])
@pytest.mark.parametrize("chunk", [7, 512])
def test_each_benchmark_has_the_results_of_its_differences(
    monkeypatch: pytest.MonkeyPatch, chunk: int, mean_block: int | None
) -> None:
    monkeypatch.setattr(module, "_CHUNK", chunk)
    monkeypatch.setattr(module, "_SLAB", 5)
    r, b = returns(), benchmarks()
    found = superior_to_each(r, b, seed=5, draws=DRAWS, mean_block=mean_block)
    for number, each in enumerate(found):
        assert each is not None
        ability, stepped = each
        d = r - b[:, [number]]
        block = ability.mean_block
        alone = superior_ability(d, seed=5, draws=DRAWS, mean_block=block)
        assert (ability.p_lower, ability.p, ability.p_upper) == (
            alone.p_lower,
            alone.p,
            alone.p_upper,
        )
        assert ability.best == alone.best
        assert ability.statistic == pytest.approx(alone.statistic)
        steps = superior_variants(d, seed=5, draws=DRAWS, mean_block=block)
        assert stepped.superior == steps.superior
        assert stepped.critical == pytest.approx(steps.critical)
        np.testing.assert_allclose(stepped.t, steps.t)
    assert {3, 40} <= set(found[0][1].superior)  # type: ignore[index]
    assert len(found[0][1].critical) >= 2  # type: ignore[index]
    assert found[2][1].superior == ()  # type: ignore[index]


@pytest.mark.parametrize("widths", [(1,) * 90, (40, 50), (13, 64, 13)])
def test_how_the_columns_come_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, widths: tuple[int, ...]
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 16)
    r, b = returns(), benchmarks()
    edges = np.cumsum([0, *widths])

    def blocks():
        for first, last in pairwise(edges):
            yield r[:, first:last]

    whole = superior_to_each(r, b, seed=5, draws=DRAWS)
    parts = superior_to_each(blocks, b, seed=5, draws=DRAWS)
    for one, other in zip(whole, parts, strict=True):
        assert one is not None
        assert other is not None
        assert one[0].p == other[0].p
        assert one[1].superior == other[1].superior
        np.testing.assert_allclose(one[1].t, other[1].t)


def test_the_order_of_the_variants_does_not_matter() -> None:
    r, b = returns(), benchmarks()
    order = np.random.default_rng(9).permutation(r.shape[1])
    straight = superior_to_each(r, b, seed=5, draws=DRAWS, mean_block=4)
    shuffled = superior_to_each(r[:, order], b, seed=5, draws=DRAWS, mean_block=4)
    for one, other in zip(straight, shuffled, strict=True):
        assert one is not None
        assert other is not None
        assert one[0].p == other[0].p
        assert one[0].best == order[other[0].best]
        assert set(one[1].superior) == {int(order[at]) for at in other[1].superior}


def test_rounding_and_few_bars_are_no_difference() -> None:
    r = returns()[:, :4]
    b = np.column_stack([np.zeros(400), r[:, 0]])
    r[:, 0] += 1e-12 * np.random.default_rng(3).random(400)
    r[:29, 1], r[29:, 1] = r[:29, 0] + 1.0, r[29:, 0]
    first, second = superior_to_each(r, b, seed=1, draws=DRAWS, rounding=1e-9)
    assert first is not None
    assert second is not None
    assert (first[0].variants, first[0].dropped) == (4, 0)
    assert (second[0].variants, second[0].dropped) == (2, 2)
    assert np.isnan(second[1].t[:2]).all()


def test_a_benchmark_that_nothing_differs_from_has_no_test() -> None:
    r = returns()[:, :1]
    first, second = superior_to_each(r, np.column_stack([r, np.zeros(400)]), seed=1, draws=9)
    assert first is None
    assert second is not None
    assert superior_to_each(r, r, seed=1) == (None,)


@pytest.mark.parametrize(
    ("r", "b", "words"),
    [
        (np.ones((10, 2)), np.ones(10), "10 periods are too few"),
        (returns(), np.ones(30), "a block of 400 periods beside benchmarks of 30"),
        (np.full((40, 2), 3.0), np.ones(40), "differs from a benchmark by a constant"),
        (np.full((40, 2), np.nan), np.ones(40), "a value that is not finite"),
    ],
)
def test_bad_input_is_refused(r: np.ndarray, b: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        superior_to_each(r, b, seed=1)
