"""Why each release time is believed: what the schedule is, and what was seen of it.

Written into docs/data.md by ``python -m scripts.describe_series``.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data import families
from data.catalogue import SERIES
from data.spec import ReleaseRule

CASES = Path(__file__).resolve().parent.parent / "tests" / "data" / "known_at.csv"


@dataclass(frozen=True, slots=True)
class Copies:
    """What dated public copies of a series show.

    Parameters
    ----------
    seen : int
        Copies that held a figure; each did so after the rule's moment.
    tightest : int
        Seconds from the rule's moment to the earliest of them, the margin included.
    """

    seen: int
    tightest: int


# Counted in first_seen.parquet, see docs/data.md; a test counts again where it is at hand.
COPIES: Mapping[str, Copies] = {
    "effr": Copies(298, 16),
    "fed_assets": Copies(79, 184),
    "fed_treasuries": Copies(23, 872),
    "ff_upper": Copies(160, 69_555),
    "iorb": Copies(31, 24_742),
    "reserves": Copies(23, 872),
    "rrp": Copies(196, 2_878),
    "sofr": Copies(294, 190),
    "tga_wednesday": Copies(17, 46_576),
    "tga_week_average": Copies(39, 184),
}

REASONS: Mapping[ReleaseRule, str] = {
    families.OPERATION: "The afternoon operation closes at 13:45 and its result is posted within "
    "minutes; the day's total counts from it, also on days with a morning operation only.",
    families.MORNING_OPERATION: "Operation 08:15 to 08:30, result within minutes.",
    families.REVERSE_REPO: "Operation 12:45 to 13:15, result within minutes. FRED's copy follows "
    "the same afternoon.",
    families.REPO_RATE: "The New York Fed publishes at about 08:00 on the next day the bond market "
    "is open, so never on Good Friday.",
    families.FUNDS_RATE: "The New York Fed publishes at about 09:00 on the next day the Banks are "
    "open.",
    families.ANNOUNCED: "The Committee announces at 14:00 what holds from the next day; other "
    "hours are dated exceptions. FRED's copy follows, so its absence proves nothing.",
    families.H41: "Thursday 16:30; the next working day of the government where Thursday is "
    "closed, by order of the President too: 2025-12-24's came on Monday 12-29, and 2020-12-23's "
    "was in no copy of the Thursday and in that of Monday 12-28. Shutdowns never moved it.",
    families.H8: "Friday 16:15, for the week that ended on Wednesday of the week before.",
    families.TREASURY_DAILY: "16:00 on the next working day of the government, in shutdowns too.",
    families.TARGET: "Announcements are dated one by one (data/facts.py), at 15:00.",
    families.TIC: "By the Treasury's calendar about the middle of the month; the 20th is later, "
    "hence safe. Shutdowns are dated windows, two of them assumed.",
    families.MTS: "14:00 on the eighth working day; September's late in October. Shutdowns are "
    "dated from the press.",
    families.CFTC: "Friday 15:30, three working days after; the backlogs of 2019 and 2025 by the "
    "CFTC's own announcements.",
    families.BULLETIN: "Early in the third month after; the rule is the month's end: safe, not "
    "tight.",
    families.H15: "The Board's H.15, next working day, 16:15.",
    families.EXCHANGE: "Closes are public the same evening; the rule waits for the next morning.",
    families.H10: "Monday 16:15 for the week before.",
    families.H6: "The fourth Tuesday of the next month; the rule is the 28th: safe, not tight.",
    families.GDP: "08:30; the rule is the third estimate's month-end, first prints come with "
    "vintages. The windows of the shutdowns are assumed.",
    families.INCOME: "08:30 at the month's end; the rule is the 5th of the month after, safe, not "
    "tight. Backlogs are dated.",
}


def table() -> str:
    """Return the Markdown table of the evidence, one row a release rule."""
    with CASES.open(encoding="utf-8", newline="") as lines:
        cases = Counter(row["series"] for row in csv.DictReader(lines))
    rows = [
        "| series | why this time | cases by hand | dated copies |",
        "|---|---|---|---|",
    ]
    for rule in dict.fromkeys(spec.release for spec in SERIES.values()):
        names = [spec.id for spec in SERIES.values() if spec.release == rule]
        listed = ", ".join(f"`{name}`" for name in names)
        worked = sum(cases[name] for name in names)
        rows.append(f"| {listed} | {REASONS[rule]} | {worked} | {_copies(names)} |")
    return "\n".join(rows) + "\n"


def _copies(names: list[str]) -> str:
    found = [COPIES[name] for name in names if name in COPIES]
    if not found:
        return "none"
    seen, tightest = sum(each.seen for each in found), min(each.tightest for each in found)
    return f"{seen}, the first {_duration(tightest)} after"


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7_200 else f"{seconds // 3_600} h"
