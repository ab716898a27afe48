"""From what an engine finds to lines in reading order.

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

from ocr_plugins.document import Element, Line, Region, Word, enclosing

# Two fragments stand on one row when they share this much of the height of the lesser one.
_SHARED_HEIGHT = 0.5
# A page whose median word is at least this sure is clean.
_CLEAN = 0.9
# How many rows may still be growing at once: as many as a slanted page lets begin meanwhile.
_OPEN_ROWS = 8


def join_rows(fragments: Sequence[Line]) -> tuple[Line, ...]:
    """Fragments of text lines joined to visual rows, top to bottom, each from left to right.

    A row's confidence is the mean of its fragments' by length. Fragments need polygons; columns
    are not told apart.
    """
    rows: list[list[Line]] = []
    for fragment in sorted(fragments, key=_middle):
        beside = [row for row in rows[-_OPEN_ROWS:] if _on_row(row, fragment)]
        if beside:
            min(beside, key=lambda row: _gap(_neighbour(row, fragment), fragment)).append(fragment)
        else:
            rows.append([fragment])
    return tuple(_join(sorted(row, key=_left)) for row in rows)


def _on_row(row: Sequence[Line], fragment: Line) -> bool:
    # A slanted row drifts, so a fragment is compared with its neighbour, not with the row.
    neighbour = _neighbour(row, fragment)
    x0, y0, x1, y1 = _box(fragment)
    left, top, right, bottom = _box(neighbour)
    beside = -_gap(neighbour, fragment) < 0.5 * min(x1 - x0, right - left)
    shared_height = min(y1, bottom) - max(y0, top)
    return beside and shared_height >= _SHARED_HEIGHT * min(y1 - y0, bottom - top)


def _neighbour(row: Sequence[Line], fragment: Line) -> Line:
    return min(row, key=lambda other: _gap(other, fragment))


def _gap(one: Line, other: Line) -> float:
    """Pixels between two fragments from left to right; negative where they overlap."""
    left, right = _box(one), _box(other)
    return max(left[0], right[0]) - min(left[2], right[2])


def _join(row: Sequence[Line]) -> Line:
    if len(row) == 1:
        return row[0]
    words = [word for line in row for word in (line.words or (_as_word(line),))]
    shared: dict[str, Any] = {}
    if all(line.confidence is not None for line in row):
        total = sum(len(line.text) for line in row) or 1
        confidence = sum((line.confidence or 0.0) * len(line.text) for line in row) / total
        shared = {"confidence": min(confidence, 1.0), "confidence_kind": row[0].confidence_kind}
    return Line(
        text=" ".join(line.text for line in row),
        words=tuple(words),
        polygon=enclosing([line.polygon for line in row]),
        **shared,
    )


def _as_word(line: Line) -> Word:
    return Word(**{f.name: getattr(line, f.name) for f in fields(Element)})


def _box(line: Line) -> tuple[float, float, float, float]:
    assert line.polygon is not None  # noqa: S101 - the docstring asks for it
    return line.polygon.box


def _middle(line: Line) -> float:
    _, y0, _, y1 = _box(line)
    return (y0 + y1) / 2


def _left(line: Line) -> float:
    return _box(line)[0]


def without_noise(regions: Sequence[Region], share: float) -> Iterator[Region]:
    """The regions less the specks, rules and pictures that were read as letters.

    They stand out where all else is read surely: of a clean page, lines go whose mean confidence
    is below ``share`` of the median word's. On a page that is unsure throughout, low confidence
    says nothing, and all is kept.
    """
    words = [word.confidence or 0.0 for region in regions for line in region.lines for word in line.words]
    median = statistics.median(words) if words else 0.0
    for region in regions:
        lines = tuple(line for line in region.lines if median < _CLEAN or _mean(line) >= share * median)
        if lines:
            yield replace(region, lines=lines)


def _mean(line: Line) -> float:
    """Mean confidence of a line's words by their length."""
    letters = sum(len(word.text) for word in line.words)
    return sum((word.confidence or 0.0) * len(word.text) for word in line.words) / letters
