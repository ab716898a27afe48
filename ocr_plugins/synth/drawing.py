"""Lines of text drawn as ink's coverage: uint8 (h, w), 255 where ink covers the whole pixel."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont

from ocr_plugins.synth.fonts import CHECK_SIZE, Face, FontSet, load_font
from ocr_plugins.synth.words import Rng

Coverage = NDArray[np.uint8]

# Sizes, in pixels of the em, that faces are drawn at before they are reduced: loading a face at a size takes
# longer than drawing a line in it.
_EMS = (20, 25, 31, 38, 47, 58, 72, 90, 112, 140)
#: Coverage from which a pixel counts as ink.
INK = 60
#: The canvas reaches so many ems above and below the baseline.
ABOVE, BELOW = 1.55, 1.0
_MARGIN = 0.8  # ems at a line's left and right
_SPACED_MARKS = (";", ":", "!", "?", "”", "»")


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is set.

    Lengths are in ems: ``spacing`` between letters, ``space`` between words (0 is the font's own),
    ``uneven`` how much word spaces differ, ``jitter`` how far a typewriter's letters stray, ``strikes`` how
    unevenly hard they hit (0 to 1), ``wide`` the share of word spaces that are as wide as between
    a table's columns.
    """

    spacing: float = 0.0
    space: float = 0.0
    uneven: float = 0.0
    jitter: float = 0.0
    strikes: float = 0.0
    wide: float = 0.0
    mixed: bool = False
    thin_spaces: bool = False
    small_capitals: bool = False


@dataclass(frozen=True, slots=True)
class Ink:
    """A line's own ink on its canvas, that of anything around it, and where the baseline is, in pixels."""

    text: Coverage
    around: Coverage | None
    baseline: float
    em: float


def render_em(face: Face, em: float, crisp: bool = False) -> int:
    """The size to draw at for a line of this em: somewhat larger, unless it is for a screen."""
    if crisp:
        return max(6, round(em))
    # The fewer the sizes, the more of the letters have been drawn before.
    sizes = _EMS[1::2] if is_fixed(face) else _EMS
    return next((size for size in sizes if size >= em * 1.02), _EMS[-1])


def is_fixed(face: Face) -> bool:
    """Whether all letters of the face are of one width."""
    return face.kind in ("typewriter", "mono")


def draw_line(rng: Rng, fonts: FontSet, face: Face, em: int, text: str, style: Style) -> Ink:
    """One line in one design. ``em`` is in pixels, as drawn."""
    words = _words(rng, fonts, face, em, text, style)
    space = (style.space or advance(face.path, " ") or 0.28) * em
    gaps = space * np.clip(1 + style.uneven * rng.standard_normal(len(words)), 0.55, 3.0)
    if style.wide:
        columns = rng.random(len(words)) < style.wide
        gaps = np.where(columns, em * rng.uniform(0.8, 5, len(words)), gaps)
    loose = style.jitter > 0 or style.spacing != 0 or style.strikes > 0
    lengths = [sum(_part_length(part, em, style, loose) for part in word) for word in words]
    starts = _MARGIN * em + np.concatenate([[0.0], np.cumsum(np.add(lengths, gaps))])
    shape = (round(ABOVE * em) + round(BELOW * em), math.ceil(starts[-1] - gaps[-1] + _MARGIN * em))
    placed = list(zip(starts.tolist(), words, strict=False))
    # Typewriters know no kerning, so their letters can be drawn once and printed many times.
    if loose or is_fixed(face):
        return Ink(_typed(rng, placed, shape, em, style), None, round(ABOVE * em), em)
    return Ink(_set(placed, shape, em), None, round(ABOVE * em), em)


def _set(placed: Sequence[tuple[float, list[_Part]]], shape: tuple[int, int], em: int) -> Coverage:
    """Words drawn as wholes, with kerning."""
    canvas = Image.new("L", (shape[1], shape[0]), 0)
    draw = ImageDraw.Draw(canvas)
    draw.fontmode = "L"
    for start, word in placed:
        x = start
        for part in word:
            x += part.gap * em
            draw.text((x, round(ABOVE * em)), part.text, 255, part.font, anchor="ls")
            x += _part_length(part, em, Style(), False) - part.gap * em
    return np.asarray(canvas)


def _typed(
    rng: Rng, placed: Sequence[tuple[float, list[_Part]]], shape: tuple[int, int], em: int, style: Style
) -> Coverage:
    """Letters printed one by one, each somewhat out of place and more or less dark."""
    canvas = np.zeros(shape, np.uint8)
    count = sum(len(part.text) for _, word in placed for part in word)
    shifts = (rng.standard_normal((count, 2)) * style.jitter * em).tolist()
    darkness = (1 - style.strikes * rng.random(count) ** 2).tolist()
    base, number = round(ABOVE * em), 0
    for start, word in placed:
        x = start
        for part in word:
            x += part.gap * em
            for letter in part.text:
                shape_of, left, top = glyph(part.path, part.size, letter)
                right, down = shifts[number]
                _print(canvas, shape_of, round(x + right) + left, round(base + down) + top, darkness[number])
                x += advance(part.path, letter) * part.size + style.spacing * em
                number += 1
    return canvas


def _print(canvas: Coverage, letter: Coverage, left: int, top: int, darkness: float) -> None:
    height, width = letter.shape
    if left < 0 or top < 0 or left + width > canvas.shape[1] or top + height > canvas.shape[0]:
        return
    area = canvas[top : top + height, left : left + width]
    np.maximum(area, letter if darkness > 0.97 else (letter * darkness).astype(np.uint8), out=area)


@functools.lru_cache(maxsize=20000)
def glyph(path: str, size: int, letter: str) -> tuple[Coverage, int, int]:
    """A letter's coverage, and where its left and top are from the pen's place on the baseline."""
    font = load_font(path, size)
    left, top, right, bottom = (round(value) for value in font.getbbox(letter, anchor="ls"))
    picture = Image.new("L", (max(1, right - left), max(1, bottom - top)), 0)
    ImageDraw.Draw(picture).text((-left, -top), letter, 255, font, anchor="ls")
    return np.asarray(picture), left, top


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a word in one font. ``gap`` is left before it, in ems."""

    text: str
    path: str
    size: int
    gap: float = 0.0

    @property
    def font(self) -> FreeTypeFont:
        return load_font(self.path, self.size)


def _words(rng: Rng, fonts: FontSet, face: Face, em: int, text: str, style: Style) -> list[list[_Part]]:
    tokens = text.split(" ")
    out = [[_Part(token, face.path, em)] for token in tokens]
    if style.mixed and len(tokens) > 1:
        start = int(rng.random() * len(tokens))
        stop = min(len(tokens), start + 1 + int(rng.random() * 4))
        slanted = rng.random() < 0.7
        other = fonts.sibling(face, face.bold != (not slanted), face.italic != slanted, set(text) - {" "})
        if other is not None:
            out[start:stop] = [[_Part(token, other.path, em)] for token in tokens[start:stop]]
    if style.small_capitals:
        out = [_small_capitals(word[0], face, em) for word in out]
    if style.thin_spaces:
        out = [_thin_spaced(word) for word in out]
    return out


def _small_capitals(part: _Part, face: Face, em: int) -> list[_Part]:
    """Only words that show by a larger capital that the rest are small letters."""
    head, rest = part.text[:1], part.text[1:]
    capitals = rest.upper()
    if not (head.isupper() and rest.isalpha() and rest.islower() and len(capitals) == len(rest)):
        return [part]
    if not face.characters.issuperset(capitals):
        return [part]
    return [_Part(head, face.path, em), _Part(capitals, face.path, round(em * 0.78))]


def _thin_spaced(word: list[_Part]) -> list[_Part]:
    """Old books set a thin space before these marks, which the text does not have."""
    last = word[-1]
    if len(last.text) > 1 and last.text.endswith(_SPACED_MARKS):
        return [*word[:-1], replace(last, text=last.text[:-1]), replace(last, text=last.text[-1], gap=0.13)]
    return word


def _part_length(part: _Part, em: int, style: Style, loose: bool) -> float:
    # Kerning is left out, which changes the space after a word by a hair.
    length = sum([advance(part.path, letter) for letter in part.text]) * part.size
    return length + part.gap * em + (len(part.text) * style.spacing * em if loose else 0.0)


@functools.lru_cache(maxsize=131072)
def advance(path: str, letter: str) -> float:
    """How far a letter moves the pen, in ems. Asking FreeType each time would take as long as drawing."""
    return float(load_font(path, CHECK_SIZE).getlength(letter)) / CHECK_SIZE


def add_rules(rng: Rng, ink: Ink, kind: str) -> Ink:
    """Rules of ``kind``: underline, strike, leader, box, left or right.

    An underline and a stroke through belong to the text; the others lie around it.
    """
    import cv2

    around = np.zeros_like(ink.text) if ink.around is None else ink.around.copy()
    found = cv2.boundingRect(ink.text)
    x0, x1 = found[0], found[0] + found[2]
    em, base, width = ink.em, ink.baseline, ink.text.shape[1]
    thick = max(1, round(em * rng.uniform(0.03, 0.09)))
    if kind in ("underline", "strike"):
        level = base + em * (rng.uniform(0.08, 0.24) if kind == "underline" else -rng.uniform(0.18, 0.3))
        left, right = x0, x1
        if rng.random() < 0.3:
            left = round(x0 + (x1 - x0) * rng.uniform(0, 0.5))
            right = round(left + (x1 - left) * rng.uniform(0.2, 1))
        _rule(around, left, round(level), right, round(level), thick)
    elif kind == "leader":
        level = round(base + em * rng.uniform(0.06, 0.36))
        _rule(around, 0 if rng.random() < 0.5 else x0, level, width, level, thick)
    elif kind == "box":
        top, bottom = round(base - em * rng.uniform(0.85, 1.3)), round(base + em * rng.uniform(0.3, 0.6))
        for level in (top, bottom):
            if rng.random() < 0.7:
                _rule(around, 0, level, width, level, thick)
        for x in (x0 - round(em * rng.uniform(0.2, 0.6)), x1 + round(em * rng.uniform(0.2, 0.6))):
            if rng.random() < 0.6:
                _rule(around, x, 0, x, around.shape[0], thick)
    else:
        gap = round(em * rng.uniform(0.15, 0.6))
        x = x0 - gap if kind == "left" else x1 + gap
        _rule(around, x, 0, x, around.shape[0], thick)
    return Ink(ink.text, around, base, em)


def _rule(canvas: Coverage, x0: int, y0: int, x1: int, y1: int, thick: int) -> None:
    import cv2

    cv2.line(canvas, (x0, y0), (x1, y1), 255, thick)


def add_neighbours(ink: Ink, above: Ink | None, below: Ink | None, leading: float) -> Ink:
    """The feet of the line above and the heads of the one below, at a distance of so many ems."""
    around = np.zeros_like(ink.text) if ink.around is None else ink.around.copy()
    for other, step in ((above, -leading), (below, leading)):
        if other is None:
            continue
        shift = round(ink.baseline - other.baseline + step * ink.em)
        top, bottom = max(0, shift), min(around.shape[0], shift + other.text.shape[0])
        if bottom <= top:
            continue
        width = min(around.shape[1], other.text.shape[1])
        part = other.text[top - shift : bottom - shift, :width]
        around[top:bottom, :width] = np.maximum(around[top:bottom, :width], part)
    return Ink(ink.text, around, ink.baseline, ink.em)


def add_stroke(rng: Rng, ink: Ink) -> Ink:
    """A pen's stroke, or a part of a stamp's ring, across the line."""
    import cv2

    around = np.zeros_like(ink.text) if ink.around is None else ink.around.copy()
    height, width = around.shape
    thick, level = max(1, round(ink.em * rng.uniform(0.03, 0.12))), int(rng.uniform(70, 256))
    if rng.random() < 0.35:
        centre = (int(rng.uniform(0, width)), int(rng.uniform(-height, 2 * height)))
        radius = int(ink.em * rng.uniform(1.5, 5))
        cv2.circle(around, centre, radius, level, thick, cv2.LINE_AA)
        if rng.random() < 0.5:
            cv2.circle(around, centre, round(radius * 0.8), level, max(1, thick // 2), cv2.LINE_AA)
        return Ink(ink.text, around, ink.baseline, ink.em)
    steps = cv2.GaussianBlur(rng.normal(0, 1, (40, 2)).cumsum(0), (1, 9), 0)
    points = steps * ink.em * rng.uniform(0.08, 0.3) + np.array([rng.uniform(0, width), height / 2])
    cv2.polylines(around, [points.round().astype(np.int32)], False, level, thick, cv2.LINE_AA)
    return Ink(ink.text, around, ink.baseline, ink.em)


def trimmed(ink: Ink, margin: float) -> Ink:
    """The canvas cut to the text with so many ems around it, so that less of it is worked on."""
    import cv2

    x0, y0, width, height = cv2.boundingRect(ink.text)
    if not width:
        return ink
    reach = round(margin * ink.em)
    top, left = max(0, y0 - reach), max(0, x0 - reach)
    area = (slice(top, y0 + height + reach), slice(left, x0 + width + reach))
    around = None if ink.around is None else ink.around[area]
    return Ink(ink.text[area], around, ink.baseline - top, ink.em)


def ink_box(ink: Ink) -> tuple[int, int, int, int]:
    """Left, top, width and height of the text's own ink; the sizes are 0 where there is none."""
    import cv2

    x, y, width, height = cv2.boundingRect(cv2.threshold(ink.text, INK, 255, cv2.THRESH_BINARY)[1])
    return x, y, width, height


def together(ink: Ink) -> Coverage:
    """The text and what is around it, in one."""
    return ink.text if ink.around is None else np.maximum(ink.text, ink.around)


def warped(ink: Ink, warp: Callable[[Coverage], Coverage]) -> Ink:
    """Both of an ink's layers, moved alike; baseline and em stay what they were."""
    return Ink(warp(ink.text), None if ink.around is None else warp(ink.around), ink.baseline, ink.em)


def reduced(ink: Ink, em: float, stretch: float = 1.0) -> Ink:
    """The ink at another size, its width stretched as well; by averaging, as a sensor does it."""
    import cv2

    height, width = ink.text.shape
    scale = em / ink.em
    size = (max(1, round(width * scale * stretch)), max(1, round(height * scale)))
    if size == (width, height):
        return ink
    # Averaging over odd areas takes several times as long, and shows only from here on.
    how = cv2.INTER_AREA if scale < 0.6 else cv2.INTER_LINEAR
    text = np.asarray(cv2.resize(ink.text, size, interpolation=how))
    around = None if ink.around is None else np.asarray(cv2.resize(ink.around, size, interpolation=how))
    return Ink(text, around, ink.baseline * scale, em)


def bent(rng: Rng, ink: Ink, slope: float, bow: float) -> Ink:
    """The ink turned and bowed.

    Args:
        slope: how far it runs down to the right, in parts of the width.
        bow: how far its middle sags, in pixels.
    """
    import cv2

    height, width = ink.text.shape
    if bow == 0:
        matrix = np.array([[1.0, -slope, slope * height / 2], [slope, 1.0, -slope * width / 2]])

        def warp(mask: Coverage) -> Coverage:
            return np.asarray(cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR))
    else:
        x = np.arange(width, dtype=np.float32)
        phase, waves = rng.uniform(0, math.pi), rng.uniform(0.5, 1.5)
        offset = slope * (x - width / 2) + bow * np.sin(x / width * waves * math.pi + phase)
        columns = np.broadcast_to(x, (height, width))
        rows = np.arange(height, dtype=np.float32)[:, None] - offset.astype(np.float32)

        def warp(mask: Coverage) -> Coverage:
            return np.asarray(cv2.remap(mask, np.ascontiguousarray(columns), rows, cv2.INTER_LINEAR))

    return warped(ink, warp)
