"""Light text on dark bars, as heads of tables and sections have it, turned into dark text on paper.

Imports nothing but the standard library and NumPy, and OpenCV inside functions: workers load it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.ink import components, glyph_height
from ocr_plugins.textlines import Boxes, Mask, between, heights_of, opened, widths_of

# In glyph heights: a bar is solid for so long and so high somewhere above, below or beside its letters.
_SOLID = (3.0, 0.25)
# Letters in it are closed over by this, and what is left must hold a window of this width and height.
_CLOSED, _LEAST, _HIGHEST = 1.5, (4.0, 1.2), 6.0
# The share of a bar that its text takes. Less is a rule or a blot, more is two rules around dark text.
_TEXT = (0.01, 0.45)
_EDGE = 5  # pixels around a bar that may be dark still


def with_bars_turned(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A page, (h, w), dark on light, whose dark bars are turned: the same array where it has none.

    Bars that touch the page's edge are the black edges of scans and stay, as do dark pictures.
    """
    import cv2

    # Not `ink_mask`: where a bar is higher than its window, the bar is paper to it.
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    marks = components(ink)[0]
    height = glyph_height(marks, min(grey.shape))
    # A solid part makes a large mark: most pages have none and need no further look.
    if not height or not _large(marks, height).any():
        return grey
    solid = opened(ink, _window(_SOLID, height))
    closing = np.ones(_window((_CLOSED, _CLOSED), height), np.uint8)
    bars = opened(cv2.morphologyEx(solid, cv2.MORPH_CLOSE, closing), _window(_LEAST, height))
    if not bars.any():
        return grey
    boxes, shares, labels = components(bars)
    chosen = np.flatnonzero(_are_bars(boxes, shares, labels, ink, height))
    if not len(chosen):
        return grey
    places = [(place + 1, _around(boxes[place], grey.shape)) for place in chosen]
    page = grey.copy()
    for place, part in places:
        around = cv2.dilate((labels[part] == place).astype(np.uint8), np.ones((_EDGE, _EDGE), np.uint8))
        page[part][(around > 0) & (ink[part] > 0)] = 255
    for place, part in places:
        bar = labels[part] == place
        page[part][bar] = 255 - grey[part][bar]
    return page


def _around(box: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Where a bar and its edge lie."""
    left, top, right, bottom = (int(value) for value in box)
    rows = slice(max(top - _EDGE, 0), min(bottom + _EDGE, shape[0]))
    return rows, slice(max(left - _EDGE, 0), min(right + _EDGE, shape[1]))


def _large(marks: Boxes, height: float) -> NDArray[np.bool_]:
    return (widths_of(marks) >= _LEAST[0] * height) & (heights_of(marks) >= _LEAST[1] * height)


def _are_bars(
    boxes: Boxes, shares: NDArray[np.float64], labels: NDArray[np.int32], ink: Mask, height: float
) -> NDArray[np.bool_]:
    """Which solid parts are bars with text in them; ``shares`` are of each box, that they fill."""
    area = shares * widths_of(boxes) * heights_of(boxes)
    dark = np.bincount(labels[ink > 0], minlength=len(boxes) + 1)[1:]
    inside = (boxes[:, :2] > 0).all(axis=1) & (boxes[:, 2:] < ink.shape[::-1]).all(axis=1)
    return np.asarray(
        inside & between(1 - dark / area, *_TEXT) & (heights_of(boxes) <= _HIGHEST * height), np.bool_
    )


def _window(size: tuple[float, float], height: float) -> tuple[int, int]:
    # Odd, so that closing moves nothing.
    width, depth = (round(side * height) | 1 for side in size)
    return width, depth
