"""The order in which a page's boxes are read: rows, columns of prose, and what stands around them.

Geometry alone, in four steps:

1. The skew is the median slope from each box to its right-hand neighbour; the boxes are turned level.
2. Neighbours on one line are linked, which gives visual rows that may drift.
3. Gutters are white rectangles (Breuel, "Two geometric algorithms for layout analysis", DAS 2002) with
   prose on both sides. A table or a form has such rectangles too; its cells are short, ragged or
   stand in rows, so they are no prose, and it is read across.
4. The page is cut at the tallest gutter and above and below it, and the parts in turn. These are XY cuts
   (Nagy and Seth, "Hierarchical representation of optically scanned documents", ICPR 1984), with the
   choice of the cut left to what it separates, as in Meunier, "Optimized XY-cut for determining a page
   reading order", ICDAR 2005; so a heading across columns comes before them.

Imports nothing but the standard library and NumPy: workers load it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.rows import Places, Rows, beside, chained, level, linked, skew, typical_height
from ocr_plugins.textlines import Boxes, between, grouped, heights_of

# Lengths are in the page's typical box height.
_LINE_GAP = 1.5  # wider white parts cells
_GUTTER = 0.8  # the least width of one
_GUTTER_LINES = 3  # a column has as many lines
_INTRUDERS = 0.15  # of a gutter's height: more must not be taken by captions and the like
_MOST_TRIED = 24  # gutters, the tallest first
_PROSE_LINES = 4  # a column of prose has so many lines
_COLUMN = 8.0  # of this width, most of them
_FULL, _FULL_LINES = 0.7, 0.5  # so many lines of prose are full: this wide, for those above and below
_CONTINUED = 0.4  # so many go on in the middle of a sentence
_PITCH = 2.5  # and they are no further apart
_ALIGNED, _ALIGNED_LINES = 0.2, 0.6  # so many of a table's lines are on one level across a gutter
_MISALIGNED = 6  # lines: fewer do not show it
_EDGE, _EDGE_ROWS = 1.5, 2  # white that parts headers and footers from columns, and their rows
_FAR_EDGE = 2.5  # white that does so where they stand on one side only


@dataclass(frozen=True)
class _Gutter:
    """White from x0 to x1, y0 to y1, level."""

    x0: float
    x1: float
    y0: float
    y1: float


def reading_order(
    boxes: Boxes,
    *,
    angle: float | None = None,
    continues: NDArray[np.bool_] | None = None,
    joined: Sequence[tuple[int, int]] = (),
    columns: bool = True,
) -> list[Rows]:
    """Blocks in reading order: each a column of prose, or what stands above, below or beside columns.

    Every place from 0 to n - 1 is in one block once.

    Args:
        boxes: (n, 4), pixels, on the page as it is.
        angle: its skew, as `skew` tells it. Default: from the boxes.
        continues: (n,), where the text may begin in the middle of a sentence: with a small letter, or with
            one of a script that has no small ones. Default: anywhere.
        joined: places of boxes that are known to be neighbours on one row, left and right.
        columns: False reads across the page throughout.
    """
    if not len(boxes):
        return []
    turned = level(boxes, skew(boxes) if angle is None else angle)
    sheet = _Sheet(turned, np.ones(len(boxes), bool) if continues is None else continues, joined)
    every = np.arange(len(boxes))
    return [sheet.rows(part) for part in (sheet.parts(every) if columns else [every])]


class _Sheet:
    """A level page's boxes, with the links of its rows."""

    def __init__(self, boxes: Boxes, continues: NDArray[np.bool_], joined: Sequence[tuple[int, int]]) -> None:
        self.boxes, self.continues = boxes, continues
        self.height = typical_height(boxes)
        self.middle = (boxes[:, 1] + boxes[:, 3]) / 2
        self.left, self.right = linked(boxes, joined)
        near = boxes[self.right, 0] - boxes[self.left, 2] < _LINE_GAP * self.height
        # What stands together on a row, as the place of its first box.
        self.segment = np.arange(len(boxes))
        for chain in chained(np.arange(len(boxes)), self.left[near], self.right[near]):
            self.segment[chain] = chain[0]
        self.flanked = self._flanked()
        self.beside = np.full((2, len(boxes)), -1)
        self.beside[0, self.right], self.beside[1, self.left] = self.left, self.right

    def _flanked(self) -> NDArray[np.bool_]:
        """What has other text on both sides: a caption or a picture's words between columns, no heading."""
        names, places = np.unique(self.segment, return_inverse=True)
        # Lines of the other columns need not stand on its level.
        higher = grouped(self.boxes, self.segment) + self.height / 2 * np.array([0, -1, 0, 1])
        one, other, _ = beside(higher)
        apart = higher[other, 0] - higher[one, 2] >= _GUTTER * self.height
        on_both = np.zeros((2, len(names)), np.bool_)
        on_both[0, other[apart]], on_both[1, one[apart]] = True, True
        return np.asarray((on_both[0] & on_both[1])[places])

    def parts(self, places: Places) -> list[Places]:
        """The places cut into parts, in reading order."""
        done: list[Places] = []
        waiting = [places]
        while waiting:
            part = waiting.pop()
            cut = self._cut(part)
            if cut:
                waiting.extend(reversed(cut))
            elif len(part):
                done.append(part)
        return done

    def _cut(self, places: Places) -> list[Places]:
        """What is above, left, right and below of the first gutter; nothing where there is none."""
        for gutter in self._gutters(places):
            if self._parts_columns(places, gutter):
                y0, y1 = self._without_edges(places, gutter)
                middle = self.middle[places]
                above, below = middle < y0, middle > y1
                before, after = self._sides(places[~above & ~below], gutter)
                if len(before) and len(after):
                    return [places[above], before, after, places[below]]
        return []

    def _without_edges(self, places: Places, gutter: _Gutter) -> tuple[float, float]:
        """How far columns go: not to the headers and footers, which white parts from both."""
        within = self._within(places, gutter)
        within = within[np.argsort(self.middle[within], kind="stable")]
        y0, y1 = self.boxes[within, 1], self.boxes[within, 3]
        white = y0[1:] - np.maximum.accumulate(y1)[:-1]
        cuts = np.flatnonzero(white > _EDGE * self.height)
        bands, white = np.split(within, cuts + 1), white[cuts] / self.height
        while len(bands) > 1 and self._is_edge(bands[0], gutter, white[0]):
            bands, white = bands[1:], white[1:]
        while len(bands) > 1 and self._is_edge(bands[-1], gutter, white[-1]):
            bands, white = bands[:-1], white[:-1]
        return float(self.middle[bands[0]].min()), float(self.middle[bands[-1]].max())

    def _is_edge(self, places: Places, gutter: _Gutter, white: float) -> bool:
        """Whether these are one or two rows, on both sides of the gutter or far from what is on either."""
        rows = [len(self.rows(side)) for side in self._sides(places, gutter)]
        return max(rows) <= _EDGE_ROWS and (min(rows) > 0 or white > _FAR_EDGE)

    def _within(self, places: Places, gutter: _Gutter) -> Places:
        middle = self.middle[places]
        return places[between(middle, gutter.y0, gutter.y1)]

    def _gutters(self, places: Places) -> list[_Gutter]:
        """White rectangles with boxes on both sides, as high as may be, the tallest first."""
        places = places[np.argsort(self.middle[places], kind="stable")]
        boxes, middle = self.boxes[places], self.middle[places]
        found: list[_Gutter] = []
        for x1 in _line_ups(boxes, self.height):
            x0 = x1 - _GUTTER * self.height
            yielding = self.flanked[places] & (boxes[:, 0] < x1) & (boxes[:, 2] > x0)
            nobody = np.zeros(len(places), np.bool_)
            for few in (yielding, nobody) if yielding.any() else (nobody,):
                runs = self._free_runs(boxes, few, x0, x1)
                found.extend(_Gutter(x0, x1, *middle[run].tolist()) for run in runs)
        return sorted(found, key=lambda gutter: gutter.y0 - gutter.y1)[:_MOST_TRIED]

    def _free_runs(
        self, boxes: Boxes, yielding: NDArray[np.bool_], x0: float, x1: float
    ) -> NDArray[np.int64]:
        """(n, 2): the first and the last of the boxes, by their middles, between which none is in the way.

        Of the ``yielding`` ones a few may be.
        """
        middle = (boxes[:, 1] + boxes[:, 3]) / 2
        before = boxes[:, 2] <= x0
        inside = ~before & (boxes[:, 0] < x1)
        # What stands beside a box that is in the way is of its row.
        walls = middle[inside & ~yielding]
        at = np.searchsorted(walls, middle)
        walls = np.concatenate([[-np.inf], walls, [np.inf]])
        free = (middle - walls[at] > self.height / 2) & (walls[at + 1] - middle > self.height / 2) & ~inside
        sides = (np.bincount(at[free & side], minlength=len(walls)) for side in (before, ~before))
        runs = np.flatnonzero(np.minimum(*sides) >= _GUTTER_LINES)
        members = np.flatnonzero(free)
        first = members[np.searchsorted(at[members], runs)]
        last = members[np.searchsorted(at[members], runs, side="right") - 1]
        intruding = inside & yielding
        taken = np.bincount(at[intruding], heights_of(boxes[intruding]), len(walls))[runs]
        usable = taken <= _INTRUDERS * (middle[last] - middle[first])
        return np.stack([first, last], axis=1)[usable]

    def _parts_columns(self, places: Places, gutter: _Gutter) -> bool:
        """Whether what stands on both sides is to be read one after the other."""
        within = self._within(places, gutter)
        left, right = (
            self._column(part, side) for part, side in zip(self._sides(within, gutter), (1, 0), strict=True)
        )
        prose = self._is_prose(*left), self._is_prose(*right)
        return all(prose) or (any(prose) and _misaligned(left[0], right[0], self.height))

    def _sides(self, places: Places, gutter: _Gutter) -> tuple[Places, Places]:
        before = self.boxes[places, 0] < gutter.x0
        return places[before], places[~before]

    def _column(self, places: Places, side: int) -> tuple[Boxes, NDArray[np.bool_]]:
        """The lines next to the gutter, which is on their ``side``, 0 or 1, and which continue one."""
        chosen = np.zeros(len(self.boxes), bool)
        chosen[places] = True
        neighbour = self.beside[side, places]
        last = places[(neighbour < 0) | ~chosen[neighbour]]
        names = np.unique(self.segment[last])
        places = places[np.isin(self.segment[places], names)]
        places = places[np.lexsort((self.boxes[places, 0], self.segment[places]))]
        segment = self.segment[places]
        first = np.flatnonzero(np.diff(segment, prepend=-1))
        return grouped(self.boxes[places], segment), self.continues[places[first]]

    def _is_prose(self, lines: Boxes, continues: NDArray[np.bool_]) -> bool:
        if len(lines) < _PROSE_LINES:
            return False
        widths = lines[:, 2] - lines[:, 0]
        column = np.quantile(widths, 0.9)
        middle = (lines[:, 1] + lines[:, 3]) / 2
        # A column is narrower beside a picture, so a line is held against those above and below.
        down = np.pad(widths[np.argsort(middle, kind="stable")], 1)
        full = np.count_nonzero(down[1:-1] >= _FULL * np.maximum(down[:-2], down[2:]))
        pitch = np.median(np.diff(np.sort(middle)))
        return bool(
            column >= _COLUMN * self.height
            and full >= _FULL_LINES * len(lines)
            and np.count_nonzero(continues) >= _CONTINUED * len(lines)
            and pitch <= _PITCH * self.height
        )

    def rows(self, places: Places) -> Rows:
        """The visual rows of a part, top to bottom."""
        chains = self._chains(places, np.ones(len(self.left), bool))
        return sorted(chains, key=lambda chain: float(self.middle[chain].mean()))

    def _chains(self, places: Places, links: NDArray[np.bool_]) -> Rows:
        chosen = np.zeros(len(self.boxes), bool)
        chosen[places] = True
        links = links & chosen[self.left] & chosen[self.right]
        return chained(places, self.left[links], self.right[links])


def _line_ups(boxes: Boxes, height: float) -> list[float]:
    """Positions where at least as many boxes begin as a column has lines."""
    starts = np.sort(boxes[:, 0])
    many = np.searchsorted(starts, starts + height) - np.arange(len(starts)) >= _GUTTER_LINES
    found: list[float] = []
    for x in starts[many].tolist():
        if not found or x - found[-1] >= height / 2:
            found.append(x)
    return found


def _misaligned(left: Boxes, right: Boxes, height: float) -> bool:
    """Whether the lines on one side stand on other levels than those on the other."""
    one, other = ((lines[:, 1] + lines[:, 3]) / 2 for lines in (left, right))
    if len(one) > len(other):
        one, other = other, one
    one = one[between(one, other.min() - height, other.max() + height)] if len(other) else one[:0]
    if len(one) < _MISALIGNED:
        return False
    off = np.abs(one[:, np.newaxis] - other).min(axis=1)
    return bool(np.count_nonzero(off < _ALIGNED * height) < _ALIGNED_LINES * len(one))
