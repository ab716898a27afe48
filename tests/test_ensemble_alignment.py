"""Readings of one page aligned: networks of characters, and lines and words matched by place or by text."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import pages as any_pages

from ocr_plugins.document import Glyph, Line, Page, Polygon, Word
from ocr_plugins.ensemble.alignment import AlignedLine, align_pages
from ocr_plugins.ensemble.fragments import Fragments, part_words
from ocr_plugins.ensemble.network import build, median_of
from ocr_plugins.evaluation.graphemes import encode

WIDTH, HEIGHT = 12.0, 20.0
Placed = tuple[str, float, float]


def word(text: str, x: float, y: float, height: float = HEIGHT, **shared: float) -> Word:
    return Word(text=text, polygon=Polygon.from_box(x, y, x + WIDTH * len(text), y + height), **shared)


def line(text: str, x: float, y: float, slope: float = 0.0) -> Line:
    """A line of words in a font of one width."""
    words, place = [], 0
    for part in text.split(" "):
        left = x + WIDTH * place
        words.append(word(part, left, y + slope * left))
        place += len(part) + 1
    return Line.of_words(words)


def page(*lines: Placed, slope: float = 0.0) -> Page:
    return Page(source="a.png", page=1, size=(1000, 1000), lines=tuple(line(*at, slope) for at in lines))


def text_only(text: str) -> Page:
    return Page(source="a.txt", page=1, size=None, lines=tuple(Line(text=row) for row in text.split("\n")))


def shown(lines: Sequence[AlignedLine]) -> list[list[tuple[str, ...]]]:
    return [[cell.strings for cell in line.cells] for line in lines]


def said(lines: Sequence[AlignedLine], reading: int) -> list[str]:
    rows = (" ".join(cell.strings[reading] for cell in line.cells).split() for line in lines)
    return [" ".join(row) for row in rows]


# --- networks ---


@given(st.lists(st.text(alphabet="abc ", max_size=12), min_size=1, max_size=6))
def test_a_network_holds_every_reading_whole(texts: list[str]) -> None:
    network = build(texts)
    strings = [network.strings(span) for span in network.spans]
    assert ["".join(row) for row in zip(*strings, strict=True)] == (texts if strings else [])
    for span, row in zip(network.spans, strings, strict=True):
        assert (len(set(row)) == 1) == span.agreed
    agreed = [span.agreed for span in network.spans]
    assert all(a or b for a, b in itertools.pairwise(agreed))


def test_what_differs_is_told_from_what_does_not() -> None:
    network = build(["modern times", "rnodern times", "modem time"])
    strings = [network.strings(span) for span in network.spans]
    assert strings == [
        ("m", "rn", "m"),
        ("ode",) * 3,
        ("rn", "rn", "m"),
        (" time",) * 3,
        ("s", "s", ""),
    ]


def test_clusters_are_not_taken_apart() -> None:
    # A vowel sign and a combining accent belong to their letters.
    texts = encode("कि é", "का é")
    network = build(texts)
    assert [len(set(network.strings(span))) for span in network.spans] == [2, 1]
    lines = align_pages([text_only("कि é"), text_only("का é")])
    assert shown(lines) == [[("कि", "का"), ("é", "é")]]


def test_the_median_is_the_text_nearest_to_all() -> None:
    assert median_of(["abcd", "abce", "xyz"]) == 0
    assert median_of(["xyz", "abce", "abcd", "abce"]) == 1
    assert median_of(["a", "b"]) == 0


# --- fragments of several words ---


def fragment(text: str, x: float, y: float) -> Word:
    """What an engine gives as one, in a font of one width."""
    return word(text, x, y, confidence=0.5, confidence_kind="k")


def fragments(*rows: Placed) -> Page:
    """A page where each line is one fragment."""
    lines = tuple(Line.of_words([fragment(*row)]) for row in rows)
    return Page(source="a.png", page=1, size=(1000, 1000), lines=lines)


def boxes_of(found: Page) -> list[tuple[float, ...]]:
    return [word.polygon.box for word in found.iter_words() if word.polygon]


def test_words_of_a_fragment_stand_where_they_would_stand_alone() -> None:
    rows = (("the quick  brown", 10.0, 10.0), ("fox", 10.0, 40.0))
    found = part_words(fragments(*rows))
    assert [word.text for word in found.iter_words()] == ["the", "quick", "brown", "fox"]
    alone = [word("the", 10, 10), word("quick", 58, 10), word("brown", 142, 10), word("fox", 10, 40)]
    assert np.array(boxes_of(found)) == pytest.approx(
        np.array([one.polygon.box for one in alone if one.polygon])
    )
    assert all((one.confidence, one.confidence_kind) == (0.5, "k") for one in found.iter_words())
    assert np.array(boxes_of(found)) == pytest.approx(Fragments.of(fragments(*rows)).boxes)


def test_words_of_a_fragment_that_runs_left_stand_from_its_right() -> None:
    page_of_one = fragments(("שלום לכל העולם", 100.0, 10.0))
    found = part_words(page_of_one)
    assert [word.text for word in found.iter_words()] == ["שלום", "לכל", "העולם"]
    (whole,) = boxes_of(page_of_one)
    lefts, _, rights, _ = zip(*boxes_of(found), strict=True)
    assert rights == pytest.approx([whole[2], whole[2] - 5 * WIDTH, whole[2] - 9 * WIDTH])
    assert lefts == pytest.approx([whole[2] - 4 * WIDTH, whole[2] - 8 * WIDTH, whole[0]])


def test_words_of_a_slanted_fragment_are_slanted() -> None:
    slanted = Polygon(((0, 0), (100, 50), (100, 70), (0, 20)))
    line = Line.of_words([Word(text="ab cde fgh", polygon=slanted)])
    found = part_words(Page(source="a", page=1, size=None, lines=(line,)))
    corners = [np.array(word.polygon.points) for word in found.iter_words() if word.polygon]
    assert corners[0] == pytest.approx(np.array([(0, 0), (20, 10), (20, 30), (0, 20)]))
    assert corners[1] == pytest.approx(np.array([(30, 15), (60, 30), (60, 50), (30, 35)]))
    assert corners[2] == pytest.approx(np.array([(70, 35), (100, 50), (100, 70), (70, 55)]))


def test_what_only_fits_the_whole_is_not_told_of_its_parts() -> None:
    whole = Word(text="ab cd", glyphs=(Glyph(text="a"),), alternatives=(("ab cb", 0.1),), confidence=0.5,
                 confidence_kind="k")  # fmt: skip
    single = Word(text="ef", glyphs=(Glyph(text="e"),), alternatives=(("eb", 0.1),))
    page_of_both = Page(source="a", page=1, size=None, lines=(Line.of_words([whole, single]),))
    *parts, last = part_words(page_of_both).iter_words()
    assert [(part.text, part.glyphs, part.alternatives) for part in parts] == [("ab", (), ()), ("cd", (), ())]
    assert last == single


def test_a_line_without_words_is_parted_by_its_own_box() -> None:
    lines = (Line(text="ab cd", polygon=Polygon.from_box(0, 0, 100, 20)), Line(text="  "))
    found = Fragments.of(Page(source="a", page=1, size=None, lines=lines))
    assert [word.text for word in found.words] == ["ab", "cd"]
    assert found.boxes == pytest.approx(np.array([(0, 0, 40, 20), (60, 0, 100, 20)]))
    assert (found.lines.tolist(), found.spaced.tolist()) == ([0, 0], [True, True])


def test_fragments_meet_the_words_of_other_readings() -> None:
    one = page(("left column", 10, 10), ("right column", 400, 10))
    rows = ("left co1umn", 10.0, 10.0), ("right column", 400.0, 10.0)
    joined = Page(
        source="a.png", page=1, size=(1000, 1000), lines=(Line.of_words([fragment(*row) for row in rows]),)
    )
    lines = align_pages([one, joined])
    assert said(lines, 1) == ["left co1umn", "right column"]
    assert [cell.words[1][0].text for line in lines for cell in line.cells] == [
        "left", "co1umn", "right", "column",
    ]  # fmt: skip
    # A fragment across both columns is divided between them.
    across = fragments(("left column" + " " * 22 + "right column", 10.0, 10.0))
    assert said(align_pages([one, across]), 1) == ["left column", "right column"]


@given(any_pages)
def test_parting_words_loses_no_text(reading: Page) -> None:
    found = part_words(reading)
    texts = [
        text for line in reading.iter_lines() for word in line.words or (line,) for text in word.text.split()
    ]
    assert [word.text for word in found.iter_words()] == texts
    assert found.regions == ()
    assert all(line.words for line in found.lines)
    assert part_words(found) == found
    told = Fragments.of(reading)
    assert [word.text for word in told.words] == texts
    assert told.boxes.shape == (len(texts), 4)


@given(st.lists(st.sampled_from(["a", "bc", "שלום", "לכל", "def"]), min_size=1, max_size=5), st.data())
def test_parts_of_a_fragment_share_its_place_without_overlapping(
    texts: list[str], data: st.DataObject
) -> None:
    gaps = [" " * data.draw(st.integers(1, 3)) for _ in texts]
    text = "".join(gap + one for gap, one in zip(gaps, texts, strict=True)).strip()
    (whole,) = boxes_of(fragments((text, 10.0, 10.0)))
    parts = boxes_of(part_words(fragments((text, 10.0, 10.0))))
    assert [x1 - x0 for x0, _, x1, _ in parts] == pytest.approx([WIDTH * len(one) for one in texts])
    edges = [edge for x0, _, x1, _ in sorted(parts) for edge in (x0, x1)]
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == pytest.approx((whole[0], whole[2]))
    assert {box[1::2] for box in parts} == {whole[1::2]}
    assert parts in (sorted(parts), sorted(parts, reverse=True))


# --- lines by their places ---


def test_words_meet_whatever_the_order_and_the_cut() -> None:
    one = page(("left column", 10, 10), ("goes on", 10, 40), ("right column", 400, 10), ("ends", 400, 40))
    # Rows across the page, and single words.
    rows = page(
        ("ends", 400, 41),
        ("left", 10, 11),
        ("colurnn", 70, 11),
        ("right column", 400, 9),
        ("goes on", 10, 40),
    )
    lines = align_pages([one, rows])
    assert said(lines, 0) == ["left column", "goes on", "right column", "ends"]
    assert said(lines, 1) == ["left colurnn", "goes on", "right column", "ends"]
    assert all(all(line.present) for line in lines)


def test_a_line_joined_across_columns_is_divided() -> None:
    one = page(("left column", 10, 10), ("right column", 400, 10))
    joined = Page(
        source="a.png",
        page=1,
        size=(1000, 1000),
        lines=(Line.of_words([*line("left column", 10, 10).words, *line("right column", 400, 10).words]),),
    )
    assert said(align_pages([one, joined]), 1) == ["left column", "right column"]
    assert said(align_pages([joined, one]), 1) == ["left column right column"]


def test_lines_without_words_are_divided_by_their_length() -> None:
    one = page(("left column", 10, 10), ("right column", 160, 10))
    box = Polygon.from_box(10, 10, 10 + WIDTH * 24, 30)
    whole = Page(
        source="a.png", page=1, size=(1000, 1000), lines=(Line(text="left column right column", polygon=box),)
    )
    assert said(align_pages([one, whole]), 1) == ["left column", "right column"]


def test_lines_that_the_first_lacks_stand_where_others_have_them() -> None:
    one = page(("first", 10, 10), ("third", 10, 70))
    other = page(("first", 10, 10), ("second", 10, 40), ("third", 10, 70), ("fourth", 10, 100))
    lines = align_pages([one, other])
    assert said(lines, 1) == ["first", "second", "third", "fourth"]
    assert said(lines, 0) == ["first", "", "third", ""]
    assert [line.owner for line in lines] == [0, 1, 0, 1]
    # What stands before all else.
    assert said(align_pages([page(("second", 10, 40)), page(("first", 10, 10), ("second", 10, 40))]), 1) == [
        "first",
        "second",
    ]


@pytest.mark.parametrize("slope", [-0.04, 0.04])
def test_a_slanted_page(slope: float) -> None:
    rows = [(f"line {n} of a page that is slanted", 10.0, 100.0 + 30 * n) for n in range(8)]
    # This reading has three boxes a line, which stand higher or lower than its first.
    parts = [(text[at : at + 11].strip(), x + WIDTH * at, y) for text, x, y in rows for at in (0, 11, 22)]
    lines = align_pages([page(*rows, slope=slope), page(*parts, slope=slope)])
    assert len(lines) == 8
    assert [text.replace(" ", "") for text in said(lines, 1)] == [
        text.replace(" ", "") for text, _, _ in rows
    ]


def test_scripts_from_right_to_left_keep_their_order() -> None:
    words = [word("שלום", 300, 10), word("לכל", 200, 10), word("העולם", 100, 10)]
    one = Page(source="a", page=1, size=(500, 50), lines=(Line.of_words(words),))
    parts = tuple(Line.of_words([part]) for part in reversed(words))
    other = Page(source="a", page=1, size=(500, 50), lines=parts)
    assert said(align_pages([one, other]), 1) == ["שלום לכל העולם"]


def test_scripts_without_spaces_stay_whole() -> None:
    words = [word("東京", 10, 10), word("都", 40, 10)]
    spaceless = Line(text="東京都", words=tuple(words), polygon=Polygon.from_box(10, 10, 60, 30))
    one = Page(source="a", page=1, size=(500, 50), lines=(spaceless,))
    assert shown(align_pages([one, one])) == [[("東京都", "東京都")]]


def test_a_cell_is_a_word_or_what_hangs_together() -> None:
    lines = align_pages(
        [page(("Book Keeping by double entry", 10, 10)), page(("BookKeeping by d0uble entry", 10, 10))]
    )
    assert shown(lines) == [
        [("Book Keeping", "BookKeeping"), ("by", "by"), ("double", "d0uble"), ("entry", "entry")]
    ]
    (cell, *_) = lines[0].cells
    assert [[word.text for word in words] for words in cell.words] == [["Book", "Keeping"], ["BookKeeping"]]


# --- readings without places ---


def test_texts_are_matched_with_lines() -> None:
    one = page(("the first line", 10, 10), ("and the second", 10, 40), ("the third", 10, 70))
    # Other line ends, and a word that is not on the page.
    lines = align_pages([one, text_only("the f1rst line and the\nsecond the very third")])
    assert said(lines, 1) == ["the f1rst line", "and the second", "the very third"]


def test_texts_alone() -> None:
    lines = align_pages([text_only("one two\nthree"), text_only("one tvvo three"), text_only("")])
    assert said(lines, 0) == ["one two", "three"]
    assert said(lines, 1) == ["one tvvo", "three"]
    assert said(lines, 2) == ["", ""]


@given(st.lists(any_pages, min_size=1, max_size=4))
def test_no_word_is_lost(readings: list[Page]) -> None:
    lines = align_pages(readings)
    for place, reading in enumerate(readings):
        wanted = sorted("".join(word.text.split()) for word in reading.iter_words() if word.text.strip())
        found = sorted("".join("".join(said(lines, place)).split()))
        assert found == sorted("".join(wanted))


def test_pages_without_text() -> None:
    empty = text_only("")
    assert align_pages([empty, empty]) == []
    assert said(align_pages([empty, page(("word", 10, 10))]), 1) == ["word"]


def test_skew_does_not_need_finite_boxes() -> None:
    lines = align_pages([text_only("alone"), text_only("alone")])
    assert np.all([line.present for line in lines])
