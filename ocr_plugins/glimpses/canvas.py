"""Pictures of numbers as the network takes them: one size, light digits on dark.

Imports nothing but the standard library and NumPy, and OpenCV inside functions: workers load it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.ink import dark_on_light

#: Height and width of what the network sees.
HEIGHT, WIDTH = 32, 128
# Digits fill so much of the height.
_FILLED = 28
# The contrast that a picture has at least, or there is nothing on it.
_LEAST_CONTRAST = 24


def canvas_of(pixels: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """A picture, (h, w) or (h, w, 3), on a canvas: (32, 128), 0 to 1; None where nothing is on it."""
    import cv2

    light = 255 - dark_on_light(pixels)
    low, high = (float(level) for level in np.percentile(light, (20, 99.5)))
    if high - low < _LEAST_CONTRAST:
        return None
    grey = np.clip((light.astype(np.float32) - low) / (high - low), 0, 1)
    left, top, right, bottom = place_on_canvas(grey.shape)
    smaller = right - left < grey.shape[1]
    out = np.zeros((HEIGHT, WIDTH), np.float32)
    out[top:bottom, left:right] = cv2.resize(
        grey,
        (right - left, bottom - top),
        interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR,
    )
    return out


def place_on_canvas(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Where a picture of (h, w, ...) lies on the canvas: left, top, right, bottom."""
    height, width = shape[:2]
    scale = min(_FILLED / height, (WIDTH - 4) / width)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (WIDTH - wide) // 2, (HEIGHT - high) // 2
    return left, top, left + wide, top + high
