"""Excerpts: lines of a page as a small page of their own, and what was read of it back on the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from ocr_plugins.corpus import Item
from ocr_plugins.document import Box, Glyph, Line, Page, PageError, Polygon, Provenance, Region, Word
from ocr_plugins.engine import Engine
from ocr_plugins.errors import SourceError
from ocr_plugins.excerpts import Excerpt, ExcerptItem, is_excerpt
from ocr_plugins.image import PageImage
from ocr_plugins.reading import read_items
from ocr_plugins.source import page_ref, text_ref

Pixels = NDArray[np.uint8]

PAPER = 230
# Two lines far from each other on a page, each in a grey of its own.
SIZE = (400, 300)
HIGH, LOW = (40.0, 30.0, 240.0, 50.0), (100.0, 200.0, 360.0, 230.0)
TWO = Excerpt((HIGH, LOW), SIZE)


def noise(width: int, height: int, colours: tuple[int, ...] = (), seed: int = 0) -> Pixels:
    """A page where no two places look alike."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, *colours), dtype=np.uint8)


def two_lines(paper: Any = PAPER, colours: tuple[int, ...] = ()) -> PageImage:
    pixels = np.empty((SIZE[1], SIZE[0], *colours), np.uint8)
    pixels[:] = paper
    for grey, (x0, y0, x1, y1) in ((10, HIGH), (20, LOW)):
        pixels[int(y0) : int(y1), int(x0) : int(x1)] = grey
    return PageImage(pixels=pixels)


def places_of(part: Pixels, sheet: Pixels) -> list[tuple[int, int]]:
    """Where (left, top) a part stands in an image, pixel by pixel."""
    height, width = part.shape[:2]
    space = sheet[: sheet.shape[0] - height + 1, : sheet.shape[1] - width + 1]
    same = space == part[0, 0]
    corners = np.argwhere(same.all(axis=2) if same.ndim == 3 else same).tolist()
    return [
        (left, top)
        for top, left in corners
        if np.array_equal(sheet[top : top + height, left : left + width], part)
    ]


def box_of(sheet: Pixels, grey: int) -> Box:
    """Where all that is of one grey stands."""
    ys, xs = np.nonzero(sheet == grey)
    return float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)


def word(text: str, box: Box | None, **shared: Any) -> Word:
    return Word(text=text, polygon=Polygon.from_box(*box) if box else None, **shared)


def reading(*lines: Line, **about: Any) -> Page:
    """What an engine may have read of an excerpt."""
    about.setdefault("provenance", Provenance(engine="e", spec="e", fingerprint="f", version="1"))
    content = {} if "regions" in about else {"lines": lines}
    return Page(source="a.png", page=1, size=(300, 200), **content, **about)


def part_of(box: Box, start: float, end: float) -> Box:
    """From one share of a box's width to another."""
    x0, y0, x1, y1 = box
    return x0 + start * (x1 - x0), y0, x0 + end * (x1 - x0), y1


def boxes_of(page: Page) -> dict[str, Box | None]:
    return {word.text: word.polygon.box if word.polygon else None for word in page.iter_words()}


@pytest.fixture
def places() -> tuple[Box, Box]:
    """Where the two lines stand in their excerpt."""
    sheet = TWO.image(two_lines()).pixels
    return box_of(sheet, 10), box_of(sheet, 20)


# --- what is cut out ---


@st.composite
def pages_with_lines(draw: st.DrawFn) -> tuple[Pixels, tuple[Box, ...]]:
    """A page and the boxes of its lines, which may overlap, and reach over its edges."""
    width, height = draw(st.integers(30, 160)), draw(st.integers(30, 160))
    pixels = noise(width, height, draw(st.sampled_from([(), (3,)])), draw(st.integers(0, 9)))

    def box() -> Box:
        x, y = draw(st.integers(-5, width - 4)), draw(st.integers(-5, height - 4))
        # Some of it is on the page.
        wide, high = draw(st.integers(9, width + 9)), draw(st.integers(9, 40))
        return float(x), float(y), float(x + wide), float(y + high)

    return pixels, tuple(box() for _ in range(draw(st.integers(1, 6))))


def on_page(box: Box, pixels: Pixels) -> tuple[int, int, int, int]:
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = map(int, box)
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


@given(pages_with_lines())
def test_each_line_is_found_unchanged_and_what_is_read_there_comes_back(
    page: tuple[Pixels, tuple[Box, ...]],
) -> None:
    pixels, boxes = page
    excerpt = Excerpt(boxes, (pixels.shape[1], pixels.shape[0]))
    sheet = excerpt.image(PageImage(pixels=pixels)).pixels
    read: list[Line] = []
    for number, box in enumerate(boxes):
        x0, y0, x1, y1 = on_page(box, pixels)
        found = places_of(pixels[y0:y1, x0:x1], sheet)
        assert found
        left, top = found[0]
        read.append(Line.of_words([word(f"w{number}", (left, top, left + x1 - x0, top + y1 - y0))]))
    back = excerpt.placed(reading(*read))
    assert back.size == excerpt.size
    assert len(list(back.iter_words())) == len(boxes)
    told = boxes_of(back)
    for number, box in enumerate(boxes):
        assert told[f"w{number}"] == pytest.approx(on_page(box, pixels), abs=1)


@given(pages_with_lines())
def test_nothing_is_in_an_excerpt_but_cuts_and_paper(page: tuple[Pixels, tuple[Box, ...]]) -> None:
    """On white pages with marked lines all is of these colours, and around the cuts there is paper."""
    noisy, boxes = page
    wide, high = noisy.shape[1] * 3, noisy.shape[0] * 3
    pixels = np.full((high, wide, *noisy.shape[2:]), PAPER, np.uint8)
    marks = range(10, 10 + len(boxes))
    for grey, box in zip(marks, boxes, strict=True):
        x0, y0, x1, y1 = on_page(box, pixels)
        pixels[y0:y1, x0:x1] = grey
    sheet = Excerpt(boxes, (wide, high)).image(PageImage(pixels=pixels)).pixels
    if np.median(pixels) == PAPER:
        assert set(np.unique(sheet).tolist()) <= {PAPER, *marks}
        for edge in (sheet[:4], sheet[-4:], sheet[:, :4], sheet[:, -4:]):
            assert (edge == PAPER).all()


def test_a_line_is_cut_out_with_some_of_what_is_around_it() -> None:
    """Letters reach over the box that an engine gives of them, and are read worse where they are cut."""
    pixels = noise(200, 100)
    sheet = Excerpt(((50, 40, 150, 60),), (200, 100)).image(PageImage(pixels=pixels)).pixels
    assert places_of(pixels[36:64, 46:154], sheet)
    assert not places_of(pixels[:64, 46:154], sheet)


def test_lines_that_overlap_are_cut_out_as_one() -> None:
    pixels = noise(200, 120)
    boxes = ((20, 20, 120, 40), (60, 30, 180, 50), (20, 90, 100, 110))
    sheet = Excerpt(boxes, (200, 120)).image(PageImage(pixels=pixels)).pixels
    assert len(places_of(pixels[20:50, 20:180], sheet)) == 1
    # What is in both of them stands there once.
    assert len(places_of(pixels[32:38, 70:110], sheet)) == 1


def test_a_chain_of_overlapping_lines_is_one_cut_whatever_their_order() -> None:
    pixels = noise(300, 80)
    chain = ((10, 20, 110, 50), (180, 20, 280, 50), (80, 20, 210, 50))
    for boxes in (chain, chain[::-1], (chain[0], chain[2], chain[1])):
        sheet = Excerpt(boxes, (300, 80)).image(PageImage(pixels=pixels)).pixels
        assert len(places_of(pixels[20:50, 10:280], sheet)) == 1


def test_cuts_stand_apart(places: tuple[Box, Box]) -> None:
    (x0, y0, x1, y1), (u0, v0, u1, v1) = places
    assert max(u0 - x1, x0 - u1, v0 - y1, y0 - v1) >= 8


@pytest.mark.parametrize(("paper", "colours"), [(230, ()), (30, ()), ((250, 240, 200), (3,))])
def test_between_the_cuts_there_is_the_paper_of_the_page(paper: Any, colours: tuple[int, ...]) -> None:
    sheet = TWO.image(two_lines(paper, colours)).pixels
    found = {tuple(np.atleast_1d(colour).tolist()) for colour in sheet.reshape(-1, *colours)}
    greys = {(grey,) * (3 if colours else 1) for grey in (10, 20)}
    assert found == {tuple(np.atleast_1d(paper).tolist()), *greys}


def test_a_line_that_stands_off_the_page_does_no_harm() -> None:
    boxes = ((-90.0, -40.0, -20.0, -20.0), (500.0, 400.0, 600.0, 420.0), HIGH)
    sheet = Excerpt(boxes, SIZE).image(two_lines()).pixels
    assert box_of(sheet, 10)[2] - box_of(sheet, 10)[0] == HIGH[2] - HIGH[0]


def test_an_excerpt_of_one_line_is_far_smaller_than_its_page() -> None:
    page = PageImage(pixels=np.full((3500, 2500), 255, np.uint8))
    excerpt = Excerpt(((300, 900, 2200, 950),), page.size)
    assert excerpt.image(page).pixels.size < page.pixels.size / 30


def test_short_lines_stand_beside_each_other() -> None:
    boxes = tuple((40.0, 40.0 * n, 100.0, 40.0 * n + 20) for n in range(1, 25))
    width, height = Excerpt(boxes, (1000, 1100)).image(PageImage(pixels=noise(1000, 1100))).size
    assert 0.5 < width / height < 3


# --- what was read of it ---


def test_words_between_the_cuts_are_left_out(places: tuple[Box, Box]) -> None:
    high, low = places
    between = (high[0], (high[3] + low[1]) / 2 - 2, high[2], (high[3] + low[1]) / 2 + 2)
    found = TWO.placed(
        reading(
            Line.of_words([word("high", high)]),
            Line.of_words([word("speck", between)]),
            Line.of_words([word("low", low), word("corner", (0, 0, 2, 2))]),
        )
    )
    assert boxes_of(found) == {"high": HIGH, "low": LOW}
    assert found.text.splitlines() in (["high", "low"], ["low", "high"])


def test_a_line_over_two_cuts_is_parted(places: tuple[Box, Box]) -> None:
    about: dict[str, Any] = {"confidence": 0.7, "confidence_kind": "k"}
    glyphs = tuple(Glyph(text=letter, polygon=Polygon.from_box(*places[0])) for letter in "up")
    words = [word("up", places[0], glyphs=glyphs, **about), word("down", places[1], confidence=None)]
    found = TWO.placed(reading(Line.of_words(words, confidence=0.6, confidence_kind="line")))
    assert sorted(line.text for line in found.lines) == ["down", "up"]
    up, down = sorted(found.lines, key=lambda line: line.text, reverse=True)
    assert (up.words[0].confidence, up.words[0].confidence_kind) == (0.7, "k")
    assert [glyph.polygon.box for glyph in up.words[0].glyphs if glyph.polygon] == [HIGH, HIGH]
    for line, box in ((up, HIGH), (down, LOW)):
        assert line.polygon is not None
        assert line.polygon.box == box
        assert (line.confidence, line.confidence_kind) == (0.6, "line")


def test_a_line_in_one_cut_comes_back_whole(places: tuple[Box, Box]) -> None:
    words = (word("a", part_of(places[1], 0, 0.5)), word("b", part_of(places[1], 0.5, 1), calibrated=0.2))
    line = Line(
        text="a  b",
        words=words,
        polygon=Polygon.from_box(*places[1]),
        calibrated=0.4,
        alternatives=(("c", 0.1),),
    )
    (found,) = TWO.placed(reading(line)).lines
    assert (found.text, found.calibrated, found.alternatives) == ("a  b", 0.4, (("c", 0.1),))
    assert found.polygon == Polygon.from_box(*LOW)
    assert boxes_of(reading(found)) == {"a": part_of(LOW, 0, 0.5), "b": part_of(LOW, 0.5, 1)}


def test_a_line_that_tells_no_words_comes_back(places: tuple[Box, Box]) -> None:
    line = Line(text="all of it", polygon=Polygon.from_box(*places[0]))
    (found,) = TWO.placed(reading(line)).lines
    assert (found.text, found.words, found.polygon) == ("all of it", (), Polygon.from_box(*HIGH))


def test_words_without_boxes_are_parted_by_their_share_of_the_line() -> None:
    """Lines that stand beside each other in the excerpt may be read as one."""
    boxes = {10 + n: (10.0, 60.0 * n, 60.0, 60.0 * n + 20) for n in range(1, 5)}
    excerpt = Excerpt(tuple(boxes.values()), (1000, 300))
    pixels = np.full((300, 1000), PAPER, np.uint8)
    for grey, (x0, y0, x1, y1) in boxes.items():
        pixels[int(y0) : int(y1), int(x0) : int(x1)] = grey
    sheet = excerpt.image(PageImage(pixels=pixels)).pixels
    row: dict[float, list[int]] = {}
    for grey in boxes:
        row.setdefault(box_of(sheet, grey)[1], []).append(grey)
    left, right = sorted(next(iter(row.values())), key=lambda grey: box_of(sheet, grey)[0])
    (x0, y0, *_), (*_, x1, y1) = box_of(sheet, left), box_of(sheet, right)
    whole = Polygon.from_box(x0, y0, x1, y1)
    found = excerpt.placed(
        reading(Line(text="one two", words=(Word(text="one"), Word(text="two")), polygon=whole))
    )
    told = {line.text: line.polygon.box for line in found.lines if line.polygon}
    assert set(told) == {"one", "two"}
    for text, grey in (("one", left), ("two", right)):
        assert told[text][1::2] == boxes[grey][1::2]


def test_an_excerpt_read_in_regions_comes_back_without_them(places: tuple[Box, Box]) -> None:
    lines = [Line.of_words([word(text, box)]) for text, box in zip(("high", "low"), places, strict=True)]
    regions = tuple(Region(lines=(line,), kind="table", polygon=line.polygon) for line in lines)
    found = TWO.placed(reading(regions=regions, dpi=150.0, id="mine"))
    assert (found.regions, boxes_of(found)) == ((), {"high": HIGH, "low": LOW})
    assert (found.id, found.dpi, found.source, found.page, found.size) == ("mine", 150.0, "a.png", 1, SIZE)


def test_nothing_read_is_nothing_read() -> None:
    assert TWO.placed(reading()).lines == ()


# --- what is told of it ---


def test_an_excerpt_tells_that_it_is_one() -> None:
    about = Provenance(
        engine="e", spec="e", fingerprint="f", version="1", preprocessed=("deskew",), seconds=2.5
    )
    whole = reading(provenance=about)
    found = ExcerptItem.of(Item(ref=text_ref("a")), TWO).on_page(whole)
    assert isinstance(found, Page)
    assert found.provenance is not None
    assert found.provenance.preprocessed == ("excerpt", "deskew")
    assert found.provenance.seconds == 2.5
    assert is_excerpt(found)
    assert is_excerpt(Page.from_dict(found.to_dict()))
    assert not is_excerpt(whole)


def test_what_tells_nothing_of_itself_is_no_excerpt() -> None:
    assert not is_excerpt(reading(provenance=None))
    assert TWO.placed(reading(provenance=None)).provenance is None
    error = PageError(source="a", kind="crashed", message="it crashed")
    about = Provenance(engine="e", spec="e", fingerprint="f", version="1")
    for failed in (error, PageError(source="a", kind="k", message="m", provenance=about)):
        assert not is_excerpt(failed)


# --- as a page to be read ---


def saved(path: Path, image: PageImage) -> Path:
    Image.fromarray(image.pixels).save(path, dpi=(150, 150))
    return path


def test_an_excerpt_is_named_as_its_page_and_made_anew_each_time(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", two_lines())
    ref = page_ref(path, id="mine")
    item = ExcerptItem.of(Item(ref=ref), TWO)
    assert ExcerptItem.of(Item(ref=ref, truth="so", lang="en"), TWO).truth == "so"
    assert (item.id, item.image.id) == ("mine", "mine")
    assert (item.image.source, item.image.page, item.image.pages) == (ref.source, ref.page, ref.pages)
    assert item.ref.load().size == SIZE
    first, second = item.image.load(), item.image.load()
    assert first.pixels is not second.pixels
    assert np.array_equal(first.pixels, TWO.image(two_lines()).pixels)
    assert (first.id, first.source, first.page, first.level) == ("mine", str(path), 1, "page")
    assert first.dpi == pytest.approx(150, abs=0.1)
    saved(path, two_lines(paper=99))
    assert item.image.load().pixels[0, 0] == 99
    assert Item(ref=ref).image == ref


def test_an_excerpt_of_a_file_that_is_gone_is_an_error_and_no_engine_is_asked(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", two_lines())
    item = ExcerptItem.of(Item(ref=page_ref(path, id="mine")), TWO)
    path.unlink()
    with pytest.raises(SourceError, match="does not exist"):
        item.image.load()
    assert read_with_nobody([item]) == [("mine", "not_found", "source")]


def read_with_nobody(items: Sequence[Item]) -> list[tuple[str | None, str, str]]:
    def engine() -> Engine:
        raise AssertionError("the engine was started")

    return [
        (outcome.result.id, outcome.result.kind, outcome.by)
        for outcome in read_items(engine, items)
        if isinstance(outcome.result, PageError)
    ]
