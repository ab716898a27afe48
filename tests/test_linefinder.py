"""Pictures of lines as a recogniser gets them: whole, and with nothing of the lines around."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageFont

from ocr_plugins.linefinder import FoundLines, find_page_lines
from ocr_plugins.textlines import opened

LINES = (
    "gypsy juggling by day",
    "hidden flights “of” kites,",
    "jumping, playfully! it",
    "beholds fjords; below",
)


def sheet(
    lines: Sequence[str] = LINES, lead: float = 1.4, size: int = 40, width: int = 800
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Lines at x = 80 from y = 60 on, ``lead`` sizes apart."""
    image = Image.new("L", (width, 140 + round(len(lines) * lead * size)), 255)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((80, 60 + round(number * lead * size)), line, 0, ImageFont.load_default(size))
    return image, draw


def ink(pixels: np.ndarray) -> int:
    return int(np.count_nonzero(pixels < 128))


def alone(line: str, size: int = 40) -> int:
    """How much ink a line has by itself."""
    image, _ = sheet([line], size=size)
    return ink(np.array(image))


def found(image: Image.Image) -> FoundLines:
    return find_page_lines(np.array(image))


@pytest.mark.parametrize("lead", [1.0, 1.15, 1.4])
def test_each_picture_has_all_ink_of_its_line_and_none_of_others(lead: float) -> None:
    lines = found(sheet(lead=lead)[0])
    pictures = list(lines.crops())
    assert len(pictures) == len(lines.polygons) == len(LINES)
    for picture, text in zip(pictures, LINES, strict=True):
        # Where letters of two lines touch, they are nobody's, and stay.
        assert ink(picture) == pytest.approx(alone(text), rel=0.02 if lead > 1 else 0.06)


def test_pictures_of_a_slanted_page_are_level() -> None:
    image, _ = sheet()
    turned = image.rotate(-2.5, Image.Resampling.BICUBIC, fillcolor=255)
    for picture, text in zip(found(turned).crops(), LINES, strict=True):
        assert ink(picture) == pytest.approx(alone(text), rel=0.08)
        assert picture.shape[0] < 60


def test_light_print_gives_dark_pictures_and_shades_of_paper_stay() -> None:
    image, _ = sheet()
    plain = list(found(image).crops())
    for changed in (255 - np.array(image), np.repeat(np.array(image)[:, :, None], 3, axis=2)):
        for one, other in zip(plain, find_page_lines(changed).crops(), strict=True):
            assert (one == other).all()
    # What is painted over has the paper's level.
    grey = (np.array(image) * 0.6).astype(np.uint8)
    for picture in find_page_lines(grey).crops():
        assert picture.max() <= 156


def test_underlines_and_frames_are_painted_over() -> None:
    image, draw = sheet()
    draw.line((60, 110, 760, 110), 0, 3)
    draw.rectangle((30, 30, 770, 320), outline=0, width=4)
    for picture, text in zip(found(image).crops(), LINES, strict=True):
        assert ink(picture) == pytest.approx(alone(text), rel=0.05)


def test_a_wide_space_after_a_full_stop_parts_no_line() -> None:
    image, _ = sheet(["The end.    But not of all", "that is told."])
    assert len(found(image).polygons) == 2
    image, _ = sheet(["May 1,   1991"])
    assert len(found(image).polygons) == 1


def test_columns_with_little_white_between_stay_apart() -> None:
    image, draw = sheet(["one in a column,"] * 5, size=24)
    for number in range(5):
        draw.text((320, 60 + round(number * 1.4 * 24)), "two in the other", 0, ImageFont.load_default(24))
    assert len(found(image).polygons) == 10


def test_a_raised_figure_belongs_to_its_line() -> None:
    image, draw = sheet(["a tank of 17 m   of water", "and another of the same"])
    draw.text((392, 50), "3", 0, ImageFont.load_default(26))
    lines = found(image)
    assert len(lines.polygons) == 2
    first = next(iter(lines.crops()))
    assert ink(first) > alone("a tank of 17 m   of water") + 30


def test_a_heading_in_a_frame_is_found() -> None:
    image, draw = sheet(["", "", "of all the lamps in the harbour", "only one was lit that evening"], size=22)
    draw.rounded_rectangle((60, 20, 600, 110), 40, outline=0, width=3)
    draw.text((120, 40), "Lighthouse, Inc.", 0, ImageFont.load_default(52))
    boxes = [polygon.box for polygon in found(image).polygons]
    assert len(boxes) == 3
    assert boxes[0][0] == pytest.approx(120, abs=12)
    assert boxes[0][2] - boxes[0][0] > 330


def test_quotes_at_the_end_of_a_line_are_whole() -> None:
    text = "and there it ends. ”"
    image, _ = sheet([text, "no more than this"])
    assert ink(next(iter(found(image).crops()))) == pytest.approx(alone(text), rel=0.02)


@pytest.mark.parametrize("shape", [(4, 4), (1, 300), (300, 1), (200, 300, 3)])
def test_blank_pages_have_no_lines(shape: tuple[int, ...]) -> None:
    for level in (0, 255):
        lines = find_page_lines(np.full(shape, level, np.uint8))
        assert lines.polygons == ()
        assert list(lines.crops()) == []


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 1)),
    st.integers(1, 5),
    st.integers(1, 5),
)
@settings(max_examples=80, deadline=None)
def test_an_opening_keeps_where_the_window_fits(mask: np.ndarray, width: int, height: int) -> None:
    expected = np.zeros_like(mask)
    for y in range(mask.shape[0] - height + 1):
        for x in range(mask.shape[1] - width + 1):
            if mask[y : y + height, x : x + width].all():
                expected[y : y + height, x : x + width] = 1
    assert (opened(mask, (width, height)) == expected).all()
