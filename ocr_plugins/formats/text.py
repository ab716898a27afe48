"""Plain text: a line a line, an empty line between regions.

Of another's text file, what stands between two form feeds is a page, as Tesseract writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ocr_plugins.document import Line, Page, Region
from ocr_plugins.errors import SourceError
from ocr_plugins.formats.base import Format, TextWriter

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def page_text(page: Page) -> str:
    # A form feed would begin another page, and a null character make it no text for many programs.
    return page.text.translate({0x0C: " ", 0: " "}) + "\n"


def decode_text(data: bytes, name: str) -> str:
    """The text of a file: UTF-8, or UTF-16 where a byte order mark says so.

    Raises:
        SourceError: it is neither, or holds what no text does. ``name`` is what the error calls it.
    """
    mark, encoding = next((known for known in _BOMS if data.startswith(known[0])), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        raise SourceError(f"{name} is not UTF-8 text", "save it as UTF-8", "not_text") from None
    if "\0" in text:
        raise SourceError(f"{name} is not text", "it holds null characters", "not_text")
    return text


def _open(path: Path) -> TextWriter:
    return TextWriter(path, lambda page, _: page_text(page))


def _read(data: bytes, name: str) -> Iterator[Page]:
    """Pages of lines without polygons or size; paragraphs, where there are several, are regions.

    Text that ends with a form feed has no empty page after it.
    """
    parts = re.sub(r"\r\n?", "\n", decode_text(data, name)).split("\f")
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    for number, part in enumerate(parts, start=1):
        paragraphs = [_lines(paragraph) for paragraph in re.split(r"\n[^\S\n]*\n", part)]
        paragraphs = [lines for lines in paragraphs if lines]
        if len(paragraphs) > 1:
            regions = tuple(Region(lines=lines) for lines in paragraphs)
            yield Page(source=name, page=number, size=None, regions=regions)
        else:
            yield Page(source=name, page=number, size=None, lines=paragraphs[0] if paragraphs else ())


def _lines(paragraph: str) -> tuple[Line, ...]:
    return tuple(Line(text=line) for line in paragraph.split("\n") if line.strip())


TEXT = Format(
    name="text",
    ending=".txt",
    help="plain text: a line a line, an empty line between regions",
    open=_open,
    read=_read,
    endings=(".text",),
)
