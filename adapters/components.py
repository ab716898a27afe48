"""Text lines by connected components: no model, no weights, a fraction of a second a page.

For print and typescript, dark on light or light on dark throughout, with a skew of some degrees.
Handwriting, and text on pictures, want a trained detector. `ocr_plugins.textlines` says how marks
become lines; the skew is where the projection of the glyphs' feet is sharpest (Postl, "Detection
of linear oblique structures and skew scan in digitized documents", ICPR 1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Polygon
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option
from ocr_plugins.textlines import (
    Boxes,
    Mask,
    between,
    find_lines,
    heights_of,
    opened,
    reading_order,
    rotation,
    widths_of,
)
from ocr_plugins.threads import threads_for

_INSTALL = "pip install 'ocr-plugins[rapidocr]'"
# Ink and paper differ by this many grey levels at least, or the image is blank.
_CONTRAST = 30
# The paper's brightness is estimated on a picture of this longest side, in windows of so many pixels.
_PAPER_SIDE, _PAPER_WINDOW = 600, 31
# Pictures are larger than this part of the shorter side, and ink is more than that of their box.
_PICTURE, _PICTURE_INK = 0.04, 0.25
_LEAST_GLYPH = 5  # pixels
_BAR = 6.0  # times as high as wide
# Glyphs are no higher than this part of the shorter side, but may always have so many pixels.
_HIGHEST_GLYPH, _LOW_GLYPH = 0.1, 40
# In glyph heights: longer strokes are rules; larger marks, by their longer and their shorter side, no text.
_RULE, _LARGE, _HIGH = 6.0, 12.0, 3.5
_LEAST_FOR_SKEW = 20  # glyphs
_SKEW_STEP = 0.002  # radians
_LEVEL = 0.001  # radians: what is less moves the end of a line by a pixel or two


@dataclass(frozen=True, kw_only=True)
class ComponentsOptions(Options):
    polarity: Literal["auto", "dark", "light"] = option(
        "auto", "the text is dark on light or light on dark; auto: paper is what there is more of"
    )
    gap: float = option(
        3.0, "widest gap between two words of one line, in glyph heights", minimum=0.2, maximum=20.0
    )
    speck: float = option(
        0.35, "marks below this share of the glyph height make no line", minimum=0.0, maximum=0.6
    )
    max_skew: float = option(
        5.0, "largest skew looked for, in degrees; 0 looks for none", minimum=0.0, maximum=15.0
    )


class ComponentsDetector(BaseEngine[ComponentsOptions]):
    name = "components"
    modules = ("cv2",)
    install_hint = _INSTALL
    options_type = ComponentsOptions

    def identify(self) -> EngineInfo:
        import cv2

        return EngineInfo(
            name=self.name,
            version="1",
            runtime=f"opencv {cv2.__version__}",
            options=self.options.to_dict(),
            spec=self.spec,
            capabilities=Capabilities(takes=("page",), gives=("polygons",)),
        )

    def load(self) -> None:
        import cv2

        if threads := threads_for("OPENCV_FOR_THREADS_NUM"):
            cv2.setNumThreads(threads)

    def detect(self, images: Sequence[PageImage]) -> list[tuple[Polygon, ...]]:
        return [self._find(image) for image in images]

    def _find(self, image: PageImage) -> tuple[Polygon, ...]:
        ink = ink_mask(image.pixels, self.options.polarity)
        marks, shares, labels = _components(ink)
        side = min(image.size)
        pictures = _pictures(marks, shares, labels, max(_PICTURE * side, _HIGH * _glyph_height(marks, side)))
        height = _glyph_height(marks[~_lie_in(marks, pictures)], side)
        if not height:
            return ()
        length = round(_RULE * height)
        lying, standing = opened(ink, (length, 1)), opened(ink, (1, length))
        marks, _, labels = _components(ink & ~(lying | standing))
        foreign = (lying & standing) | _of_large(marks, labels, height)
        marks = marks[~_lie_in(marks, pictures)]
        angle = _skew(marks, height, self.options.max_skew)
        lines = find_lines(
            _turned(marks, angle),
            height,
            rules=_turned(_components(standing)[0], angle),
            foreign=foreign,
            angle=angle,
            gap=self.options.gap,
            speck=self.options.speck,
        )
        return tuple(_polygon(lines[place], angle, image.size) for place in reading_order(lines, height))


def ink_mask(pixels: NDArray[np.uint8], polarity: str = "auto") -> Mask:
    """1 where there is ink, 0 elsewhere, in the shape of the image.

    The paper's own brightness is divided out before Otsu's threshold is taken ("A Threshold
    Selection Method from Gray-Level Histograms", 1979), so shadows do not become ink.
    """
    import cv2

    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if polarity == "light" or (polarity == "auto" and np.mean(grey > level) < 0.5):
        grey = 255 - grey
    flat = cv2.divide(grey, _paper(grey), scale=255)
    level, dark = cv2.threshold(flat, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    ink = np.asarray(dark, np.uint8)
    contrast = cv2.mean(flat, 1 - ink)[0] - cv2.mean(flat, ink)[0]
    return ink if contrast >= _CONTRAST else np.zeros_like(ink)


def _paper(grey: NDArray[np.uint8]) -> Any:
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


def _components(ink: Mask) -> tuple[Boxes, NDArray[np.float64], NDArray[np.int32]]:
    """The boxes of the connected components, the share of each box that is ink, and each pixel's place."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, width, height, area = stats[1:].T.astype(np.float64)
    boxes = np.stack([x, y, x + width, y + height], axis=1)
    return boxes, area / (width * height), np.asarray(labels, np.int32)


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


def _glyph_height(marks: Boxes, side: int) -> float:
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


def _of_large(marks: Boxes, labels: NDArray[np.int32], height: float) -> Mask:
    """1 where ink belongs to marks that are too large for letters or words."""
    sides = np.stack([widths_of(marks), heights_of(marks)])
    large = (sides.max(axis=0) > _LARGE * height) & (sides.min(axis=0) > _HIGH * height)
    return np.concatenate([[False], large]).astype(np.uint8)[labels]


def _skew(marks: Boxes, height: float, most: float) -> float:
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


def _turned(boxes: Boxes, angle: float) -> Boxes:
    """The boxes of marks as they are when the page is turned level."""
    if not angle:
        return boxes
    middle = rotation(-angle) @ ((boxes[:, :2] + boxes[:, 2:]) / 2).T
    width = widths_of(boxes)
    # The box of a slanted word is higher than the word.
    height = np.maximum(heights_of(boxes) - width * abs(np.sin(angle)), heights_of(boxes) / 2)
    half = np.stack([width, height]) / 2
    return np.concatenate([middle - half, middle + half]).T


def _polygon(box: NDArray[np.float64], angle: float, size: tuple[int, int]) -> Polygon:
    """A box of the level page on the image itself."""
    corners = box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)
    if angle:
        corners = corners @ rotation(angle).T
    return Polygon(tuple((float(x), float(y)) for x, y in np.clip(corners, 0, size)))
