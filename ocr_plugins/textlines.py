"""From the marks on a page to its text lines: grouping and columns, by geometry alone.

A mark is a connected component of ink, given by its box. Marks are smeared along the line, as in the
run-length smearing of Wong, Casey and Wahl ("Document Analysis System", IBM Journal of Research and
Development, 1982), but by their own height rather than a fixed length, and only from the middle half
of their boxes, so that lines whose ascenders and descenders touch stay apart. Columns part where
white runs down the page between several lines on either side.

Imports nothing but the standard library and NumPy, and OpenCV inside functions: workers load it.
"""

from __future__ import annotations

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
_MARKS = 2  # of these so many in a row, as of quotes
_SLACK = 0.1  # how far above and below a line its quotes and commas have their middle
_MARGIN = (0.2, 0.3)  # white around a line, across and down
_LONE = (0.8, 4.0)  # the height of a mark that is a line of its own
_SLENDER = 0.25  # and its least width, for its height
_BESIDE = 0.5  # parts of one line are this near, in the lesser height
# A superscript is this wide and high at most; its line is so long at least; of its height they share this.
_RAISED, _RAISED_HEIGHT, _HOST, _RAISED_SHARE = 2.0, 1.6, 4.0, 0.25
_BRIDGE = 1.3  # times the widest gap between two words: what may part a line at a full stop
_ALIKE, _LEVEL = 0.5, 0.5  # parts of a line have this ratio of heights, and of the lesser one in common
# White parts columns beside so many lines on either side, which end or begin within this reach of it.
_GUTTER_ROWS, _FLANK = 3, 12.0
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
    headings = headings[[len(_rows_of(lines[_shares(lines, box, 0.0)])) < 2 for box in headings]]
    lines = _with_superscripts(_joined(np.concatenate([lines, headings])[:_MOST_LINES]), height)
    lines = np.array([_with_punctuation(box, small, height) for box in lines])
    loose = small[~centred_in(small, _grown(lines, _SLACK * height)) & (heights_of(small) >= speck * height)]
    lines = np.concatenate([lines, canvas.chained(loose, walls, gap, least=_FEW)])
    lines = _bridged(lines, np.concatenate([body, tall]), rules, height, gap)
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
    """The parts of ``mask``, of zeros and ones, where a window of ``size``, (width, height), fits in."""
    width, height = size
    if width > mask.shape[1] or height > mask.shape[0]:
        return np.zeros_like(mask)
    fits = _windowed(_windowed(mask, width, 1, np.bitwise_and), height, 0, np.bitwise_and)
    if not fits.any():
        return np.zeros_like(mask)
    # Each place where it fits stands for the whole window.
    room = np.pad(fits, ((height - 1, height - 1), (width - 1, width - 1)))
    return _windowed(_windowed(room, width, 1, np.bitwise_or), height, 0, np.bitwise_or)


def _windowed(mask: Mask, length: int, axis: int, join: Any) -> Mask:
    """All windows of ``length`` along an axis, joined; by doubling, in the logarithm of its steps."""
    span = 1
    while span < length:
        step = min(span, length - span)
        stop = mask.shape[axis] - step
        low, high = (np.s_[:, :stop], np.s_[:, step:]) if axis else (np.s_[:stop], np.s_[step:])
        mask = join(mask[low], mask[high])
        span += step
    return mask


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


def _with_superscripts(lines: Boxes, height: float) -> Boxes:
    """Lines together with the raised and lowered figures that stand in them."""
    groups = np.arange(len(lines))
    across, down = widths_of(lines), heights_of(lines)
    longer = across > _HOST * height
    for place in np.flatnonzero((across < _RAISED * height) & (down < _RAISED_HEIGHT * height)):
        x0, y0, x1, y1 = lines[place]
        shared = np.minimum(lines[:, 3], y1) - np.maximum(lines[:, 1], y0)
        near = longer & (lines[:, 0] - height < x0) & (lines[:, 2] + height / 2 > x1)
        hosts = np.flatnonzero(near & (shared > _RAISED_SHARE * (y1 - y0)))
        # Between two lines, a lone mark is neither's.
        if len(hosts) == 1:
            groups[place] = hosts[0]
    return grouped(lines, groups)


def _bridged(lines: Boxes, glyphs: Boxes, rules: Boxes, height: float, gap: float) -> Boxes:
    """Parts of one line that a wide gap after a full stop, or white around the line, has parted, as one."""
    groups = np.arange(len(lines))
    for place, box in enumerate(lines):
        other = _right_neighbour(lines, box, height, _BRIDGE * gap * height)
        if other is not None and not _is_parted(box, lines[other], lines, glyphs, rules, height):
            groups[groups == groups[other]] = groups[place]
    return grouped(lines, groups)


def _right_neighbour(lines: Boxes, box: NDArray[np.float64], height: float, most: float) -> int | None:
    """The place of the nearest line on the same level to the right, ``most`` away at most."""
    down = np.minimum(lines[:, 3], box[3]) - np.maximum(lines[:, 1], box[1])
    heights = heights_of(lines)
    lesser, greater = np.minimum(heights, box[3] - box[1]), np.maximum(heights, box[3] - box[1])
    # Leaders and dashes are low and stand beside letters; else parts of one line are of one size.
    alike = (lesser > _ALIKE * greater) | (lesser < _SMALL * height)
    gaps = lines[:, 0] - box[2]
    near = np.flatnonzero(
        alike & (down > _LEVEL * lesser) & between(gaps, -height, most) & (lines[:, 2] > box[2])
    )
    return int(near[np.argmin(gaps[near])]) if len(near) else None


def _is_parted(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    lines: Boxes,
    glyphs: Boxes,
    rules: Boxes,
    height: float,
) -> bool:
    """Whether columns or cells part between two parts of a row: at a rule, or white beside several rows."""
    low, high = min(left[2], right[0]), max(left[2], right[0])
    top, bottom = max(left[1], right[1]), min(left[3], right[3])
    across = (rules[:, 0] < high) & (rules[:, 2] > low) & (rules[:, 1] < bottom) & (rules[:, 3] > top)
    if across.any():
        return True
    middle, level = (low + high) / 2, (top + bottom) / 2
    in_the_way = glyphs[(glyphs[:, 0] < middle) & (glyphs[:, 2] > middle)]
    above = in_the_way[in_the_way[:, 3] < level, 3].max(initial=-np.inf)
    below = in_the_way[in_the_way[:, 1] > level, 1].min(initial=np.inf)
    levels = (lines[:, 1] + lines[:, 3]) / 2
    beside = between(levels, above, below)
    reach = _FLANK * height
    sides = (
        beside & between(lines[:, 2], middle - reach, middle),
        beside & between(lines[:, 0], middle, middle + reach),
    )
    return min(int(np.count_nonzero(side)) for side in sides) >= _GUTTER_ROWS


def _rows_of(lines: Boxes) -> list[NDArray[np.int64]]:
    """Lines that stand side by side, row by row."""
    return strips(lines[:, 1], lines[:, 3]) if len(lines) else []


def _with_punctuation(line: NDArray[np.float64], small: Boxes, height: float) -> NDArray[np.float64]:
    """A line's box, longer and higher by the small marks beside it, and by those beside these."""
    slack, reach = _SLACK * height, _REACH * height
    middle = (small[:, 1] + small[:, 3]) / 2
    level = small[between(middle, line[1] - slack, line[3] + slack)]
    around = line
    for _ in range(_MARKS):
        near = level[(level[:, 2] > around[0] - reach) & (level[:, 0] < around[2] + reach)]
        parts = np.concatenate([line[np.newaxis], near])
        before, around = around, np.concatenate([parts[:, :2].min(axis=0), parts[:, 2:].max(axis=0)])
        # Marks of the next lines are near too: the box must not grow into these.
        around[1], around[3] = max(around[1], line[1] - slack), min(around[3], line[3] + slack)
        if (around == before).all():
            break
    return around


def strips(low: NDArray[np.float64], high: NDArray[np.float64]) -> list[NDArray[np.int64]]:
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
