"""Numbers to learn from: by hand, and set in fonts as on houses; endless and seeded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.glimpses.canvas import canvas_of
from ocr_plugins.glimpses.network import LONGEST
from ocr_plugins.synth.digits import draw_digit
from ocr_plugins.synth.fonts import FontSet, load_font
from ocr_plugins.synth.words import Rng

_KINDS = {"times": 1.0, "modern": 0.5, "book": 0.7, "sans": 2.0, "condensed": 0.7, "mono": 0.3}
_DIGITS = "0123456789"


def handwritten(rng: Rng, longest: int) -> tuple[NDArray[np.float32], str]:
    """Digits of one hand side by side, light on dark: a canvas and its text."""
    count = int(rng.integers(1, longest + 1))
    digits = rng.integers(0, 10, count)
    pictures = [draw_digit(rng, int(digit)) for digit in digits]
    gap = int(rng.integers(-7, 3))
    width = 28 * count + gap * (count - 1)
    canvas = np.zeros((28, max(width, 28)), np.uint8)
    for number, picture in enumerate(pictures):
        left = number * (28 + gap)
        rows = np.roll(picture, int(rng.integers(-2, 3)), axis=0) if count > 1 else picture
        canvas[:, left : left + 28] = np.maximum(canvas[:, left : left + 28], rows)
    found = canvas_of(canvas)
    return (found if found is not None else np.zeros((32, 128), np.float32)), "".join(map(str, digits))


def house_number(rng: Rng, fonts: FontSet, longest: int) -> tuple[NDArray[np.uint8], str]:
    """A number on a wall as a camera takes it: uint8 (h, w), and its text."""
    from PIL import Image, ImageDraw, ImageFilter

    text = "".join(_DIGITS[number] for number in rng.integers(0, 10, int(rng.integers(1, longest + 1))))
    face = fonts.choose(rng, _KINDS, _DIGITS)
    assert face is not None  # noqa: S101 - fonts that draw no digits are no fonts
    size = int(rng.integers(24, 56))
    font = load_font(face.path, size)
    left, top, right, bottom = font.getbbox(text)
    margin = size * rng.uniform(0.05, 0.35, 4)
    shape = (round(bottom - top + margin[0] + margin[1]), round(right - left + margin[2] + margin[3]))
    wall, ink = float(rng.uniform(20, 235)), 0.0
    while abs(ink - wall) < 50:
        ink = float(rng.uniform(0, 255))
    mask = Image.new("L", (max(shape[1], 4), max(shape[0], 4)), 0)
    ImageDraw.Draw(mask).text((margin[2] - left, margin[0] - top), text, 255, font)
    mask = mask.rotate(float(rng.normal(0, 3)), Image.Resampling.BICUBIC)
    mask = mask.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, size / 22))))
    covered = np.asarray(mask, np.float32) / 255
    rows, columns = np.mgrid[0 : covered.shape[0], 0 : covered.shape[1]]
    light = rng.normal(0, 18) * rows / covered.shape[0] + rng.normal(0, 18) * columns / covered.shape[1]
    grey = wall * (1 - covered) + ink * covered + light + rng.normal(0, rng.uniform(0, 9), covered.shape)
    return np.clip(grey, 0, 255).astype(np.uint8), text


def labels_of(text: str) -> NDArray[np.int64]:
    """The classes of a number, its end behind it, and -1 for what is not asked: (LONGEST,)."""
    out = np.full(LONGEST, -1, np.int64)
    out[: len(text)] = [int(mark) for mark in text]
    if len(text) < LONGEST:
        out[len(text)] = 10
    return out
