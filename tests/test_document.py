"""The document model: what it refuses, and that nothing is lost on the way to JSON and back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import strategies
from hypothesis import given

from ocr_plugins.document import SCHEMA_VERSION, Glyph, Line, Page, PageError, Polygon, Region, Word
from ocr_plugins.formats.jsonl import record_to_result, result_to_record

BOX = Polygon.from_box(0, 0, 10, 5)


@given(strategies.pages)
def test_a_page_survives_json(page: Page) -> None:
    assert Page.from_dict(json.loads(json.dumps(page.to_dict()))) == page


@given(strategies.page_errors)
def test_an_error_survives_json(error: PageError) -> None:
    assert PageError.from_dict(json.loads(json.dumps(error.to_dict()))) == error


@given(strategies.pages)
def test_a_flat_record_holds_the_whole_page(page: Page) -> None:
    record = json.loads(json.dumps(result_to_record(page, "label")))
    assert record_to_result(record) == page
    assert record["text"] == page.text
    assert record["engine"] == "label"
    assert all(0 <= word["line"] < len(record["lines"]) for word in record["words"])


@given(strategies.page_errors)
def test_a_flat_record_holds_the_whole_error(error: PageError) -> None:
    record = json.loads(json.dumps(result_to_record(error, None)))
    assert record_to_result(record) == error
    assert record["text"] is None


def test_a_record_has_the_promised_keys() -> None:
    page = Page(source="a.png", page=1, size=(9, 9))
    promised = {"schema_version", "source", "page", "engine", "spec", "fingerprint", "text", "lines", "words"}
    for result in (page, PageError(source="a.png", kind="k", message="m")):
        assert promised | {"seconds", "error"} <= set(result_to_record(result, "x"))


@pytest.mark.parametrize(
    "values",
    [
        {"text": None},
        {"text": "\ud800"},
        {"text": "a", "confidence": 1.5, "confidence_kind": "k"},
        {"text": "a", "confidence": float("nan"), "confidence_kind": "k"},
        {"text": "a", "confidence": 0.5},
        {"text": "a", "confidence_kind": "k"},
        {"text": "a", "calibrated": -0.1},
        {"text": "a", "alternatives": (("b", 2.0),)},
    ],
)
@pytest.mark.parametrize("kind", [Glyph, Word, Line])
def test_elements_refuse(kind: type, values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        kind(**values)


@pytest.mark.parametrize(
    "points", [((0, 0), (1, 1)), ((0, 0), (1, float("inf")), (2, 2)), ((0, 0), (float("nan"), 1), (2, 2))]
)
def test_polygons_refuse(points: Any) -> None:
    with pytest.raises(ValueError, match="polygon"):
        Polygon(points)


@pytest.mark.parametrize(
    "values",
    [
        {"size": (0, 5)},
        {"page": 0},
        {"dpi": 0.0},
        {"dpi": float("nan")},
        {"level": "book"},
        {"lines": (Line(text="a"),), "regions": (Region(lines=()),)},
    ],
)
def test_pages_refuse(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Page(**{"source": "a", "page": 1, "size": (5, 5), **values})


def test_immutable() -> None:
    page = Page(source="a", page=1, size=(5, 5))
    with pytest.raises(dataclasses.FrozenInstanceError):
        page.source = "b"  # type: ignore[misc] # the very thing that must not work


def test_another_schema_version_is_refused() -> None:
    data = Page(source="a", page=1, size=(5, 5)).to_dict() | {"schema_version": SCHEMA_VERSION + 1}
    with pytest.raises(ValueError, match="schema_version"):
        Page.from_dict(data)


def test_text_of_lines_and_regions() -> None:
    lines = (Line(text="one"), Line(text="two"))
    assert Page(source="a", page=1, size=(5, 5), lines=lines).text == "one\ntwo"
    regions = (Region(lines=lines), Region(lines=(Line(text="three"),)))
    page = Page(source="a", page=1, size=(5, 5), regions=regions)
    assert page.text == "one\ntwo\n\nthree"
    assert [line.text for line in page.iter_lines()] == ["one", "two", "three"]


def test_words_of_a_line_without_words() -> None:
    line = Line(text="one two", polygon=BOX, confidence=0.5, confidence_kind="k")
    (word,) = Page(source="a", page=1, size=(5, 5), lines=(line, Line(text=""))).iter_words()
    assert (word.text, word.polygon, word.confidence) == ("one two", BOX, 0.5)


def test_a_line_of_words_has_their_text_and_box() -> None:
    words = [
        Word(text="a", polygon=BOX),
        Word(text="b", polygon=Polygon.from_box(20, -2, 30, 4)),
        Word(text="c"),
    ]
    line = Line.of_words(words)
    assert line.text == "a b c"
    assert line.polygon is not None
    assert line.polygon.box == (0, -2, 30, 5)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            {"source": "a.png", "page": 2, "message": "it failed", "hint": "try"},
            "a.png, page 2: it failed: try",
        ),
        ({"source": "a.png", "message": "it is\nempty"}, "a.png: it is empty"),
        ({"source": "a.png", "message": "a.png is empty", "hint": "copy it"}, "a.png is empty: copy it"),
    ],
)
def test_an_error_is_one_line_that_names_the_page_once(values: dict[str, Any], line: str) -> None:
    assert str(PageError(kind="k", **values)) == line
