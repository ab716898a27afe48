"""Plain text: a line a line, an empty line between regions."""

from __future__ import annotations

from ocr_plugins.document import Page


def page_text(page: Page) -> str:
    return page.text + "\n"
