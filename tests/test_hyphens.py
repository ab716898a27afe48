"""Words parted at line ends, joined again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_plugins.document import Glyph, Line, Page, Polygon, Region, Word
from ocr_plugins.hyphens import join_hyphens


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("an exam-\nple of it", "an example\nof it"),
        ("an exam\u00ad\nple", "an example"),
        ("an exam\u2010\nple", "an example"),
        ("an exam¬\nple", "an example"),
        ("exam- \n  ple,  and", "example,\nand"),
        # a word that goes on after an empty line: between two columns
        ("exam-\n\nple text", "example\n\ntext"),
        # no words, or none that go on
        ("type A-\n12", "type A-\n12"),
        ("7-\nfold", "7-\nfold"),
        ("North-\nSouth", "North-\nSouth"),
        ("a dash -\nhere", "a dash -\nhere"),
        ("exam-", "exam-"),
        ("-\nple", "-\nple"),
        # compounds
        ("a well-known man, well-\nknown here", "a well-known man, well-known\nhere"),
        ("wellknown or well-known, well-\nknown", "wellknown or well-known, wellknown"),
        ("her mother-in-\nlaw came", "her mother-in-law\ncame"),
        ("a well-known man, well\u00ad\nknown", "a well-known man, wellknown"),
        # three lines
        ("coun-\nter-\nsign", "counter-\nsign"),
        ("", ""),
    ],
)  # fmt: skip
def test_texts(text: str, joined: str) -> None:
    assert join_hyphens(text) == joined


def word(text: str, x: float, confidence: float = 0.9) -> Word:
    return Word(
        text=text,
        polygon=Polygon.from_box(x, 0, x + 30, 10),
        confidence=confidence,
        confidence_kind="k",
        glyphs=tuple(Glyph(text=mark) for mark in text),
    )


def test_the_word_moves_to_the_line_that_it_begins_on() -> None:
    one = Line.of_words([word("an", 0), word("exam-", 40)])
    other = Line.of_words([word("ple", 0, 0.5), word("text", 40)])
    page = Page(source="s", page=1, size=(100, 40), lines=(one, other))
    found = join_hyphens(page)
    assert found.text == "an example\ntext" == join_hyphens(page.text)
    first, second = found.lines
    assert [w.text for w in first.words] == ["an", "example"]
    joined = first.words[1]
    assert (joined.polygon, joined.confidence, joined.glyphs) == (one.words[1].polygon, 0.5, ())
    assert second.polygon == second.words[0].polygon


def test_a_word_goes_on_in_the_next_column() -> None:
    regions = [Region(lines=(Line(text=text),)) for text in ("an exam-", "ple", "next")]
    page = Page(source="s", page=1, size=(9, 9), regions=tuple(regions))
    found = join_hyphens(page)
    assert [region.text for region in found.regions] == ["an example", "next"]


parts = st.sampled_from(["exam-", "ple", "an", "A-", "12", "well-", "known", "well-known", "ma\u00ad", "-"])


@given(st.lists(st.lists(parts, min_size=1, max_size=4), max_size=6))
def test_a_page_and_its_text_are_joined_alike(found: list[list[str]]) -> None:
    lines = [Line.of_words([word(text, 40 * i) for i, text in enumerate(line)]) for line in found]
    joined = join_hyphens(Page(source="s", page=1, size=(200, 40), lines=tuple(lines)))
    assert joined.text == join_hyphens("\n".join(line.text for line in lines))
    assert all(line.text == " ".join(word.text for word in line.words) for line in joined.lines)
