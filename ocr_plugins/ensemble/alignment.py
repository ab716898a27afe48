"""All readings of a page, line by line and word by word: what each says in each place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Page, Word
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.fragments import Fragments
from ocr_plugins.ensemble.network import Network, Span, build, median_of
from ocr_plugins.ensemble.slots import Slot, match_lines, match_texts
from ocr_plugins.evaluation.graphemes import encode, graphemes


@dataclass(frozen=True, eq=False)
class Cell:
    """A word, or as much of a line as lies between two spaces on which all readings agree.

    ``strings`` is what each reading says there: one word, several, or "". ``spans`` are its parts, those on
    which all agree and those on which they differ. ``words`` are each reading's words that reach into it.
    ``abstains`` are the places of the readings that cannot tell between what others say, since they lack the
    characters.
    """

    strings: tuple[str, ...]
    spans: tuple[tuple[str, ...], ...]
    words: tuple[tuple[Word, ...], ...]
    abstains: frozenset[int] = frozenset()

    @property
    def agreed(self) -> bool:
        """Whether all readings say the same."""
        return len(set(self.strings)) == 1


@dataclass(frozen=True, eq=False)
class AlignedLine:
    """A line of the page in all readings: ``cells`` from its start to its end, a space between two.

    ``owner`` is the reading whose line it is, and ``line`` that line's number there. ``readings`` are the
    places of those that the cells have, in order. ``present`` says which of these have anything on it.
    """

    owner: int
    line: int
    cells: tuple[Cell, ...]
    readings: tuple[int, ...]

    @cached_property
    def present(self) -> tuple[bool, ...]:
        return tuple(any(strings) for strings in zip(*(cell.strings for cell in self.cells), strict=True))


def align_pages(
    pages: Sequence[Page],
    order: Sequence[int] | None = None,
    alphabets: Sequence[Alphabet | None] | None = None,
    truth: Page | None = None,
    asked: Mapping[int, Collection[tuple[int, int]]] | None = None,
) -> list[AlignedLine]:
    """Aligns readings of one page.

    Args:
        pages: one a reading, all of the same page.
        order: the readings' places, best first: the lines of the page are those of the first, in its order,
            with what others have besides. Default: as given.
        alphabets: the characters that each reading's engine can give, None where nothing bounds them.
            Default: none are bounded.
        truth: what the page should read: one more reading, the last, from which nothing is taken.
        asked: by their places, readings of some lines alone, and these lines by owner and number. On others
            they have no say, and no line is theirs. They stand last. Default: all are of the whole page.
    """
    bounds = list(alphabets or [None] * len(pages))
    if truth is not None:
        pages = [*pages, truth]
    order = list(order if order is not None else range(len(pages)))
    parts = asked or {}
    readings = [Fragments.of(page) for page in pages]
    if any(page.level != "page" for page in pages):
        # A line or word that was cut out is one line, wherever an engine believes that it stands.
        slots = [Slot(order[0], 0, [list(range(len(one.words))) for one in readings])]
    else:
        slots = [slot for slot in match_lines(readings, order) if slot.owner not in parts]
        match_texts(slots, readings, order)
    lines = []
    for slot in slots:
        line = slot.owner, slot.line
        heard = [place for place in range(len(readings)) if place not in parts or line in parts[place]]
        aligned = _aligned(slot, heard, readings, bounds) if slot.owner not in parts else None
        if aligned is not None:
            lines.append(aligned)
    return lines


def _aligned(
    slot: Slot, heard: Sequence[int], readings: Sequence[Fragments], bounds: Sequence[Alphabet | None]
) -> AlignedLine | None:
    rows = [_Row.of(readings[place], slot.words[place]) for place in heard]
    # The truth has no alphabet, and tells readings nothing.
    alphabets = [bounds[place] for place in heard if place < len(bounds)]
    known = rows[: len(alphabets)]
    bounded = _bounded(known, alphabets)
    if bounded:
        rows = [*_dressed(known, bounded), *rows[len(known) :]]
    texts = encode(*(row.text for row in rows))
    originals = _Originals(rows, texts)
    network = build(texts)
    cells = tuple(_heard(originals.cell(spans), bounded, len(known)) for spans in _cut(network))
    return AlignedLine(slot.owner, slot.line, cells, tuple(heard)) if cells else None


def _bounded(rows: Sequence[_Row], alphabets: Sequence[Alphabet | None]) -> dict[int, Alphabet]:
    """The readings that could not give what others have on this line, if any of those is not bounded so."""
    found = {
        place: alphabet
        for place, alphabet in enumerate(alphabets)
        if alphabet is not None and rows[place].text and any(alphabet.lacking(row.text) for row in rows)
    }
    others = (row for place, row in enumerate(rows) if place not in found)
    return found if any(row.text for row in others) else {}


def _dressed(rows: Sequence[_Row], bounded: Mapping[int, Alphabet]) -> list[_Row]:
    fuller = [row.text for place, row in enumerate(rows) if place not in bounded and row.text]
    texts = encode(*fuller)
    model = fuller[median_of(texts)]
    return [row.dressed(bounded[place], model) if place in bounded else row for place, row in enumerate(rows)]


def _heard(cell: Cell, bounded: Mapping[int, Alphabet], count: int) -> Cell:
    """With those of the first ``count`` readings that cannot tell between what others say."""
    others = [text for place, text in enumerate(cell.strings[:count]) if place not in bounded]
    quiet = frozenset(place for place, one in bounded.items() if one.abstains(cell.strings[place], others))
    return replace(cell, abstains=quiet) if quiet else cell


@dataclass(frozen=True, eq=False)
class _Row:
    """A reading's part of a line: its text, and for each word where it begins and ends there."""

    text: str
    words: tuple[Word, ...]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @classmethod
    def of(cls, fragments: Fragments, places: Sequence[int]) -> _Row:
        text, starts, stops = "", [], []
        for number, place in enumerate(places):
            word = " ".join(fragments.words[place].text.split())
            if number and (
                fragments.spaced[place] or fragments.lines[place] != fragments.lines[places[number - 1]]
            ):
                text += " "
            starts.append(len(text))
            text += word
            stops.append(len(text))
        words = tuple(fragments.words[place] for place in places)
        return cls(text, words, np.array(starts, np.int64), np.array(stops, np.int64))

    def dressed(self, alphabet: Alphabet, fuller: str) -> _Row:
        """With what only a fuller reading of the line can say."""
        text, places = alphabet.dressed(self.text, fuller)
        return _Row(text, self.words, places[self.starts], places[self.stops])


@dataclass
class _Originals:
    """From places in encoded texts, a code point a cluster, back to the readings' own text and words."""

    rows: Sequence[_Row]
    texts: Sequence[str]
    _clusters: list[list[str] | None] = field(init=False)
    _starts: list[NDArray[np.int64]] = field(init=False)

    def __post_init__(self) -> None:
        pairs = list(zip(self.rows, self.texts, strict=True))
        self._clusters = [None if row.text == text else graphemes(row.text) for row, text in pairs]
        # Words are told by code points of the text: where each cluster begins there.
        self._starts = [
            np.arange(len(text) + 1)
            if clusters is None
            else np.concatenate([[0], np.cumsum([len(cluster) for cluster in clusters])]).astype(np.int64)
            for (_, text), clusters in zip(pairs, self._clusters, strict=True)
        ]

    def cell(self, spans: Sequence[Span]) -> Cell:
        parts = tuple(
            tuple(self._text(at, start, stop) for at, (start, stop) in enumerate(span.places))
            for span in spans
        )
        reach = [(first[0], last[1]) for first, last in zip(spans[0].places, spans[-1].places, strict=True)]
        return Cell(
            strings=tuple("".join(strings) for strings in zip(*parts, strict=True)),
            spans=parts,
            words=tuple(self._words(at, start, stop) for at, (start, stop) in enumerate(reach)),
        )

    def _text(self, at: int, start: int, stop: int) -> str:
        starts = self._starts[at]
        return self.rows[at].text[starts[start] : starts[stop]]

    def _words(self, at: int, start: int, stop: int) -> tuple[Word, ...]:
        row, starts = self.rows[at], self._starts[at]
        first = int(np.searchsorted(row.stops, starts[start], side="right"))
        last = int(np.searchsorted(row.starts, starts[stop], side="left"))
        return row.words[first:last]


def _cut(network: Network) -> Iterator[list[Span]]:
    """The spans of each cell: agreed ones are cut at their spaces, which belong to no cell."""
    cell: list[Span] = []
    for span in network.spans:
        if not span.agreed:
            cell.append(span)
            continue
        start, stop = span.places[0]
        text = network.texts[0][start:stop]
        place = 0
        while True:
            space = text.find(" ", place)
            end = len(text) if space < 0 else space
            if end > place:
                cell.append(_part(span, place, end))
            if space < 0:
                break
            if cell:
                yield cell
            cell = []
            place = space + 1
    if cell:
        yield cell


def _part(span: Span, start: int, stop: int) -> Span:
    return Span(True, tuple((begin + start, begin + stop) for begin, _ in span.places))
