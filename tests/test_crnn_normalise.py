"""Lines made even: contrast, size, level and slant, whatever the picture around the line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageFont

from ocr_plugins.crnn.normalise import LEAST_WIDTH, normalise, normalised

HEIGHT = 40
TEXT = "The quick brown fox jumps over it"


def line(text: str = TEXT, size: int = 30, margin: int = 8, ink: int = 0, paper: int = 255) -> np.ndarray:
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin), paper)
    ImageDraw.Draw(image).text((margin - left, margin - top), text, ink, font=font)
    return np.array(image)


def off(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of two pictures of like width, looked at from far off, in grey levels."""
    assert abs(one.shape[1] - other.shape[1]) <= 0.07 * one.shape[1]
    small = [
        np.array(Image.fromarray(p).resize((32, 8), Image.Resampling.BOX)).astype(int) for p in (one, other)
    ]
    return float(np.abs(small[0] - small[1]).mean())


def ink_height(pixels: np.ndarray) -> int:
    rows = np.flatnonzero((pixels < 128).any(axis=1))
    return int(rows[-1] - rows[0] + 1)


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 60))),
    st.sampled_from([16, 32, 48]),
)
@settings(max_examples=60, deadline=None)
def test_any_picture_gives_one_of_the_height_asked_for(pixels: np.ndarray, height: int) -> None:
    before = pixels.copy()
    out = normalise(pixels, height)
    assert out.dtype == np.uint8
    assert out.shape[0] == height
    assert out.shape[1] >= LEAST_WIDTH
    assert (pixels == before).all()
    assert (normalise(pixels, height) == out).all()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_where_there_is_no_contrast_all_is_paper(level: int) -> None:
    noise = np.random.default_rng(1).integers(0, 6, (30, 300))
    for pixels in (np.full((30, 300), level), np.clip(level + noise, 0, 255)):
        assert (normalise(pixels.astype(np.uint8), HEIGHT) == 255).all()


@pytest.mark.parametrize(
    "changed",
    [line(ink=90, paper=190), 255 - line(), line(margin=20), line(size=60, margin=16)],
    ids=["faint", "light on dark", "white around", "twice as large"],
)
def test_the_same_line_looks_the_same(changed: np.ndarray) -> None:
    assert off(normalise(line(), HEIGHT), normalise(changed, HEIGHT)) < 9


def test_a_shadow_along_the_line_is_taken_out() -> None:
    shade = np.linspace(0.5, 1, line().shape[1])
    shaded = (line() * shade).astype(np.uint8)
    assert off(normalise(line(), HEIGHT), normalise(shaded, HEIGHT)) < 9


def test_paper_is_white_and_ink_dark() -> None:
    random = np.random.default_rng(2)
    noisy = np.clip(line(ink=70, paper=200) + random.normal(0, 6, line().shape), 0, 255).astype(np.uint8)
    out = normalise(noisy, HEIGHT)
    assert np.median(out) > 245
    assert np.quantile(out[out < 128], 0.25) < 40


def test_letters_keep_their_size_whoever_stands_beside_them() -> None:
    # Of lines with the same x-height, whatever ascenders and descenders there are.
    heights = {text: ink_height(normalise(line(text), HEIGHT)) for text in ("ace nose", "bold lid", "gypsy")}
    assert 14 <= heights["ace nose"] <= 32
    assert all(height <= HEIGHT for height in heights.values())
    for text in ("ggg", "l", "I", "Hg", "ÄÖ"):
        assert 12 <= ink_height(normalise(line(text), HEIGHT)) <= HEIGHT - 2


@pytest.mark.parametrize("text", [",", "-", ".", "…", "'"])
def test_lone_signs_stay_small(text: str) -> None:
    assert ink_height(normalise(line(text, margin=12), HEIGHT)) <= HEIGHT / 2


@pytest.mark.parametrize("degrees", [-1.5, 1.5])
def test_a_slant_of_a_long_line_is_taken_out(degrees: float) -> None:
    straight = line(TEXT * 2, margin=30)
    turned = np.array(Image.fromarray(straight).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255))
    assert off(normalise(straight, HEIGHT), normalise(turned, HEIGHT)) < 9


def test_places_lead_back_to_the_picture() -> None:
    pixels = line(margin=50)
    out, placement = normalised(pixels, HEIGHT)
    there = np.flatnonzero((pixels < 128).any(axis=0))
    here = np.flatnonzero((out < 128).any(axis=0))
    assert placement.back(here[0]) == pytest.approx(there[0], abs=2)
    assert placement.back(here[-1] + 1) == pytest.approx(there[-1] + 1, abs=2)
