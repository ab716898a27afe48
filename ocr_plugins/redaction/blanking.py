"""Words taken out of a reading, by where they stand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence

from ocr_plugins.document import Box, Line, Page, Word

#: What stands for a word that was taken out, however long it was.
BLANK = "███"

# From which share of the smaller one on, a word and a place are of the same ink.
_SAME = 0.3


def blanked(page: Page, places: Sequence[Box], words: Collection[Word] = ()) -> Page:
    """A reading in which no word stands that lies in one of the places, nor one of which no place is known.

    Words and lines keep where they are and how sure they are.

    Args:
        words: of any reading, that are taken out of this one if it has them.
    """
    told = {_mark(word) for word in words}

    def blank_line(line: Line) -> Line:
        if not line.words:
            return dataclasses.replace(line, text=BLANK) if line.text and is_hidden(line) else line
        words = [dataclasses.replace(word, text=BLANK) if is_hidden(word) else word for word in line.words]
        return dataclasses.replace(line, text=" ".join(word.text for word in words), words=tuple(words))

    def is_hidden(one: Line | Word) -> bool:
        return _mark(one) in told or _lies_in(one, places)

    return _of_lines(page, blank_line) if places or told else page


def bare(page: Page) -> Page:
    """A reading that holds words with their places and nothing else of what was read.

    Letters, other readings and corrections are left out, as they may say what is to be taken out. A line says
    what its words say. Words without a place have that of their line.
    """

    def bare_line(line: Line) -> Line:
        words = tuple(
            dataclasses.replace(
                word, polygon=word.polygon or line.polygon, alternatives=(), glyphs=(), correction=None
            )
            for word in line.words
        )
        text = " ".join(word.text for word in words) if words else line.text
        return dataclasses.replace(line, text=text, words=words, alternatives=())

    return _of_lines(page, bare_line)


def _of_lines(page: Page, change: Callable[[Line], Line]) -> Page:
    if page.regions:
        regions = (
            dataclasses.replace(region, lines=tuple(map(change, region.lines))) for region in page.regions
        )
        return dataclasses.replace(page, regions=tuple(regions))
    return dataclasses.replace(page, lines=tuple(map(change, page.lines)))


def _mark(one: Line | Word) -> tuple[str, Box | None]:
    return one.text, one.polygon.box if one.polygon else None


def _lies_in(one: Line | Word, places: Sequence[Box]) -> bool:
    box = one.polygon.box if one.polygon else None
    return box is None or any(common(box, place) > _SAME for place in places)


def common(one: Box, other: Box) -> float:
    """The area that two boxes share, as a share of the smaller one's."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    least = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / least if width > 0 and height > 0 and least > 0 else 0.0
