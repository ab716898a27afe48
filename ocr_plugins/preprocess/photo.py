"""The step that straightens photographed pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels, to_grey
from ocr_plugins.preprocess.step import Prepared, Step, Transform, warp

# The page is looked for on so many pixels along the longer side.
_SIDE = 600
# A side of the sheet lies on the image's own edge where it is this near, as a share of the longer side.
_ON_EDGE = 0.01
# Brightness between the darkest and the lightest, as percentiles.
_PERCENTILES = range(4, 80, 4)
# What lies around is blurred so far, in longer sides, and the sheet is so much brighter.
_REACHES, _SHARES = (0.08, 0.15, 0.3), (0.7, 0.8, 0.9, 1.0)
# A side is seen where it is brighter inside than outside, so many pixels from it, along this share of it.
_STEP, _SEEN = 6.0, 0.85
# The paper's brightness in good light, in grey levels.
_PAPER_LEVEL = 200.0


@dataclass(frozen=True, kw_only=True)
class Dewarp(Step):
    """A sheet of paper that lies slanted in a photograph becomes a level rectangle, without its surroundings.

    The sheet is the largest bright area with four corners; where there is none, or two of its sides are the
    image's own, or its surroundings are not darker, nothing is done. Curved paper stays curved.
    """

    name: ClassVar[str] = "dewarp"
    help: ClassVar[str] = "photographed sheets cut out and seen from above"
    pages_only: ClassVar[bool] = True

    least: float = option(
        0.25, "smallest sheet taken for one, as a share of the image", minimum=0.05, maximum=1
    )
    contrast: float = option(
        25.0, "how much brighter than its surroundings a sheet is, in grey levels", minimum=0, maximum=255
    )

    def apply(self, pixels: Pixels) -> Prepared:
        corners = sheet_of(pixels, self.least, self.contrast)
        if corners is None:
            return Prepared.in_place(pixels)
        across, down = _sides(corners)
        to_input = _homography(across, down, corners)
        return Prepared(warp(pixels, to_input, (across, down)), Transform(to_input))


def sheet_of(pixels: Pixels, least: float, contrast: float) -> NDArray[np.float64] | None:
    """The corners of a photographed sheet, (4, 2) clockwise from its top left; None where there is none.

    In uneven light no one threshold parts paper from table: those of many are candidates, and the
    one along whose sides it is brighter inside than outside, nearly everywhere, is the sheet.
    """
    import cv2

    grey = to_grey(pixels)
    share = min(1.0, _SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    # Print is closed over, so that the sheet is one bright area.
    window = max(3, round(0.03 * max(small.shape))) | 1
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8))
    bright = np.asarray(cv2.GaussianBlur(closed, (5, 5), 0), np.uint8)
    best, found = _SEEN, None
    for corners in _candidates(bright, least):
        seen = _seen(bright, corners, contrast)
        if seen >= best:
            best, found = seen, corners
    if found is None or _goes_on(found, bright.shape):
        return None
    # From the middles of small pixels to the edges of large ones.
    return np.asarray((found + 0.5) / np.array(bright.shape[::-1]) * np.array(grey.shape[::-1]))


def _candidates(bright: NDArray[np.uint8], least: float) -> Iterator[NDArray[np.float64]]:
    """Quadrilaterals that are brighter than one of many levels, or than what lies around."""
    import cv2

    masks = [bright > level for level in np.unique(np.percentile(bright, _PERCENTILES))]
    for reach in _REACHES:
        around = cv2.GaussianBlur(bright.astype(np.float32), (0, 0), reach * max(bright.shape))
        masks += [bright > share * around for share in _SHARES]
    for mask in masks:
        contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        contour = max(contours, key=cv2.contourArea, default=None)
        if contour is None or cv2.contourArea(contour) < least * bright.size:
            continue
        corners = _four_corners(contour)
        if corners is not None:
            yield corners


def _seen(bright: NDArray[np.uint8], corners: NDArray[np.float64], contrast: float) -> float:
    """The share of the least clear side along which it is brighter inside by the contrast.

    In light that leaves the sheet dark, so much less is enough.
    """
    height, width = bright.shape
    middle = corners.mean(axis=0)
    places = np.linspace(0.03, 0.97, 60)[:, np.newaxis]
    shares = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = start + places * (end - start)
        normal = np.array([start[1] - end[1], end[0] - start[0]])
        normal *= _STEP / max(float(np.hypot(*normal)), 1e-9) * np.sign(np.dot(normal, middle - start))
        inner, outer = (_values(bright, along + way * normal) for way in (1, -1))
        x, y = (along - normal).T
        # What lies beyond the image is not known, and does not speak against the sheet.
        beyond = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
        clear = inner - outer >= contrast * np.minimum(inner / _PAPER_LEVEL, 1)
        shares.append(float(np.mean(clear | beyond)))
    return min(shares)


def _values(image: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = image.shape
    x, y = np.clip(points.round().astype(int), 0, [width - 1, height - 1]).T
    return np.asarray(image[y, x], np.float64)


def _four_corners(contour: Any) -> NDArray[np.float64] | None:
    """The corners of a contour that is a quadrilateral: it fills most of the one around it."""
    import cv2

    hull = cv2.convexHull(contour)
    around = cv2.arcLength(hull, True)
    for slack in (0.02, 0.03, 0.05, 0.08):
        corners = cv2.approxPolyDP(hull, slack * around, True).reshape(-1, 2).astype(float)
        if len(corners) == 4:
            break
    else:
        return None
    if cv2.contourArea(contour) < 0.9 * cv2.contourArea(corners.astype(np.float32)):
        return None
    return _clockwise(corners)


def _clockwise(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the top left: the corner that is nearest to it when all are seen from their middle."""
    away = corners - corners.mean(axis=0)
    ordered = corners[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
    first = int(np.argmin(ordered.sum(axis=1)))
    return np.roll(ordered, -first, axis=0)


def _goes_on(corners: NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    """Whether two or more of the sheet's sides are the image's own: a scan, or a part of a sheet."""
    height, width = shape
    slack = _ON_EDGE * max(shape) + 1
    x, y = corners.T
    at_edges = ((x <= slack), (x >= width - 1 - slack), (y <= slack), (y >= height - 1 - slack))
    return sum(int(np.sum(corners_there) >= 2) for corners_there in at_edges) >= 2


def _sides(corners: NDArray[np.float64]) -> tuple[int, int]:
    """(width, height) of the rectangle: the longer of each two opposite sides."""
    lengths = np.hypot(*(corners - np.roll(corners, -1, axis=0)).T)
    return max(1, round(max(lengths[0], lengths[2]))), max(1, round(max(lengths[1], lengths[3])))


def _homography(across: int, down: int, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    import cv2

    flat = np.array([(0, 0), (across, 0), (across, down), (0, down)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(flat, corners.astype(np.float32)), np.float64)
