"""What people corrected, as ground truth: words to learn from and to score by, and whole pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ocr_plugins.document import Box, Page
from ocr_plugins.errors import CallError
from ocr_plugins.formats import chosen_formats
from ocr_plugins.image import PageImage
from ocr_plugins.pictures import cut_out
from ocr_plugins.source import PageRef
from ocr_plugins.writing import PageFiles, ToCome

from .kept import boxes_of
from .paging import Pages
from .state import Ballot

# Around a word so much of its height is cut out with it.
_AROUND = 0.15


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A page that a person has looked at: ``words`` are boxes in pixels, and what stands there."""

    ref: PageRef
    image: PageImage
    page: Page
    words: Sequence[tuple[Box, str]]


def checked_pages(
    pages: Pages, said_on: Callable[[str], Mapping[str, str]], ballot: Ballot
) -> Iterator[Checked]:
    """The pages that a person has looked at.

    Args:
        pages: of a comparison.
        said_on: gives what was said on a page, by its id; of a page's earlier words once it was viewed.
        ballot: how is voted where nothing was said.
    """
    for item in pages:
        if not said_on(item.id) and pages.was_seen(item.id):
            continue
        image, view = pages.viewed(item)
        said = said_on(item.id)
        words = [(box, said[cell]) for cell, box in boxes_of(view).items() if box and cell in said]
        if image is None or not words:
            continue
        page = pages.viewer(item).corrected(item, said, ballot)
        yield Checked(ref=item.ref, image=image, page=page, words=words)


def export(folder: Path, pages: Iterable[Checked], formats: str) -> Path:
    """Writes ``manifest.jsonl`` with a row and a picture a word, and in ``pages`` the pages as ``formats``.

    Returns:
        The manifest, which `compare`, `calibrate` and `train crnn --data` take.

    Raises:
        CallError: nothing was corrected, an unknown format, or a folder that cannot be written to.
    """
    kinds = chosen_formats([formats]) if formats else ()
    checked = list(pages)
    rows: list[dict[str, Any]] = []
    failed: list[str] = []
    try:
        for page in checked:
            rows += _words(folder, page, len(rows))
        if not rows:
            raise CallError("no word was corrected", "select one, press Enter, type, and press Enter again")
        manifest = folder / "manifest.jsonl"
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        manifest.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")
        files = PageFiles(kinds, failed=lambda error: failed.append(str(error)))
        files.expect(ToCome.of(page.ref) for page in checked)
        for page in checked:
            files.add(page.page, folder / "pages")
        files.close()
    except OSError as error:
        raise CallError(f"{folder} cannot be written to ({error.strerror})", "name another folder") from None
    if failed:
        raise CallError(f"a page could not be written: {failed[0]}", "take another format")
    return manifest


def _words(folder: Path, page: Checked, number: int) -> Iterable[dict[str, Any]]:
    (folder / "words").mkdir(parents=True, exist_ok=True)
    for box, text in page.words:
        # Where nothing stands there is nothing to read.
        if not text:
            continue
        name = f"words/{number:05d}.png"
        number += 1
        pixels, _ = cut_out(page.image.pixels, box, _AROUND, _AROUND)
        Image.fromarray(pixels).save(folder / name)
        yield {"id": name, "image": name, "text": text, "level": "word", "group": page.ref.id}
