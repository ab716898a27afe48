"""What is measured on the paper of an image: how much of it there is, how bright, how evenly lit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.pixels import Pixels, to_grey

# Paper is told on so many pixels along the longer side; marks up to this share of it are closed over.
_SIDE, _MARK = 400, 0.03
# What is of one brightness differs by so many grey levels at most.
_LEVELS = 20
# Light changes little within this share of the longer side, other than at the edge of a shadow.
_AROUND, _CHANGE = 0.1, 10
# Grey levels between these are neither black nor white; of two levels is what has hardly any.
_BLACK, _WHITE, _BETWEEN = 10, 245, 0.001


@dataclass(frozen=True, eq=False)
class Paper:
    """An image without its marks: uint8 (h, w), small, light where text is dark on light or light on dark."""

    levels: NDArray[np.uint8]

    @classmethod
    def of(cls, pixels: Pixels) -> Self:
        """Of an image, (h, w) or (h, w, 3)."""
        import cv2

        grey = to_grey(pixels)
        share = min(1.0, _SIDE / max(grey.shape))
        size = [max(1, round(side * share)) for side in grey.shape[::-1]]
        small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        if np.median(small) < 128:
            small = 255 - small
        window = max(3, round(_MARK * max(small.shape))) | 1
        closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8))
        return cls(np.asarray(closed, np.uint8))

    @cached_property
    def share(self) -> float:
        """How much of the image is of one brightness, in [0, 1]."""
        counts = np.bincount(self.levels.ravel(), minlength=256)
        return float(np.convolve(counts, np.ones(2 * _LEVELS + 1), "same").max() / self.levels.size)

    @cached_property
    def smooth(self) -> float:
        """How much of the image is as bright as what lies around it, in [0, 1]; pictures are not."""
        import cv2

        window = min(max(3, round(_AROUND * max(self.levels.shape))) | 1, 255)
        around = cv2.medianBlur(self.levels, window).astype(np.int16)
        return float(np.mean(np.abs(self.levels - around) <= _CHANGE))

    @cached_property
    def grey(self) -> float:
        """How much of the image is neither black nor white, in [0, 1]."""
        return _grey_share(self.levels)


def is_bilevel(pixels: Pixels) -> bool:
    """Whether an image is black and white, without levels between, but for a few pixels."""
    return _grey_share(to_grey(pixels)) < _BETWEEN


def _grey_share(levels: Pixels) -> float:
    return float(np.mean((levels > _BLACK) & (levels < _WHITE)))
