"""From the marks on a page to its text lines: grouping, columns and reading order, by geometry alone.

A mark is a connected component of ink, given by its box. Marks are smeared along the line, as in the
run-length smearing of Wong, Casey and Wahl ("Document Analysis System", IBM Journal of Research and
Development, 1982), but by their own height rather than a fixed length, and only from the middle half
of their boxes, so that lines whose ascenders and descenders touch stay apart. Columns part where
white runs down the page; what is read first is found by recursive XY cuts (Nagy and Seth,
"Hierarchical representation of optically scanned documents", ICPR 1984).

Imports nothing but the standard library and NumPy, and OpenCV inside functions: workers load it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Rows of (x0, y0, x1, y1), in pixels.
Boxes = NDArray[np.float64]
#: (height, width), 1 where there is something, else 0.
Mask = NDArray[np.uint8]

# Lengths are in glyph heights, the median height of a page's glyphs.
_SMALL = 0.6  # lower marks are punctuation, or print of another size
_BODY = 2.0  # higher ones are headings, or glyphs of several lines that touch
_TALLEST = 12.0
_WIDEST = 100.0  # words that an underline connects
_PUNCTUATION = 0.1  # lower marks are dirt
_GUTTER = (1.8, 20.0)  # white of this width and height parts columns
_REACH = 1.0  # how far from a line's end its punctuation stands
_SLACK = 0.1  # how far above and below a line its quotes and commas have their middle
_MARGIN = (0.2, 0.3)  # white around a line, across and down
_COLUMN = 15.0  # a column of text has some lines of this width; others are numbers, bullets, cells
_COLUMN_LINES = 3
_LONE = (0.8, 4.0)  # the height of a mark that is a line of its own
_SLENDER = 0.25  # and its least width, for its height
_BESIDE = 0.5  # parts of one line are this near, in the lesser height
_FEW = 3  # lines of fewer marks that are smaller than the page's print are dirt
_STROKE = 0.2  # lower marks are dirt, or what is left of underlines, where marks are counted
# Scraps of pictures have more of their box on what is no text, or more marks a glyph height.
_FOREIGN = 0.1
_CROWD = 2.0
_SMALL_PRINT = 0.8  # of a box: its glyph height, at most, where marks are counted
# The picture where lines are smeared has this many pixels a glyph height.
_CANVAS = 10
# On a page of noise there is no end of them.
_MOST_LINES = 3000


@dataclass(frozen=True)
class Canvas:
    """A small picture of the level page, to draw on: ``shape`` pixels, ``scale`` of them one of the page's.

    ``origin`` is the point of the page at its top left, ``height`` the glyph height on the page.
    """

    origin: NDArray[np.float64]
    scale: float
    shape: tuple[int, int]
    height: float

    @classmethod
    def around(cls, boxes: Boxes, height: float) -> Canvas:
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        scale = min(1.0, _CANVAS / height)
        width, depth = np.ceil((high - low) * scale).astype(int) + 1
        return cls(low, scale, (int(depth), int(width)), height)

    def placed(self, boxes: Boxes) -> NDArray[np.int64]:
        """The boxes in the canvas's pixels, within it."""
        pixels = np.floor((boxes - np.tile(self.origin, 2)) * self.scale).astype(np.int64)
        return np.clip(pixels, 0, np.array([*self.shape[::-1], *self.shape[::-1]]) - 1)

    def drawn(self, boxes: Boxes) -> Mask:
        import cv2

        mask = np.zeros(self.shape, np.uint8)
        for x0, y0, x1, y1 in self.placed(boxes).tolist():
            cv2.rectangle(mask, (x0, y0), (x1, y1), 1, cv2.FILLED)
        return mask

    def taken(self, mask: Mask, angle: float) -> NDArray[np.float32]:
        """A mask of the page, which is turned by ``angle`` to be level: shares of each pixel."""
        import cv2

        size = [max(1, round(side * self.scale)) for side in mask.shape[::-1]]
        small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        move = np.column_stack([rotation(-angle), -self.origin * self.scale])
        return np.asarray(cv2.warpAffine(small, move, self.shape[::-1]), np.float32)

    def counted(self, boxes: Boxes) -> NDArray[np.float32]:
        """How many boxes have their middle in each pixel."""
        x0, y0, x1, y1 = self.placed(boxes).T
        counts = np.zeros(self.shape, np.float32)
        np.add.at(counts, ((y0 + y1) // 2, (x0 + x1) // 2), 1)
        return counts

    def sums(self, values: NDArray[np.float32], boxes: Boxes) -> NDArray[np.float64]:
        """The sum of ``values`` in each box."""
        import cv2

        total = np.asarray(cv2.integral(values), np.float64)
        x0, y0, x1, y1 = self.placed(boxes).T + np.array([[0], [0], [1], [1]])
        return np.asarray(total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0])

    def gutters(self, glyphs: Boxes) -> Mask:
        """1 where white runs down between columns."""
        width, depth = (round(edge * self.height * self.scale) for edge in _GUTTER)
        return opened(1 - self.drawn(glyphs), (width, depth))

    def chained(self, glyphs: Boxes, walls: Mask, gap: float, least: int = 1) -> Boxes:
        """The boxes of what hangs together when each glyph is smeared by its share of ``gap``."""
        import cv2

        heights = heights_of(glyphs)
        reach = gap / 2 * np.maximum(heights, _SMALL * self.height)
        smeared = glyphs + np.stack([-reach, heights / 4, reach, -heights / 4], axis=1)
        _, labels = cv2.connectedComponents(self.drawn(smeared) & (1 - walls), connectivity=4)
        x0, y0, x1, y1 = self.placed(glyphs).T
        chain = np.asarray(labels)[(y0 + y1) // 2, (x0 + x1) // 2]
        chain[np.bincount(chain)[chain] < least] = 0
        return grouped(glyphs[chain > 0], chain[chain > 0])


def find_lines(
    marks: Boxes, height: float, *, rules: Boxes, foreign: Mask, angle: float, gap: float, speck: float
) -> Boxes:
    """The boxes of the text lines of a level page, with a little margin, in no order.

    Args:
        marks: (n, 4), the marks of the page, turned level.
        height: the glyph height in pixels.
        rules: (m, 4), strokes straight down, turned level; no line crosses one.
        foreign: what of the page, as it is, belongs to no text.
        angle: by how much it is turned to be level, in radians.
        gap: widest gap between two words of a line, in glyph heights.
        speck: marks below this share of the glyph height make no line.
    """
    glyphs = marks[widths_of(marks) <= _WIDEST * height]
    small, body, tall = (
        glyphs[between(heights_of(glyphs), low * height, high * height)]
        for low, high in ((_PUNCTUATION, _SMALL), (_SMALL, _BODY), (_BODY, _TALLEST))
    )
    if not len(body):
        return body
    canvas = Canvas.around(glyphs, height)
    walls = canvas.gutters(np.concatenate([body, tall])) | canvas.drawn(rules[widths_of(rules) <= height])
    lines = canvas.chained(body, walls, gap)
    headings = canvas.chained(tall[~centred_in(tall, lines)], walls, gap)
    # What reaches over several lines is a picture, an initial, or glyphs that touch.
    headings = headings[[np.count_nonzero(_shares(lines, box, 0.0)) < 2 for box in headings]]
    lines = _joined(np.concatenate([lines, headings])[:_MOST_LINES])
    lines = np.array([_with_punctuation(box, small, height) for box in lines])
    loose = small[~centred_in(small, _grown(lines, _SLACK * height)) & (heights_of(small) >= speck * height)]
    lines = np.concatenate([lines, canvas.chained(loose, walls, gap, least=_FEW)])
    lines = lines[_are_text(lines, canvas, marks, canvas.taken(foreign, angle))]
    return _with_margins(lines, height)


def _are_text(lines: Boxes, canvas: Canvas, marks: Boxes, foreign: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which lines are no scraps of pictures, rules and black edges."""
    area = canvas.sums(np.ones(canvas.shape, np.float32), lines)
    count = canvas.sums(canvas.counted(marks[heights_of(marks) >= _STROKE * canvas.height]), lines)
    across, down = widths_of(lines), heights_of(lines)
    low, high = (edge * canvas.height for edge in _LONE)
    lone = (count <= 1) & (~between(down, low, high) | (across < _SLENDER * down))
    # Of small print there is more on a length; a slanted line is high, and holds no more for that.
    glyph = np.minimum(canvas.height, _SMALL_PRINT * down)
    crowded = count * glyph > _CROWD * np.maximum(across, canvas.height)
    return np.asarray(~lone & ~crowded & (canvas.sums(foreign, lines) <= _FOREIGN * area))


def opened(mask: Mask, size: tuple[int, int]) -> Mask:
    """The parts of ``mask`` where a window of ``size``, (width, height), fits in.

    An opening by sums of windows, whose cost does not grow with their size.
    """
    width, height = (edge | 1 for edge in size)
    if width > mask.shape[1] or height > mask.shape[0]:
        return np.zeros_like(mask)
    fits = _window_sums(mask, (width, height)) > width * height - 0.5
    reach = _window_sums(fits.astype(np.uint8), (width, height)) > 0.5
    return np.asarray(reach & (mask > 0), np.uint8)


def _window_sums(mask: Mask, size: tuple[int, int]) -> Any:
    import cv2

    return cv2.boxFilter(mask, cv2.CV_32F, size, normalize=False, borderType=cv2.BORDER_CONSTANT)


def grouped(boxes: Boxes, groups: NDArray[Any]) -> Boxes:
    """The boxes around all boxes of each group."""
    names, places = np.unique(groups, return_inverse=True)
    around = np.empty((len(names), 4))
    around[:, :2], around[:, 2:] = np.inf, -np.inf
    np.minimum.at(around[:, :2], places, boxes[:, :2])
    np.maximum.at(around[:, 2:], places, boxes[:, 2:])
    return around


def _joined(lines: Boxes) -> Boxes:
    """Parts of one line, such as a row of accents above it, as one."""
    groups = np.arange(len(lines))
    for place, box in enumerate(lines):
        same = np.flatnonzero(_shares(lines, box, _BESIDE))
        groups[np.isin(groups, groups[same])] = groups[place]
    return grouped(lines, groups)


def _shares(lines: Boxes, box: NDArray[np.float64], slack: float) -> NDArray[np.bool_]:
    """Which lines lie beside or in ``box`` by .6 of the lesser height, and ``slack`` of it away at most."""
    across = np.minimum(lines[:, 2], box[2]) - np.maximum(lines[:, 0], box[0])
    down = np.minimum(lines[:, 3], box[3]) - np.maximum(lines[:, 1], box[1])
    lesser = np.minimum(heights_of(lines), box[3] - box[1])
    return np.asarray((across > -slack * lesser) & (down > 0.6 * lesser))


def _with_punctuation(line: NDArray[np.float64], small: Boxes, height: float) -> NDArray[np.float64]:
    """A line's box, longer and higher by the small marks beside it."""
    slack, reach = _SLACK * height, _REACH * height
    middle = (small[:, 1] + small[:, 3]) / 2
    near = between(middle, line[1] - slack, line[3] + slack)
    near &= (small[:, 2] > line[0] - reach) & (small[:, 0] < line[2] + reach)
    parts = np.concatenate([line[np.newaxis], small[near]])
    around = np.concatenate([parts[:, :2].min(axis=0), parts[:, 2:].max(axis=0)])
    # Marks of the next lines are near too: the box must not grow into these.
    around[1], around[3] = max(around[1], line[1] - slack), min(around[3], line[3] + slack)
    return around


def reading_order(lines: Boxes, height: float) -> list[int]:
    """The places of the lines in the order in which they are read: columns before rows."""
    order: list[int] = []
    waiting = [np.arange(len(lines))]
    while waiting:
        group = waiting.pop()
        parts = _columns(lines[group], height) or _rows(lines[group])
        if len(parts) > 1:
            waiting.extend(group[part] for part in reversed(parts))
        else:
            order.extend(int(place) for place in group[np.argsort(lines[group, 0])])
    return order


def _columns(lines: Boxes, height: float) -> list[NDArray[np.int64]]:
    """Parts of the lines that stand beside each other, where each is a column of text."""
    parts: list[NDArray[np.int64]] = []
    before = np.empty(0, np.int64)
    for strip in _strips(lines[:, 0], lines[:, 2]):
        part = np.concatenate([before, strip])
        # Numbers and bullets that hang before a column are read with it.
        hangs = np.count_nonzero(widths_of(lines[strip]) >= _COLUMN * height) < _COLUMN_LINES
        before = part if hangs else before[:0]
        if not hangs:
            parts.append(part)
    if parts:
        parts[-1] = np.concatenate([parts[-1], before])
    return parts if len(parts) > 1 else []


def _rows(lines: Boxes) -> list[NDArray[np.int64]]:
    """The lines above and those below the widest gap; one part where all stand in one row."""
    quarter = heights_of(lines) / 4
    top, bottom = lines[:, 1] + quarter, lines[:, 3] - quarter
    strips = _strips(top, bottom)
    gaps = [top[below].min() - bottom[above].max() for above, below in itertools.pairwise(strips)]
    if not gaps:
        return strips
    cut = int(np.argmax(gaps)) + 1
    return [np.concatenate(strips[:cut]), np.concatenate(strips[cut:])]


def _strips(low: NDArray[np.float64], high: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Places of intervals, those that overlap together, from the lowest to the highest."""
    order = np.argsort(low, kind="stable")
    ends = np.maximum.accumulate(high[order])
    return np.split(order, np.flatnonzero(low[order][1:] > ends[:-1]) + 1)


def rotation(angle: float) -> NDArray[np.float64]:
    """The matrix that turns points, as columns, by ``angle`` radians clockwise (y runs down)."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def widths_of(boxes: Boxes) -> NDArray[np.float64]:
    return np.asarray(boxes[:, 2] - boxes[:, 0])


def heights_of(boxes: Boxes) -> NDArray[np.float64]:
    return np.asarray(boxes[:, 3] - boxes[:, 1])


def between(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    return np.asarray((values >= low) & (values <= high))


def centred_in(boxes: Boxes, areas: Boxes) -> NDArray[np.bool_]:
    """Which boxes have their middle in one of the areas."""
    x, y = (boxes[:, :2] + boxes[:, 2:]).T / 2
    found = np.zeros(len(boxes), bool)
    for x0, y0, x1, y1 in areas:
        found |= between(x, x0, x1) & between(y, y0, y1)
    return found


def _grown(boxes: Boxes, by: float) -> Boxes:
    return np.asarray(boxes + by * np.array([-1, -1, 1, 1]))


def _with_margins(lines: Boxes, height: float) -> Boxes:
    """The lines with some white around them, as far as it does not reach half-way to the next line."""
    across, down = (edge * height for edge in _MARGIN)
    grown = lines + across * np.array([-1, 0, 1, 0])
    for place, (x0, y0, x1, y1) in enumerate(lines):
        beside = np.minimum(lines[:, 2], x1) > np.maximum(lines[:, 0], x0)
        above = beside & (lines[:, 1] < y0) & (lines[:, 3] < y1)
        below = beside & (lines[:, 1] > y0) & (lines[:, 3] > y1)
        grown[place, 1] -= np.clip((y0 - lines[above, 3].max(initial=-np.inf)) / 2, 0, down)
        grown[place, 3] += np.clip((lines[below, 1].min(initial=np.inf) - y1) / 2, 0, down)
    return grown
