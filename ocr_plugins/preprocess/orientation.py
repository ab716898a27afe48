"""The step that turns pages upright: by how glyphs stand beside each other, and what sticks out of lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ocr_plugins.ink import Ink, components, glyph_height, skew
from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels, copied
from ocr_plugins.preprocess.step import InkStep, Prepared, Transform
from ocr_plugins.rows import level
from ocr_plugins.textlines import Boxes, between, heights_of, widths_of

# The orientation is looked for on so many pixels along the longer side: letters keep 10 or more.
_SIDE = 2000
_LEAST_GLYPHS = 30
_STEEPEST = 15.0  # degrees: the skew that a page may have besides
_NEIGHBOURS = 4
_FAR = 3.0  # glyph heights: what is farther is no neighbour
# Of the nearest neighbours this share stands across, or above, when lines run that way.
_SURE = 0.62
# What sticks out of the band of small letters, in glyph heights.
_OUT = 0.18
# So many glyphs are looked at, each with those of its line that are this near, in glyph heights.
_SAMPLE, _REACH, _LEAST_BESIDE = 800, 8.0, 5


@dataclass(frozen=True, kw_only=True)
class Orient(InkStep):
    """Pages that lie on their side or stand on their head are turned, by quarters of a turn.

    Letters are nearest to their neighbours of the same line, as in the docstrum (O'Gorman, "The
    document spectrum for page layout analysis", IEEE PAMI 15, 1993); and in Latin print more
    sticks out above the small letters than below (Caprari, "Algorithm for text page up/down
    orientation determination", Pattern Recognition Letters 21, 2000). Where either cannot be told, as on
    pages all in capitals, nothing is turned.
    """

    name: ClassVar[str] = "orient"
    help: ClassVar[str] = "pages on their side or upside down turned upright"
    pages_only: ClassVar[bool] = True

    least: float = option(
        4.0, "how sure to be, in standard deviations of a coin's tosses", minimum=0, maximum=100
    )

    def measured(self, pixels: Pixels, ink: Ink) -> Prepared:
        return quarter_turned(pixels, quarters_of(ink, self.least))


def quarter_turned(pixels: Pixels, quarters: int) -> Prepared:
    """The image turned by so many quarters of a turn against the clock."""
    height, width = pixels.shape[:2]
    matrices = {
        0: [[1, 0, 0], [0, 1, 0]],
        1: [[0, -1, width], [1, 0, 0]],
        2: [[-1, 0, width], [0, -1, height]],
        3: [[0, 1, 0], [-1, 0, height]],
    }
    if not quarters % 4:
        return Prepared.in_place(pixels)
    matrix = np.array([*matrices[quarters % 4], [0, 0, 1]], float)
    return Prepared(copied(np.rot90(pixels, quarters)), Transform(matrix))


def quarters_of(whole: Ink, least: float) -> int:
    """By how many quarters of a turn, against the clock, the page is to be turned to stand upright."""
    import cv2

    ink = whole.mask
    share = _SIDE / max(ink.shape)
    if share < 1:
        ink = (cv2.resize(ink * 255, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) > 100).astype(
            np.uint8
        )
    marks, shares, _ = components(ink)
    height = glyph_height(marks, min(ink.shape))
    glyphs = marks[
        between(heights_of(marks), 0.5 * height, 2.5 * height)
        & between(widths_of(marks), 0.2 * height, 3 * height)
        & (shares < 0.95)
    ]
    if not height or len(glyphs) < _LEAST_GLYPHS:
        return 0
    lies = _lies(glyphs, height)
    # Turned by one quarter against the clock, (x, y) is (y, width - x).
    across = glyphs if not lies else _quarter(glyphs, ink.shape[1])
    stands = _head_up(level(across, skew(across, height, _STEEPEST)), height)
    if abs(stands) < least:
        # A page on its side is one that scanners and cameras turned, but which way is not known.
        return 0
    if lies:
        return 1 if stands > 0 else 3
    return 0 if stands > 0 else 2


def _quarter(boxes: Boxes, width: int) -> Boxes:
    x0, y0, x1, y1 = boxes.T
    return np.stack([y0, width - x1, y1, width - x0], axis=1)


def _lies(glyphs: Boxes, height: float) -> bool:
    """Whether glyphs have their nearest neighbours above and below rather than beside them."""
    middles = (glyphs[:, :2] + glyphs[:, 2:]) / 2
    places = np.linspace(0, len(glyphs) - 1, min(len(glyphs), _SAMPLE)).astype(int)
    away = np.abs(middles[np.newaxis] - middles[places, np.newaxis])
    # From edge to edge: the middles of wide letters are farther apart than those of high ones.
    half = (glyphs[:, 2:] - glyphs[:, :2]) / 2
    gaps = np.maximum(away - half[np.newaxis] - half[places, np.newaxis], 0).max(axis=2)
    rows = np.arange(len(places))
    gaps[rows, places] = np.inf
    nearest = np.argpartition(gaps, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
    near = gaps[rows[:, np.newaxis], nearest] <= _FAR * height
    x, y = np.moveaxis(away[rows[:, np.newaxis], nearest], 2, 0)
    across, down = np.sum(near & (x > 2 * y)), np.sum(near & (y > 2 * x))
    return bool(down > _SURE * (across + down))


def _head_up(glyphs: Boxes, height: float) -> float:
    """How sure it is that a level page stands upright, in standard deviations; below 0: on its head."""
    above = below = 0
    left, tops, _, feet = glyphs.T
    middles = (tops + feet) / 2
    for place in np.linspace(0, len(glyphs) - 1, min(len(glyphs), _SAMPLE)).astype(int):
        across, down = np.abs(left - left[place]), np.abs(middles - middles[place])
        beside = np.flatnonzero((down < 0.6 * height) & (across < _REACH * height))
        if len(beside) < _LEAST_BESIDE:
            continue
        # The band of the small letters: most letters around here end at its edges.
        head, foot = np.median(tops[beside]), np.median(feet[beside])
        above += int(head - tops[place] > _OUT * height)
        below += int(feet[place] - foot > _OUT * height)
    return float((above - below) / max(1.0, (above + below) ** 0.5))
