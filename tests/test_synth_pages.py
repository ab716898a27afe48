"""Synthetic pages: boxes lie on ink, also after pages were turned, and whatever marks stand beside it."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_plugins import read
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation.scoring import score_texts
from ocr_plugins.synth.layouts import LAYOUTS
from ocr_plugins.synth.lines import known_fonts
from ocr_plugins.synth.marks import MARKS, add_marks
from ocr_plugins.synth.pages import PageOptions, PageSample, mapped_box, pages
from ocr_plugins.synth.texts import CHARACTERS


def first(kind: str, seed: int = 4, **options: float) -> PageSample:
    return next(pages(seed, PageOptions(kinds=(kind,), **options)))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize(("clean", "marks"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
def test_boxes_lie_on_ink(kind: str, clean: float, marks: float) -> None:
    sample = first(kind, clean=clean, strength=0.3, marks=marks)
    height, width = sample.pixels.shape
    words = [word for line in sample.lines for word in line.words]
    assert len(words) > 20
    paper = np.median(sample.pixels)
    inked = 0
    for word in words:
        x0, y0, x1, y1 = word.box
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        part = sample.pixels[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))]
        inked += part.min() < paper - 30
    assert inked > 0.97 * len(words)


@pytest.mark.parametrize("kind", ["letter", "book"])
def test_there_is_little_ink_beside_the_boxes(kind: str) -> None:
    sample = first(kind, clean=1.0)
    ink = sample.pixels < 100
    whole = ink.sum()
    for line in sample.lines:
        for word in line.words:
            x0, y0, x1, y1 = (round(value) for value in word.box)
            ink[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = False
    assert ink.sum() < 0.05 * whole


def test_lines_hold_their_words() -> None:
    sample = first("report")
    for line in sample.lines:
        x0, y0, x1, y1 = line.box
        assert line.text == " ".join(word.text for word in line.words)
        assert all(
            x0 <= w.box[0] and y0 <= w.box[1] and w.box[2] <= x1 and w.box[3] <= y1 for w in line.words
        )
    assert sample.text.split("\n") == [line.text for line in sample.lines]


def test_a_page_depends_on_its_number_alone() -> None:
    options = PageOptions(kinds=("receipt", "book"))
    some = list(islice(pages(2, options), 3))
    later = next(pages(2, options, start=2))
    stream = pages(2, options, workers=2)
    apart = list(islice(stream, 3))
    stream.close()  # type: ignore[attr-defined]
    for one, other in zip([some[2], *some], [later, *apart], strict=True):
        assert np.array_equal(one.pixels, other.pixels)
        assert one.lines == other.lines


# --- what no ground truth tells ---


@pytest.mark.parametrize("kind", ["letter", "form", "screen"])
@pytest.mark.parametrize("clean", [0.0, 1.0])
def test_marks_change_no_words(kind: str, clean: float) -> None:
    for seed in range(2):
        plain, marked = (first(kind, seed=seed, clean=clean, marks=share) for share in (0.0, 1.0))
        assert plain.lines == marked.lines
        assert plain.pixels.shape == marked.pixels.shape


def test_marks_put_ink_where_there_was_none() -> None:
    more = 0
    for seed in range(4):
        plain, marked = (first("letter", seed=seed, clean=1.0, marks=share).pixels for share in (0.0, 1.0))
        assert (marked <= plain).all()
        more += bool((marked < plain).any())
    assert more >= 3


def test_a_share_of_the_pages_has_marks() -> None:
    def drawn(marks: float) -> list[PageSample]:
        return list(islice(pages(3, PageOptions(kinds=("receipt",), clean=1.0, marks=marks)), 12))

    changed = [
        not np.array_equal(one.pixels, other.pixels)
        for one, other in zip(drawn(0.0), drawn(0.5), strict=True)
    ]
    assert 2 <= sum(changed) <= 10


@pytest.mark.parametrize("name", MARKS)
@pytest.mark.parametrize("em", [14, 50, 90])
def test_each_mark_is_some_ink(name: str, em: float) -> None:
    fonts = known_fonts((), CHARACTERS, False)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        face = fonts.choose(rng, {"times": 1, "sans": 1}, "")
        assert face is not None
        mark = MARKS[name](rng, em, face)
        assert mark.dtype == np.uint8
        assert mark.ndim == 2
        assert (mark > 60).sum() >= 4
        assert max(mark.shape) < 60 * em


def test_marks_stay_off_what_is_inked() -> None:
    face = known_fonts((), CHARACTERS, False).choose(np.random.default_rng(0), {"times": 1}, "")
    assert face is not None
    full = np.full((400, 400), 255, np.uint8)
    empty = np.zeros((400, 400), np.uint8)
    half = empty.copy()
    half[:, :200] = 255
    for seed in range(5):
        assert np.array_equal(add_marks(np.random.default_rng(seed), full, 10, face), full)
        assert add_marks(np.random.default_rng(seed), empty, 10, face).any()
        assert (add_marks(np.random.default_rng(seed), half, 10, face)[:, :200] == 255).all()
    # What is given stays as it is.
    assert not empty.any()


# --- pictures of screens ---


def test_screens_come_only_where_they_are_named() -> None:
    assert LAYOUTS["screen"].share == 0
    assert "screen" not in {sample.kind for sample in islice(pages(1), 4)}
    both = islice(pages(1, PageOptions(kinds=("screen", "receipt"))), 12)
    assert "screen" in {sample.kind for sample in both}


def test_screens_are_not_turned() -> None:
    for seed in range(4):
        spoilt, clean = (first("screen", seed=seed, clean=share) for share in (0.0, 1.0))
        assert spoilt.kind == "screen"
        assert spoilt.lines == clean.lines
        assert spoilt.dpi == 96
        assert spoilt.pixels.shape == (3 * 96, 6 * 96)
    # As pages on a glass are.
    spoilt, clean = (first("letter", clean=share) for share in (0.0, 1.0))
    assert [line.text for line in spoilt.lines] == [line.text for line in clean.lines]
    assert [line.box for line in spoilt.lines] != [line.box for line in clean.lines]


def test_screens_are_light_on_dark_and_dark_on_light() -> None:
    grounds = []
    for seed in range(6):
        sample = first("screen", seed=seed, clean=0.0)
        for line in sample.lines:
            x0, y0, x1, y1 = (round(value) for value in line.box)
            part = sample.pixels[y0:y1, x0:x1]
            assert int(part.max()) - int(part.min()) > 30
            grounds.append(float(np.median(part)))
    assert min(grounds) < 100
    assert max(grounds) > 200


def test_a_clean_page_reads_as_its_text() -> None:
    sample = first("book", clean=1.0)
    (page,) = read([sample.pixels], "tesseract", workers=0, store=False).pages
    score = score_texts(sample.text, page.text)
    assert score.char_errors is not None
    assert score.char_errors < 0.08 * score.char_length


@given(
    st.tuples(st.floats(0, 80), st.floats(0, 80), st.floats(1, 20), st.floats(1, 20)),
    st.floats(-0.02, 0.02),
    st.floats(-5, 5),
)
def test_boxes_go_where_their_corners_go(box: tuple[float, ...], angle: float, shift: float) -> None:
    x, y, width, height = box
    turn = np.array([[1, -angle, shift], [angle, 1, -shift], [0, 0, 1.0]])
    found = mapped_box((x, y, x + width, y + height), turn, (100, 100))
    for corner_x, corner_y in ((x, y), (x + width, y + height)):
        moved = turn @ np.array([corner_x, corner_y, 1.0])
        if found is not None:
            assert min(100, max(0, moved[0])) == pytest.approx(np.clip(moved[0], found[0], found[2]))
            assert min(100, max(0, moved[1])) == pytest.approx(np.clip(moved[1], found[1], found[3]))


def test_what_leaves_the_picture_has_no_box() -> None:
    aside = np.array([[1, 0, 95], [0, 1, 0], [0, 0, 1.0]])
    assert mapped_box((0, 0, 50, 10), aside, (100, 100)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": ("poster",)},
        {"clean": 2},
        {"strength": -1},
        {"characters": ""},
        {"marks": 1.5},
        {"marks": float("nan")},
    ],
)
def test_wrong_options_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(CallError, match=r".+: .+"):
        PageOptions(**wrong)  # type: ignore[arg-type]
    with pytest.raises(CallError, match="from 0 up"):
        pages(-1)
