"""In which order the lines of a page are read, by geometry alone.

Recursive XY cuts (Nagy and Seth, "Hierarchical representation of optically scanned documents", ICPR 1984):
columns before rows.

Imports nothing but the standard library and NumPy: workers load it.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.textlines import Boxes, heights_of, strips, widths_of

# In glyph heights.
_COLUMN = 15.0  # a column of text has some lines of this width; others are numbers, bullets, cells
_COLUMN_LINES = 3


def reading_order(lines: Boxes, height: float) -> list[int]:
    """The places of the lines in the order in which they are read: columns before rows."""
    order: list[int] = []
    waiting = [np.arange(len(lines))]
    while waiting:
        group = waiting.pop()
        parts = _columns(lines[group], height) or _rows(lines[group])
        if len(parts) > 1:
            waiting.extend(group[part] for part in reversed(parts))
        else:
            order.extend(int(place) for place in group[np.argsort(lines[group, 0])])
    return order


def _columns(lines: Boxes, height: float) -> list[NDArray[np.int64]]:
    """Parts of the lines that stand beside each other, where each is a column of text."""
    parts: list[NDArray[np.int64]] = []
    before = np.empty(0, np.int64)
    for strip in strips(lines[:, 0], lines[:, 2]):
        part = np.concatenate([before, strip])
        # Numbers and bullets that hang before a column are read with it.
        hangs = np.count_nonzero(widths_of(lines[strip]) >= _COLUMN * height) < _COLUMN_LINES
        before = part if hangs else before[:0]
        if not hangs:
            parts.append(part)
    if parts:
        parts[-1] = np.concatenate([parts[-1], before])
    return parts if len(parts) > 1 else []


def _rows(lines: Boxes) -> list[NDArray[np.int64]]:
    """The lines above and those below the widest gap; one part where all stand in one row."""
    quarter = heights_of(lines) / 4
    top, bottom = lines[:, 1] + quarter, lines[:, 3] - quarter
    found = strips(top, bottom)
    gaps = [top[below].min() - bottom[above].max() for above, below in itertools.pairwise(found)]
    if not gaps:
        return found
    cut = int(np.argmax(gaps)) + 1
    return [np.concatenate(found[:cut]), np.concatenate(found[cut:])]
