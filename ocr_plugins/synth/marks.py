"""What stands on pages beside their text and in no ground truth: stamps, scrawl, signatures, logos, dirt.

Engines read letters into it, each its own, so who votes or is calibrated on pages without any expects too
little of what one engine alone reads.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr_plugins.synth.drawing import Coverage
from ocr_plugins.synth.fonts import Face, load_font
from ocr_plugins.synth.words import Rng, Weighted, number, pick

_STAMPED = ("RECEIVED", "COPY", "PAID", "FILED", "APPROVED", "ENTERED", "CONFIDENTIAL", "ARCHIVE", "URGENT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_PLACES_TRIED = 24
# A mark that covers more of the ink than this share of its own area is put elsewhere.
_LEAST_FREE = 0.01


def add_marks(rng: Rng, cover: Coverage, em: float, face: Face) -> Coverage:
    """The page's ink with a few marks on it, where there is room for them.

    Args:
        cover: uint8 (h, w), 255 is ink.
        em: of the page's running text, in pixels.
        face: the page's font, which stamps are set in.
    """
    page = cover.copy()
    for _ in range(number(rng, 1, 4)):
        mark = MARKS[_SHARES.draw(rng)](rng, em, face)
        place = _free_place(rng, page, mark)
        if place is not None:
            y, x = place
            area = page[y : y + mark.shape[0], x : x + mark.shape[1]]
            np.maximum(area, mark, out=area)
    return page


def _free_place(rng: Rng, page: Coverage, mark: Coverage) -> tuple[int, int] | None:
    """The top and left of the emptiest of some places; None where all hold text."""
    height, width = mark.shape
    if height >= page.shape[0] or width >= page.shape[1]:
        return None
    found, least = None, _LEAST_FREE
    for _ in range(_PLACES_TRIED):
        y, x = int(rng.integers(page.shape[0] - height)), int(rng.integers(page.shape[1] - width))
        inked = float((page[y : y + height : 2, x : x + width : 2] > 128).mean())
        if inked < least:
            found, least = (y, x), inked
    return found


def _scrawl(rng: Rng, em: float, face: Face) -> Coverage:  # noqa: ARG001 - as the others
    """A note in a running hand, one to three lines."""
    size = em * rng.uniform(0.8, 1.5)
    lines = [_hand(rng, size, number(rng, 1, 4)) for _ in range(number(rng, 1, 3))]
    width = max(line.shape[1] for line in lines)
    padded = [np.pad(line, ((0, 0), (0, width - line.shape[1]))) for line in lines]
    return _turned(rng, np.concatenate(padded), 6) // 3 * int(rng.uniform(2, 4))


def _signature(rng: Rng, em: float, face: Face) -> Coverage:  # noqa: ARG001 - as the others
    return _turned(rng, _hand(rng, em * rng.uniform(1.6, 3.2), number(rng, 1, 2), wild=2.0), 12)


def _hand(rng: Rng, size: float, words: int, wild: float = 1.0) -> Coverage:
    """Loops along a line that look like letters from afar."""
    import cv2

    thick = max(1, round(size * rng.uniform(0.05, 0.12)))
    canvas = np.zeros((round(4 * size), round((words * 6 + 2) * size)), np.uint8)
    x, slant = size, rng.uniform(0, 0.6)
    for _ in range(words):
        letters = number(rng, 3, 8)
        turns = np.linspace(0, 2 * np.pi * letters, letters * 14)
        # Each letter has a height and a width of its own.
        tall = np.interp(turns, np.linspace(0, turns[-1], letters + 1), _heights(rng, letters + 1, wild))
        wide = np.interp(turns, np.linspace(0, turns[-1], letters + 1), rng.uniform(0.1, 0.35, letters + 1))
        y = size * tall * np.sin(turns) * 0.5
        along = x + size * (0.45 * turns / (2 * np.pi) + wide * np.cos(turns)) - slant * y
        points = np.stack([along, 2.2 * size + y - size * np.maximum(tall - 1, 0) * 0.3], 1)
        cv2.polylines(canvas, [points.round().astype(np.int32)], False, 255, thick, cv2.LINE_AA)
        x = float(along.max()) + size * rng.uniform(0.4, 0.9)
    return _cut(canvas)


def _heights(rng: Rng, count: int, wild: float) -> NDArray[np.float64]:
    tall = rng.uniform(0.4, 0.9, count)
    tall[rng.random(count) < 0.25] *= 1 + wild
    return tall


def _stamp(rng: Rng, em: float, face: Face) -> Coverage:
    """Words in a frame, or around a ring, put on by hand."""
    font = load_font(face.path, max(8, round(em * rng.uniform(0.8, 2.0))))
    words = pick(rng, _STAMPED)
    date = f"{number(rng, 1, 28)} {pick(rng, _MONTHS)} {number(rng, 1920, 2015)}"
    text = pick(rng, (words, date, f"{words}\n{date}"))
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), text, font)
    gap = round(em * rng.uniform(0.3, 0.8))
    size = (round(right - left) + 2 * gap, round(bottom - top) + 2 * gap)
    if rng.random() < 0.4:
        size = (max(size), max(size))
    canvas = Image.new("L", size, 0)
    draw = ImageDraw.Draw(canvas)
    thick = max(2, round(0.08 * em))
    box = (0, 0, size[0] - 1, size[1] - 1)
    if size[0] == size[1]:
        draw.ellipse(box, outline=255, width=thick)
        draw.ellipse((3 * thick, 3 * thick, size[0] - 3 * thick, size[1] - 3 * thick), outline=255)
    elif rng.random() < 0.8:
        draw.rectangle(box, outline=255, width=thick)
    draw.multiline_text((size[0] / 2, size[1] / 2), text, 255, font, anchor="mm", align="center")
    # Half of a stamp's ink stays on the pad.
    worn = np.asarray(canvas) * (rng.random((size[1], size[0])) > rng.uniform(0, 0.4))
    level = rng.uniform(0.35, 1.0)
    return _turned(rng, (worn * level).astype(np.uint8), 25)


def _logo(rng: Rng, em: float, face: Face) -> Coverage:
    """A shape with letters cut out of it."""
    size = round(em * rng.uniform(3, 7))
    canvas = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(canvas)
    box = (1, 1, size - 2, size - 2)
    shape = pick(rng, ("disc", "square", "diamond", "ring"))
    inside = 0
    if shape == "disc":
        draw.ellipse(box, fill=255)
    elif shape == "square":
        draw.rectangle(box, fill=255)
    elif shape == "diamond":
        draw.polygon([(size / 2, 1), (size - 2, size / 2), (size / 2, size - 2), (1, size / 2)], fill=255)
    else:
        draw.ellipse(box, outline=255, width=max(2, size // 12))
        inside = 255
    letters = "".join(chr(number(rng, 65, 90)) for _ in range(number(rng, 1, 3)))
    font = load_font(face.path, max(8, round(size * 0.6 / len(letters) ** 0.6)))
    draw.text((size / 2, size / 2), letters, inside, font, anchor="mm")
    return np.asarray(canvas)


def _bars(rng: Rng, em: float, face: Face) -> Coverage:  # noqa: ARG001 - as the others
    """A bar code."""
    widths = rng.integers(1, 5, number(rng, 30, 70)) * max(1, round(em / 14))
    row = np.repeat(np.arange(len(widths)) % 2 == 0, widths)
    return np.tile((row * 255).astype(np.uint8), (round(em * rng.uniform(1.5, 3.5)), 1))


def _dirt(rng: Rng, em: float, face: Face) -> Coverage:  # noqa: ARG001 - as the others
    """Specks and crumbs."""
    import cv2

    size = round(em * rng.uniform(3, 14))
    canvas = np.zeros((size, size), np.uint8)
    for _ in range(number(rng, 4, 40)):
        centre = (number(rng, 0, size - 1), number(rng, 0, size - 1))
        axes = (max(1, round(em * rng.uniform(0.02, 0.2))), max(1, round(em * rng.uniform(0.02, 0.12))))
        cv2.ellipse(canvas, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    return canvas


def _pencil(rng: Rng, em: float, face: Face) -> Coverage:  # noqa: ARG001 - as the others
    """A bracket, a tick, or a stroke in the margin."""
    import cv2

    width, height = round(em * rng.uniform(0.5, 2)), round(em * rng.uniform(1, 8))
    steps = np.linspace(0, 1, 20)
    kind = pick(rng, ("bracket", "tick", "stroke"))
    if kind == "bracket":
        x = 0.5 + 0.4 * np.cos(2 * np.pi * steps)
    elif kind == "tick":
        x = np.abs(steps - 0.3)
    else:
        x = 0.5 + 0.1 * rng.standard_normal(20).cumsum() / 4
    points = np.stack([np.clip(x, 0, 1) * (width - 1), steps * (height - 1)], 1)
    canvas = np.zeros((height, width), np.uint8)
    thick = max(1, round(em * rng.uniform(0.03, 0.1)))
    level = int(rng.uniform(80, 255))
    cv2.polylines(canvas, [points.round().astype(np.int32)], False, level, thick, cv2.LINE_AA)
    return canvas


def _turned(rng: Rng, mark: Coverage, most: float) -> Coverage:
    """Turned by up to so many degrees."""
    picture = Image.fromarray(mark).rotate(rng.uniform(-most, most), Image.Resampling.BILINEAR, expand=True)
    return _cut(np.array(picture))


def _cut(mark: Coverage) -> Coverage:
    """Without the empty margin."""
    import cv2

    x, y, width, height = cv2.boundingRect(mark)
    return mark[y : y + height, x : x + width] if width else mark[:1, :1]


#: What is drawn, by name.
MARKS: dict[str, Callable[[Rng, float, Face], Coverage]] = {
    "scrawl": _scrawl,
    "signature": _signature,
    "stamp": _stamp,
    "logo": _logo,
    "bars": _bars,
    "dirt": _dirt,
    "pencil": _pencil,
}
_SHARES = Weighted({"scrawl": 4, "signature": 2, "stamp": 3, "logo": 2, "bars": 0.5, "dirt": 2, "pencil": 2})
