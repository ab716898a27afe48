"""A page as fields are looked for in it: visual rows, each a text in which every word has its place."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ocr_plugins.document import Box, Line, Page, Word, enclosing
from ocr_plugins.layout import reorder

_TOKEN = re.compile(r"\S+")
# White space is a plain space, but what parts thousands.
_SPACE = re.compile(r"(?!(?<=\d)[\u00a0\u202f]\d{3}(?!\d))\s")


@dataclass(frozen=True, slots=True)
class Row:
    """What stands side by side on a page.

    Args:
        text: the words, joined by spaces. White space in a word is a space too.
        words: from left to right. A line that its engine has not cut is one word.
        starts: where each begins in ``text``.
        box: the rectangle around them, in pixels; None where no word has a place.
    """

    text: str
    words: tuple[Word, ...]
    starts: tuple[int, ...]
    box: Box | None

    @classmethod
    def of(cls, line: Line) -> Row:
        """A line as a row of its own."""
        words = tuple(Page(source="", page=1, size=None, lines=(line,)).iter_words())
        lengths = (len(word.text) + 1 for word in words)
        starts = tuple(itertools.accumulate(lengths, initial=0))[:-1]
        around = enclosing([word.polygon for word in words])
        text = _SPACE.sub(" ", " ".join(word.text for word in words))
        return cls(text, words, starts, around.box if around else None)

    def words_at(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that the part of the text from ``start`` to ``end`` lies in."""
        first = max(bisect.bisect_right(self.starts, start) - 1, 0)
        return self.words[first : bisect.bisect_left(self.starts, end, lo=first)]

    def part(self, start: int, end: int) -> Part:
        """The part of the text from ``start`` to ``end``."""
        return Part(self, start, end)

    def find(self, pattern: re.Pattern[str], group: str | int = 0) -> Iterator[Part]:
        """The parts that a pattern fits, or one of its groups where it takes part, from left to right."""
        for match in pattern.finditer(self.text):
            if match.start(group) >= 0:
                yield Part(self, *match.span(group))

    def runs(self, most: int) -> Iterator[Part]:
        """All runs of up to ``most`` neighbours between spaces: from each on, the longest first."""
        spans = [match.span() for match in _TOKEN.finditer(self.text)]
        for first, (start, _) in enumerate(spans):
            for last in range(min(first + most, len(spans)) - 1, first - 1, -1):
                yield Part(self, start, spans[last][1])


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a row's text."""

    row: Row
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.row.text[self.start : self.end]

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that it lies in."""
        return self.row.words_at(self.start, self.end)

    def overlaps(self, other: Part) -> bool:
        """Whether they have marks in common; of one row."""
        return self.start < other.end and other.start < self.end

    def trimmed(self, marks: str) -> Part:
        """Without such marks at its ends."""
        text = self.text
        start = self.start + len(text) - len(text.lstrip(marks))
        return Part(self.row, start, max(start, self.end - len(text) + len(text.rstrip(marks))))


def apart(found: Iterable[tuple[Part, str]]) -> Iterator[tuple[Part, str]]:
    """Of parts of a row that overlap, the first, each with what goes with it."""
    end = 0
    for part, text in found:
        if part.start >= end:
            yield part, text
            end = part.end


def rows_of(page: Page) -> tuple[Row, ...]:
    """A page's visual rows, top to bottom; its lines as they are where they have no places."""
    rows = (Row.of(line) for line in reorder(page, "rows").iter_lines())
    return tuple(row for row in rows if row.text.strip())
