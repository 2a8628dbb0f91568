"""What was in force from when to when, by the series it bears on; for docs/data.md."""

from __future__ import annotations

from collections.abc import Mapping

from data.chronicle import GROUPS, Fact

# Group of facts: the series whose meaning it changes.
BEARS_ON: Mapping[str, tuple[str, ...]] = {
    "srf": ("srf", "srf_treasury", "srf_mbs", "srf_afternoon"),
    "srf_morning_trials": ("srf_morning",),
    "rrp_limits": ("rrp",),
    "rrp_spreads": ("rrp_rate",),
    "reserve_interest": ("ioer", "iorb"),
    "qt": ("fed_assets", "fed_treasuries", "reserves"),
    "purchases": ("fed_assets", "fed_treasuries", "reserves"),
    "programmes": ("fed_btfp", "reserves"),
    "debt_limit": ("tga", "debt_total"),
    "tax_deferrals": ("tga",),
    "shutdowns": ("deficit_monthly", "leveraged_short", "foreign_treasuries", "gdp"),
    "executive_closings": ("fed_assets", "tga"),
    "bond_closings": ("sofr", "ust_10y"),
}


def table() -> str:
    """Return the Markdown table of eras."""
    rows = ["| series | from | to | what | known from |", "|---|---|---|---|---|"]
    for group, names in BEARS_ON.items():
        listed = ", ".join(f"`{name}`" for name in names)
        rows += [_row(listed, fact) for fact in GROUPS[group]]
    return "\n".join(rows) + "\n"


def _row(listed: str, fact: Fact) -> str:
    value = "" if fact.value is None else f" ({fact.value:g})"
    doubt = "" if fact.certain else " (not checked)"
    end = "today" if fact.end is None else str(fact.end)
    return f"| {listed} | {fact.start} | {end} | {fact.what}{value}{doubt} | {fact.announced} |"
