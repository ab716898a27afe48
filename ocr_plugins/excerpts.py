"""Lines of a page cut out and set as a small page of their own, for an engine that is asked for these alone.

Engines take pages, so an excerpt is one, as small as what is asked. What was read of it is told in the pixels
of the page that it is of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.corpus import Item
from ocr_plugins.document import Box, Line, Page, PageError, Polygon, Provenance
from ocr_plugins.ensemble.fragments import Fragments, some_words
from ocr_plugins.image import PageImage
from ocr_plugins.preprocess import Transform
from ocr_plugins.source import PageRef, derived

# Of a line's height: what is cut out around it, and the paper between two cuts, which no engine joins.
_AROUND, _APART = 0.2, 1.2
# Cuts that have more than this share of the smaller one in common are cut out as one.
_SHARED = 0.25
# The least paper between two cuts, in pixels.
_LEAST = 8
# How much wider than high an excerpt is to be, like the pages that engines were made for.
_SHAPE = 1.4

# Stands among what was done to an image before it was read.
_EXCERPT = "excerpt"

Floats = NDArray[np.float64]
#: (x0, y0, x1, y1) in whole pixels.
Cut = tuple[int, int, int, int]
#: (x, y) in whole pixels of an excerpt.
Corner = tuple[int, int]


@dataclass(frozen=True)
class Excerpt:
    """``boxes`` are those of the lines, and ``size`` (width, height) the page's, in its pixels.

    Lines that overlap are cut out as one. The cuts stand in rows, high ones first, with as little paper
    between them as keeps them apart: engines take their time for paper, too.
    """

    boxes: tuple[Box, ...]
    size: tuple[int, int]

    def of(self, page: PageRef) -> PageRef:
        """The excerpt as a page to be read, made when it is loaded."""
        return derived(page, self.image)

    def image(self, page: PageImage) -> PageImage:
        """The cuts on the median of the page's colours: its paper."""
        width, height = self._sheet
        pixels = np.empty((height, width, *page.pixels.shape[2:]), np.uint8)
        pixels[:] = _paper(page.pixels)
        for (x0, y0, x1, y1), (left, top) in self._places():
            cut = page.pixels[y0:y1, x0:x1]
            pixels[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
        return replace(page, pixels=pixels)

    @property
    def is_smaller(self) -> bool:
        """Whether there is less to look at than on the page."""
        return math.prod(self._sheet) < math.prod(self.size)

    def placed(self, reading: Page) -> Page:
        """What was read of the excerpt, in the pixels of the page; what stands in no cut is left out."""
        found = Fragments.of(reading)
        middles = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        lines: list[Line] = []
        for cut, corner in self._places():
            some = some_words(reading, found, _inside(middles, cut, corner))
            part = replace(reading, lines=tuple(some), regions=())
            lines += _shift(cut, corner).page(part, self.size, reading.dpi).lines
        return replace(reading, lines=tuple(lines), regions=(), size=self.size)

    def placed_polygons(self, polygons: Sequence[Polygon]) -> tuple[Polygon, ...]:
        """The same of lines that were found."""
        boxes = np.array([polygon.box for polygon in polygons], np.float64).reshape(-1, 4)
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        return tuple(
            _shift(cut, corner).polygon(polygons[at])
            for cut, corner in self._places()
            for at in np.flatnonzero(_inside(middles, cut, corner)).tolist()
        )

    def _places(self) -> Iterable[tuple[Cut, Corner]]:
        """The cuts, and where the upper left corner of each stands in the excerpt."""
        return zip(self._cuts, self._corners, strict=True)

    @cached_property
    def _cuts(self) -> list[Cut]:
        cuts = [self._cut(box) for box in self.boxes]
        joined = True
        while joined:
            joined = False
            kept: list[Cut] = []
            for cut in cuts:
                at = next((at for at, other in enumerate(kept) if _overlap(cut, other) > _SHARED), None)
                if at is None:
                    kept.append(cut)
                else:
                    kept[at] = _around(kept[at], cut)
                    joined = True
            cuts = kept
        return cuts

    def _cut(self, box: Box) -> Cut:
        x0, y0, x1, y1 = box
        around = _AROUND * (y1 - y0)
        width, height = self.size
        left, right = _within(x0 - around, x1 + around, width)
        top, bottom = _within(y0 - around, y1 + around, height)
        return left, top, right, bottom

    @cached_property
    def _placing(self) -> tuple[list[Corner], tuple[int, int]]:
        """Where each cut's upper left corner stands in the excerpt, and the excerpt's size."""
        sizes = [(x1 - x0, y1 - y0) for x0, y0, x1, y1 in self._cuts]
        gap = max(math.ceil(_APART * float(np.median([y1 - y0 for _, y0, _, y1 in self.boxes]))), _LEAST)
        area = sum((width + gap) * (height + gap) for width, height in sizes)
        widest = max(max(width for width, _ in sizes), min(math.ceil(math.sqrt(_SHAPE * area)), self.size[0]))
        margin = -(-gap // 2)
        corners = [(0, 0)] * len(sizes)
        # Of each row its top, and where what is next in it begins.
        rows: list[tuple[int, int]] = []
        bottom = margin
        for at in sorted(range(len(sizes)), key=lambda at: -sizes[at][1]):
            width, height = sizes[at]
            row = next((row for row, (_, x) in enumerate(rows) if x + width <= margin + widest), None)
            if row is None:
                row = len(rows)
                rows.append((bottom, margin))
                bottom += height + gap
            top, x = rows[row]
            corners[at] = x, top
            rows[row] = top, x + width + gap
        return corners, (max(x for _, x in rows) - gap + margin, bottom - gap + margin)

    @property
    def _corners(self) -> list[Corner]:
        return self._placing[0]

    @property
    def _sheet(self) -> tuple[int, int]:
        return self._placing[1]


def _inside(middles: Floats, cut: Cut, corner: Corner) -> NDArray[np.bool_]:
    """(n,) which points of an excerpt (n, 2) stand in a cut; none that is not known."""
    ends = corner[0] + cut[2] - cut[0], corner[1] + cut[3] - cut[1]
    return np.asarray(((middles >= corner) & (middles <= ends)).all(axis=1))


def _shift(cut: Cut, corner: Corner) -> Transform:
    return Transform.shift(cut[0] - corner[0], cut[1] - corner[1])


def _within(start: float, end: float, most: int) -> tuple[int, int]:
    """From a whole pixel to another, one apart at least, inside 0 to ``most``."""
    first = min(max(int(start), 0), most - 1)
    return first, max(min(math.ceil(end), most), first + 1)


@dataclass(frozen=True, kw_only=True)
class ExcerptItem(Item):
    """A page of which some lines are to be read alone."""

    excerpt: Excerpt

    @classmethod
    def of(cls, item: Item, excerpt: Excerpt) -> Self:
        shared = {one.name: getattr(item, one.name) for one in fields(item)}
        return cls(**shared, excerpt=excerpt)

    @property
    def image(self) -> PageRef:
        return self.excerpt.of(self.ref)

    def on_page(self, result: Page | PageError) -> Page | PageError:
        """The result on the page, with provenance that tells of an excerpt.

        An error where a reading does not tell where its words stand: nobody can say which lines it is of.
        """
        told = replace(result, provenance=_told(result.provenance))
        if isinstance(told, PageError):
            found = told.detected
            return told if found is None else replace(told, detected=self.excerpt.placed_polygons(found))
        if told.text and not Fragments.of(told).placed:
            return PageError(
                source=told.source,
                page=told.page,
                id=told.id,
                kind="no_places",
                message="the engine does not tell where words stand, so it cannot read lines of a page",
                hint="leave it out of lines=",
                provenance=told.provenance,
            )
        return self.excerpt.placed(told)


def is_excerpt(reading: Page | PageError) -> bool:
    """Whether it is of some lines of its page alone."""
    return reading.provenance is not None and _EXCERPT in reading.provenance.preprocessed


def _told(provenance: Provenance | None) -> Provenance | None:
    return provenance and replace(provenance, preprocessed=(_EXCERPT, *provenance.preprocessed))


def _paper(pixels: Any) -> Any:
    """The median of the pixels, (3,) or one: a few thousand tell it."""
    step = max(math.isqrt(pixels.shape[0] * pixels.shape[1] // 40_000), 1)
    return np.median(pixels[::step, ::step], axis=(0, 1))


def _overlap(one: Cut, other: Cut) -> float:
    """What two have in common, as a share of the smaller one."""
    x = min(one[2], other[2]) - max(one[0], other[0])
    y = min(one[3], other[3]) - max(one[1], other[1])
    return max(x, 0) * max(y, 0) / min(map(_area, (one, other)))


def _area(cut: Cut) -> int:
    return (cut[2] - cut[0]) * (cut[3] - cut[1])


def _around(one: Cut, other: Cut) -> Cut:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
