"""Handwritten digits, drawn as a pen draws them: strokes through points that stray; endless and seeded.

A digit's picture is what the MNIST database's are (LeCun, Bottou, Bengio and Haffner, "Gradient-Based
Learning Applied to Document Recognition", 1998): light on dark, 28 pixels a side, the digit fitted into 20
pixels and its ink's centre in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.synth.words import Rng

Points = Sequence[tuple[float, float]]

#: A picture's side, and that of the box that the digit is fitted into, in pixels.
SIDE, BOX = 28, 20
# Pictures are drawn so many times as large.
_LARGER = 4
# Points of a smooth curve between two that it goes through.
_STEPS = 8

# Digit -> ways to write it: how usual each is, and its strokes with bars between them: points as "x,y", x to
# the right and y down, in hundredths of the digit's width and height.
_WRITTEN: Mapping[int, Sequence[tuple[float, str]]] = {
    0: (
        (3, "55,0 18,15 4,50 18,87 50,100 83,85 97,50 80,13 50,0"),
        (1, "55,0 18,15 4,50 18,87 50,100 83,85 97,50 80,13 45,2 25,14"),
        (0.5, "70,10 18,15 4,50 18,87 50,100 83,85 97,50 80,13 72,10"),
    ),
    1: (
        (4, "50,0 50,50 50,100"),
        (1, "28,24 50,0 | 50,0 50,100"),
        (0.4, "28,22 50,0 | 50,0 50,100 | 20,100 80,100"),
    ),
    2: (
        (2, "8,28 28,4 62,0 86,22 76,50 42,78 4,100 | 4,100 50,97 98,100"),
        (2, "8,22 35,0 74,8 78,38 50,72 20,96 4,90 16,76 45,84 70,98 100,92"),
        (1, "12,12 50,0 84,16 78,45 30,88 10,99 55,95 96,98"),
        (1, "6,30 22,8 55,2 80,24 62,58 22,92 6,84 24,70 58,84 98,96"),
        (0.6, "4,8 50,0 90,10 80,40 30,90 | 30,90 60,96 100,94"),
        (0.6, "30,24 44,2 66,4 62,30 40,66 8,100 | 8,100 50,96 98,94"),
        (0.6, "26,16 50,0 72,14 66,46 36,88 10,96 6,74 30,66 60,80 98,100"),
        (0.6, "6,30 24,8 52,4 66,22 60,48 38,78 14,96 2,82 12,62 40,62 72,78 100,84"),
    ),
    3: (
        (3, "10,12 42,0 78,12 74,34 40,46 | 40,46 82,56 90,80 55,100 8,90"),
        (1, "10,3 50,2 85,2 | 85,2 42,42 | 42,42 82,56 90,80 55,100 8,90"),
        (1, "12,10 50,0 80,16 60,42 45,48 75,56 88,76 60,98 8,94"),
        (0.7, "4,6 60,0 92,8 66,36 44,44 | 44,44 84,60 80,92 40,100 4,94"),
        (1, "14,6 50,0 78,8 70,28 42,44 | 42,44 74,56 76,80 46,100 16,94"),
    ),
    4: (
        (3, "20,2 10,30 8,56 | 8,56 50,57 96,52 | 80,4 76,50 72,100"),
        (2, "66,0 30,34 4,64 | 4,64 98,62 | 68,0 66,100"),
        (1, "15,4 10,40 35,56 80,44 | 82,6 78,55 74,100"),
        (0.7, "18,10 12,52 | 12,52 60,54 100,50 | 62,0 58,50 54,100"),
        (0.7, "20,0 6,62 | 6,62 98,58 | 70,30 66,100"),
    ),
    5: (
        (3, "28,4 20,42 | 20,42 60,36 90,60 76,92 40,100 5,88 | 28,4 92,0"),
        (2, "92,0 50,2 30,6 | 30,6 20,44 | 20,44 55,40 86,62 70,92 35,100 4,90"),
        (1, "85,0 40,5 22,30 50,46 80,68 55,97 8,92"),
    ),
    6: (
        (3, "76,0 38,20 12,58 18,90 48,100 80,86 80,64 52,52 18,70"),
        (2, "50,0 20,35 8,70 30,98 70,96 86,74 60,58 25,66 14,82"),
    ),
    7: (
        (3, "5,8 50,5 95,3 | 95,3 64,45 46,100"),
        (1, "5,24 6,6 | 6,6 94,3 | 94,3 60,50 42,100"),
        (1, "5,6 94,3 | 94,3 60,50 42,100 | 30,52 84,48"),
        (0.6, "5,10 90,6 | 90,6 66,52 44,100 | 20,64 96,58"),
        (0.6, "8,34 10,6 | 10,6 90,8 | 90,8 86,50 78,100"),
        (1, "4,14 40,4 85,6 84,28 60,60 50,100"),
    ),
    8: (
        (3, "76,10 46,0 20,16 34,40 66,58 82,82 50,100 18,84 34,56 66,40 80,16 66,3"),
        (2, "50,0 22,10 22,36 50,47 78,36 78,10 50,0 | 50,47 14,60 16,90 50,100 84,90 86,60 50,47"),
        (1.5, "82,2 44,2 16,18 36,42 64,60 70,84 42,100 20,84 38,60 66,36 84,12"),
        (1, "78,12 60,0 36,6 30,26 52,46 62,70 46,98 24,92 26,70 54,46 76,24"),
    ),
    9: (
        (3, "82,20 50,0 18,18 24,44 56,48 82,24 84,12 | 84,12 82,50 74,100"),
        (2, "82,20 50,0 18,18 24,44 56,48 82,24 84,12 84,50 76,86 50,100 16,94"),
        (1, "82,20 50,0 18,18 24,44 56,48 82,24 82,10 66,60 50,100"),
        (1.5, "80,8 50,2 28,20 34,40 60,34 82,6 | 82,6 70,50 56,100"),
        (1, "90,6 40,4 10,26 30,46 66,34 90,6 | 90,6 80,60 70,100"),
        (1, "82,8 52,0 22,18 30,42 58,42 78,24 | 78,20 66,60 46,100"),
        (0.7, "88,4 56,2 24,16 26,38 54,42 80,22 | 84,14 74,52 54,84 30,100"),
    ),
}  # fmt: skip


def _strokes(text: str) -> tuple[Points, ...]:
    return tuple(
        tuple((float(x) / 100, float(y) / 100) for x, y in (point.split(",") for point in stroke.split()))
        for stroke in text.split("|")
    )


#: Digit -> ways to write it: how usual each is, and its strokes, x to the right and y down, in [0, 1].
WAYS: Mapping[int, Sequence[tuple[float, Sequence[Points]]]] = {
    digit: tuple((share, _strokes(text)) for share, text in ways) for digit, ways in _WRITTEN.items()
}


def draw_digit(rng: Rng, digit: int) -> NDArray[np.uint8]:
    """A digit in somebody's hand, uint8 (28, 28), light on dark."""
    ways = WAYS[digit]
    shares = np.array([share for share, _ in ways])
    strokes = ways[int(rng.choice(len(ways), p=shares / shares.sum()))][1]
    return fitted(_inked(rng, [_strayed(rng, stroke) for stroke in _moved(rng, strokes)]))


def written_digits() -> Iterator[tuple[NDArray[np.uint8], int]]:
    """The 1,797 digits that come with scikit-learn, made larger, light on dark, each with what it is.

    Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI, CC BY 4.0. Needs scikit-learn.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for picture, digit in zip(digits.images, digits.target, strict=True):
        large = Image.fromarray((picture * 15.9).astype(np.uint8)).resize((40, 40), Image.Resampling.BICUBIC)
        yield np.pad(np.asarray(large), 6), int(digit)


def fitted(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A digit's ink, (h, w), as MNIST has it: fitted into its box, with its centre in the middle."""
    from PIL import Image

    rows, columns = (np.flatnonzero(ink.max(axis=axis) > 30) for axis in (1, 0))
    out = np.zeros((SIDE, SIDE), np.uint8)
    if not len(rows):
        return out
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(cut.shape)
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    small = np.asarray(
        Image.fromarray(cut).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    )
    weight = max(float(small.sum()), 1.0)
    middle = [
        float((small.sum(axis=1 - axis) * np.arange(small.shape[axis])).sum()) / weight for axis in (0, 1)
    ]
    top, left = (
        int(np.clip(round((SIDE - 1) / 2 - middle[axis]), 0, SIDE - small.shape[axis])) for axis in (0, 1)
    )
    out[top : top + small.shape[0], left : left + small.shape[1]] = small
    return out


def _moved(rng: Rng, strokes: Sequence[Points]) -> list[NDArray[np.float64]]:
    """The strokes slanted, turned, and made wide or narrow, all in the same way."""
    slant, turn = rng.normal(0.14, 0.26), math.radians(rng.normal(0, 8))
    wide = math.exp(rng.normal(-0.25, 0.25))
    cosine, sine = math.cos(turn), math.sin(turn)
    matrix = np.array([[cosine, -sine], [sine, cosine]]) @ np.array([[wide, -slant], [0, 1]])
    # All is bent a little, as a hand swings.
    bend = rng.normal(0, 0.07, 4)
    moved = []
    for stroke in strokes:
        points = np.array(stroke) - 0.5
        x, y = points[:, 0], points[:, 1]
        x = x + bend[0] * np.sin(math.pi * y) + bend[1] * y * y
        y = y + bend[2] * np.sin(math.pi * x) + bend[3] * x * x
        moved.append(np.stack([x, y], axis=1) @ matrix.T)
    return moved


def _strayed(rng: Rng, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth curve through points that stray; its ends are sometimes short or long."""
    points = points + rng.normal(0, 0.05, points.shape)
    if len(points) > 1:
        for end, before in ((0, 1), (-1, -2)):
            points[end] += (points[end] - points[before]) * rng.normal(0, 0.12)
    # Catmull and Rom's splines; where there are but two points, a line.
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    steps = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    curve = [
        0.5
        * (
            2 * b
            + (c - a) * steps
            + (2 * a - 5 * b + 4 * c - d) * steps**2
            + (3 * b - a - 3 * c + d) * steps**3
        )
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate([*curve, points[-1:]])


def _inked(rng: Rng, strokes: Sequence[NDArray[np.float64]]) -> NDArray[np.uint8]:
    """Curves drawn with a round pen that is pressed more or less."""
    from PIL import Image, ImageDraw, ImageFilter

    side = SIDE * _LARGER
    everything = np.concatenate(strokes)
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = 0.72 * side / max(float((high - low).max()), 1e-6)
    width = math.exp(rng.normal(math.log(2.6), 0.3)) * _LARGER
    canvas = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(canvas)
    for stroke in strokes:
        points = (stroke - (low + high) / 2) * scale + side / 2
        pressed = 1 + rng.normal(0, 0.12) + rng.normal(0, 0.1) * np.linspace(-1, 1, len(points))
        for (x0, y0), (x1, y1), press in zip(points, points[1:], pressed, strict=False):
            radius = max(width * press / 2, 1.5)
            draw.line([x0, y0, x1, y1], 255, round(2 * radius))
            for x, y in ((x0, y0), (x1, y1)):
                draw.ellipse([x - radius, y - radius, x + radius, y + radius], 255)
    soft = canvas.filter(ImageFilter.GaussianBlur(_LARGER * float(rng.uniform(0.2, 0.55))))
    return np.asarray(soft, np.uint8)
