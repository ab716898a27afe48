"""Pages as JSON for the report's script: compact, and inert inside HTML."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from rapidfuzz.distance import Levenshtein

from ocr_plugins.document import Page, Polygon, Word
from ocr_plugins.pictures import data_uri
from ocr_plugins.report.model import Reading, ReportPage

# Inside <script> only these can end the element or start a comment; the two separators end a
# line in older JavaScript.
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
# Half a pair, as in a file name that is no UTF-8, cannot be written: it becomes the sign for that.
_SURROGATES = re.compile("[\ud800-\udfff]")
_OPS = {"equal": "=", "replace": "~", "delete": "-", "insert": "+"}


def inert_json(value: object) -> str:
    """JSON that no HTML parser takes for markup, whatever text is in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return well_formed(text).translate(_ESCAPES)


def well_formed(text: str) -> str:
    """The text with what cannot be encoded as UTF-8 replaced by U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def finite(value: float | None) -> float | None:
    """The number, or None for what is not one: JSON has no infinity."""
    return None if value is None or not math.isfinite(value) else float(value)


def page_data(page: ReportPage, places: Mapping[str, int]) -> dict[str, Any]:
    """All that the page's view needs. ``places`` maps an engine's label to its place.

    Raises:
        ValueError: a reading by an engine that the report does not list.
    """
    size = page.size or (page.image.size if page.image else None)
    if size is None:
        size = next((reading.page.size for reading in page.readings if reading.page), None)
    return {
        "id": page.id,
        "source": page.source,
        "page": page.page,
        "size": size,
        "image": data_uri(page.image) if page.image else None,
        "truth": page.truth,
        "error": page.error,
        "readings": [_reading(reading, places, page.id) for reading in page.readings],
    }


def index_entry(page: ReportPage, key: str, places: Mapping[str, int]) -> dict[str, Any]:
    """What the list of pages shows of this one, without opening it."""
    cer: list[float | None] = [None] * len(places)
    errors = [""] * len(places)
    found: list[int | None] = [None] * len(places)
    for reading in page.readings:
        place = places[reading.label]
        cer[place] = finite(reading.cer)
        errors[place] = reading.error
        found[place] = None if reading.found is None else len(reading.found)
    return {
        "key": key,
        "id": page.id,
        "source": page.source,
        "page": page.page,
        "error": page.error,
        "engines": sorted(places[reading.label] for reading in page.readings),
        "cer": cer,
        "errors": errors,
        "found": found,
        "differ": disagreement(page),
    }


def disagreement(page: ReportPage) -> float | None:
    """How far the engines' texts lie apart, 0 to 1: the mean over all pairs of engines of the
    edit distance divided by the longer text. White space counts once. None for fewer than two.
    """
    texts = [" ".join(reading.page.text.split()) for reading in page.readings if reading.page]
    distances = [Levenshtein.normalized_distance(a, b) for a, b in combinations(texts, 2)]
    return round(sum(distances) / len(distances), 4) if distances else None


def _reading(reading: Reading, places: Mapping[str, int], page_id: str) -> dict[str, Any]:
    if reading.label not in places:
        raise ValueError(f"page {page_id}: a reading by {reading.label!r}, which is no engine of the report")
    out: dict[str, Any] = {
        "engine": places[reading.label],
        "error": reading.error,
        "cer": finite(reading.cer),
        "wer": finite(reading.wer),
        "seconds": finite(reading.seconds),
        "against": reading.diff_against,
        "diff": [_segment(*segment) for segment in reading.diff],
        "found": None if reading.found is None else len(reading.found),
    }
    if reading.page is not None:
        out["text"] = reading.page.text
        out["kind"] = _confidence_kind(reading.page)
        out["words"] = [_word(word, word.polygon) for word in reading.page.iter_words() if word.polygon]
    elif reading.found is not None:
        out["words"] = [_word(Word(text=""), polygon) for polygon in reading.found]
    return out


def _segment(op: str, reference: str, hypothesis: str) -> list[str]:
    if op == "equal":
        return [_OPS[op], hypothesis]
    return [_OPS[op], reference, hypothesis]


def _confidence_kind(page: Page) -> str:
    return next((word.confidence_kind for word in page.iter_words() if word.confidence_kind), "")


def _word(word: Word, polygon: Polygon) -> list[Any]:
    """[text, confidence, calibrated, shape]; four numbers are an upright box, more a polygon."""
    x0, y0, x1, y1 = box = polygon.box
    upright = polygon.points == ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    shape = box if upright else tuple(v for point in polygon.points for v in point)
    return [
        word.text,
        None if word.confidence is None else round(word.confidence, 4),
        None if word.calibrated is None else round(word.calibrated, 4),
        [_short(v) for v in shape],
    ]


def _short(value: float) -> float | int:
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded
