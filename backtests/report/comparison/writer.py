"""Write a comparison: one page, its figures as data, its memo."""

from __future__ import annotations

import hashlib
from pathlib import Path

from backtests.report.comparison.content import Said
from backtests.report.comparison.document import document
from backtests.report.comparison.memo import Memo, memo_page, memo_text
from backtests.report.comparison.page import page
from data.atomic import replace_file
from data.canonical import canonical_json

HTML, JSON, MANIFEST = "compare.html", "compare.json", "manifest.json"
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
        JSON: (canonical_json(document(said), indent=2) + "\n").encode(),
        **{f"{key}.png": picture for key, picture in pictures.items()},
        HTML: page(said, pictures).encode(),
    }
    manifest = {
        **said.found.manifest,
        "run_id": said.found.run_id,
        "files": {name: hashlib.sha256(written).hexdigest() for name, written in files.items()},
    }
    for name, written in files.items():
        replace_file(out / name, written)
    replace_file(out / MANIFEST, (canonical_json(manifest, indent=2) + "\n").encode())
    return out / HTML


def write_memo(memo: Memo, said: Said, out: Path) -> Path:
    """Write ``memo.html`` and ``memo.txt``; return the page."""
    replace_file(out / MEMO_HTML, memo_page(memo, said.found).encode())
    replace_file(out / MEMO_TEXT, memo_text(memo).encode())
    return out / MEMO_HTML
