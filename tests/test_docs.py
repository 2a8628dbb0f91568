"""What the docs say of the code is what the code says."""

from __future__ import annotations

from scripts.describe_series import BEGIN, DOC, END, table


def test_the_table_of_series_is_the_catalogues() -> None:
    text = DOC.read_text(encoding="utf-8")
    written = text.split(BEGIN)[1].split(END)[0]
    assert written.strip() == table().strip(), "run `python -m scripts.describe_series`"
