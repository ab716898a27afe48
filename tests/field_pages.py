"""Pages of lines, and the fields on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ocr_plugins.document import Line, Page, Polygon, Word
from ocr_plugins.fields import Field, extract_fields, find_extractors


def page_of(*lines: str, sure: float | None = None) -> Page:
    """A page whose words stand where print of ten pixels a character would put them."""
    made = []
    for row, text in enumerate(lines):
        words, x = [], 0
        for part in text.split():
            box = Polygon.from_box(x, 30 * row, x + 10 * len(part), 30 * row + 20)
            words.append(Word(text=part, polygon=box, calibrated=sure))
            x += 10 * (len(part) + 1)
        made.append(Line.of_words(words))
    return Page(source="a.png", page=1, size=(2000, 30 * len(lines) + 1), lines=tuple(made))


def uncut(text: str) -> Page:
    """A page of one line that its engine has not cut into words."""
    return Page(source="a", page=1, size=None, lines=(Line(text=text),))


def found(extractors: str, *lines: str, sure: float | None = None) -> tuple[Field, ...]:
    result = extract_fields(page_of(*lines, sure=sure), find_extractors(extractors))
    assert not result.errors
    return result.fields


def values(fields: Sequence[Field]) -> dict[str, Any]:
    return {field.name: field.value for field in fields}
