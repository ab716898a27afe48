"""Steps that make an image black and white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ocr_plugins.ink import Ink
from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels, to_grey
from ocr_plugins.preprocess.step import Prepared, Step

# The window of a local threshold holds a letter and some paper around it.
_WINDOW = 3.0
_LEAST_WINDOW = 15


@dataclass(frozen=True, kw_only=True)
class Otsu(Step):
    """Otsu, "A Threshold Selection Method from Gray-Level Histograms", IEEE SMC 1979."""

    name: ClassVar[str] = "otsu"
    help: ClassVar[str] = "black and white by one threshold for the whole image"

    def apply(self, pixels: Pixels) -> Prepared:
        import cv2

        _, binary = cv2.threshold(to_grey(pixels), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        return Prepared.in_place(np.asarray(binary, np.uint8))


@dataclass(frozen=True, kw_only=True)
class _Local(Step):
    """A threshold for each place, from the mean and the standard deviation around it."""

    #: Its name in doxapy.
    method: ClassVar[str]

    window: int = option(0, "pixels across the place looked at; 0: three glyph heights", minimum=0)
    k: float = option(0.2, "how far below the mean ink must be, in standard deviations", minimum=0, maximum=1)

    def apply(self, pixels: Pixels) -> Prepared:
        return Prepared.in_place(_local(self.method, to_grey(pixels), self.window, self.k))


@dataclass(frozen=True, kw_only=True)
class Sauvola(_Local):
    """Sauvola, Pietikäinen, "Adaptive document image binarization", Pattern Recognition 33, 2000."""

    name: ClassVar[str] = "sauvola"
    help: ClassVar[str] = "black and white by a threshold for each place: for stains and shadows"
    method: ClassVar[str] = "SAUVOLA"


@dataclass(frozen=True, kw_only=True)
class Wolf(_Local):
    """Wolf, Jolion, "Extraction and Recognition of Artificial Text in Multimedia Documents", 2003."""

    name: ClassVar[str] = "wolf"
    help: ClassVar[str] = "as sauvola, for low contrast"
    method: ClassVar[str] = "WOLF"


def _local(method: str, grey: Pixels, window: int, k: float) -> Pixels:
    import doxapy

    if grey.min() == grey.max():
        # One colour has no ink, but the formulas divide by its standard deviation.
        return np.full_like(grey, 255)
    if not window:
        window = max(round(_WINDOW * Ink.of(grey).height), _LEAST_WINDOW)
    # The library reads beyond small images.
    window = min(window, min(grey.shape) // 2 * 2 - 1) | 1
    if window < 3:
        return Otsu().apply(grey).pixels
    binarization = doxapy.Binarization(getattr(doxapy.Binarization.Algorithms, method))
    binarization.initialize(np.ascontiguousarray(grey))
    binary = np.empty_like(grey)
    binarization.to_binary(binary, {"window": window, "k": k})
    return binary


@dataclass(frozen=True, kw_only=True)
class Enhance(Step):
    """A small network learned what degrades pages: after He, Schomaker, "DeepOtsu", 2019."""

    name: ClassVar[str] = "enhance"
    help: ClassVar[str] = "even paper and clean ink in grey, by a small network: for uneven light"

    def apply(self, pixels: Pixels) -> Prepared:
        from ocr_plugins.preprocess.learned import enhance

        return Prepared.in_place(enhance(to_grey(pixels)))

    def __str__(self) -> str:
        from ocr_plugins.preprocess.learned import WEIGHTS_SHA256

        return f"{self.name}(weights={WEIGHTS_SHA256[:16]})"


@dataclass(frozen=True, kw_only=True)
class Learned(Enhance):
    """What `Enhance` gives, divided by one threshold."""

    name: ClassVar[str] = "learned"
    help: ClassVar[str] = "black and white by the network of enhance"

    def apply(self, pixels: Pixels) -> Prepared:
        from ocr_plugins.preprocess.learned import binarise

        return Prepared.in_place(binarise(to_grey(pixels)))
