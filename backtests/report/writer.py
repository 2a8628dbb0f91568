"""Write the report: one page, its figures as data, and its charts as pictures."""

from __future__ import annotations

from pathlib import Path

from backtests.report.content import Content, content
from backtests.report.document import document
from backtests.report.folder import json_bytes, write_folder
from backtests.report.page import page
from backtests.report.study import Study

HTML, JSON = "report.html", "report.json"


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
        JSON: json_bytes(document(found)),
        **{f"{key}.png": picture for key, picture in pictures.items()},
        HTML: page(found, pictures).encode(),
    }
    write_folder(out, files, {**study.manifest, "run_id": study.run_id})
    return out / HTML
