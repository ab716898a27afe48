"""Tables of words as ``tesseract IMAGE OUT tsv`` writes them.

A tab-separated row for each page (level 1), block (2), paragraph (3), line (4) and word (5), in
this order and each before what it holds. Boxes are whole pixels; ``conf`` is a word's confidence
in percent, -1 where there is none and on all other levels. Nothing is quoted.

A region is a block of one paragraph, and a line without words is one word. What the columns cannot
hold is lost: polygons become boxes, and a line's text its words with a space between each two.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from ocr_plugins.document import Element, Line, Page, Polygon, Region, Word, enclosing
from ocr_plugins.errors import SourceError
from ocr_plugins.formats.base import Format, TextWriter
from ocr_plugins.formats.text import decode_text

COLUMNS = (
    *("level", "page_num", "block_num", "par_num", "line_num", "word_num"),
    *("left", "top", "width", "height", "conf", "text"),
)
#: What the confidences of a file are: it does not tell which engine's they were.
CONFIDENCE = "tsv-conf"

_PAGE, _BLOCK, _LINE, _WORD = 1, 2, 4, 5
# Whatever some reader may take for the end of a row or of a column.
_BREAKS = re.compile(r"[\x00-\x1f\x85\u2028\u2029]+")

_Row = dict[str, Any]


def _open(path: Path) -> TextWriter:
    return TextWriter(path, _page_rows, head=_row(COLUMNS))


def _row(values: Iterable[Any]) -> str:
    return "\t".join(map(str, values)) + "\n"


def _page_rows(page: Page, number: int) -> str:
    width, height = page.size or (0, 0)
    rows = [_row((_PAGE, number, 0, 0, 0, 0, 0, 0, width, height, -1, ""))]
    regions = page.regions or (Region(lines=page.lines),)
    for block, region in enumerate((region for region in regions if region.lines), start=1):
        box = region.polygon or enclosing([_line_polygon(line) for line in region.lines])
        rows += (_row((level, number, block, level - 2, 0, 0, *_box(box), -1, "")) for level in (2, 3))
        for place, line in enumerate(region.lines, start=1):
            rows += _line_rows(line, (number, block, 1, place))
    return "".join(rows)


def _line_rows(line: Line, place: tuple[int, ...]) -> Iterator[str]:
    yield _row((_LINE, *place, 0, *_box(_line_polygon(line)), -1, ""))
    words: tuple[Element, ...] = line.words or ((line,) if line.text else ())
    for number, word in enumerate(words, start=1):
        sure = -1 if word.confidence is None else f"{100 * word.confidence:.6f}"
        yield _row((_WORD, *place, number, *_box(word.polygon), sure, _BREAKS.sub(" ", word.text)))


def _line_polygon(line: Line) -> Polygon | None:
    return line.polygon or enclosing([word.polygon for word in line.words if word.text.strip()])


def _box(polygon: Polygon | None) -> tuple[int, int, int, int]:
    """Left, top, width and height; all 0 where there is no polygon."""
    if polygon is None:
        return 0, 0, 0, 0
    x0, y0, x1, y1 = map(round, polygon.box)
    return x0, y0, x1 - x0, y1 - y0


def _read(data: bytes, name: str) -> Iterator[Page]:
    """Pages with a region for each block. Words without text are left out, as are empty blocks."""
    rows = _rows(decode_text(data, name), name)
    for number, group in groupby(rows, key=lambda row: row["page_num"]):
        yield _page(list(group), number, name)


def _rows(text: str, name: str) -> Iterator[_Row]:
    head, *lines = re.split(r"\r?\n", text)
    columns = head.split("\t")
    if not set(COLUMNS) <= set(columns):
        hint = f"its first line must name the columns {', '.join(COLUMNS)}"
        raise SourceError(f"{name} is not a table as Tesseract writes it", hint, "bad_tsv")
    for number, line in enumerate(lines, start=2):
        if line:
            # Tesseract 4 leaves the tab before an empty text away.
            values = [*line.split("\t"), ""] if line.count("\t") == len(columns) - 2 else line.split("\t")
            yield _numbers(dict(zip(columns, values, strict=False)), f"line {number} of {name}")


def _numbers(row: dict[str, str], where: str) -> _Row:
    try:
        found: _Row = {key: int(row[key]) for key in COLUMNS[:-2]}
        found |= {"conf": float(row["conf"]), "text": row["text"]}
    except (KeyError, ValueError):
        raise SourceError(
            f"{where} is not as Tesseract writes it", "write the file again", "bad_tsv"
        ) from None
    if found["page_num"] < 1 or not math.isfinite(found["conf"]):
        raise SourceError(f"{where} has a number that cannot be", "write the file again", "bad_tsv")
    return found


def _page(rows: list[_Row], number: int, name: str) -> Page:
    size: tuple[int, int] | None = None
    boxes: dict[tuple[int, ...], Polygon | None] = {}
    words: dict[int, dict[tuple[int, int], list[Word]]] = {}
    for row in rows:
        place = (row["par_num"], row["line_num"])
        if row["level"] == _PAGE and row["width"] > 0 and row["height"] > 0:
            size = row["width"], row["height"]
        elif row["level"] == _BLOCK:
            boxes[(row["block_num"],)] = _polygon(row)
        elif row["level"] == _LINE:
            boxes[row["block_num"], *place] = _polygon(row)
        elif row["level"] == _WORD and row["text"].strip():
            words.setdefault(row["block_num"], {}).setdefault(place, []).append(_word(row))
    regions = []
    for block, lines in words.items():
        found = tuple(_line(line, boxes.get((block, *place))) for place, line in lines.items())
        polygon = boxes.get((block,)) or enclosing([line.polygon for line in found])
        regions.append(Region(lines=found, polygon=polygon))
    return Page(source=name, page=number, size=size, regions=tuple(regions))


def _line(words: list[Word], polygon: Polygon | None) -> Line:
    return Line.of_words(words, polygon=polygon) if polygon else Line.of_words(words)


def _word(row: _Row) -> Word:
    sure: dict[str, Any] = {}
    if row["conf"] >= 0:
        sure = {"confidence": min(row["conf"] / 100, 1.0), "confidence_kind": CONFIDENCE}
    return Word(text=row["text"].strip(), polygon=_polygon(row), **sure)


def _polygon(row: _Row) -> Polygon | None:
    left, top, width, height = (row[key] for key in ("left", "top", "width", "height"))
    if not any((left, top, width, height)):
        return None
    return Polygon.from_box(left, top, left + width, top + height)


TSV = Format(
    name="tsv",
    ending=".tsv",
    help="a table of words and boxes, as Tesseract writes it",
    open=_open,
    read=_read,
    many=True,
)
