"""Files that results are written as. Each format turns one Page into text, by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ocr_plugins.document import Page
from ocr_plugins.errors import CallError
from ocr_plugins.formats.jsonl import page_json
from ocr_plugins.formats.text import page_text

__all__ = ["FORMATS", "check_formats", "write_page"]

#: Name -> the file's ending and what makes its content.
FORMATS: dict[str, tuple[str, Callable[[Page], str]]] = {
    "json": (".json", page_json),
    "text": (".txt", page_text),
}


def check_formats(names: list[str]) -> list[str]:
    """``names``, all known. Raises CallError naming the known ones."""
    for name in names:
        if name not in FORMATS:
            raise CallError(f"there is no format {name!r}", f"known formats: {', '.join(FORMATS)}")
    return names


def write_page(page: Page, name: str, folder: Path) -> Path:
    """Writes one page into ``folder`` and says where. The file is named after the page's id."""
    ending, render = FORMATS[name]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (_file_stem(page.id or f"{page.source}-{page.page}") + ending)
    path.write_text(render(page), encoding="utf-8")
    return path


def _file_stem(page_id: str) -> str:
    stem = re.sub(r"[^\w.=-]+", "_", page_id).strip("._")
    return stem[-150:] or "page"
