"""Write a comparison: one page, its figures as data, its memo."""

from __future__ import annotations

from pathlib import Path

from backtests.report.comparison.content import Said
from backtests.report.comparison.document import document
from backtests.report.comparison.memo import Memo, memo_page, memo_text
from backtests.report.comparison.page import page
from backtests.report.folder import json_bytes, write_folder
from data.atomic import replace_file

HTML, JSON = "compare.html", "compare.json"
MEMO_HTML, MEMO_TEXT = "memo.html", "memo.txt"


def write_comparison(said: Said, out: Path) -> Path:
    """Write ``compare.html``, ``compare.json``, ``manifest.json`` and a PNG for each chart.

    Parameters
    ----------
    said : Said
        What the comparison says.
    out : Path
        Folder; made where it does not exist. Each file is replaced whole.

    Returns
    -------
    Path
        The page.
    """
    pictures = {key: chart.png() for key, chart in said.charts.items()}
    files = {
        JSON: json_bytes(document(said)),
        **{f"{key}.png": picture for key, picture in pictures.items()},
        HTML: page(said, pictures).encode(),
    }
    write_folder(out, files, {**said.found.manifest, "run_id": said.found.run_id})
    return out / HTML


def write_memo(memo: Memo, said: Said, out: Path) -> Path:
    """Write ``memo.html`` and ``memo.txt``; return the page."""
    replace_file(out / MEMO_HTML, memo_page(memo, said.found).encode())
    replace_file(out / MEMO_TEXT, memo_text(memo).encode())
    return out / MEMO_HTML
