"""Words of a voted page that a person should look at, and the page with what the person says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from ocr_plugins.document import Box, Line, Page, Polygon, Word
from ocr_plugins.ensemble.vote import Vote
from ocr_plugins.layout import runs_left

#: The kind of confidence of a word that a person has given.
PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtedWord:
    """A place of a voted page with what each reading has there.

    ``first`` to ``first`` + ``count`` - 1 are words of line number ``line``, both counted from 0; where the
    vote took nothing, ``count`` is 0 and ``text`` is "". ``box`` is in pixels of the page, None where no
    reading tells it. ``probability`` is that the text is right.
    """

    line: int
    first: int
    count: int
    text: str
    probability: float
    readings: Mapping[str, str]
    box: Box | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        box = data["box"]
        return cls(**{**data, "box": None if box is None else (box[0], box[1], box[2], box[3])})

    @property
    def choices(self) -> list[str]:
        """The different readings that are there, the vote's first."""
        return [text for text in dict.fromkeys((self.text, *self.readings.values())) if text]


def doubted_words(found: Vote, below: float, most: int) -> list[DoubtedWord]:
    """The words of a voted page whose probability is below this, at most so many, the most doubtful first.

    What the vote left out with the whole of its line has no place on the page, and is not among them.
    """
    words: list[DoubtedWord] = []
    place: dict[int, int] = {}
    for word in found.words:
        if word.line is None:
            continue
        first, count = place.get(word.line, 0), len(word.text.split())
        place[word.line] = first + count
        if word.probability < below and any(word.readings.values()):
            words.append(
                DoubtedWord(
                    line=word.line,
                    first=first,
                    count=count,
                    text=word.text,
                    probability=round(word.probability, 6),
                    readings=dict(word.readings),
                    box=word.polygon.box if word.polygon else None,
                )
            )
    return sorted(words, key=lambda word: word.probability)[:most]


def corrected(page: Page, corrections: Iterable[tuple[DoubtedWord, str]]) -> Page:
    """The page with what a person says in the place of some words; "" for nothing.

    Raises:
        ValueError: the page has no such words.
    """
    by_line: dict[int, list[tuple[DoubtedWord, str]]] = {}
    for word, text in corrections:
        by_line.setdefault(word.line, []).append((word, text))
    number, count = 0, len(list(page.iter_lines()))
    if not all(0 <= line < count for line in by_line):
        raise ValueError("the page has no such line")

    def change(lines: Sequence[Line]) -> tuple[Line, ...]:
        nonlocal number
        kept = []
        for line in lines:
            changed = _changed(line, by_line[number]) if number in by_line else line
            number += 1
            if changed.words or changed.text:
                kept.append(changed)
        return tuple(kept)

    if page.regions:
        regions = [replace(region, lines=change(region.lines)) for region in page.regions]
        return replace(page, regions=tuple(region for region in regions if region.lines))
    return replace(page, lines=change(page.lines))


def _changed(line: Line, corrections: Sequence[tuple[DoubtedWord, str]]) -> Line:
    words = list(line.words)
    # From the end, so that the places of those before stay what they are.
    for doubted, text in sorted(corrections, key=lambda one: -one[0].first):
        end = doubted.first + doubted.count
        if end > len(words) or " ".join(word.text for word in words[doubted.first : end]) != doubted.text:
            raise ValueError("the page has no such words")
        words[doubted.first : end] = _words(text, doubted.box)
    if not words:
        return replace(line, text="", words=())
    sure = min(word.confidence or 0.0 for word in words)
    return Line.of_words(words, confidence=sure, confidence_kind=line.confidence_kind or PERSON)


def _words(text: str, box: Box | None) -> list[Word]:
    """The words of what a person has typed, side by side in the box, as wide as they have letters."""
    texts = text.split()
    if box is None:
        return [_word(one, None) for one in texts]
    x0, y0, x1, y1 = box
    letter = (x1 - x0) / max(sum(map(len, texts)) + len(texts) - 1, 1)
    words = []
    for one in texts[:: -1 if runs_left(text) else 1]:
        words.append(_word(one, Polygon.from_box(x0, y0, x0 + letter * len(one), y1)))
        x0 += letter * (len(one) + 1)
    return words[:: -1 if runs_left(text) else 1]


def _word(text: str, polygon: Polygon | None) -> Word:
    return Word(text=text, polygon=polygon, confidence=1.0, confidence_kind=PERSON)
