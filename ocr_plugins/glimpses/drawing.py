"""Numbers to learn from: by hand, and set in fonts as on houses; endless and seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.glimpses.network import LONGEST
from ocr_plugins.synth.digits import SIDE, draw_digit, fitted
from ocr_plugins.synth.fonts import FontSet, load_font
from ocr_plugins.synth.words import Rng

#: Pictures of each digit, light on dark.
Written = Sequence[Sequence[NDArray[np.uint8]]]

_KINDS = {"times": 1.0, "modern": 0.5, "book": 0.7, "sans": 2.0, "condensed": 0.7, "mono": 0.3}
_DIGITS = "0123456789"
# Single digits are as many as that; of handwritten ones, so many are somebody's, where they are given.
_SINGLE, _SOMEBODYS = 0.35, 0.2
# Pictures of handwriting are cut out with other margins than MNIST's so often.
_CUT_OTHERWISE = 0.3


@dataclass(frozen=True, eq=False)
class Number:
    """A picture of a number, uint8 (h, w), what it says, and where.

    Args:
        middles: of its digits, as shares of the picture's width.
    """

    picture: NDArray[np.uint8]
    text: str
    middles: tuple[float, ...]


def handwritten(rng: Rng, longest: int, written: Written | None = None) -> Number:
    """Digits of one hand side by side, light on dark.

    Args:
        written: pictures of digits that people wrote, to be mixed in.
    """
    digits = rng.integers(0, 10, _length(rng, longest))
    pictures = []
    for digit in digits:
        if written and rng.random() < _SOMEBODYS:
            ink = written[digit][int(rng.integers(len(written[digit])))]
        else:
            ink = draw_digit(rng, int(digit))
        pictures.append(_varied(rng, ink))
    gap = int(rng.integers(-7, 3))
    canvas = np.zeros((SIDE, SIDE * len(digits) + gap * (len(digits) - 1)), np.uint8)
    for number, picture in enumerate(pictures):
        left = number * (SIDE + gap)
        rows = np.roll(picture, int(rng.integers(-2, 3)), axis=0) if len(digits) > 1 else picture
        canvas[:, left : left + SIDE] = np.maximum(canvas[:, left : left + SIDE], rows)
    middles = SIDE / 2 + np.arange(len(digits)) * (SIDE + gap)
    if rng.random() < _CUT_OTHERWISE:
        canvas, further = _cut(rng, canvas)
        middles = middles + further
    return Number(canvas, "".join(map(str, digits)), tuple((middles / canvas.shape[1]).tolist()))


def _length(rng: Rng, longest: int) -> int:
    return 1 if rng.random() < _SINGLE else int(rng.integers(1, longest + 1))


def _varied(rng: Rng, ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A digit bent, widened, made thicker or thinner and lighter, uint8 (28, 28).

    Bent as in Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks Applied to
    Visual Document Analysis" (ICDAR 2003).
    """
    import cv2

    large = cv2.resize(ink, (4 * SIDE, 4 * SIDE), interpolation=cv2.INTER_CUBIC)
    side = len(large)
    wide, slant = float(np.exp(rng.normal(0.12, 0.15))), float(rng.normal(0, 0.1))
    coarse = rng.normal(0, 1, (2, 5, 5)).astype(np.float32) * float(rng.uniform(0, 0.05)) * side
    bent = [cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in coarse]
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) - side / 2
    found = cv2.remap(
        large,
        (columns / max(wide, 1.0) + slant * rows + side / 2 + bent[0]).astype(np.float32),
        (rows * min(wide, 1.0) + side / 2 + bent[1]).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    thicker = int(rng.integers(-3, 5))
    if thicker:
        round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(thicker) + 1,) * 2)
        changed = (cv2.dilate if thicker > 0 else cv2.erode)(found, round_)
        # What is thin already would vanish.
        found = changed if changed.max() > 128 else found
    lighter = np.clip(fitted(found).astype(np.float32) * float(rng.uniform(1.0, 1.6)), 0, 255)
    return np.asarray(lighter, np.uint8)


def _cut(rng: Rng, canvas: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """The same with a margin of any size around what is written, which lies further right by so much."""
    rows, columns = (np.flatnonzero(canvas.max(axis=axis) > 30) for axis in (1, 0))
    if not len(rows):
        return canvas, 0
    close = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    margins = (len(close) * rng.uniform(0.08, 0.35, 4)).astype(int)
    return np.pad(close, (tuple(margins[:2]), tuple(margins[2:]))), int(margins[2] - columns[0])


def house_number(rng: Rng, fonts: FontSet, longest: int) -> Number:
    """A number on a wall as a camera takes it."""
    from PIL import Image, ImageDraw, ImageFilter

    text = "".join(_DIGITS[number] for number in rng.integers(0, 10, _length(rng, longest)))
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
    ends = margin[2] - left + np.array([font.getlength(text[:end]) for end in range(len(text) + 1)])
    middles = (ends[:-1] + ends[1:]) / 2 / covered.shape[1]
    return Number(np.clip(grey, 0, 255).astype(np.uint8), text, tuple(middles.tolist()))


def labels_of(text: str) -> NDArray[np.int64]:
    """The classes of a number, its end behind it, and -1 for what is not asked: (LONGEST,)."""
    out = np.full(LONGEST, -1, np.int64)
    out[: len(text)] = [int(mark) for mark in text]
    if len(text) < LONGEST:
        out[len(text)] = 10
    return out
