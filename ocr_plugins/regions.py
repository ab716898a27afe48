"""Lines grouped to regions: paragraphs, headings, tables.

Imports nothing but the standard library and NumPy: engines' worker processes load it.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ocr_plugins.document import Line, Region, enclosing
from ocr_plugins.hyphens import is_hyphenated
from ocr_plugins.textlines import Boxes

_STEP = 1.4  # times the usual step from row to row: a larger one begins a region
_TALLER = 1.4  # times the height of the row before or after it: a region of its own
_HEADING_LINES = 3  # of so many rows at most, all of them taller than usual
_CELL_GAP = 1.5  # of a row's height: wider white parts cells
_TABLE_ROWS, _TABLE_SHARE = 3, 0.6  # a table has so many rows, and so many of them several cells


@dataclass(frozen=True)
class Row:
    """A row's line, with lines of unknown place that follow it; lengths in pixels of the level page."""

    lines: tuple[Line, ...]
    height: float
    middle: float
    cells: int

    @classmethod
    def of(cls, lines: tuple[Line, ...], boxes: Boxes) -> Self:
        """``boxes`` are those of the fragments that the line was joined from, (n, 4), left to right."""
        sides = boxes.tolist()
        height = statistics.median(y1 - y0 for _, y0, _, y1 in sides)
        middle = statistics.median((y0 + y1) / 2 for _, y0, _, y1 in sides)
        wide = [after[0] - before[2] > _CELL_GAP * height for before, after in itertools.pairwise(sides)]
        return cls(lines, height, middle, 1 + sum(wide))


def regions_of(rows: Sequence[Row], usual: float) -> Iterator[Region]:
    """One column's rows, top to bottom, as regions; ``usual`` is the page's usual height of a row."""
    heights = np.array([row.height for row in rows])
    steps = np.diff([row.middle for row in rows])
    above, below = heights[:-1], heights[1:]
    taller = np.maximum(above, below) > _TALLER * np.minimum(above, below)
    breaks = taller | (steps > _STEP * np.median(steps)) if len(steps) else taller
    breaks &= ~np.array([_goes_on(*pair) for pair in itertools.pairwise(rows)], np.bool_)
    for places in np.split(np.arange(len(rows)), np.flatnonzero(breaks) + 1):
        yield _region([rows[place] for place in places], usual)


def _goes_on(row: Row, following: Row) -> bool:
    """Whether a word does that is hyphenated at the row's end."""
    return is_hyphenated(row.lines[-1].text, following.lines[0].text)


def _region(rows: Sequence[Row], usual: float) -> Region:
    lines = tuple(line for row in rows for line in row.lines)
    return Region(lines=lines, kind=_kind(rows, usual), polygon=enclosing([line.polygon for line in lines]))


def _kind(rows: Sequence[Row], usual: float) -> str:
    if len(rows) <= _HEADING_LINES and all(row.height >= _TALLER * usual for row in rows):
        return "heading"
    cells = sum(row.cells > 1 for row in rows)
    return "table" if len(rows) >= _TABLE_ROWS and cells >= _TABLE_SHARE * len(rows) else "text"
