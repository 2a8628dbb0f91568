"""What is known of each coin: stablecoins, delistings, symbols that changed hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class AssetSpec:
    """One coin.

    Parameters
    ----------
    id : str
        Name in the price tables.
    stablecoin : bool
        Kept out of the universe.
    delisted_on : date or None
        First day without trading on the market that the prices come from. A holding leaves at
        its last close less the engine's delisting discount. A series that ends without this
        fact is stale, not dead.
    note : str
        What happened.
    """

    id: str
    stablecoin: bool = False
    delisted_on: date | None = None
    note: str = ""


ASSETS: Mapping[str, AssetSpec] = {
    spec.id: spec
    for spec in (
        AssetSpec("UST", stablecoin=True, note="algorithmic dollar of Terra, failed in May 2022"),
        AssetSpec("USDT", stablecoin=True),
        AssetSpec("USDC", stablecoin=True),
        AssetSpec("BUSD", stablecoin=True),
        AssetSpec("DAI", stablecoin=True),
        AssetSpec("TUSD", stablecoin=True),
        AssetSpec("FDUSD", stablecoin=True),
        AssetSpec(
            "LUNA_CLASSIC",
            delisted_on=date(2022, 5, 14),
            note="Terra; trading ended after the collapse, renamed when a new chain began",
        ),
        AssetSpec("SRM", delisted_on=date(2022, 11, 28), note="Serum, after FTX failed"),
        AssetSpec("MATIC", delisted_on=date(2024, 9, 10), note="migrated one for one to POL"),
        AssetSpec("EOS", delisted_on=date(2025, 5, 26), note="migrated one for one to Vaulta (A)"),
    )
}


def asset(name: str) -> AssetSpec:
    """Return what is known of a coin; one that is not listed here has no special facts."""
    return ASSETS.get(name, AssetSpec(name))
