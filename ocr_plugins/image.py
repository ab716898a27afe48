"""What an engine is given: one upright page, line or word image with where it came from.

Imports nothing but the standard library and NumPy: engines' worker processes load it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Level


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PageImage:
    """One image for an engine to read.

    ``pixels`` is a uint8 array, (height, width) in grey or (height, width, 3) in RGB, upright.
    ``level`` says what is on it: a page, one line or one word.

    Raises:
        ValueError: pixels of another shape or type.
    """

    pixels: NDArray[np.uint8]
    source: str = "memory"
    page: int = 1
    dpi: float | None = None
    level: Level = "page"
    id: str | None = None

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)):
            raise ValueError(f"pixels must be uint8, (h, w) or (h, w, 3), got {self.pixels.dtype} {shape}")
        if 0 in shape:
            raise ValueError(f"an image must not be empty, got {shape}")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])

    def rgb(self) -> NDArray[np.uint8]:
        """The pixels as (height, width, 3), RGB."""
        if self.pixels.ndim == 3:
            return self.pixels
        return np.repeat(self.pixels[:, :, np.newaxis], 3, axis=2)
