"""The report in headless Chromium: drawn, quiet, legible, and whole without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backtests.palette import contrast
from tests.report.browsing import DESK, DRAWN, PHONE, TEXTS, Visit, chromium, visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def at_desk(browser: Any, report: Path) -> Iterator[Visit]:
    """The report that is not simulated, on a wide screen in light colours."""
    with visit(browser, report / "report.html", viewport=DESK, color_scheme="light") as made:
        made.page.wait_for_selector(DRAWN, timeout=60_000)
        yield made


@pytest.fixture
def desk(at_desk: Visit) -> Iterator[Any]:
    yield at_desk.page
    assert at_desk.complaints == []


@pytest.fixture(scope="module")
def on_phone(browser: Any, simulated_report: Path) -> Iterator[Visit]:
    """The simulated report on a phone."""
    with visit(
        browser, simulated_report / "report.html", viewport=PHONE, color_scheme="light"
    ) as made:
        made.page.wait_for_selector(DRAWN, timeout=60_000)
        yield made


@pytest.fixture
def phone(on_phone: Visit) -> Iterator[Any]:
    on_phone.page.set_viewport_size(PHONE)
    yield on_phone.page
    assert on_phone.complaints == []


def test_nothing_is_asked_of_any_network(at_desk: Visit, on_phone: Visit) -> None:
    assert at_desk.complaints == []
    assert on_phone.complaints == []


def test_every_chart_is_drawn(desk: Any) -> None:
    plots = desk.locator(".plot")
    assert plots.count() == 6
    for plot in plots.all():
        assert plot.locator("svg.main-svg").count() >= 1
        assert plot.locator("g.trace").count() >= 1
        assert plot.get_attribute("aria-label")
        assert plot.bounding_box()["height"] > 250
    assert desk.locator(".still:visible").count() == 0


def test_the_headline_comes_before_any_chart(desk: Any) -> None:
    said, drawn = desk.locator(".headline").first, desk.locator(".plot").first
    assert said.is_visible()
    assert said.bounding_box()["y"] < DESK["height"] < drawn.bounding_box()["y"] + 400


def test_every_link_of_the_chain_leads_to_its_claim(desk: Any) -> None:
    links = desk.locator(".chain .link > a")
    assert links.count() == 6
    for link in links.all():
        target = link.get_attribute("href")
        assert desk.locator(target).count() == 1
        assert link.locator(".badge").inner_text().strip()
        assert link.locator("svg use").count() == 1


def test_the_keyboard_reaches_links_tables_and_details(desk: Any) -> None:
    reached = set()
    desk.locator("body").focus()
    for _ in range(90):
        desk.keyboard.press("Tab")
        reached.add(
            desk.evaluate(
                "(() => { const at = document.activeElement;"
                " return at.matches('.scroll') ? 'scroll' : at.tagName + (at.hash || ''); })()"
            )
        )
    assert {"A#headline", "A#scorecard", "A#C2b", "SUMMARY", "scroll"} <= reached


def test_the_charts_follow_the_readers_colours(desk: Any) -> None:
    colour = "document.querySelector('#chart-essay text').style.fill"
    light = desk.evaluate(colour)
    desk.emulate_media(color_scheme="dark")
    desk.wait_for_selector("html[data-drawn=dark]")
    assert desk.evaluate(colour) != light
    desk.emulate_media(color_scheme="light")
    desk.wait_for_selector("html[data-drawn=light]")
    assert desk.evaluate(colour) == light


def test_paper_shows_pictures_and_opens_what_is_folded(desk: Any) -> None:
    desk.emulate_media(media="print")
    assert desk.locator(".still img:visible").count() == 6
    assert desk.locator(".plot:visible").count() == 0
    desk.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert desk.locator("details:not([open])").count() == 0
    desk.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert desk.locator("details[open]").count() == 0
    desk.emulate_media(media="screen")
    assert desk.locator(".plot:visible").count() == 6


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_keeps_its_contrast(phone: Any, scheme: str) -> None:
    phone.emulate_media(color_scheme=scheme)
    phone.wait_for_selector(f"html[data-drawn={scheme}]")
    texts = phone.evaluate(TEXTS)
    assert len(texts) > 300
    faint = [
        (what, ratio)
        for what, ink, ground in texts
        if (ratio := contrast(as_hex(ink), as_hex(ground))) < 4.5
    ]
    assert faint == []


def as_hex(colour: str) -> str:
    """Return ``rgb(...)`` or ``color(srgb ...)``, as the browser computes it, as #rrggbb."""
    name, _, inside = colour.partition("(")
    parts = inside.rstrip(")").replace(",", " ").replace("/", " ").split()
    if name == "color":
        assert parts[0] == "srgb"
        parts = [str(round(255 * float(part))) for part in parts[1:]]
    return "#" + "".join(f"{round(float(part)):02x}" for part in parts[:3])


@pytest.mark.parametrize("width", [390, 820])
def test_the_page_never_scrolls_sideways(phone: Any, width: int) -> None:
    phone.set_viewport_size({**PHONE, "width": width})
    assert phone.evaluate("document.documentElement.scrollWidth") == width
    wide = phone.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, .plot, svg,"
        " pre, .unseen, .skip') && e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert wide == []


def test_the_banner_stays_on_every_screen(phone: Any) -> None:
    banner = phone.locator(".banner")
    for place in (0, 4000, 12_000):
        phone.evaluate(f"window.scrollTo(0, {place})")
        box = banner.bounding_box()
        assert (box["x"], box["y"], box["width"]) == (0, 0, PHONE["width"])
    assert "Planted" in banner.inner_text()


def test_without_scripts_pictures_stand_in_for_charts(browser: Any, report: Path) -> None:
    with visit(browser, report / "report.html", viewport=DESK, java_script_enabled=False) as made:
        pictures = made.page.locator(".still img")
        assert pictures.count() == 6
        assert all(picture.is_visible() for picture in pictures.all())
        assert made.page.locator(".plot:visible").count() == 0
        assert made.page.locator(".headline").first.is_visible()
        assert made.complaints == []
