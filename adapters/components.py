"""Text lines by connected components: no model, no weights, a fraction of a second a page.

For print and typescript, dark on light or light on dark throughout, with a skew of some degrees.
Handwriting, and text on pictures, want a trained detector. `ocr_plugins.ink` says what marks are and
`ocr_plugins.textlines` how they become lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Polygon
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.ink import components, glyph_height, ink_mask, skew
from ocr_plugins.options import Options, option
from ocr_plugins.rows import level
from ocr_plugins.textlines import (
    Boxes,
    Mask,
    find_lines,
    heights_of,
    opened,
    reading_order,
    rotation,
    widths_of,
)
from ocr_plugins.threads import threads_for

_INSTALL = "pip install 'ocr-plugins[rapidocr]'"
# Pictures are larger than this part of the shorter side, and ink is more than that of their box.
_PICTURE, _PICTURE_INK = 0.04, 0.25
# In glyph heights: longer strokes are rules; larger marks, by their longer and their shorter side, no text.
_RULE, _LARGE, _HIGH = 6.0, 12.0, 3.5


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
        marks, shares, labels = components(ink)
        side = min(image.size)
        pictures = _pictures(marks, shares, labels, max(_PICTURE * side, _HIGH * glyph_height(marks, side)))
        height = glyph_height(marks[~_lie_in(marks, pictures)], side)
        if not height:
            return ()
        length = round(_RULE * height)
        lying, standing = opened(ink, (length, 1)), opened(ink, (1, length))
        marks, _, labels = components(ink & ~(lying | standing))
        foreign = (lying & standing) | _of_large(marks, labels, height)
        marks = marks[~_lie_in(marks, pictures)]
        angle = skew(marks, height, self.options.max_skew)
        lines = find_lines(
            level(marks, angle),
            height,
            rules=level(components(standing)[0], angle),
            foreign=foreign,
            angle=angle,
            gap=self.options.gap,
            speck=self.options.speck,
        )
        return tuple(_polygon(lines[place], angle, image.size) for place in reading_order(lines, height))


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


def _of_large(marks: Boxes, labels: NDArray[np.int32], height: float) -> Mask:
    """1 where ink belongs to marks that are too large for letters or words."""
    sides = np.stack([widths_of(marks), heights_of(marks)])
    large = (sides.max(axis=0) > _LARGE * height) & (sides.min(axis=0) > _HIGH * height)
    return np.concatenate([[False], large]).astype(np.uint8)[labels]


def _polygon(box: NDArray[np.float64], angle: float, size: tuple[int, int]) -> Polygon:
    """A box of the level page on the image itself."""
    corners = box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)
    if angle:
        corners = corners @ rotation(angle).T
    return Polygon(tuple((float(x), float(y)) for x, y in np.clip(corners, 0, size)))
