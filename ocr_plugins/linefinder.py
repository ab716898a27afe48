"""The text lines of a page by connected components, and a picture of each that shows its own ink alone.

`ocr_plugins.ink` says what marks are and `ocr_plugins.textlines` how they become lines. Each mark belongs to
the line that it stands in. Where it reaches into a neighbour's picture it is painted over with paper, as
are rules: what reads a line should not see the feet of the one above.

Imports nothing but the standard library and NumPy, and OpenCV inside functions: workers load it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.dark_bars import with_bars_turned
from ocr_plugins.document import Polygon
from ocr_plugins.ink import components, dark_on_light, glyph_height, ink_mask, paper_of, skew
from ocr_plugins.line_order import reading_order
from ocr_plugins.rows import level
from ocr_plugins.textlines import (
    Boxes,
    Mask,
    between,
    find_lines,
    heights_of,
    opened,
    rotation,
    widths_of,
)

Bytes = NDArray[np.uint8]

# Pictures are larger than this part of the shorter side, and ink is more than that of their box.
_PICTURE, _PICTURE_INK = 0.04, 0.25
# In glyph heights: longer strokes are rules; larger marks, by their longer and their shorter side, no text.
_RULE, _LARGE, _HIGH = 6.0, 12.0, 3.5
# High marks with less ink in their box are frames, parts of them or flourishes, and no letters of a heading.
_FRAME_INK = 0.12
# Strokes many rows long are looked at in each fourth.
_ROWS = 4
# Nobody's mark, such as letters of two lines that touch.
_NOBODY = -1


@dataclass(frozen=True, eq=False)
class FoundLines:
    """The lines of a page in reading order, with what it takes to cut them out.

    ``polygons`` lie in the page's pixels, ``boxes`` are the same on the level page, which is the page
    turned by -``angle`` radians. ``grey`` is the page, (h, w), dark on light, dark bars too. ``marks`` has
    the number of each pixel's mark, 0 for none, and ``owners`` by that number the place of the mark's
    line, -1 for none.
    """

    polygons: tuple[Polygon, ...]
    boxes: Boxes
    angle: float
    grey: Bytes
    marks: NDArray[np.int32]
    owners: NDArray[np.int64]
    rules: Mask

    def crops(self) -> Iterator[Bytes]:
        """A picture of each line, uint8 (h, w), dark on light and level, without its neighbours' ink."""
        if not self.polygons:
            return
        paper = np.asarray(paper_of(self.grey), np.uint8)
        for place in range(len(self.polygons)):
            yield self._crop(place, paper)

    def _crop(self, place: int, paper: Bytes) -> Bytes:
        import cv2

        left, top, right, bottom = _window(self.polygons[place], self.grey.shape)
        part = np.s_[top:bottom, left:right]
        picture = self.grey[part].copy()
        owners = self.owners[self.marks[part]]
        foreign = ((owners != place) & (owners != _NOBODY)).astype(np.uint8) | self.rules[part]
        if foreign.any():
            # Ink is paler at its edge, where the mask ends. What is next to the line's own ink stays.
            edge = np.ones((3, 3), np.uint8)
            own = cv2.dilate((owners == place).astype(np.uint8), edge)
            painted = (cv2.dilate(foreign, edge) > 0) & (own == 0)
            picture[painted] = paper[part][painted]
        return _level_picture(picture, self.boxes[place], self.angle, (left, top)) if self.angle else picture


def find_page_lines(
    pixels: Bytes, *, polarity: str = "auto", gap: float = 3.0, speck: float = 0.35, max_skew: float = 5.0
) -> FoundLines:
    """The lines of a page, (h, w) or (h, w, 3), dark on light or light on dark throughout.

    Args:
        polarity: ``dark``, ``light``, or ``auto``: paper is what there is more of.
        gap: widest gap between two words of one line, in glyph heights.
        speck: marks below this share of the glyph height make no line.
        max_skew: largest skew looked for, in degrees; 0 looks for none.
    """
    grey = with_bars_turned(dark_on_light(pixels, polarity))
    ink = ink_mask(grey, "dark")
    side = min(grey.shape)
    marks, shares, labels = components(ink)
    pictures = _pictures(marks, shares, labels, max(_PICTURE * side, _HIGH * glyph_height(marks, side)))
    height = glyph_height(marks[~_lie_in(marks, pictures)], side)
    if not height:
        return FoundLines((), np.empty((0, 4)), 0.0, grey, labels, np.array([_NOBODY]), ink)
    length = round(_RULE * height)
    lying, standing = opened(ink, (length, 1)), opened(ink, (1, length))
    rules = lying | standing
    if rules.any():
        marks, shares, labels = components(ink & ~rules)
    large = _are_large(marks, height)
    frames = (heights_of(marks) > _HIGH * height) & (shares < _FRAME_INK)
    text = ~_lie_in(marks, pictures) & ~frames
    angle = skew(marks[text], height, max_skew)
    levelled = level(marks, angle)
    lines = find_lines(
        levelled[text],
        height,
        rules=level(_strokes(standing), angle),
        foreign=(lying & standing) | _drawn(large, labels),
        angle=angle,
        gap=gap,
        speck=speck,
    )
    lines = lines[reading_order(lines, height)]
    return FoundLines(
        polygons=tuple(_polygon(box, angle, (grey.shape[1], grey.shape[0])) for box in lines),
        boxes=lines,
        angle=angle,
        grey=grey,
        marks=labels,
        owners=np.concatenate([[_NOBODY], _owners(levelled, lines)]),
        rules=rules,
    )


def _owners(marks: Boxes, lines: Boxes) -> NDArray[np.int64]:
    """For each mark the place of its line, -1 where it is in none, or reaches over the middles of several."""
    owners = np.full(len(marks), _NOBODY)
    best, crossed = np.zeros(len(marks)), np.zeros(len(marks), np.int64)
    x, y = (marks[:, :2] + marks[:, 2:]).T / 2
    order = np.argsort(y, kind="stable")
    levels = y[order]
    reach = float(heights_of(marks).max(initial=0.0)) / 2
    for place, (x0, y0, x1, y1) in enumerate(lines):
        low, high = np.searchsorted(levels, [y0 - reach, y1 + reach])
        near = order[low:high]
        near = near[between(x[near], x0, x1)]
        middle = (y0 + y1) / 2
        crossed[near] += (marks[near, 1] < middle) & (marks[near, 3] > middle)
        near = near[between(y[near], y0, y1)]
        # Of two lines whose boxes overlap, a mark belongs to the one whose middle is nearer.
        claim = 1.0 - np.abs(y[near] - middle) / max(y1 - y0, 1.0)
        wins = claim > best[near]
        owners[near[wins]] = place
        best[near] = np.maximum(best[near], claim)
    owners[crossed > 1] = _NOBODY
    return owners


def _window(polygon: Polygon, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the pixels around a polygon, at least one of each."""
    x0, y0, x1, y1 = polygon.box
    left, top = min(int(x0), shape[1] - 1), min(int(y0), shape[0] - 1)
    return left, top, max(math.ceil(x1), left + 1), max(math.ceil(y1), top + 1)


def _level_picture(picture: Bytes, box: NDArray[np.float64], angle: float, origin: tuple[int, int]) -> Bytes:
    """What of a slanted picture, whose corner is at ``origin``, lies in ``box`` of the level page."""
    import cv2

    turn = rotation(angle)
    move = np.column_stack([turn, turn @ box[:2] - np.array(origin)])
    size = (max(1, math.ceil(box[2] - box[0])), max(1, math.ceil(box[3] - box[1])))
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(picture, move, size, flags=how, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _pictures(marks: Boxes, shares: NDArray[np.float64], labels: NDArray[np.int32], least: float) -> Mask:
    """1 on large marks that are no frames, with their holes: pictures, black edges of scans, dark bars."""
    import cv2

    large = (widths_of(marks) >= least) & (heights_of(marks) >= least) & (shares >= _PICTURE_INK)
    mask = np.concatenate([[False], large]).astype(np.uint8)[labels]
    window = np.ones((round(least) | 1, round(least) | 1), np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, window), np.uint8) if large.any() else mask


def _lie_in(marks: Boxes, mask: Mask) -> NDArray[np.bool_]:
    """Which marks have their middle on the mask."""
    x, y = ((marks[:, :2] + marks[:, 2:]) // 2).astype(np.int64).T
    return np.asarray(mask[y, x] > 0)


def _strokes(standing: Mask) -> Boxes:
    """The boxes of strokes down the page, told from some of their rows."""
    boxes, _, _ = components(np.ascontiguousarray(standing[::_ROWS]))
    return np.asarray(boxes * np.array([1.0, _ROWS, 1.0, _ROWS]))


def _are_large(marks: Boxes, height: float) -> NDArray[np.bool_]:
    """Which marks are too large for letters or words."""
    sides = np.stack([widths_of(marks), heights_of(marks)])
    return np.asarray((sides.max(axis=0) > _LARGE * height) & (sides.min(axis=0) > _HIGH * height))


def _drawn(chosen: NDArray[np.bool_], labels: NDArray[np.int32]) -> Mask:
    """1 on the chosen marks."""
    return np.concatenate([[False], chosen]).astype(np.uint8)[labels]


def _polygon(box: NDArray[np.float64], angle: float, size: tuple[int, int]) -> Polygon:
    """A box of the level page on the image itself."""
    corners = box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)
    if angle:
        corners = corners @ rotation(angle).T
    return Polygon(tuple((float(x), float(y)) for x, y in np.clip(corners, 0, size)))
