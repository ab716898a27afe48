"""The words of a reading with the places where they stand, whatever the engine gave: words, lines or both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Line, Page, Word
from ocr_plugins.layout import runs_left
from ocr_plugins.textlines import Boxes


@dataclass(frozen=True, eq=False)
class Fragments:
    """The words of one reading in its own order.

    ``boxes`` (n, 4) are in the page's pixels, NaN where nothing tells where a word stands. ``lines`` (n,)
    are the places of the lines that the words are of, counted over the page. ``spaced`` (n,) is whether
    white space stands before a word in its line.
    """

    words: tuple[Word, ...]
    boxes: Boxes
    lines: NDArray[np.int64]
    spaced: NDArray[np.bool_]

    @classmethod
    def of(cls, page: Page) -> Fragments:
        """Of a page. Words without a box get their share of the line's, by their place in its text."""
        words: list[Word] = []
        boxes: list[tuple[float, ...]] = []
        lines: list[int] = []
        spaced: list[bool] = []
        for number, line in enumerate(page.iter_lines()):
            for word, box, apart in _placed(line):
                words.append(word)
                boxes.append(box)
                lines.append(number)
                spaced.append(apart)
        return cls(
            tuple(words),
            np.array(boxes, np.float64).reshape(-1, 4),
            np.array(lines, np.int64),
            np.array(spaced, np.bool_),
        )

    @property
    def placed(self) -> bool:
        """Whether it is known of any word where it stands."""
        return bool(np.isfinite(self.boxes).any())


_NOWHERE = (np.nan,) * 4


def _placed(line: Line) -> Iterator[tuple[Word, tuple[float, ...], bool]]:
    """The words of a line that have text, their boxes, and whether white space stands before them."""
    end, length = 0, max(len(line.text), 1)
    for word in line.words or _words_of(line):
        if not word.text.strip():
            continue
        found = line.text.find(word.text, end)
        start = max(found, end)
        apart = end == 0 or found != end
        end = start + len(word.text)
        if word.polygon is not None:
            box: tuple[float, ...] = word.polygon.box
        elif line.polygon is not None:
            x0, y0, x1, y1 = line.polygon.box
            width = (x1 - x0) / length
            box = (x0 + start * width, y0, min(x0 + end * width, x1), y1)
            if runs_left(line.text):
                box = (x0 + x1 - box[2], y0, x0 + x1 - box[0], y1)
        else:
            box = _NOWHERE
        yield word, box, apart


def _words_of(line: Line) -> Iterator[Word]:
    """A line's text cut at white space, each part as sure as the line."""
    for text in line.text.split():
        yield Word(text=text, confidence=line.confidence, confidence_kind=line.confidence_kind)
