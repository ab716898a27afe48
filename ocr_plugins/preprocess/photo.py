"""The step that straightens photographed pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels
from ocr_plugins.preprocess.step import Prepared, Step, Transform, to_grey, warp

# The page is looked for on so many pixels along the longer side.
_SIDE = 600
# A side of the sheet lies on the image's own edge where it is this near, as a share of the longer side.
_ON_EDGE = 0.01


@dataclass(frozen=True, kw_only=True)
class Dewarp(Step):
    """A sheet of paper that lies slanted in a photograph becomes a level rectangle, without its surroundings.

    The sheet is the largest bright area with four corners; where there is none, or it fills the image, or
    its surroundings are not darker, nothing is done. Curved paper stays curved.
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
    """The corners of a photographed sheet, (4, 2) clockwise from its top left; None where there is none."""
    import cv2

    grey = to_grey(pixels)
    share = min(1.0, _SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    # Print is closed over, so that the sheet is one bright area.
    window = max(3, round(0.03 * max(small.shape))) | 1
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8))
    _, bright = cv2.threshold(
        cv2.GaussianBlur(closed, (5, 5), 0), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU
    )
    contours, _ = cv2.findContours(np.asarray(bright, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea, default=None)
    if contour is None or cv2.contourArea(contour) < least * small.size:
        return None
    corners = _four_corners(contour)
    if corners is None or _fills(corners, small.shape):
        return None
    inside = np.zeros(small.shape, np.uint8)
    cv2.fillConvexPoly(inside, corners.round().astype(np.int32), 1)
    if cv2.mean(closed, inside)[0] - cv2.mean(closed, 1 - inside)[0] < contrast:
        return None
    # From the middles of small pixels to the edges of large ones.
    return np.asarray((corners + 0.5) / np.array(small.shape[::-1]) * np.array(grey.shape[::-1]))


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


def _fills(corners: NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    """Whether the sheet's corners are the image's own: a scan, not a photograph."""
    height, width = shape
    own = np.array([(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], float)
    return bool(np.abs(corners - own).max() <= _ON_EDGE * max(shape) + 1)


def _sides(corners: NDArray[np.float64]) -> tuple[int, int]:
    """(width, height) of the rectangle: the longer of each two opposite sides."""
    lengths = np.hypot(*(corners - np.roll(corners, -1, axis=0)).T)
    return max(1, round(max(lengths[0], lengths[2]))), max(1, round(max(lengths[1], lengths[3])))


def _homography(across: int, down: int, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    import cv2

    flat = np.array([(0, 0), (across, 0), (across, down), (0, down)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(flat, corners.astype(np.float32)), np.float64)
