"""Where the ground truth stands: which part of it each cell of an alignment is about."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from ocr_plugins.corpus import Item
from ocr_plugins.document import Line, Page, Word, enclosing
from ocr_plugins.ensemble.alignment import AlignedLine, align_pages
from ocr_plugins.ensemble.fragments import part_words
from ocr_plugins.ensemble.network import Alignment
from ocr_plugins.ensemble.voting import Decision

#: A cell by the numbers of its line and of its place there.
Place = tuple[int, int]
_Range = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Standing:
    """The ground truth in pieces, each with the white space behind it; joined they are the text again.

    ``ranges`` are the characters of the text that a cell is about; those that no cell is about stand in none.
    """

    pieces: list[str]
    ranges: dict[Place, _Range]

    def at(self, place: Place) -> tuple[int, int] | None:
        """The first piece of a cell, and how many it has; None where it is not known what stands there."""
        if place not in self.ranges:
            return None
        low, high = self.ranges[place]
        first = bisect.bisect_left(self._starts, low)
        return first, bisect.bisect_left(self._starts, high) - first

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *itertools.accumulate(map(len, self.pieces))]

    @classmethod
    def of(cls, item: Item, lines: Sequence[AlignedLine], decisions: Sequence[Sequence[Decision]]) -> Self:
        """Of a page with ground truth, whose cells are voted on."""
        truth = _truth(item)
        text = " ".join(word.text for word in truth.iter_words())
        voted, homes = _voted(lines, decisions)
        starts = _starts(truth)
        ranges: dict[Place, _Range] = {}
        end = 0
        for aligned in align_pages([voted], truth=truth) if homes and text else ():
            for mine, (low, high) in _matched(aligned, starts, text, end):
                end = high
                place = homes[id(mine)]
                known = ranges.get(place, (low, high))
                ranges[place] = min(low, known[0]), max(high, known[1])
        cuts = sorted({0, len(text), *itertools.chain.from_iterable(ranges.values())})
        return cls([text[low:high] for low, high in itertools.pairwise(cuts)], ranges)


def _truth(item: Item) -> Page:
    """The words of the ground truth, with places if these are of the same text."""
    assert item.truth is not None  # noqa: S101 - who asks knows
    page = part_words(item.truth_page)
    if [word.text for word in page.iter_words()] == item.truth.split():
        return page
    plain = tuple(Line(text=row) for row in item.truth.splitlines() if row.strip())
    return part_words(Page(source="", page=1, size=None, lines=plain))


def _voted(
    lines: Sequence[AlignedLine], decisions: Sequence[Sequence[Decision]]
) -> tuple[Page, dict[int, Place]]:
    """The cells as a page, a word or more each, and the cell of each word by its identity."""
    homes: dict[int, Place] = {}
    rows = []
    for number, (line, decided) in enumerate(zip(lines, decisions, strict=True)):
        row = []
        for place, (cell, decision) in enumerate(zip(line.cells, decided, strict=True)):
            around = enclosing([word.polygon for words in cell.words for word in words])
            # What the vote took stands for the cell, else the most that anybody has there.
            for text in (decision.text or max(cell.strings, key=len)).split():
                word = Word(text=text, polygon=around)
                homes[id(word)] = number, place
                row.append(word)
        rows.append(Line.of_words(row))
    return Page(source="", page=1, size=None, lines=tuple(rows)), homes


def _matched(
    aligned: AlignedLine, starts: Mapping[int, int], text: str, end: int
) -> Iterator[tuple[Word, _Range]]:
    """The words of the first reading, each with its part of the text and the white space behind that.

    ``starts`` is where the words of the ground truth begin in its text, by their identity.
    """
    for cell in aligned.cells:
        mine, wanted = cell.words[0], [starts[id(word)] for word in cell.words[1]]
        # What stands elsewhere in the text besides is nobody's.
        low, high = (wanted[0], _run_end(wanted, text)) if wanted else (end, end)
        end = high
        if not mine:
            continue
        said = " ".join(word.text for word in mine)
        at = Alignment.of(said, text[low:high]).at
        place, cut = 0, low
        for number, word in enumerate(mine, start=1):
            place += len(word.text) + 1
            stop = high if number == len(mine) else _after_space(text, low + int(at[place]), high)
            yield word, (cut, max(stop, cut))
            cut = max(stop, cut)


def _starts(truth: Page) -> dict[int, int]:
    """Where each word begins in the text, by its identity."""
    starts: dict[int, int] = {}
    place = 0
    for word in truth.iter_words():
        starts[id(word)] = place
        place += len(word.text) + 1
    return starts


def _run_end(wanted: Sequence[int], text: str) -> int:
    """The end of those words that follow each other in the text, with the space behind them."""
    end = wanted[0]
    for start in wanted:
        if start != end:
            break
        space = text.find(" ", start)
        end = len(text) if space < 0 else space + 1
    return end


def _after_space(text: str, place: int, most: int) -> int:
    return place + 1 if place < most and text[place] == " " else place
