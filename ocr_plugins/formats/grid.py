"""The rows and columns of a table, told by where its words stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ocr_plugins.document import Box, Element, Line, Polygon

# Words of one cell stand closer than this many of their line's heights.
_WIDEST_SPACE = 1.0


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    box: Box


def table_rows(lines: Sequence[Line]) -> list[list[str]]:
    """The cells' texts, row by row, each row with as many as there are columns.

    A line is cut where its words stand more than its height apart. Cells that stand side by side
    are a row, and cells above each other, or parts of them, a column. Nothing comes back where a
    line with text has no polygon.
    """
    cells: list[_Cell] = []
    for line in lines:
        if line.text.strip():
            if line.polygon is None:
                return []
            cells += _cells(line, line.polygon)
    columns = _columns(cells)
    table = []
    for row in _rows(cells):
        texts = [""] * len(columns)
        for cell in sorted(row, key=lambda cell: cell.box[0]):
            place = next(i for i, (left, right) in enumerate(columns) if left <= cell.box[0] <= right)
            texts[place] = f"{texts[place]} {cell.text}".strip()
        table.append(texts)
    return table


def _cells(line: Line, polygon: Polygon) -> Iterator[_Cell]:
    words: list[tuple[Element, Box]] = [(w, w.polygon.box) for w in line.words if w.polygon]
    if len(words) < len(line.words) or not words:
        words = [(line, polygon.box)]
    height = polygon.box[3] - polygon.box[1]
    held: list[tuple[Element, Box]] = []
    for word, box in sorted(words, key=lambda pair: pair[1][0]):
        if held and box[0] - max(b[2] for _, b in held) > _WIDEST_SPACE * height:
            yield _joined(held)
            held = []
        held.append((word, box))
    yield _joined(held)


def _joined(words: Sequence[tuple[Element, Box]]) -> _Cell:
    x0, y0, x1, y1 = zip(*(box for _, box in words), strict=True)
    return _Cell(" ".join(word.text for word, _ in words), (min(x0), min(y0), max(x1), max(y1)))


def _rows(cells: Sequence[_Cell]) -> list[list[_Cell]]:
    rows: list[list[_Cell]] = []
    for cell in sorted(cells, key=lambda cell: (cell.box[1] + cell.box[3]) / 2):
        top, bottom = (rows[-1][0].box[1], rows[-1][0].box[3]) if rows else (0.0, 0.0)
        if rows and min(bottom, cell.box[3]) - max(top, cell.box[1]) > 0.5 * min(
            bottom - top, cell.box[3] - cell.box[1]
        ):
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return rows


def _columns(cells: Sequence[_Cell]) -> list[tuple[float, float]]:
    """Spans from left to right between which no cell stands."""
    spans: list[tuple[float, float]] = []
    for left, right in sorted((cell.box[0], cell.box[2]) for cell in cells):
        if spans and left <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], right)
        else:
            spans.append((left, right))
    return spans
