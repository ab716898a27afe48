"""The glyphs of a line, one after the other, and what a classifier is told of each: its gradients and place.

Gradients as Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection" (CVPR 2005).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Box
from ocr_plugins.ink import components, dark_on_light, ink_mask

#: A glyph's picture: its side, and that of the box that it is fitted into, in pixels.
SIDE, BOX = 28, 20
_CELL, _BINS, _MOST = 7, 9, 0.2
# Marks of less than this share of the line's height and width are specks.
_SPECK = 0.04
# Marks above one another that share this much of the narrower one's width are one glyph, as i and its dot.
_ABOVE = 0.6
# Where all glyphs are as high, what is lower than this share of the highest is a part of one.
_LOW = 0.5
# A mark so many times as wide as the line's glyphs are high holds several.
_WIDE = 1.5


@dataclass(frozen=True, eq=False, slots=True)
class Glyph:
    """One glyph.

    Args:
        ink: its coverage, uint8 (28, 28), light on dark, fitted into 20 pixels.
        box: its place in the image.
        place: its height, top, foot and width, in heights of the line.
    """

    ink: NDArray[np.uint8]
    box: Box
    place: tuple[float, float, float, float]


def glyphs_of(
    pixels: NDArray[np.uint8], *, one: bool = False, whole: bool = False, upright: bool = False
) -> list[Glyph]:
    """The glyphs of a line from left to right.

    Args:
        pixels: uint8, (h, w) or (h, w, 3), dark on light or light on dark.
        one: whether all ink is one glyph.
        whole: whether all glyphs are about as high, so that low marks are parts of their neighbours.
        upright: whether slanted glyphs are set upright.
    """
    mask = ink_mask(pixels)
    if not mask.any():
        return []
    coverage = 255 - dark_on_light(pixels)
    low, high = (int(level) for level in np.percentile(coverage, (5, 99.5)))
    coverage = np.clip((coverage.astype(np.int32) - low) * 255 // max(high - low, 1), 0, 255).astype(np.uint8)
    boxes = [_around(mask)] if one else _glyph_boxes(mask, whole)
    if not boxes:
        return []
    top, foot = min(box[1] for box in boxes), max(box[3] for box in boxes)
    height = max(foot - top, 1.0)
    return [
        Glyph(
            fitted(_cut(coverage, box), upright=upright),
            box,
            (
                (box[3] - box[1]) / height,
                (box[1] - top) / height,
                (box[3] - top) / height,
                (box[2] - box[0]) / height,
            ),
        )
        for box in boxes
    ]


def features(glyphs: Sequence[Glyph]) -> NDArray[np.float32]:
    """What a classifier is told: (n, 324 + 4), gradients from 0 to 1 and the place in the line."""
    pictures = np.asarray(np.stack([glyph.ink for glyph in glyphs]) / 255, np.float32)
    places = np.array([glyph.place for glyph in glyphs], np.float32)
    return np.concatenate([_gradients(pictures), places], axis=1)


def _gradients(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Histograms of oriented gradients of pictures (n, 28, 28): nine directions in cells of 7 x 7 pixels,
    blocks of 2 x 2 cells, each block of length one with nothing above .2 (L2-Hys).
    """
    count = len(pictures)
    across, down = np.zeros_like(pictures), np.zeros_like(pictures)
    across[:, :, 1:-1] = pictures[:, :, 2:] - pictures[:, :, :-2]
    down[:, 1:-1] = pictures[:, 2:] - pictures[:, :-2]
    steep = np.hypot(across, down)
    direction = (np.arctan2(down, across) % np.pi) * (_BINS / np.pi) - 0.5
    lower = np.floor(direction)
    share = direction - lower
    cells = np.zeros((count, SIDE // _CELL, SIDE // _CELL, _BINS), np.float32)
    for kind in range(_BINS):
        # Each pixel counts for the two directions that its own lies between.
        weight = steep * ((lower % _BINS == kind) * (1 - share) + ((lower + 1) % _BINS == kind) * share)
        cells[..., kind] = weight.reshape(count, SIDE // _CELL, _CELL, SIDE // _CELL, _CELL).sum(axis=(2, 4))
    blocks = np.concatenate(
        [cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:]], axis=3
    )
    for _ in range(2):
        blocks = blocks / np.sqrt((blocks**2).sum(axis=3, keepdims=True) + 1e-4)
        blocks = np.minimum(blocks, _MOST)
    return np.asarray(blocks.reshape(count, -1), np.float32)


def fitted(ink: NDArray[np.uint8], *, upright: bool = False) -> NDArray[np.uint8]:
    """A glyph's coverage, (h, w), in the middle of a picture of its own: uint8 (28, 28)."""
    import cv2

    if upright:
        ink = _upright(ink)
    height, width = ink.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    out = np.zeros((SIDE, SIDE), np.uint8)
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    out[top : top + size[1], left : left + size[0]] = small
    return out


def _upright(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without its slant: sheared so that its ink's covariance of x and y is none, and cut to its ink."""
    import cv2

    moments = cv2.moments(ink)
    if moments["mu02"] < 1:
        return ink
    slant = float(np.clip(moments["mu11"] / moments["mu02"], -1, 1))
    height, width = ink.shape
    reach = round(abs(slant) * height) + 1
    middle = moments["m01"] / moments["m00"]
    matrix = np.array([[1, -slant, reach + slant * middle], [0, 1, 0]], np.float32)
    moved: Any = cv2.warpAffine(ink, matrix, (width + 2 * reach, height))
    columns = np.flatnonzero(moved.max(axis=0) > 40)
    return np.ascontiguousarray(moved[:, columns[0] : columns[-1] + 1]) if len(columns) else ink


def _around(mask: NDArray[np.uint8]) -> Box:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _cut(coverage: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = (int(side) for side in box)
    return coverage[y0:y1, x0:x1]


def _glyph_boxes(mask: NDArray[np.uint8], whole: bool) -> list[Box]:
    boxes, _, _ = components(mask)
    side = _SPECK * mask.shape[0]
    kept = [
        (float(x0), float(y0), float(x1), float(y1))
        for x0, y0, x1, y1 in boxes
        if (x1 - x0) * (y1 - y0) > max(side * side, 3)
    ]
    merged: list[Box] = []
    for box in sorted(kept):
        before = merged[-1] if merged else None
        if before is not None and _shared(before, box) > _ABOVE:
            merged[-1] = _both(before, box)
        else:
            merged.append(box)
    if not merged:
        return []
    if whole:
        merged = _without_parts(merged)
    usual = float(np.median([box[3] - box[1] for box in merged]))
    return [part for box in merged for part in _parted(mask, box, usual)]


def _without_parts(boxes: Sequence[Box]) -> list[Box]:
    """Boxes of whole glyphs: low marks join the nearer neighbour, as a stroke that a pen has set apart."""
    highest = max(box[3] - box[1] for box in boxes)
    left = list(boxes)
    while len(left) > 1:
        low = min(range(len(left)), key=lambda number: left[number][3] - left[number][1])
        if left[low][3] - left[low][1] >= _LOW * highest:
            break
        beside = [number for number in (low - 1, low + 1) if 0 <= number < len(left)]
        near = min(
            beside, key=lambda number: max(left[low][0] - left[number][2], left[number][0] - left[low][2])
        )
        first, second = sorted((low, near))
        left[first : second + 1] = [_both(left[first], left[second])]
    return left


def _both(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _shared(one: Box, other: Box) -> float:
    return (min(one[2], other[2]) - max(one[0], other[0])) / max(min(one[2] - one[0], other[2] - other[0]), 1)


def _parted(mask: NDArray[np.uint8], box: Box, usual: float) -> list[Box]:
    """A mark of several glyphs that touch, cut where there is least ink."""
    width = box[2] - box[0]
    count = round(width / max(usual * 0.7, 1))
    if width < _WIDE * max(usual, box[3] - box[1]) or count < 2:
        return [box]
    ink = _cut(mask, box).sum(axis=0).astype(np.float64)
    cuts = [0]
    for number in range(1, count):
        near = round(width * number / count)
        reach = max(round(width / count / 4), 1)
        low = max(near - reach, cuts[-1] + 1)
        cuts.append(low + int(ink[low : near + reach].argmin()) if low < near + reach else near)
    cuts.append(int(width))
    return [(box[0] + a, box[1], box[0] + b, box[3]) for a, b in itertools.pairwise(cuts) if b > a]
