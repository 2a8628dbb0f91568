"""What was planted in a world, in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from data.worlds.config import LINKS, World

_CONFOUNDERS: Mapping[str, str] = {
    "calendar": "Bitcoin's mean and variance follow the month, as the plumbing's spikes do.",
    "common_factor": "Equities drive Bitcoin, and the Fed buys after equities have fallen: the "
    "two move together without an effect of liquidity.",
    "reverse_causality": "Liquidity answers Bitcoin's return of the week before, not the other "
    "way round.",
    "opposing_drifts": "Bitcoin drifts up while liquidity drains, then down while it builds.",
    "joint_variance": "Bitcoin and liquidity are calm together and wild together, without a "
    "common direction.",
    "slow_mean": "Bitcoin's expected return wanders slowly, and so, apart from it, does the "
    "balance sheet.",
    "crisis_week": "In one week of March 2020 Bitcoin halves, and the Fed buys in the fortnight "
    "after.",
}


def notes(world: World, truths: Mapping[str, float]) -> tuple[str, ...]:
    """Return one sentence for each link that is on, each confounder, and for what is off."""
    planted = [
        _SENTENCES[claim].format(size=world.size(claim), twice=2 * world.size(claim))
        for claim in LINKS
        if world.size(claim)
    ]
    off = [claim for claim in LINKS if not world.size(claim)]
    lent = [claim for claim in off if truths.get(claim)]
    if lent:
        planted.append(
            f"Nothing of their own is planted for {' and '.join(lent)}, but liquidity's effect "
            "shows there too: the account is a part of net liquidity, and the weeks overlap."
        )
    silent = [claim for claim in off if claim not in lent and claim in truths]
    if silent:
        planted.append(f"No effect at all is planted for {', '.join(silent)}.")
    return (
        "Every figure and price is made up; spikes of the plumbing at period ends, on tax days "
        "and under debt limits are part of the made-up calendar.",
        *planted,
        *(_CONFOUNDERS[name] for name in world.confounders),
    )


_SENTENCES: Mapping[str, str] = {
    "B4": "B4: the SRF is drawn on days when SOFR stands high against the ceiling (log-odds "
    "{size:g} per standard deviation), in six clusters; everywhere else it is 0.",
    "C2a": "C2a: each +$100bn of net liquidity goes with {size:+g}% in Bitcoin in the same week.",
    "C2b": "C2b: each +$100bn of net liquidity, once known, moves Bitcoin by {size:+g}% over the "
    "next 4 weeks and {twice:+g}% over 13.",
    "C3": "C3: each $100bn that leaves the Treasury's account moves Bitcoin by {size:+g}% over "
    "the next 4 weeks and {twice:+g}% over 13, beyond C2b.",
    "C5": "C5: an episode of SRF usage, once known, moves Bitcoin by {size:+g}% over 20 days.",
    "C6": "C6: each +$100bn of net liquidity moves altcoins by {size:+g}% over the next 4 weeks "
    "and {twice:+g}% over 13, beyond their beta times Bitcoin.",
}
