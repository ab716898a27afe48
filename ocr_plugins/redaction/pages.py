"""The pages of one document without what is personal on them, in all of their readings."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocr_plugins.document import Box, Page, Polygon, enclosing
from ocr_plugins.errors import OcrError
from ocr_plugins.fields.contract import Extractor
from ocr_plugins.redaction.blanking import bare, blanked, common
from ocr_plugins.redaction.painting import painted_share
from ocr_plugins.redaction.personal import Found, Traces, find_again, find_personal, how_often, signs_of

# What is taken out joins what stood apart, in which more may be found: a few times at most.
_ROUNDS = 6
# One engine's word within another's line: how much of the word lies there, and how much narrower it is.
_WITHIN, _NARROWER = 0.7, 0.7
# What lies so far within the paint is no ink: an engine has seen letters in it.
_PAINTED = 0.95


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
        # The last readings of the painted pictures.
        self._seen: dict[int, list[Page]] = {}
        self._settle()

    def look_again(self, readings: Mapping[int, Mapping[str, Page]]) -> set[int]:
        """Takes out what readings of the painted pictures show.

        Args:
            readings: by the page's place in the document, by label.

        Returns:
            The places of the pages on which there is more to paint over now.
        """
        before = [len(page.places) for page in self.pages]
        bared = {number: list(map(bare, of_page.values())) for number, of_page in readings.items()}
        self._seen |= bared
        # First all of what is new: it may stand on pages that were seen before.
        found = {
            number: [list(self._find(self.pages[number], reading)) for reading in seen]
            for number, seen in bared.items()
        }
        for number, seen in self._seen.items():
            page = self.pages[number]
            polygons = [place.polygon for place in page.places]
            for reading, new in zip(seen, found.get(number, [[] for _ in seen]), strict=True):
                new += find_again(reading, self.traces)
                left = [one for one in new if not _is_painted(one, polygons)]
                _take_out(page, [(reading, left)], left)
        self._settle()
        return {number for number, page in enumerate(self.pages) if len(page.places) > before[number]}

    def _settle(self) -> None:
        """Takes out what the readings show, until they show nothing."""
        for _ in range(_ROUNDS):
            found = [
                [(reading, list(self._find(page, reading))) for reading in page.readings.values()]
                for page in self.pages
            ]
            for reading, here in itertools.chain.from_iterable(found):
                here += find_again(reading, self.traces)
            shown = [any(here for _, here in of_page) for of_page in found]
            if not any(
                is_there and page.error is None for page, is_there in zip(self.pages, shown, strict=True)
            ):
                return
            for page, of_page in zip(self.pages, found, strict=True):
                _take_out(page, of_page, _tight([one for _, here in of_page for one in here]))
        for page, is_there in zip(self.pages, shown, strict=True):
            if is_there and page.error is None:
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


def _take_out(
    page: RedactedPage, found: Sequence[tuple[Page, Sequence[Found]]], painted: Sequence[Found]
) -> None:
    """Takes words out of all readings, and remembers where those stand that are to be painted.

    Args:
        found: in each reading.
    """
    every = [one for _, here in found for one in here]
    if page.error is not None or not every:
        return
    if any(not one.words for one in every):
        page.error = refusal("an extractor does not tell in which words it found something")
        return
    if _is_unplaced(found):
        page.error = refusal("an engine does not tell where its words stand")
        return
    new = (Place(one.kind, word.polygon) for one in painted for word in one.words if word.polygon)
    page.places += dict.fromkeys(place for place in new if place not in page.places)
    boxes, words = page.boxes, [word for one in every for word in one.words]
    page.readings = {label: blanked(reading, boxes, words) for label, reading in page.readings.items()}


def _is_unplaced(found: Sequence[tuple[Page, Sequence[Found]]]) -> bool:
    """Whether a reading without places has something more often than any that tells where it stands."""
    placed: dict[str, int] = {}
    unplaced: dict[str, int] = {}
    for reading, here in found:
        for one in here:
            of_kind = placed if all(word.polygon for word in one.words) else unplaced
            of_kind[one.signs] = max(of_kind.get(one.signs, 0), how_often(one.signs, reading.text))
    return any(count > placed.get(signs, 0) for signs, count in unplaced.items())


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


def _is_painted(one: Found, places: Sequence[Polygon]) -> bool:
    return bool(one.words) and all(
        word.polygon is not None and painted_share(word.polygon, places) > _PAINTED for word in one.words
    )
