"""Simulated panels for the statistics of many variants: do they reject as often as they say?

    python scripts/calibrate_compare.py --worlds 1000 > docs/calibration_compare.md

Every panel is made here, of noise or with one planted skill; nothing is read. The table says how
often each statistic rejects, beside the bounds of Clopper and Pearson.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import kstest

from backtests.inference.calibration import clopper_pearson
from backtests.inference.effective_trials import effective_trials
from backtests.inference.moments import deflated_sharpe
from backtests.inference.overfitting import probability_of_overfitting
from backtests.inference.superior_ability import superior_ability, superior_variants

Array = npt.NDArray[np.float64]

SIZE = 0.05
PERIODS, VARIANTS, BLOCK = 1_000, 50, 5
FOLDS = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """Timing rules on one asset.

    Attributes
    ----------
    over_cash : ndarray, shape (T, N)
        Returns of the rules.
    over_matched : ndarray, shape (T, N)
        (w - mean w) r.
    """

    over_cash: Array
    over_matched: Array


def noise(rng: np.random.Generator, *, means: float | Array = 0.0, common: float = 0.5) -> Array:
    """Returns over a benchmark without skill: Student t (5), correlated, shape (T, N)."""
    shape = (PERIODS, VARIANTS)
    shared, own = rng.standard_t(5, size=(PERIODS, 1)), rng.standard_t(5, size=shape)
    mixed: Array = math.sqrt(common) * shared + math.sqrt(1 - common) * own
    return mixed + means


def timing(rng: np.random.Generator, *, drift: float = 0.002, sd: float = 0.035) -> Rule:
    """Rules that are in or out by a coin on an asset that rises 0.2% a day."""
    asset = drift + sd * rng.standard_t(5, size=PERIODS) / math.sqrt(5 / 3)
    flips = rng.random((PERIODS, VARIANTS)) < 0.05
    weights = (np.cumsum(flips, axis=0) + rng.integers(0, 2, VARIANTS)) % 2.0
    deviation = weights - weights.mean(axis=0)
    return Rule(weights * asset[:, None], deviation * asset[:, None])


def planted(rng: np.random.Generator, *, sharpe: float = 0.16) -> Array:
    """Noise in which variant 7 has skill: a Sharpe ratio of 0.16 a period (3 a year)."""
    d = noise(rng)
    d[:, 7] += sharpe * d[:, 7].std()
    return d


def best_is_deflated(d: Array) -> float:
    """Return the deflated Sharpe ratio of the best variant, at N and the variance across them."""
    sharpes = d.mean(axis=0) / d.std(axis=0)
    best = int(sharpes.argmax())
    z = (d[:, best] - d[:, best].mean()) / d[:, best].std()
    return deflated_sharpe(
        float(sharpes[best]),
        len(d),
        trials=d.shape[1],
        variance=float(max(sharpes.var(ddof=1), 1e-12)),
        skew=float((z**3).mean()),
        kurtosis=float((z**4).mean()),
    )


def spa(d: Array, seed: int) -> float:
    """Return the consistent p-value."""
    return superior_ability(d, seed=seed, draws=499, mean_block=BLOCK).p


def stepm(d: Array, seed: int) -> tuple[int, ...]:
    """Return the variants found superior."""
    return superior_variants(d, seed=seed, size=SIZE, draws=499, mean_block=BLOCK).superior


def pbos(worlds: int, seed: int, make: Callable[[np.random.Generator], Array] = noise) -> Array:
    """Return the probability of backtest overfitting of each of many panels."""
    rng = np.random.default_rng(seed)
    return np.array([probability_of_overfitting(make(rng), folds=FOLDS).pbo for _ in range(worlds)])


def spa_p(worlds: int, seed: int, make: Callable[[np.random.Generator], Array]) -> Array:
    """Return the SPA's p-value in each of many panels."""
    rng = np.random.default_rng(seed)
    return np.array([spa(make(rng), i) for i in range(worlds)])


def worse_half(rng: np.random.Generator) -> Array:
    """Noise whose later half of the variants is worse than the benchmark."""
    return noise(rng, means=np.where(np.arange(VARIANTS) < VARIANTS // 2, 0.0, -0.15))


def rows(worlds: int) -> list[str]:
    """Return the lines of the table."""
    out = []

    def rate(what: str, hits: npt.NDArray[np.bool_], goal: str) -> None:
        low, high = clopper_pearson(int(hits.sum()), len(hits))
        out.append(
            f"| {what} | {len(hits):,} | {hits.mean():.1%} | {low:.1%} to {high:.1%} | {goal} |"
        )

    equal = spa_p(worlds, 1, noise)
    rate("SPA, all means equal the benchmark's", equal <= SIZE, "5%, uniform p-values")
    rate("SPA, half of the variants worse", spa_p(worlds, 2, worse_half) <= SIZE, "at most 5%")
    rng = np.random.default_rng(3)
    worlds_of_timing = [timing(rng) for _ in range(worlds)]
    cash = [spa(world.over_cash, i) for i, world in enumerate(worlds_of_timing)]
    rate("SPA, noise timing rules over cash", np.array(cash) <= SIZE, "often: the asset's drift")
    matched = [spa(world.over_matched, i) for i, world in enumerate(worlds_of_timing)]
    rate("SPA, the same over matched exposure", np.array(matched) <= SIZE, "at most 5%")
    rng = np.random.default_rng(4)
    panels = [noise(rng) for _ in range(worlds)]
    found = np.array([bool(stepm(d, i)) for i, d in enumerate(panels)])
    rate("StepM, any variant of noise found", found, "5%")
    deflated = np.array([best_is_deflated(d) for d in panels])
    rate("DSR of the best of noise above 95%", deflated > 0.95, "at most 5%")
    rng = np.random.default_rng(5)
    skilled = [planted(rng) for _ in range(worlds)]
    rate(
        "SPA finds the planted skill",
        np.array([spa(d, i) <= SIZE for i, d in enumerate(skilled)]),
        "most",
    )
    sets = [stepm(d, i) for i, d in enumerate(skilled)]
    rate("StepM names the planted variant", np.array([7 in names for names in sets]), "most")
    rate(
        "StepM names another beside it",
        np.array([any(name != 7 for name in names) for names in sets]),
        "at most 5%",
    )
    rate(
        "DSR of the planted skill above 95%",
        np.array([best_is_deflated(d) > 0.95 for d in skilled]),
        "most",
    )
    out += ["", f"Uniformity of the SPA's p-values where all means are equal: {_uniform(equal)}."]
    return out


def _uniform(p: Array) -> str:
    test = kstest(p, "uniform")
    return f"Kolmogorov-Smirnov distance {test.statistic:.3f}, p = {test.pvalue:.2f}"


def overfitting_lines(worlds: int) -> list[str]:
    """Return what the probability of backtest overfitting does on noise and on skill."""
    plain = pbos(worlds, 6)
    skilled = pbos(max(worlds // 5, 20), 7, planted)
    centred = probability_of_overfitting(_centred(np.random.default_rng(8)), folds=FOLDS).pbo
    return [
        f"- {len(plain):,} panels of noise: mean {plain.mean():.3f}, standard deviation "
        f"{plain.std(ddof=1):.3f}.",
        f"- {len(skilled):,} panels with the planted skill: mean {skilled.mean():.3f}.",
        f"- A panel of noise with every column centred: {centred:.0f}, by construction.",
    ]


def _centred(rng: np.random.Generator) -> Array:
    d = noise(rng)
    off: Array = d - d.mean(axis=0)
    return off


def trials_lines() -> list[str]:
    """Return how many independent trials are counted, from daily returns and from 16 sums."""
    rng = np.random.default_rng(9)
    lines = ["| planted | counted from 1,000 returns | from 16 fold sums |", "|---|---|---|"]
    for clusters, members in ((1, 100), (5, 20), (20, 10), (100, 1), (300, 1)):
        cores = np.repeat(rng.normal(size=(PERIODS, clusters)), members, axis=1)
        own = rng.normal(size=cores.shape) if members > 1 else np.zeros_like(cores)
        d = cores + 0.5 * own
        sums = np.add.reduceat(d, np.arange(16) * PERIODS // 16, axis=0)
        lines.append(
            f"| {clusters} x {members} | {effective_trials(d).number} "
            f"| {effective_trials(sums).number} |"
        )
    return lines


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=1_000)
    worlds: int = parser.parse_args().worlds
    print(
        "\n".join(
            [
                "# Calibration of the statistics of many variants",
                "",
                f"    python scripts/calibrate_compare.py --worlds {worlds}",
                "",
                f"Panels of {VARIANTS} variants over {PERIODS:,} periods: Student t (5), mutual "
                "correlation 0.5, no",
                f"serial dependence; nominal size {SIZE:.0%}, 499 draws, mean block {BLOCK}. The "
                "planted skill is a Sharpe",
                "ratio of 0.16 a period in one variant. Bounds: Clopper and Pearson, 99% each; a "
                "goal is met",
                "where it lies within them or above.",
                "",
                "| what happens | panels | rate | bounds | goal |",
                "|---|---|---|---|---|",
                *rows(worlds),
                "",
                f"## Probability of backtest overfitting ({FOLDS} folds)",
                "",
                *overfitting_lines(worlds),
                "",
                "## Effective number of trials",
                "",
                "Clusters x members with a correlation of 0.8 within, 0 between.",
                "",
                *trials_lines(),
            ]
        )
    )


if __name__ == "__main__":
    main()
