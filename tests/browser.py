"""Headless Chromium for tests, and what a page does besides: requests to others, lines on the console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-extensions",
)


@dataclass
class Seen:
    """A page, and all that it asked for or said that it should not have."""

    page: Any
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    def open(self, path: Path, fragment: str = "") -> Any:
        self.page.goto(path.as_uri() + fragment)
        return self.page


def picture(page: Any, name: str) -> None:
    """Keeps a screenshot to be looked at, where OCR_PLUGINS_SCREENSHOTS names a folder."""
    if folder := os.environ.get("OCR_PLUGINS_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


@contextmanager
def launched() -> Iterator[Any]:
    """A browser."""
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing: install the Debian package 'chromium'"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def watched(
    browser: Any,
    allowed: tuple[str, ...] = ("file:", "data:", "blob:"),
    said: tuple[str, ...] = ("log", "info", "warning", "error"),
    **context: Any,
) -> Iterator[Seen]:
    """A page that is to ask nobody but ``allowed``, and to say nothing of ``said`` on the console."""
    within = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **context})
    seen = Seen(within.new_page())

    def judge(route: Any) -> None:
        if route.request.url.startswith(allowed):
            route.continue_()
        else:
            seen.requests.append(route.request.url)
            route.abort()

    within.route("**/*", judge)
    seen.page.on("console", lambda message: message.type in said and seen.console.append(message.text))
    seen.page.on("pageerror", lambda error: seen.console.append(error.stack or str(error)))
    yield seen
    within.close()
    assert not seen.requests, seen.requests
    assert not seen.console, seen.console
