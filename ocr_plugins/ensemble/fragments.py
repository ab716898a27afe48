"""The words of a reading with the places where they stand, whatever the engine gave: words, lines or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Line, Page, Polygon, Word
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


def part_words(page: Page) -> Page:
    """A page of one block where every word is one: what an engine gave as one, but has spaces, is parted.

    Lines without text are left out. No two words are the same object.
    """
    lines = (
        replace(line, words=tuple(replace(word) for word, *_ in _placed(line))) for line in page.iter_lines()
    )
    return replace(page, regions=(), lines=tuple(line for line in lines if line.words))


def some_words(page: Page, found: Fragments, kept: NDArray[np.bool_]) -> Iterator[Line]:
    """The lines of a page with those of its words ``found`` alone that are ``kept``, (n,)."""
    for number, line in enumerate(page.iter_lines()):
        mine = np.flatnonzero(found.lines == number)
        some = mine[kept[mine]].tolist()
        if some and len(some) == len(mine):
            yield line
        elif some:
            yield Line.of_words(
                [_with_place(found.words[at], found.boxes[at].tolist()) for at in some],
                confidence=line.confidence,
                confidence_kind=line.confidence_kind,
            )


def _with_place(word: Word, box: Sequence[float]) -> Word:
    known = word.polygon is not None or not np.isfinite(box).all()
    return word if known else replace(word, polygon=Polygon.from_box(*box))


_NOWHERE = (np.nan,) * 4


def _placed(line: Line) -> Iterator[tuple[Word, tuple[float, ...], bool]]:
    """The words of a line that have text, their boxes, and whether white space stands before them.

    What an engine gives as one, several words or a line, is parted at white space. The parts are as sure as
    the whole, and have their share of its place.
    """
    end = 0
    whole = Word(text=line.text, confidence=line.confidence, confidence_kind=line.confidence_kind)
    for word in line.words or (whole,):
        inner = 0
        for text in word.text.split():
            found = line.text.find(text, end)
            start = max(found, end)
            apart = end == 0 or found != end
            end = start + len(text)
            inner = word.text.index(text, inner)
            part, place = word, word.polygon
            if text != word.text:
                place = _share(place, word.text, inner, inner + len(text)) if place else None
                part = replace(word, text=text, polygon=place, glyphs=(), alternatives=())
            inner += len(text)
            if place is None and line.polygon is not None:
                place = _share(line.polygon, line.text, start, end)
            yield part, place.box if place else _NOWHERE, apart


def _share(polygon: Polygon, text: str, start: int, end: int) -> Polygon:
    """Where the characters from ``start`` to ``end`` of a text stand, if all are as wide."""
    first, last = (min(place / max(len(text), 1), 1.0) for place in (start, end))
    if runs_left(text):
        first, last = 1.0 - last, 1.0 - first
    x0, y0, x1, y1 = polygon.box
    corners = polygon.points if len(polygon.points) == 4 else Polygon.from_box(x0, y0, x1, y1).points
    left_top, right_top, right_bottom, left_bottom = np.array(corners)
    top, bottom = right_top - left_top, right_bottom - left_bottom
    return Polygon(
        (
            tuple(left_top + first * top),
            tuple(left_top + last * top),
            tuple(left_bottom + last * bottom),
            tuple(left_bottom + first * bottom),
        )
    )
