"""Write the report: one page, its figures as data, and its charts as pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path

from backtests.report.content import Content, content
from backtests.report.document import document
from backtests.report.page import page
from backtests.report.study import Study
from data.atomic import replace_file
from data.canonical import canonical_json

HTML, JSON, MANIFEST = "report.html", "report.json", "manifest.json"


def write_report(study: Study, out: Path) -> Path:
    """Write ``report.html``, ``report.json``, ``manifest.json`` and a PNG for each chart.

    Parameters
    ----------
    study : Study
        The answer, with all it rests on.
    out : Path
        Folder; made where it does not exist. Each file is replaced whole.

    Returns
    -------
    Path
        The page.

    Notes
    -----
    No file holds the time of the run: the same study gives the same bytes. The manifest lists
    the SHA-256 of every other file.
    """
    return write_content(content(study), out)


def write_content(found: Content, out: Path) -> Path:
    """Write what :func:`~backtests.report.content.content` computed; see :func:`write_report`."""
    study = found.study
    pictures = {key: chart.png() for key, chart in found.charts.items()}
    files = {
        JSON: (canonical_json(document(found), indent=2) + "\n").encode(),
        **{f"{key}.png": picture for key, picture in pictures.items()},
        HTML: page(found, pictures).encode(),
    }
    manifest = {
        **study.manifest,
        "run_id": study.run_id,
        "files": {name: hashlib.sha256(written).hexdigest() for name, written in files.items()},
    }
    for name, written in files.items():
        replace_file(out / name, written)
    replace_file(out / MANIFEST, (canonical_json(manifest, indent=2) + "\n").encode())
    return out / HTML
