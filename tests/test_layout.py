"""Fragments joined to visual rows."""

from __future__ import annotations

from ocr_plugins.document import Line, Polygon, Region, Word
from ocr_plugins.layout import join_rows, without_noise


def fragment(text: str, x0: float, y0: float, x1: float, y1: float, confidence: float = 1.0) -> Line:
    return Line(
        text=text, polygon=Polygon.from_box(x0, y0, x1, y1), confidence=confidence, confidence_kind="k"
    )


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
