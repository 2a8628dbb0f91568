"""A comparison and its memo in headless Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backtests.palette import contrast
from tests.report.browsing import DESK, DRAWN, PHONE, TEXTS, chromium, visit

if TYPE_CHECKING:
    from backtests.report.comparison.content import Said

pytestmark = pytest.mark.browser
TABLET = {"width": 820, "height": 1180}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(told: Said, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from backtests.report.comparison.memo import memo
    from backtests.report.comparison.writer import write_comparison, write_memo

    out = tmp_path_factory.mktemp("comparison")
    write_comparison(told, out)
    write_memo(memo(told.found, None), told, out)
    return out


def rgb(text: str) -> str:
    parts = [int(float(number)) for number in re.findall(r"[\d.]+", text)[:3]]
    return "#" + "".join(f"{part:02x}" for part in parts)


@pytest.mark.parametrize("screen", [PHONE, TABLET, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_is_drawn_and_legible(
    browser: Any, folder: Path, screen: dict[str, int], scheme: str
) -> None:
    path = folder / "compare.html"
    with visit(browser, path, viewport=screen, color_scheme=scheme) as made:
        made.page.wait_for_selector(DRAWN, timeout=60_000)
        plots = made.page.locator(".plot")
        assert plots.count() == 3
        for plot in plots.all():
            assert plot.locator("g.trace").count() + plot.locator("g.bars").count() >= 1
            assert plot.get_attribute("aria-label")
        assert made.page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
        for what, colour, ground in made.page.evaluate(TEXTS):
            assert contrast(rgb(colour), rgb(ground)) >= 4.5, what
        assert made.complaints == []


def test_without_scripts_pictures_stand_in(browser: Any, folder: Path) -> None:
    path = folder / "compare.html"
    with visit(browser, path, viewport=DESK, java_script_enabled=False) as made:
        assert made.page.locator(".plot:visible").count() == 0
        assert made.page.locator(".still img:visible").count() == 3


def test_the_memo_is_one_page_on_paper_and_needs_no_script(browser: Any, folder: Path) -> None:
    with visit(browser, folder / "memo.html", viewport=DESK) as made:
        assert made.page.locator("script").count() == 0
        assert made.page.locator("h2").count() == 6
        printed = made.page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
        assert made.complaints == []
