from __future__ import annotations

import numpy as np

from backtests.compare.comparison import Comparison
from backtests.compare.field import Field
from backtests.compare.overfit import MOST_VARIANTS, overfit_sweep, overfit_variants


def test_one_variant_that_always_leads_is_not_overfitted() -> None:
    rng = np.random.default_rng(1)
    folds = 0.01 * rng.standard_normal((50, 16))
    folds[17] += 0.1
    found = overfit_sweep(folds)
    assert found is not None
    assert found.pbo == 0.0
    assert found.loss == 0.0
    assert sum(count for _, count in found.logits) == found.splits == 12_870


def test_noise_gives_one_half_on_average() -> None:
    rng = np.random.default_rng(2)
    values = [overfit_sweep(rng.standard_normal((30, 16))) for _ in range(12)]
    assert 0.3 < np.mean([found.pbo for found in values if found is not None]) < 0.7


def test_a_large_sweep_is_thinned_and_keeps_its_best() -> None:
    rng = np.random.default_rng(3)
    folds = 0.01 * rng.standard_normal((MOST_VARIANTS + 501, 16))
    folds[777] += 0.1
    found = overfit_sweep(folds)
    assert found is not None
    assert found.of == MOST_VARIANTS + 501
    assert MOST_VARIANTS <= found.variants <= MOST_VARIANTS + 1
    assert found.pbo == 0.0
    assert len(found.logits) <= 24


def test_still_variants_are_left_out_and_one_alone_is_no_choice() -> None:
    folds = np.zeros((5, 16))
    folds[0] = np.arange(16.0)
    assert overfit_sweep(folds) is None


def test_only_variants_that_time_are_chosen_from(comparison: Comparison, field: Field) -> None:
    found = overfit_variants(field)
    assert found == comparison.overfit
    assert found is not None
    assert (found.over, found.variants) == ("variants", 2)
    assert found.effective <= 2
