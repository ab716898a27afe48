"""The invisible text of a PDF page: each word over its polygon, in reading order.

`placed_words` says what stands where, in pixels; `text_layer` draws it in text render mode 3, which
shows nothing (ISO 32000-1, 9.3.6).
"""

from __future__ import annotations

import itertools
import math
import operator
import statistics
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ocr_plugins.document import Line, Page, Point, Polygon, enclosing
from ocr_plugins.formats.pdf_font import ADVANCE, ASCENT, GlyphlessFont

# Text that has no place is put in as small print from the top of the page down.
_SMALL_PRINT = 1 / 80
_MARGIN = 0.05
# A word that is so much higher than wide runs down, as Chinese and Japanese columns do.
_UPRIGHT, _UPRIGHT_LETTERS = 2.5, 3
# Readers take words for columns where they are further apart, as a share of their height.
_GAP = 0.4
_OUT_OF_PROPORTION = 1.5
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")


class Matrix(NamedTuple):
    """An affine map: x' = a x + c y + e, y' = b x + d y + f."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def apply(self, point: Point) -> Point:
        x, y = point
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def then(self, after: Matrix) -> Matrix:
        """This map, and ``after`` on what comes out."""
        e, f = after.apply((self.e, self.f))
        a, b = self.a * after.a + self.b * after.c, self.a * after.b + self.b * after.d
        c, d = self.c * after.a + self.d * after.c, self.c * after.b + self.d * after.d
        return Matrix(a, b, c, d, e, f)

    @classmethod
    def to_user_space(cls, size: tuple[int, int], width: float, height: float) -> Matrix:
        """From pixels of a picture of ``size``, y down, to points of a page, y up."""
        return cls(width / size[0], 0.0, 0.0, -height / size[1], 0.0, height)


@dataclass(frozen=True, slots=True)
class Quad:
    """A rectangle or near one, in pixels, as text runs in it: its corners as a reader names them."""

    top_left: Point
    top_right: Point
    bottom_right: Point
    bottom_left: Point

    def part(self, start: float, end: float) -> Quad:
        """The part between two shares of its width."""
        return Quad(
            _between(self.top_left, self.top_right, start),
            _between(self.top_left, self.top_right, end),
            _between(self.bottom_left, self.bottom_right, end),
            _between(self.bottom_left, self.bottom_right, start),
        )

    def raised(self, height: float) -> Quad:
        """A rectangle of this height over the same bottom edge."""
        dx, dy = self.baseline
        x, y = dy * height / math.hypot(dx, dy), -dx * height / math.hypot(dx, dy)
        (x0, y0), (x1, y1) = self.bottom_left, self.bottom_right
        return Quad((x0 + x, y0 + y), (x1 + x, y1 + y), self.bottom_right, self.bottom_left)

    def mapped(self, matrix: Matrix) -> Quad:
        corners = (self.top_left, self.top_right, self.bottom_right, self.bottom_left)
        return Quad(*(matrix.apply(corner) for corner in corners))

    @property
    def baseline(self) -> Point:
        """The way along its bottom edge."""
        return _minus(self.bottom_right, self.bottom_left)

    @property
    def height(self) -> float:
        """How far the top is from the bottom edge, at right angles to it."""
        (x0, y0), (x1, y1) = (
            _minus(self.top_left, self.bottom_left),
            _minus(self.top_right, self.bottom_right),
        )
        dx, dy = self.baseline
        return abs(dx * (y0 + y1) - dy * (x0 + x1)) / 2 / math.hypot(dx, dy)


def text_layer(page: Page, size: tuple[int, int], matrix: Matrix, font: GlyphlessFont, name: str) -> bytes:
    """Operators that draw the page's text; empty where it has none.

    Args:
        page: what was read.
        size: (width, height) of the page in pixels.
        matrix: from these pixels to the PDF page's user space.
        font: gives the codes of characters.
        name: what the page's resources call the font.
    """
    words = [_word(text, quad.mapped(matrix), font, name) for text, quad in placed_words(page, size)]
    drawn = [word for word in words if word]
    return "\n".join(["q 3 Tr", *drawn, "Q\n"]).encode("ascii") if drawn else b""


def placed_words(page: Page, size: tuple[int, int]) -> Iterator[tuple[str, Quad]]:
    """Each word, without white space, and where it stands, in reading order.

    A word stands on its polygon's bottom edge and is as wide as that, but as high as its line's
    highest: Poppler takes words of different heights for different lines. On 14 pages of print that
    Tesseract had read, the words that pdftotext gave were .88 alike in order to those of the page
    (Ratcliff and Obershelp), against .76 with each word's own height.

    Words without a polygon share their line's by their number of characters; a line that has none
    either stands in small print below the ones before it.
    """
    lines = list(page.iter_lines())
    homeless = sum(_place(line) is None for line in lines)
    below = 0
    for line in lines:
        place = _place(line)
        if place is None:
            quad = _small_print(line.text, below, homeless, size)
            below += 1
            yield from _shared(line.text, quad)
        elif line.words and all(word.polygon is not None for word in line.words):
            quads = [_running(w.text, quad_of(w.polygon)) for w in line.words if w.polygon is not None]
            for word, quad in zip(line.words, _evened(quads), strict=True):
                yield from _shared(word.text, quad)
        else:
            text = " ".join(word.text for word in line.words) or line.text
            yield from _shared(text, _running(text, quad_of(place)))


def quad_of(polygon: Polygon) -> Quad:
    """Where the text in a polygon runs: its corners if it has four, else its smallest rectangle's.

    Sides have at least 1 px.
    """
    points = polygon.points
    if len(points) == 4 and _area(points) >= 1:
        quad = Quad(*points)
        if math.hypot(*quad.baseline) >= 1 and quad.height >= 1:
            return quad
    return _smallest_rectangle(points)


def visual_order(word: str) -> str:
    """A word's characters from left to right, as readers of PDF expect them from right-to-left scripts.

    A simple form of the Unicode bidirectional algorithm (UAX 9), for one word: numbers and foreign
    letters keep their order, brackets become what they look like.
    """
    if not _reads_leftwards(word):
        return word
    kinds = _directions(word)
    base = next(kind for kind in kinds if kind in "LR")
    for i, kind in enumerate(kinds):
        if kind == "?":
            before = kinds[i - 1] if i else base
            after = next((k for k in kinds[i:] if k != "?"), base)
            kinds[i] = before if before == after else base
    turned = []
    for kind, group in itertools.groupby(zip(kinds, word, strict=True), key=operator.itemgetter(0)):
        run = "".join(character for _, character in group)
        turned.append(run[::-1].translate(_MIRRORED) if kind == "R" else run)
    return "".join(turned[::-1] if base == "R" else turned)


def _word(text: str, quad: Quad, font: GlyphlessFont, name: str) -> str:
    codes = font.codes(visual_order(text))
    if not codes:
        return ""
    size = quad.height / ASCENT
    dx, dy = quad.baseline
    width = math.hypot(dx, dy)
    cos, sin = dx / width, dy / width
    stretch = 100 * width / (len(codes) * ADVANCE * size)
    x, y = quad.bottom_left
    # The space stands beyond the word's end; with it, readers separate words that nearly touch.
    shown = "".join(f"{code:04X}" for code in [*codes, 0x20])
    matrix = f"{cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {x:.3f} {y:.3f} Tm"
    return f"BT /{name} {size:.3f} Tf {stretch:.3f} Tz {matrix} <{shown}> Tj ET"


def _place(line: Line) -> Polygon | None:
    return line.polygon or enclosing([word.polygon for word in line.words])


def _shared(text: str, quad: Quad) -> Iterator[tuple[str, Quad]]:
    pieces = text.split()
    letters, gaps = sum(map(len, pieces)), len(pieces) - 1
    gap = min(1.0, _GAP * quad.height * (letters + gaps) / math.hypot(*quad.baseline))
    total = letters + gap * gaps
    leftwards = _reads_leftwards(text) and next(k for k in _directions(text) if k in "LR") == "R"
    at = 0.0
    for piece in pieces:
        start, end = at / total, (at + len(piece)) / total
        yield piece, quad.part(1 - end, 1 - start) if leftwards else quad.part(start, end)
        at += len(piece) + gap


def _evened(quads: list[Quad]) -> list[Quad]:
    """The words of a line, as high as its highest, but for those that are out of proportion."""
    most = _OUT_OF_PROPORTION * statistics.median(quad.height for quad in quads)
    height = max(quad.height for quad in quads if quad.height <= most)
    return [quad.raised(height) if quad.height <= most else quad for quad in quads]


def _running(text: str, quad: Quad) -> Quad:
    """``quad``, turned where its text runs from top to bottom."""
    if quad.height < _UPRIGHT * math.hypot(*quad.baseline) or len(text) < _UPRIGHT_LETTERS:
        return quad
    return Quad(quad.top_right, quad.bottom_right, quad.bottom_left, quad.top_left)


def _small_print(text: str, place: int, places: int, size: tuple[int, int]) -> Quad:
    width, height = size
    step = height * (1 - 2 * _MARGIN) / places
    letter = min(height * _SMALL_PRINT, step * 0.8)
    left, top = width * _MARGIN, height * _MARGIN + place * step
    right = left + min(width * (1 - 2 * _MARGIN), max(1, len(text)) * letter * ADVANCE)
    return Quad((left, top), (right, top), (right, top + letter), (left, top + letter))


def _smallest_rectangle(points: Sequence[Point]) -> Quad:
    """The smallest rectangle with a side along one of the polygon's, its text as upright as can be."""
    best: tuple[float, Quad] | None = None
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        # Text turned by more than 45 degrees is beyond what a shape alone can tell.
        angle = math.remainder(math.atan2(y1 - y0, x1 - x0), math.pi / 2)
        cos, sin = math.cos(angle), math.sin(angle)
        along = [x * cos + y * sin for x, y in points]
        across = [y * cos - x * sin for x, y in points]
        left, top = min(along), min(across)
        right, bottom = max(max(along), left + 1), max(max(across), top + 1)
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        area = (right - left) * (bottom - top)
        if best is None or area < best[0]:
            best = area, Quad(*((u * cos - v * sin, u * sin + v * cos) for u, v in corners))
    assert best is not None  # noqa: S101 - a polygon has three points or more
    return best[1]


def _area(points: Sequence[Point]) -> float:
    """Above 0 where the points run clockwise, y down."""
    edges = zip(points, [*points[1:], points[0]], strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in edges) / 2


def _reads_leftwards(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


def _directions(text: str) -> list[str]:
    """For each character L, R or ?; marks go with what they stand on."""
    found: list[str] = []
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind == "NSM" and found:
            found.append(found[-1])
        else:
            found.append("L" if kind in ("L", "EN", "AN") else "R" if kind in ("R", "AL") else "?")
    return found


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _minus(end: Point, start: Point) -> Point:
    return end[0] - start[0], end[1] - start[1]
