"""Write the table of series in docs/data.md: ``python -m scripts.describe_series``."""

from __future__ import annotations

from pathlib import Path

from data.catalogue import SERIES
from data.spec import ReleaseRule, SeriesSpec

DOC = Path(__file__).resolve().parent.parent / "docs" / "data.md"
BEGIN, END = "<!-- series: begin -->", "<!-- series: end -->"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def main() -> None:
    """Replace the table between the markers."""
    before, rest = DOC.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    DOC.write_text(f"{before}{BEGIN}\n{table()}{END}{after}", encoding="utf-8")


def table() -> str:
    """Return the Markdown table of all series."""
    rows = [
        "| series | what | unit | public (New York) | stale after | sources | notes |",
        "|---|---|---|---|---|---|---|",
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
        rule(spec.release),
        f"{spec.max_age_days} d",
        sources,
        notes.strip(),
    )
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


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


if __name__ == "__main__":
    main()
