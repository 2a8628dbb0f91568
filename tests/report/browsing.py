"""A page in headless Chromium, and all that it complains of or asks for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
DRAWN = "html[data-drawn]"
# Of every element that holds text itself and can be seen: its colour and that of its ground.
TEXTS = """() => {
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/rgba\\(.*, 0\\)|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const own = (element) => [...element.childNodes].some((node) =>
    node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  return [...document.querySelectorAll("body *")]
    .filter((element) => !element.closest("script, svg, .unseen") && own(element))
    .filter((element) => element.checkVisibility())
    .map((element) => [
      element.tagName + "." + element.className + ": " + element.textContent.trim().slice(0, 30),
      getComputedStyle(element).color,
      ground(element),
    ]);
}"""


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser; skip where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield started
        started.close()


class Visit:
    """A page in a tab of its own, and all that it complained of or asked for."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.address = path.as_uri()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        self.page.goto(self.address)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"request: {request.url}")


@contextmanager
def visit(browser: Any, path: Path, **options: Any) -> Iterator[Visit]:
    made = Visit(browser, path, **options)
    yield made
    made.context.close()
