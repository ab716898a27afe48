"""Steps that take away noise, and the stairs of scans in black and white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ocr_plugins.ink import components, glyph_height, ink_mask
from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels
from ocr_plugins.preprocess.paper import is_bilevel
from ocr_plugins.preprocess.step import Prepared, Step, paper_colour
from ocr_plugins.textlines import heights_of, widths_of


@dataclass(frozen=True, kw_only=True)
class Median(Step):
    name: ClassVar[str] = "median"
    help: ClassVar[str] = "each pixel the median of those around it: takes away salt and pepper"

    size: int = option(3, "pixels across the window, an odd number", minimum=3, maximum=15)

    def apply(self, pixels: Pixels) -> Prepared:
        import cv2

        return Prepared.in_place(np.asarray(cv2.medianBlur(pixels, self.size | 1), np.uint8))


@dataclass(frozen=True, kw_only=True)
class Smooth(Step):
    """A Gaussian; engines that learnt from grey print take the stairs of two levels for shapes."""

    name: ClassVar[str] = "smooth"
    help: ClassVar[str] = "the stairs of scans in black and white rounded off (Gaussian)"

    sigma: float = option(0.5, "of the Gaussian, in pixels", minimum=0.1, maximum=20)
    when: Literal["bilevel", "always"] = option(
        "bilevel", "bilevel: only where all is black or white, or nearly all"
    )

    def apply(self, pixels: Pixels) -> Prepared:
        import cv2

        if self.when == "bilevel" and not is_bilevel(pixels):
            return Prepared.in_place(pixels)
        return Prepared.in_place(np.asarray(cv2.GaussianBlur(pixels, (0, 0), self.sigma), np.uint8))


@dataclass(frozen=True, kw_only=True)
class NonLocalMeans(Step):
    """Non-local means (Buades, Coll, Morel, "A non-local algorithm for image denoising", CVPR 2005)."""

    name: ClassVar[str] = "nlmeans"
    help: ClassVar[str] = "each pixel the mean of those that look alike: takes away grain; slow"

    strength: float = option(10.0, "grey levels of noise", minimum=1, maximum=60)

    def apply(self, pixels: Pixels) -> Prepared:
        import cv2

        if pixels.ndim == 2:
            return Prepared.in_place(
                np.asarray(cv2.fastNlMeansDenoising(pixels, h=self.strength, searchWindowSize=15), np.uint8)
            )
        clean = cv2.fastNlMeansDenoisingColored(
            pixels, h=self.strength, hColor=self.strength, searchWindowSize=15
        )
        return Prepared.in_place(np.asarray(clean, np.uint8))


@dataclass(frozen=True, kw_only=True)
class Despeckle(Step):
    name: ClassVar[str] = "despeckle"
    help: ClassVar[str] = "specks painted over that are too small for a full stop"

    speck: float = option(
        0.12, "marks smaller than this both ways are specks, in glyph heights", minimum=0.01, maximum=0.5
    )

    def apply(self, pixels: Pixels) -> Prepared:
        marks, _, labels = components(ink_mask(pixels))
        limit = self.speck * glyph_height(marks, min(pixels.shape[:2]))
        specks = np.maximum(widths_of(marks), heights_of(marks)) <= limit
        if not specks.any():
            return Prepared.in_place(pixels)
        clean = pixels.copy()
        clean[np.concatenate([[False], specks])[labels]] = np.array(paper_colour(pixels)).round()
        return Prepared.in_place(clean)
