"""From what an engine finds to lines and regions in reading order.

`arrange` takes the fragments that an engine found, `reorder` a page that it has finished. Both rest on
`ocr_plugins.reading_order`, which says what comes after what.

Imports nothing but the standard library and NumPy: engines' worker processes load it.
"""

from __future__ import annotations

import itertools
import math
import statistics
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

import numpy as np

from ocr_plugins.document import Box, Element, Line, Page, Region, Word, enclosing
from ocr_plugins.reading_order import reading_order
from ocr_plugins.regions import Row, regions_of
from ocr_plugins.rows import Rows, skew, typical_height, weighted_median
from ocr_plugins.textlines import Boxes

Order = Literal["engine", "rows", "auto"]
ORDERS: tuple[Order, ...] = get_args(Order)

# A page whose median word is at least this sure is clean.
_CLEAN = 0.9
# Between two words that are so many of their heights, and so many usual gaps, apart, a line may be cut.
_CUT, _CUT_GAPS = 0.7, 2.5
# A text this many times as high as wide is written down the page.
_SIDEWAYS = 2.0
# In usual heights: no single mark is higher.
_HIGH = 3.0


@dataclass(eq=False)
class _Piece:
    """The words ``first`` to ``last`` - 1 of a line, or a line that is not cut, where both are 0.

    ``followers`` are lines without a polygon, which stay behind what they came after.
    """

    source: Line
    first: int = 0
    last: int = 0
    followers: list[Line] = field(default_factory=list)

    @property
    def line(self) -> Line:
        whole = self.last - self.first in (0, len(self.source.words))
        return self.source if whole else _part(self.source, self.first, self.last)

    def continues(self, other: _Piece) -> bool:
        return other.source is self.source and other.last == self.first and self.last > 0


def arrange(fragments: Sequence[Line], *, columns: bool = True) -> tuple[Region, ...]:
    """Fragments of lines, in any order, as regions of whole lines in reading order.

    Fragments of one visual row are joined, columns of prose are read one after the other, and tables,
    forms and receipts row by row; see `reading_order` for how they are told apart. A fragment is cut
    between two words where a column ends there. A line's text is its fragments' joined by spaces, its
    confidence their mean by length, and every word is kept, once.

    A fragment without a polygon stays behind the one that it came after; where none has any, all stay as
    they are. Sideways text comes last, unless most of the page is sideways, which then keeps its order.
    Where most letters are of scripts that run from right to left, so do rows and columns.

    Args:
        columns: False reads across the page throughout.
    """
    first, pieces = _pieces(fragments)
    if not pieces:
        return (Region(lines=tuple(fragments)),) if fragments else ()
    height = statistics.median(_height(piece.line) for piece in pieces)
    upright: list[_Piece] = []
    sideways: list[_Piece] = []
    for piece in pieces:
        (sideways if _is_sideways(piece.line, height) else upright).append(piece)
    if len(upright) < len(sideways):
        return (Region(lines=tuple(fragments)),)
    boxes = np.array([_box(piece.line) for piece in upright])
    angle = skew(
        np.array([box for piece in upright for box in _word_boxes(piece.line) or [_box(piece.line)]])
    )
    if runs_left("".join(piece.line.text for piece in upright)):
        boxes, angle = boxes[:, [2, 1, 0, 3]] * np.array([-1, 1, -1, 1]), -angle
    continues = np.array([_may_continue(piece.line.text) for piece in upright], np.bool_)
    found: list[Region] = [Region(lines=tuple(first))] if first else []
    joined = [(at, at + 1) for at in range(len(upright) - 1) if upright[at + 1].continues(upright[at])]
    order = reading_order(boxes, angle=angle, continues=continues, joined=joined, columns=columns)
    for block in order:
        found.extend(_regions(block, upright, boxes))
    if sideways:
        found.append(Region(lines=tuple(line for piece in sideways for line in _joined([piece]))))
    return tuple(found)


def join_rows(fragments: Sequence[Line]) -> tuple[Line, ...]:
    """Fragments of lines joined to visual rows across the page, top to bottom: `arrange` without columns."""
    return tuple(line for region in arrange(fragments, columns=False) for line in region.lines)


def reorder(page: Page, order: Order) -> Page:
    """The page with its lines, whole or cut between words, in another reading order.

    Args:
        order: ``engine`` leaves the page as it is; ``rows`` reads across it, top to bottom; ``auto``
            tells columns apart, see `arrange`, and gives regions.

    A line's words move where all of them have polygons, else the line moves as one. Regions that the
    engine gave are made anew. Pages of the levels line and word stay as they are, and so do those
    without any polygon.
    """
    lines = tuple(page.iter_lines())
    if order == "engine" or page.level != "page" or all(line.polygon is None for line in lines):
        return page
    if order == "rows":
        return replace(page, lines=join_rows(lines), regions=())
    return replace(page, lines=(), regions=arrange(lines))


def _pieces(fragments: Sequence[Line]) -> tuple[list[Line], list[_Piece]]:
    """What comes before any polygon, and the fragments, cut where a column may end."""
    first: list[Line] = []
    pieces: list[_Piece] = []
    usual = _usual_gap(fragments)
    for line in fragments:
        if line.polygon is not None:
            pieces.extend(_cut(line, usual))
        else:
            (pieces[-1].followers if pieces else first).append(line)
    return first, pieces


def _cut(line: Line, usual: float) -> list[_Piece]:
    boxes = _word_boxes(line)
    if len(boxes) < 2:
        return [_Piece(line)]
    widest = _height_of(boxes) * max(_CUT, _CUT_GAPS * usual)
    ends = [place for place in range(1, len(boxes)) if _gap(boxes[place - 1], boxes[place]) > widest]
    return [_Piece(line, first, last) for first, last in zip([0, *ends], [*ends, len(boxes)], strict=True)]


def _usual_gap(lines: Sequence[Line]) -> float:
    """The median gap between two words, in heights of their line."""
    gaps: list[float] = []
    for line in lines:
        boxes = _word_boxes(line)
        height = _height_of(boxes) if boxes else 1.0
        gaps.extend(_gap(*pair) / height for pair in itertools.pairwise(boxes))
    return statistics.median(gaps) if gaps else 0.0


def _word_boxes(line: Line) -> list[Box]:
    """The words' boxes; none where a word has no polygon."""
    boxes = [word.polygon.box for word in line.words if word.polygon is not None]
    return boxes if len(boxes) == len(line.words) else []


def _height_of(boxes: Sequence[Box]) -> float:
    return max(statistics.median(y1 - y0 for _, y0, _, y1 in boxes), 1e-6)


def _gap(one: Box, other: Box) -> float:
    return max(one[0], other[0]) - min(one[2], other[2])


def _part(line: Line, first: int, last: int) -> Line:
    words = line.words[first:last]
    shared = _mean_confidence([word for word in words if word.text], line)
    return replace(Line.of_words(words, **shared), text=_text_of(line, first, last))


def _text_of(line: Line, first: int, last: int) -> str:
    """The text of some of a line's words, spaced as the line spaces them."""
    start, spans = 0, []
    for word in line.words:
        place = line.text.find(word.text, start)
        if place < 0:
            return " ".join(word.text for word in line.words[first:last])
        start = place + len(word.text)
        spans.append((place, start))
    return line.text[spans[first][0] : spans[last - 1][1]]


def _box(line: Line) -> Box:
    assert line.polygon is not None  # noqa: S101 - pieces have one
    return line.polygon.box


def _height(line: Line) -> float:
    _, y0, _, y1 = _box(line)
    return y1 - y0


def _is_sideways(line: Line, usual: float) -> bool:
    """Whether a text is written down the page; of a mark or two, only the size can tell."""
    x0, y0, x1, y1 = _box(line)
    slender = y1 - y0 > _SIDEWAYS * (x1 - x0)
    return slender and (len(line.text) > 2 or y1 - y0 > _HIGH * usual)


def _may_continue(text: str) -> bool:
    """Whether a sentence may go on with this text: with a small letter, or one that knows no case."""
    first = text.lstrip()[:1]
    return first.isalpha() and not first.isupper()


def runs_left(text: str) -> bool:
    """Whether most letters are of Arabic, Hebrew and their like (Unicode's bidirectional classes)."""
    if text.isascii():
        return False
    kinds = [unicodedata.bidirectional(mark) for mark in text]
    return sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L")


def _regions(block: Rows, pieces: Sequence[_Piece], boxes: Boxes) -> Iterator[Region]:
    rows = [Row.of(_joined([pieces[place] for place in row]), boxes[row]) for row in block]
    yield from regions_of(rows, typical_height(boxes))


def _joined(row: Sequence[_Piece]) -> tuple[Line, ...]:
    """The line that a row's pieces make, and what follows them."""
    runs: list[_Piece] = []
    for piece in row:
        if runs and piece.continues(runs[-1]):
            runs[-1] = replace(runs[-1], last=piece.last)
        else:
            runs.append(replace(piece))
    return (_join([run.line for run in runs]), *(line for piece in row for line in piece.followers))


def _join(row: Sequence[Line]) -> Line:
    if len(row) == 1:
        return row[0]
    words = [word for line in row for word in (line.words or (_as_word(line),))]
    return Line(
        text=" ".join(line.text for line in row),
        words=tuple(words),
        polygon=enclosing([line.polygon for line in row]),
        **_mean_confidence(row),
    )


def _mean_confidence(parts: Sequence[Line] | Sequence[Word], default: Line | None = None) -> dict[str, Any]:
    """The mean of the parts' confidences by length; that of ``default`` where not all have one."""
    if parts and all(part.confidence is not None for part in parts):
        total = sum(len(part.text) for part in parts) or 1
        confidence = sum((part.confidence or 0.0) * len(part.text) for part in parts) / total
        return {"confidence": min(confidence, 1.0), "confidence_kind": parts[0].confidence_kind}
    if default is None:
        return {}
    return {"confidence": default.confidence, "confidence_kind": default.confidence_kind}


def _as_word(line: Line) -> Word:
    return Word(**{f.name: getattr(line, f.name) for f in fields(Element)})


Sureness = Callable[[Sequence[Word]], float]


def mean_confidence(words: Sequence[Word]) -> float:
    """Mean confidence of words by their length."""
    letters = sum(len(word.text) for word in words)
    return sum((word.confidence or 0.0) * len(word.text) for word in words) / letters


def confidence_by_letter(words: Sequence[Word]) -> float:
    """Geometric mean of letters' confidences, where a word's is the product of its letters'."""
    letters = sum(len(word.text) for word in words)
    return math.exp(sum(math.log(max(word.confidence or 0.0, 1e-9)) for word in words) / letters)


def without_noise(
    regions: Sequence[Region], share: float, sureness: Sureness = mean_confidence
) -> Iterator[Region]:
    """The regions less the specks, rules and pictures that were read as letters.

    They stand out where all else is read surely: of a clean page, lines go whose words are less sure than
    ``share`` of the median letter's word. On a page that is unsure throughout, low confidence says nothing,
    and all is kept. ``sureness`` is how sure some words are together, from 0 to 1.
    """
    words = [word for region in regions for line in region.lines for word in line.words if word.text]
    # By letters: a picture makes many short words, and a page's text is in its long lines.
    sure = np.array([sureness([word]) for word in words])
    median = weighted_median(sure, np.array([len(word.text) for word in words])) if words else 0.0
    for region in regions:
        lines = tuple(
            line for line in region.lines if median < _CLEAN or sureness(line.words) >= share * median
        )
        if lines:
            yield replace(region, lines=lines)
