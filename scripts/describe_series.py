"""Write the tables of series in docs/data.md: ``python -m scripts.describe_series``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from data.catalogue import SERIES
from data.spec import ReleaseRule, SeriesSpec
from scripts import eras, release_evidence

DOC = Path(__file__).resolve().parent.parent / "docs" / "data.md"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def main() -> None:
    """Replace each table between its markers."""
    text = DOC.read_text(encoding="utf-8")
    for name, written in TABLES.items():
        before, _, after = parts(text, name)
        text = f"{before}\n{written()}{after}"
    DOC.write_text(text, encoding="utf-8")


def parts(text: str, name: str) -> tuple[str, str, str]:
    """Return what stands before, between and after the markers of a table, which go outside."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = text.split(begin)
    between, after = rest.split(end)
    return before + begin, between, end + after


def table() -> str:
    """Return the Markdown table of all series."""
    rows = [
        "| series | what | unit | about | public (New York) | stale after | sources | notes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows += [_row(spec) for spec in SERIES.values()]
    return "\n".join(rows) + "\n"


def _row(spec: SeriesSpec) -> str:
    sources = ", ".join(f"`{source}`" for source in spec.sources)
    notes = ("Restated: only vintages are used. " if spec.revised else "") + spec.notes
    cells = (
        f"`{spec.id}`",
        spec.title,
        spec.unit,
        _about(spec),
        rule(spec.release),
        f"{spec.max_age_days} d",
        sources,
        notes.strip(),
    )
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _about(spec: SeriesSpec) -> str:
    about = {
        "day": f"{spec.observed} day",
        "calendar_day": "every day",
        "tuesday": "Tuesday",
        "wednesday": "Wednesday",
    }.get(spec.period, f"end of {spec.period}")
    since = f", from {spec.first}" if spec.first else ""
    until = f" to {spec.last}" if spec.last else ""
    return about + since + until


def rule(release: ReleaseRule) -> str:
    """Say a release rule in a few words."""
    when = f"{release.at} +{release.margin_minutes} min" if release.margin_minutes else release.at
    if release.counted == "announcement":
        return f"{when} on the day of the announcement"
    return f"{_day(release)}, {when}" + (" (dated slips)" if release.exceptions else "")


def _day(release: ReleaseRule) -> str:
    if release.counted == "calendar_days":
        return "the day before" if release.lag_days < 0 else f"{release.lag_days} days after"
    if release.counted == "open_days":
        if release.lag_days == 0:
            return "same day"
        return f"{release.lag_days} {release.calendar} day{'s' * (release.lag_days > 1)} after"
    if release.counted == "weekday":
        assert release.weekday is not None  # the rule's own check
        return f"{WEEKDAYS[release.weekday]}, at least {release.lag_days} days after"
    if release.counted == "month_open_day":
        return f"{release.lag_days}th {release.calendar} day of the next month"
    return f"day {release.lag_days} of month +{release.months}"


TABLES: Mapping[str, Callable[[], str]] = {
    "series": table,
    "evidence": release_evidence.table,
    "eras": eras.table,
}


if __name__ == "__main__":
    main()
