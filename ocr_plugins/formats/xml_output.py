"""What the writers of hOCR, ALTO and PAGE XML share.

Text is written as it is, apart from characters that XML 1.0 cannot hold (most control characters, and
U+FFFE and U+FFFF): each becomes U+FFFD, the replacement character.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from ocr_plugins.document import Element, Glyph, Line, Page, Polygon, Region, Word, enclosing
from ocr_plugins.errors import SourceError

if TYPE_CHECKING:
    from ocr_plugins.formats.xml_input import Element as Node

Placed: TypeAlias = Element | Region

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """``text`` with U+FFFD for what XML 1.0 cannot hold."""
    return _NO_XML.sub("\ufffd", text)


def plain(value: float) -> str:
    """A number as short as it can be read back from."""
    return str(int(value)) if value == int(value) else repr(value)


def percent(probability: float) -> str:
    """A probability as per cent, in digits that give it back: `xml_input.percentage`."""
    value = Decimal(repr(probability)).scaleb(2).normalize()
    return format(value, "f") if value > Decimal("1e-20") else str(value)


def points(polygon: Polygon) -> str:
    """``x,y x,y ...``"""
    return " ".join(f"{plain(x)},{plain(y)}" for x, y in polygon.points)


def whole(polygon: Polygon) -> Polygon:
    """Each coordinate rounded to the nearest whole pixel, halves up, and negative ones to 0."""
    return Polygon(tuple((_pixel(x), _pixel(y)) for x, y in polygon.points))


def agreed(exact: Polygon | None, rounded: Polygon | None) -> Polygon | None:
    """The exact polygon kept beside a rounded one, unless that was moved since by another program."""
    return exact if exact is not None and rounded is not None and whole(exact) == rounded else rounded


def is_upright(polygon: Polygon) -> bool:
    """Whether its box says all about it."""
    return polygon == Polygon.from_box(*polygon.box)


def place(element: Placed) -> tuple[Polygon | None, bool]:
    """Where it is, and whether that had to be told from what is inside."""
    if element.polygon is not None:
        return element.polygon, False
    inside: Sequence[Placed] = ()
    if isinstance(element, Region):
        inside = element.lines
    elif isinstance(element, Line):
        inside = element.words
    elif isinstance(element, Word):
        inside = element.glyphs
    found = enclosing([place(child)[0] for child in inside])
    return found, found is not None


def extent(page: Page) -> Polygon | None:
    """The rectangle of the whole page; where its size is unknown, the one around all that is on it."""
    if page.size is not None:
        return Polygon.from_box(0, 0, *page.size)
    parts: tuple[Placed, ...] = page.regions or page.lines
    return enclosing([place(part)[0] for part in parts])


def check_coordinates(page: Page, format_name: str) -> Polygon:
    """The page's extent.

    Raises:
        SourceError: kind ``no_coordinates``: neither a size nor any position is known.
    """
    found = extent(page)
    if found is None:
        raise SourceError(
            f"{format_name} needs coordinates, and nothing on page {page.page} has any",
            "write text or hocr, or read the page with an engine that tells where the words are",
            "no_coordinates",
        )
    return found


def document(page: Page, place_in_file: int, format_name: str, build: Callable[[], Node]) -> str:
    """The document that ``build`` makes of the page, indented.

    Raises:
        SourceError: kind ``one_page_only``: it would be the second in its file.
    """
    from lxml import etree

    if place_in_file > 1:
        raise SourceError(
            f"page {page.page} does not fit: a file of {format_name} holds one page",
            "write each page to a file of its own",
            "one_page_only",
        )
    content = etree.tostring(build(), encoding="unicode", pretty_print=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{content}'


def spaces(line: Line) -> list[bool]:
    """For each word, whether white space stands before it in the line's text.

    Where the text is not made of the words in order, there is white space between all of them.
    """
    found: list[bool] = []
    at = 0
    for word in line.words:
        start = at
        while at < len(line.text) and line.text[at].isspace():
            at += 1
        if not line.text.startswith(word.text, at):
            return [True] * len(line.words)
        found.append(at > start)
        at += len(word.text)
    return found if not line.text[at:].strip() else [True] * len(line.words)


def common_kind(elements: Sequence[Element]) -> str | None:
    """The most common kind of confidence among them."""
    kinds = Counter(e.confidence_kind for e in elements if e.confidence_kind is not None)
    return kinds.most_common(1)[0][0] if kinds else None


def common_kinds(page: Page) -> dict[str, str]:
    """The most common kind of confidence of the page's lines, words and glyphs, by ``line`` and so on."""
    lines = list(page.iter_lines())
    words = [word for line in lines for word in line.words]
    glyphs: list[Glyph] = [glyph for word in words for glyph in word.glyphs]
    found = {"line": common_kind(lines), "word": common_kind(words), "glyph": common_kind(glyphs)}
    return {level: kind for level, kind in found.items() if kind is not None}


def _pixel(value: float) -> float:
    return float(max(0, math.floor(value + 0.5)))
