"""``plumbline report``: the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from plumbline.options import AsOfOption, DataOption

OUT = Path("reports/latest")


def command(
    data: DataOption = None,
    as_of: AsOfOption = None,
    out: Annotated[Path, typer.Option("--out", help="Folder to write into.")] = OUT,
) -> None:
    """Run every rule, test every claim and write report.html, report.json, manifest.json, PNGs."""
    from backtests.report.study import record, study
    from backtests.report.writer import write_report
    from backtests.trials.ledger import Ledger
    from data.settings import settings
    from plumbline.options import snapshot_of

    snapshot = snapshot_of(data, as_of)
    print(
        f"plumbline: {snapshot.source}, snapshot {snapshot.snapshot_id}, as of "
        f"{snapshot.as_of:%Y-%m-%d}",
        file=sys.stderr,
    )
    found = study(snapshot, settings=settings(data))
    record(found, Ledger(settings().home))
    page = write_report(found, out)
    for finding in found.findings:
        print(f"{finding.claim.id:>4}  {finding.verdict:<24}{finding.claim.statement}")
    print(f"\nrun {found.run_id}: {page}")
