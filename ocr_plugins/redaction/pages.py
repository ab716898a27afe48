"""The pages of one document without what is personal on them, in all of their readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ocr_plugins.document import Box, Page, Polygon, enclosing
from ocr_plugins.errors import OcrError
from ocr_plugins.fields.contract import Extractor
from ocr_plugins.redaction.blanking import bare, blanked, common
from ocr_plugins.redaction.personal import Found, Traces, find_again, find_personal, signs_of

# What is taken out joins what stood apart, in which more may be found: a few times at most.
_ROUNDS = 6
# One engine's word within another's line: how much of the word lies there, and how much narrower it is.
_WITHIN, _NARROWER = 0.7, 0.7
# What lies so far within painted places is no ink: an engine has seen letters in the paint.
_PAINTED, _GRID = 0.95, 48


@dataclass(frozen=True, slots=True)
class Place:
    """A place to paint over, and what stood there: the name of the extractor that found it."""

    kind: str
    polygon: Polygon


@dataclass(slots=True)
class RedactedPage:
    """A page without what is personal on it.

    Args:
        readings: by label.
        places: to paint over.
        error: why it cannot be shown; None where it can.
    """

    readings: dict[str, Page]
    places: list[Place] = field(default_factory=list)
    error: OcrError | None = None

    @property
    def boxes(self) -> list[Box]:
        """The places' enclosing rectangles."""
        return [place.polygon.box for place in self.places]


class RedactedDocument:
    """The pages of one document. What any reading shows is taken out of all, and of all other pages.

    Args:
        pages: of each page its readings by label, all in the same pixels.
        extractors: of what is to be taken out.
    """

    def __init__(self, pages: Sequence[Mapping[str, Page]], extractors: Sequence[Extractor[Any]]) -> None:
        self._extractors = extractors
        self.pages = [
            RedactedPage({label: bare(page) for label, page in readings.items()}) for readings in pages
        ]
        #: What was found, as it may stand elsewhere.
        self.traces = Traces()
        self._settle()

    def look_again(self, readings: Mapping[int, Mapping[str, Page]]) -> set[int]:
        """Takes out what readings of the painted pictures show.

        Args:
            readings: by the page's place in the document, by label.

        Returns:
            The places of the pages on which there is more to paint over now.
        """
        before = [len(page.places) for page in self.pages]
        for number, of_page in readings.items():
            page = self.pages[number]
            boxes = page.boxes
            for reading in of_page.values():
                found = [one for one in self._find(page, bare(reading)) if not _is_painted(one, boxes)]
                found += [
                    one for one in find_again(bare(reading), self.traces) if not _is_painted(one, boxes)
                ]
                _take_out(page, found, found)
        self._settle()
        return {number for number, page in enumerate(self.pages) if len(page.places) > before[number]}

    def _settle(self) -> None:
        """Takes out what the readings show, until they show nothing."""
        for _ in range(_ROUNDS):
            found = [
                [one for reading in page.readings.values() for one in self._find(page, reading)]
                for page in self.pages
            ]
            for page, here in zip(self.pages, found, strict=True):
                for reading in page.readings.values():
                    here += find_again(reading, self.traces)
            if not any(here for page, here in zip(self.pages, found, strict=True) if page.error is None):
                return
            for page, here in zip(self.pages, found, strict=True):
                _take_out(page, here, _tight(here))
        for page, here in zip(self.pages, found, strict=True):
            if here and page.error is None:
                page.error = refusal("what is personal on it is found again and again")

    def _find(self, page: RedactedPage, reading: Page) -> Sequence[Found]:
        if page.error is not None:
            return ()
        try:
            found, traces = find_personal(reading, self._extractors)
        except OcrError as error:
            page.error = error
            return ()
        self.traces |= traces
        return found


def refusal(why: str, hint: str = "redact it by hand, or take other engines") -> OcrError:
    """Why a page cannot be shown."""
    return OcrError(f"the page cannot be redacted: {why}", hint, "not_redacted")


def _take_out(page: RedactedPage, found: Sequence[Found], painted: Sequence[Found]) -> None:
    """Takes words out of all readings, and remembers where those stand that are to be painted."""
    if page.error is not None or not found:
        return
    known = {one.signs for one in found if all(word.polygon for word in one.words)}
    if any(one.signs not in known for one in found):
        page.error = refusal("an engine does not tell where its words stand")
        return
    new = (Place(one.kind, word.polygon) for one in painted for word in one.words if word.polygon)
    page.places += dict.fromkeys(place for place in new if place not in page.places)
    boxes, words = page.boxes, [word for one in found for word in one.words]
    page.readings = {label: blanked(reading, boxes, words) for label, reading in page.readings.items()}


def _tight(found: Sequence[Found]) -> list[Found]:
    """Without lines in which another engine tells the words, each time they stand there: those are enough."""
    boxes = [_box(one) for one in found]
    kept = []
    for one, box in zip(found, boxes, strict=True):
        inner = {
            other
            for told, other in zip(found, boxes, strict=True)
            if told.signs == one.signs
            and other[2] - other[0] < _NARROWER * (box[2] - box[0])
            and common(other, box) > _WITHIN
        }
        if len(inner) < signs_of(" ".join(word.text for word in one.words)).count(one.signs):
            kept.append(one)
    return kept


def _box(one: Found) -> Box:
    around = enclosing([word.polygon for word in one.words])
    return around.box if around else (0, 0, 0, 0)


def _is_painted(one: Found, places: Sequence[Box]) -> bool:
    return all(word.polygon is not None and _share(word.polygon.box, places) > _PAINTED for word in one.words)


def _share(box: Box, places: Sequence[Box]) -> float:
    """The share of a box that lies in any of the places."""
    x0, y0, x1, y1 = box
    xs, ys = np.linspace(x0, x1, _GRID), np.linspace(y0, y1, _GRID)
    inside = np.zeros((_GRID, _GRID), bool)
    for left, top, right, foot in places:
        inside |= ((ys >= top) & (ys <= foot))[:, None] & ((xs >= left) & (xs <= right))[None]
    return float(inside.mean())
