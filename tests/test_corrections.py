"""Words in doubt, and pages with what a person says of them."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_plugins.corrections import PERSON, DoubtedWord, corrected, doubted_words
from ocr_plugins.document import Line, Page, Polygon, Region, Word
from ocr_plugins.ensemble.vote import Vote, vote
from ocr_plugins.ensemble.voting import Majority


def page_of(*lines: str) -> Page:
    """A page of print whose letters are 10 pixels wide."""
    made = []
    for row, text in enumerate(lines):
        x, words = 0, []
        for one in text.split():
            box = Polygon.from_box(x, 20 * row, x + 10 * len(one), 20 * row + 12)
            words.append(Word(text=one, polygon=box))
            x += 10 * (len(one) + 1)
        made.append(Line.of_words(words))
    return Page(source="x", page=1, size=(1000, 1000), lines=tuple(made))


def voted(*texts: tuple[str, ...]) -> Vote:
    found = vote({f"e{n}": page_of(*lines) for n, lines in enumerate(texts)}, Majority())
    assert isinstance(found, Vote)
    return found


def doubts_of(*texts: tuple[str, ...]) -> tuple[Page, list[DoubtedWord]]:
    found = voted(*texts)
    return found.page, doubted_words(found, 0.9, 50)


def test_words_that_differ_are_in_doubt() -> None:
    page, doubts = doubts_of(("the modern cat", "sat"), ("the rnodern cat", "sat"), ("the modern cat", "sat"))
    (word,) = doubts
    assert (word.line, word.first, word.count, word.text) == (0, 1, 1, "modern")
    assert word.readings == {"e0": "modern", "e1": "rnodern", "e2": "modern"}
    assert word.choices == ["modern", "rnodern"]
    assert word.box is not None
    assert word.box[0] == 40
    assert page.text == "the modern cat\nsat"


def test_the_most_doubtful_stand_first_and_no_more_than_asked() -> None:
    texts = [
        ("one two three four",),
        ("one twc three fcur",),
        ("ono twe three fcur",),
        ("one two threo four",),
    ]
    found = voted(*texts)
    doubts = doubted_words(found, 0.99, 50)
    assert len(doubts) == 4
    assert all(a.probability <= b.probability for a, b in pairwise(doubts))
    assert doubted_words(found, 0.99, 2) == doubts[:2]
    assert doubted_words(found, 0.0, 50) == []


def test_what_a_person_says_stands_on_the_page() -> None:
    page, (word,) = doubts_of(("the rnodern cat",), ("the modern cat",), ("the rnodern cat",))
    better = corrected(page, [(word, "modern")])
    assert better.text == "the modern cat"
    (said,) = [one for one in better.iter_words() if one.confidence_kind == PERSON]
    assert (said.text, said.confidence) == ("modern", 1.0)
    assert said.polygon == Polygon.from_box(*word.box) if word.box else False


def test_several_words_or_none_may_stand_there() -> None:
    page, (word,) = doubts_of(("of theold cat",), ("of the0ld cat",), ("of theo1d cat",))
    parted = corrected(page, [(word, "the old")])
    assert parted.text == "of the old cat"
    boxes = [one.polygon.box for one in parted.iter_words() if one.polygon]
    assert len(boxes) == 4
    assert all(left[2] <= right[0] for left, right in pairwise(boxes))
    assert corrected(page, [(word, "")]).text == "of cat"


def test_a_line_of_nothing_is_gone() -> None:
    page, doubts = doubts_of(("cat", "x"), ("cat", "y"), ("cat", "z"))
    (word,) = doubts
    assert corrected(page, [(word, "")]).text == "cat"
    regions = dataclasses.replace(page, lines=(), regions=tuple(Region(lines=(line,)) for line in page.lines))
    assert corrected(regions, [(word, "")]).text == "cat"
    assert corrected(regions, [(word, "dog")]).text == "cat\n\ndog"


def test_a_page_that_has_other_words_is_refused() -> None:
    page, (word,) = doubts_of(("the rnodern cat",), ("the modern cat",), ("the rnodern cat",))
    for wrong in (
        dataclasses.replace(word, line=7),
        dataclasses.replace(word, first=2),
        dataclasses.replace(word, text="ancient"),
    ):
        with pytest.raises(ValueError, match="the page has no such"):
            corrected(page, [(wrong, "x")])


@given(
    st.lists(
        st.lists(st.sampled_from(["cat", "dog", "c4t", "d0g", ""]), min_size=3, max_size=3),
        min_size=1,
        max_size=8,
    )
)
def test_all_doubts_of_a_page_can_be_answered_at_once(places: list[list[str]]) -> None:
    readings = [
        " ".join(["of", *(place[engine] for place in places if place[engine]), "end"]) for engine in range(3)
    ]
    found = voted(*((text,) for text in readings))
    doubts = doubted_words(found, 1.0, 50)
    better = corrected(found.page, [(word, "so it is") for word in doubts])
    assert better.text.split().count("so") == len(doubts)
    kept = corrected(found.page, [(word, word.text) for word in doubts])
    assert kept.text == found.page.text
    assert [DoubtedWord.from_dict(word.to_dict()) for word in doubts] == doubts
