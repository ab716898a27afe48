"""Fragments put in reading order: columns, rows, regions; nothing is lost on the way."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocr_plugins.document import Line, Page, Polygon, Region, Word
from ocr_plugins.layout import (
    ORDERS,
    Order,
    arrange,
    confidence_by_letter,
    join_rows,
    reorder,
    without_noise,
)
from tests.strategies import pages

LEFT = (
    "Every spring the river comes",
    "over its banks and leaves the",
    "meadows under a sheet of grey",
    "water. The farmers move their",
    "cattle to the hill, and wait.",
    "In a dry year nothing happens",
)
RIGHT = (
    "The bridge was built in stone",
    "after the third wooden one had",
    "been carried off by floods. It",
    "has four arches, of which two",
    "stand in the water in summer",
    "and all of them in the spring",
)


def fragment(text: str, x0: float, y0: float, x1: float, y1: float, confidence: float = 1.0) -> Line:
    return Line(
        text=text, polygon=Polygon.from_box(x0, y0, x1, y1), confidence=confidence, confidence_kind="k"
    )


def column(texts: Sequence[str], x: float, y: float = 100) -> list[Line]:
    """Lines of glyphs 10 pixels wide and 20 high, 30 apart."""
    return [
        fragment(text, x, y + 30 * i, x + 10 * len(text), y + 30 * i + 20) for i, text in enumerate(texts)
    ]


def turned(line: Line, degrees: float) -> Line:
    """The line on a page that is turned clockwise, in an upright box."""
    assert line.polygon is not None
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    points = [(x * cosine - y * sine, x * sine + y * cosine) for x, y in line.polygon.points]
    return Line(text=line.text, polygon=Polygon.from_box(*Polygon(tuple(points)).box))


def texts(regions: Sequence[Region]) -> list[str]:
    return [line.text for region in regions for line in region.lines]


def words_of(page: Page) -> Counter[str]:
    return Counter(repr(word) for word in page.iter_words())


def by_top(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: line.polygon.box[1] if line.polygon else 0.0)


def test_fragments_of_a_row_are_joined_from_left_to_right() -> None:
    rows = join_rows(
        [
            fragment("4.50", 300, 12, 340, 30),
            fragment("Tea", 10, 10, 60, 28),
            fragment("next", 10, 40, 60, 58),
        ]
    )
    assert [row.text for row in rows] == ["Tea 4.50", "next"]
    assert [word.text for word in rows[0].words] == ["Tea", "4.50"]
    assert rows[0].polygon == Polygon.from_box(10, 10, 340, 30)


def test_confidence_is_the_mean_by_length() -> None:
    (row,) = join_rows([fragment("abc", 0, 0, 30, 10, 0.8), fragment("d", 40, 0, 50, 10, 0.4)])
    assert row.confidence is not None
    assert abs(row.confidence - 0.7) < 1e-9


def test_a_slanted_row_stays_together() -> None:
    slanted = [fragment(str(i), i * 50, i * 6, i * 50 + 40, i * 6 + 20) for i in range(8)]
    below = [fragment(f"b{i}", i * 50, i * 6 + 30, i * 50 + 40, i * 6 + 50) for i in range(8)]
    rows = join_rows([*slanted, *below])
    assert [row.text for row in rows] == ["0 1 2 3 4 5 6 7", "b0 b1 b2 b3 b4 b5 b6 b7"]


def test_words_inside_fragments_are_kept() -> None:
    words = (Word(text="a"), Word(text="b"))
    left = Line(text="a b", polygon=Polygon.from_box(0, 0, 30, 10), words=words)
    (row,) = join_rows([left, fragment("c", 40, 0, 50, 10)])
    assert [word.text for word in row.words] == ["a", "b", "c"]
    assert row.confidence is None


def test_one_fragment_is_its_own_row() -> None:
    only = fragment("x", 0, 0, 5, 5)
    assert join_rows([only]) == (only,)
    assert join_rows([]) == ()
    assert arrange([]) == ()


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    found = by_top([*column(LEFT, 50), *column(RIGHT, 400)])
    assert texts(arrange(found)) == [*LEFT, *RIGHT]
    assert texts(arrange(found, columns=False))[0] == f"{LEFT[0]} {RIGHT[0]}"


@pytest.mark.parametrize("degrees", [-3.0, 3.0])
def test_columns_of_a_skewed_page(degrees: float) -> None:
    words = [
        turned(fragment(word, x + 90 * i, y, x + 90 * i + 80, y + 20), degrees)
        for x, column_ in ((50, LEFT), (650, RIGHT))
        for y, line in zip(range(300, 500, 30), column_, strict=False)
        for i, word in enumerate(line.split())
    ]
    assert texts(arrange(by_top(words))) == [*LEFT, *RIGHT]


def test_words_that_line_up_part_no_column() -> None:
    places = [
        (900 * x + 88 * i, 30 * y + 27 * x + 2.6 * i) for x in range(4) for y in range(12) for i in range(8)
    ]
    found = [fragment(f"w{n}", x, y, x + 78, y + 22) for n, (x, y) in enumerate(places)]
    assert " ".join(texts(arrange(found[::-1]))) == " ".join(line.text for line in found)


def test_a_heading_comes_before_and_a_footer_after_the_columns_they_span() -> None:
    title = fragment("THE RIVER AND ITS BRIDGE", 150, 30, 600, 70)
    page = [fragment("Page 7", 50, 400, 110, 420), fragment("The Lantern", 590, 400, 700, 420)]
    found = arrange([*column(LEFT, 50), *column(RIGHT, 400), *page, title])
    assert texts(found) == [title.text, *LEFT, *RIGHT, "Page 7 The Lantern"]
    assert found[0].kind == "heading"
    assert {region.kind for region in found[1:]} == {"text"}


def test_columns_that_begin_and_end_elsewhere() -> None:
    found = arrange(by_top([*column(LEFT[:4], 50, 190), *column([*RIGHT, *LEFT], 400)]))
    assert texts(found) == [*LEFT[:4], *RIGHT, *LEFT]


def test_a_caption_between_columns_parts_neither() -> None:
    left, right = [*LEFT, *RIGHT, *LEFT], [*RIGHT, *LEFT, *RIGHT]
    narrow = slice(6, 12)
    left[narrow] = [text[:20] for text in left[narrow]]
    beside = column(right, 400)
    beside[narrow] = [
        fragment(text[:20], 490, 100 + 30 * i, 690, 120 + 30 * i) for i, text in enumerate(right[narrow], 6)
    ]
    caption = fragment("FIG. 1", 350, 340, 420, 360)
    found = texts(arrange(by_top([*column(left, 50), caption, *beside])))
    found.remove(next(text for text in found if "FIG. 1" in text))
    expected = [*left, *(line.text for line in beside)]
    assert [text for text in expected if text not in found] in ([], [left[8]])
    assert found == [text for text in expected if text in found]


def test_tables_are_read_across() -> None:
    rows = [
        ("Item", "Count", "Price"),
        ("Apples", "12", "3.40"),
        ("Pears", "7", "2.10"),
        ("Figs", "90", "18.00"),
    ]
    cells = [
        fragment(text, 50 + 300 * i, 100 + 30 * j, 50 + 300 * i + 10 * len(text), 120 + 30 * j)
        for j, row in enumerate(rows)
        for i, text in enumerate(row)
    ]
    (table,) = arrange(sorted(cells, key=lambda cell: cell.text))
    assert texts([table]) == [" ".join(row) for row in rows]
    assert table.kind == "table"


def test_forms_are_read_across() -> None:
    labels = (
        "Name of the applicant:",
        "Street and number:",
        "City and country:",
        "Date of first entry:",
        "Signed:",
    )
    values = (
        "Maria Kovacs-Okafor",
        "Willow Bend Road 14",
        "Greenmere, Vermont",
        "Seventh of May 1981",
        "M. Kovacs",
    )
    found = arrange([*column(labels, 50), *column(values, 400)])
    assert texts(found) == [f"{label} {value}" for label, value in zip(labels, values, strict=True)]


def test_prose_beside_a_table_on_other_levels() -> None:
    cells = [fragment(f"Row {i}", 400, 100 + 19 * i, 460, 114 + 19 * i) for i in range(9)]
    numbers = [fragment(f"{i}.00", 640, 100 + 19 * i, 690, 114 + 19 * i) for i in range(9)]
    found = texts(arrange(by_top([*column(LEFT, 50), *cells, *numbers])))
    assert found == [*LEFT, *(f"Row {i} {i}.00" for i in range(9))]


def test_lines_that_run_across_columns_are_cut_between_words() -> None:
    across = []
    for i, pair in enumerate(zip(LEFT, RIGHT, strict=True)):
        words = [
            Word(text=word, polygon=Polygon.from_box(x + 60 * j, 100 + 30 * i, x + 60 * j + 52, 120 + 30 * i))
            for x, line in zip((50, 450), pair, strict=True)
            for j, word in enumerate(line.split())
        ]
        across.append(Line.of_words(words))
    page = Page(source="s", page=1, size=(900, 400), lines=tuple(across))
    found = reorder(page, "auto")
    assert [line.text for line in found.iter_lines()] == [*LEFT, *RIGHT]
    assert words_of(found) == words_of(page)
    # What no column ends in stays the line it was.
    rows = reorder(page, "rows")
    assert rows.lines == page.lines


def test_a_word_that_stands_higher_stays_on_its_row() -> None:
    found = arrange([fragment("Name", 10, 20, 60, 40), fragment("Okafor", 90, 6, 160, 28)])
    assert texts(found) == ["Name Okafor"]


def test_sideways_text_comes_last() -> None:
    stamp = fragment("80728670", 600, 100, 620, 200)
    assert texts(arrange([stamp, *column(LEFT, 50)])) == [*LEFT, stamp.text]
    down = [fragment("down the page", x, 10, x + 20, 200) for x in (90, 50, 10)]
    assert texts(arrange(down)) == [line.text for line in down]


def test_lines_without_polygon_stay_behind_those_before_them() -> None:
    lost, first = Line(text="lost"), Line(text="first")
    one, other = fragment("one", 10, 10, 40, 30), fragment("other", 10, 50, 60, 70)
    assert texts(arrange([first, other, lost, one])) == ["first", "one", "other", "lost"]
    assert arrange([first, lost]) == (Region(lines=(first, lost)),)


def test_rows_of_arabic_run_from_right_to_left() -> None:
    found = arrange([fragment("سلام", 10, 10, 60, 30), fragment("مرحبا", 200, 10, 260, 30)])
    assert texts(found) == ["مرحبا سلام"]


def test_paragraphs_are_regions() -> None:
    found = arrange([*column(LEFT, 50), *column(RIGHT, 50, 320)])
    assert [len(region.lines) for region in found] == [6, 6]
    assert found[0].polygon is not None


def test_a_hyphenated_word_keeps_its_paragraph_together() -> None:
    found = arrange([*column([*LEFT[:5], "and then the hy-"], 50), *column(["draulic", *RIGHT], 50, 320)])
    assert len(found) == 1


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(pages, st.sampled_from(ORDERS))
def test_nothing_is_lost(page: Page, order: Order) -> None:
    found = reorder(page, order)
    assert words_of(found) == words_of(page)
    assert (found.source, found.page, found.size, found.provenance) == (
        page.source, page.page, page.size, page.provenance,
    )  # fmt: skip
    assert found == page or order != "engine"


boxes = st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(1, 400), st.integers(1, 60))


@given(st.lists(st.tuples(boxes, st.sampled_from(["Tea", "and more", "12.50", "漢字", "ש"])), max_size=40))
def test_every_fragment_is_kept_once(found: list[tuple[tuple[int, int, int, int], str]]) -> None:
    lines = [fragment(f"{text}{i}", x, y, x + w, y + h) for i, ((x, y, w, h), text) in enumerate(found)]
    for columns in (True, False):
        regions = arrange(lines, columns=columns)
        kept = [word for region in regions for line in region.lines for word in (line.words or (line,))]
        assert Counter(word.polygon for word in kept) == Counter(line.polygon for line in lines)
        assert sorted(" ".join(texts(regions)).split()) == sorted(
            " ".join(line.text for line in lines).split()
        )


@pytest.mark.parametrize("level", ["line", "word"])
def test_single_lines_and_words_stay_as_they_are(level: str) -> None:
    lines = (fragment("b", 50, 0, 60, 10), fragment("a", 0, 0, 10, 10))
    page = Page(source="s", page=1, size=(60, 10), lines=lines, level=level)  # type: ignore[arg-type]
    assert reorder(page, "auto") is page


def read(text: str, confidence: float) -> Line:
    return Line.of_words(
        [Word(text=part, confidence=confidence, confidence_kind="k") for part in text.split()]
    )


def test_noise_is_dropped_from_a_clean_page() -> None:
    clean = Region(lines=(read("a line of print", 0.95), read("~ ;", 0.2)))
    speck = Region(lines=(read("i", 0.1),))
    (kept,) = without_noise([clean, speck], 0.4)
    assert [line.text for line in kept.lines] == ["a line of print"]
    assert list(without_noise([clean, speck], 0.0)) == [clean, speck]


def test_an_unsure_page_keeps_everything() -> None:
    unsure = Region(lines=(read("a faint line", 0.7), read("fainter", 0.1)))
    assert list(without_noise([unsure], 0.4)) == [unsure]
    assert list(without_noise([], 0.4)) == []


def test_one_long_unsure_word_is_no_noise_letter_by_letter() -> None:
    """Where a word's confidence is the product of its letters', a long one is less sure than a short one."""
    clean = Region(lines=(read("a line of print that is longer than what else there is", 0.95),))
    address = Region(lines=(read("https://archive.example.com/readings", 0.25),))
    speck = Region(lines=(read("~;", 0.05),))
    assert list(without_noise([clean, address], 0.5)) == [clean]
    assert list(without_noise([clean, address, speck], 0.5, confidence_by_letter)) == [clean, address]


def test_a_picture_makes_no_page_unsure() -> None:
    """It was read as many short words, but most letters are in the lines of print."""
    print_ = Region(lines=(read("a line of print that is longer than the picture's words", 0.95),))
    picture = Region(lines=tuple(read("x ; i", 0.1) for _ in range(9)))
    assert list(without_noise([print_, picture], 0.4)) == [print_]
