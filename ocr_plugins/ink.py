"""The ink of a page: its mask, its marks, how high its glyphs are and by how much its lines slant.

A mark is a connected component of ink. The skew is where the projection of the glyphs' feet is
sharpest (Postl, "Detection of linear oblique structures and skew scan in digitized documents",
ICPR 1986).

Imports nothing but the standard library and NumPy, and OpenCV inside functions: workers load it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.pixels import to_grey
from ocr_plugins.textlines import Boxes, Mask, between, heights_of, widths_of

# Ink and paper differ by this many grey levels at least, or the image is blank.
_CONTRAST = 30
# The paper's brightness is estimated on a picture of this longest side, in windows of so many pixels.
_PAPER_SIDE, _PAPER_WINDOW = 600, 31
_LEAST_GLYPH = 5  # pixels
_BAR = 6.0  # times as high as wide
# Glyphs are no higher than this part of the shorter side, but may always have so many pixels.
_HIGHEST_GLYPH, _LOW_GLYPH = 0.1, 40
_LEAST_FOR_SKEW = 20  # glyphs
_SKEW_STEP = 0.002  # radians
_LEVEL = 0.001  # radians: what is less moves the end of a line by a pixel or two


def ink_mask(pixels: NDArray[np.uint8], polarity: str = "auto") -> Mask:
    """1 where there is ink, 0 elsewhere, in the shape of the image.

    The paper's own brightness is divided out before Otsu's threshold is taken ("A Threshold
    Selection Method from Gray-Level Histograms", 1979), so shadows do not become ink.
    """
    import cv2

    grey = dark_on_light(pixels, polarity)
    flat = cv2.divide(grey, paper_of(grey), scale=255)
    _, dark = cv2.threshold(flat, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    ink = np.asarray(dark, np.uint8)
    contrast = cv2.mean(flat, 1 - ink)[0] - cv2.mean(flat, ink)[0]
    return ink if contrast >= _CONTRAST else np.zeros_like(ink)


def dark_on_light(pixels: NDArray[np.uint8], polarity: str = "auto") -> NDArray[np.uint8]:
    """The image, (h, w) or (h, w, 3), in grey, reversed where its text is light: (h, w)."""
    grey = to_grey(pixels)
    reverse = polarity == "light" or (polarity == "auto" and is_dark(grey))
    return 255 - grey if reverse else grey


def is_dark(grey: NDArray[np.uint8]) -> bool:
    """Whether the text is light on dark: paper is what there is more of."""
    import cv2

    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return bool(np.mean(grey > level) < 0.5)


def paper_of(grey: NDArray[np.uint8]) -> Any:
    """What the image would be without its dark marks: a closing, smoothed, at low resolution."""
    import cv2

    height, width = grey.shape
    share = min(1.0, _PAPER_SIDE / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((_PAPER_WINDOW, _PAPER_WINDOW), np.uint8))
    return cv2.resize(
        cv2.blur(closed, (_PAPER_WINDOW, _PAPER_WINDOW)), (width, height), interpolation=cv2.INTER_LINEAR
    )


def components(ink: Mask) -> tuple[Boxes, NDArray[np.float64], NDArray[np.int32]]:
    """The boxes of the connected components, the share of each box that is ink, and each pixel's place."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, width, height, area = stats[1:].T.astype(np.float64)
    boxes = np.stack([x, y, x + width, y + height], axis=1)
    return boxes, area / (width * height), np.asarray(labels, np.int32)


def glyph_height(marks: Boxes, side: int) -> float:
    """The median height of a page's glyphs, found around the commonest height; 0 where there are none.

    Letters are of two heights or three, all else is of any. So that the many specks of a bad scan do
    not win, high marks count for more; bars, as of barcodes, do not count.
    """
    heights = np.sort(heights_of(marks)[heights_of(marks) <= _BAR * widths_of(marks)])
    heights = heights[between(heights, _LEAST_GLYPH, max(_HIGHEST_GLYPH * side, _LOW_GLYPH))]
    if not len(heights):
        return 0.0
    total = np.concatenate([[0.0], np.cumsum(heights**1.5)])
    low, high = (np.searchsorted(heights, heights * share) for share in (0.75, 1 / 0.75))
    common = heights[np.argmax(total[high] - total[low])]
    return float(np.median(heights[between(heights, common / 2, common * 2)]))


@dataclass(frozen=True, eq=False)
class Ink:
    """What is measured on one image, each once: its ink, the marks, how high glyphs are.

    ``mask``: as `ink_mask` gives it.
    """

    mask: Mask

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> Self:
        """Of an image, (h, w) or (h, w, 3)."""
        return cls(ink_mask(pixels))

    @cached_property
    def marks(self) -> Boxes:
        """The boxes of the connected components."""
        return components(self.mask)[0]

    @cached_property
    def height(self) -> float:
        """`glyph_height` of the image; 0 where there are no glyphs."""
        return glyph_height(self.marks, min(self.mask.shape))

    @cached_property
    def glyphs(self) -> int:
        """How many marks are about as high as glyphs."""
        return int(between(heights_of(self.marks), self.height / 2, 2 * self.height).sum())

    def skew(self, most: float) -> float:
        """By how much lines run down to the right, in radians; 0 where that cannot be told."""
        return skew(self.marks, self.height, most) if self.height else 0.0


def skew(marks: Boxes, height: float, most: float) -> float:
    """The angle, in radians, by which lines run down to the right: where their feet line up best."""
    glyphs = marks[between(heights_of(marks), height / 2, 2 * height)]
    if len(glyphs) < _LEAST_FOR_SKEW or not most:
        return 0.0
    x = (glyphs[:, 0] + glyphs[:, 2]) / 2
    feet, step = glyphs[:, 3], height / 10

    def sharpness(angle: float) -> float:
        levels = np.floor((feet - x * np.tan(angle)) / step).astype(np.int64)
        return float(np.sum(np.bincount(levels - levels.min()).astype(np.float64) ** 2))

    limit = np.deg2rad(most)
    coarse = max(np.arange(-limit, limit, _SKEW_STEP), key=sharpness)
    fine = max(coarse + np.linspace(-1, 1, 9) * _SKEW_STEP, key=sharpness)
    return float(fine) if abs(fine) > _LEVEL and sharpness(fine) > sharpness(0.0) else 0.0
