"""Light text on dark bars: turned, so that it is found and read; what only looks like a bar stays."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr_plugins.dark_bars import with_bars_turned
from ocr_plugins.linefinder import find_page_lines

SIZE = 28
FONT = ImageFont.load_default(SIZE)
LEFT, TOP, RIGHT, BOTTOM = 60, 100, 740, 144


def page() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Four lines of print below an empty strip."""
    image = Image.new("L", (800, 480), 255)
    draw = ImageDraw.Draw(image)
    for number in range(4):
        draw.text((70, 200 + 50 * number), "quite ordinary lines of print", 0, FONT)
    return image, draw


def with_bar(ink: int, text: int = 255, title: str = "1. Applicant") -> np.ndarray:
    image, draw = page()
    draw.rectangle((LEFT, TOP, RIGHT, BOTTOM), ink)
    draw.text((72, 104), title, text, FONT)
    return np.array(image)


@pytest.mark.parametrize("ink", [0, 40, 90])
def test_a_bar_is_turned_and_its_text_found(ink: int) -> None:
    pixels = with_bar(ink)
    turned = with_bars_turned(pixels)
    assert turned[TOP + 4 : BOTTOM - 4, 400:700].min() > 150
    assert (turned[170:] == pixels[170:]).all()
    found = find_page_lines(pixels)
    assert len(found.polygons) == 5
    title = next(found.crops())
    assert np.median(title) > 150
    assert 80 < np.count_nonzero(title < 100) < 0.4 * title.size


def test_no_outline_of_the_bar_is_left() -> None:
    turned = with_bars_turned(with_bar(0))
    assert turned[TOP - 8 : BOTTOM + 8, 500:700].min() > 150


def test_a_frame_around_the_bar_stays() -> None:
    image = Image.fromarray(with_bar(0))
    ImageDraw.Draw(image).rectangle((LEFT, TOP, RIGHT, 440), outline=0, width=3)
    turned = with_bars_turned(np.array(image))
    assert turned[300, LEFT : LEFT + 3].max() == 0
    assert len(find_page_lines(np.array(image)).polygons) == 5


def rules_around_dark_text() -> np.ndarray:
    image, draw = page()
    for top in (TOP, BOTTOM):
        draw.rectangle((LEFT, top, RIGHT, top + 9), 0)
    draw.text((72, 108), "1. Applicant", 0, FONT)
    return np.array(image)


def thick_rule() -> np.ndarray:
    image, draw = page()
    draw.rectangle((LEFT, TOP, RIGHT, TOP + 12), 0)
    return np.array(image)


def edge_of_a_scan() -> np.ndarray:
    pixels = np.array(page()[0])
    pixels[:50] = 0
    pixels[20:24, 300:400] = 255
    return pixels


def picture() -> np.ndarray:
    image, draw = page()
    draw.rectangle((400, 0, 700, 190), 20)
    draw.ellipse((500, 60, 600, 120), 230)
    return np.array(image)


@pytest.mark.parametrize("make", [rules_around_dark_text, thick_rule, edge_of_a_scan, picture])
def test_what_is_no_bar_stays(make: object) -> None:
    assert callable(make)
    pixels = make()
    assert (with_bars_turned(pixels) == pixels).all()


@pytest.mark.parametrize(
    "pixels", [np.array(page()[0]), np.full((50, 70), 255, np.uint8), np.zeros((1, 1), np.uint8)]
)
def test_a_page_without_bars_is_given_back_as_it_is(pixels: np.ndarray) -> None:
    assert with_bars_turned(pixels) is pixels
