"""A page that lines are set on, with the boxes of all words and lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr_plugins.synth.drawing import is_fixed
from ocr_plugins.synth.fonts import Face, FontSet, load_font
from ocr_plugins.synth.texts import typed
from ocr_plugins.synth.words import Rng

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word and the box of its ink, [x0, y0, x1, y1) in pixels."""

    text: str
    box: Corners


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """The words of a line, from left to right."""

    words: tuple[PlacedWord, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Corners:
        x0, y0, x1, y1 = zip(*(word.box for word in self.words), strict=True)
        return min(x0), min(y0), max(x1), max(y1)


@dataclass(slots=True)
class Sheet:
    """A blank page of so many pixels at a resolution, to be filled from above.

    ``em`` is that of the running text, in pixels.
    """

    rng: Rng
    fonts: FontSet
    face: Face
    size: tuple[int, int]
    dpi: int
    em: int
    lines: list[PlacedLine] = field(default_factory=list)
    _canvas: Image.Image = field(init=False)
    _draw: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self._canvas = Image.new("L", self.size, 0)
        self._draw = ImageDraw.Draw(self._canvas)

    @property
    def cover(self) -> NDArray[np.uint8]:
        """Ink's coverage, uint8 (h, w)."""
        return np.asarray(self._canvas)

    def inches(self, length: float) -> int:
        return round(length * self.dpi)

    def styled(self, *, bold: bool = False, italic: bool = False) -> Face:
        """The running text's design in another style, or as it is where there is none."""
        return self.fonts.sibling(self.face, bold, italic, self.face.characters) or self.face

    def write(
        self,
        text: str,
        x: float,
        baseline: float,
        *,
        face: Face | None = None,
        em: int = 0,
        width: float = 0.0,
        align: str = "left",
        line: bool = True,
        ink: int = 255,
    ) -> list[PlacedWord]:
        """Words on one line from x on.

        Args:
            width: to be filled by wider word spaces ("justify"), or to be centred in or set to the right of.
            line: whether the words are a line of their own; otherwise the caller makes one of them.
            ink: how much of it, 0 to 255; less than below it leaves light letters on a dark ground.
        """
        face, em = face or self.face, em or self.em
        words = [w for w in (_drawable(word, face) for word in text.split()) if w]
        if not words:
            return []
        font = load_font(face.path, em)
        space = font.getlength(" ") or 0.28 * em
        lengths = [font.getlength(word) for word in words]
        rest = width - sum(lengths) - space * (len(words) - 1)
        if align == "justify" and len(words) > 1 and rest > 0:
            space += rest / (len(words) - 1)
        elif align in ("centre", "right") and width:
            x += rest / (2 if align == "centre" else 1)
        placed = []
        for word, length in zip(words, lengths, strict=True):
            self._draw.text((x, baseline), word, ink, font, anchor="ls")
            box = self._draw.textbbox((x, baseline), word, font, anchor="ls")
            if min(box[:2]) >= 0 and box[2] <= self.size[0] and box[3] <= self.size[1]:
                placed.append(PlacedWord(word, box))
            x += length + space
        if line:
            self.add(placed)
        return placed

    def add(self, words: Sequence[PlacedWord]) -> None:
        if words:
            self.lines.append(PlacedLine(tuple(words)))

    def width_of(self, text: str, face: Face | None = None, em: int = 0) -> float:
        return load_font((face or self.face).path, em or self.em).getlength(text)

    def paragraph(
        self,
        text: str,
        x: int,
        y: float,
        width: int,
        *,
        leading: float = 1.2,
        indent: float = 0.0,
        justify: bool = False,
        bottom: float = math.inf,
    ) -> float:
        """The text in lines of at most this width, with first baselines below y; returns where it ends."""
        waiting = text.split()
        room, left = width - indent, x + indent
        while waiting and y + self.em * leading < bottom:
            y += self.em * leading
            count = self._fitting(waiting, room)
            last = count == len(waiting)
            align = "justify" if justify and not last else "left"
            self.write(" ".join(waiting[:count]), left, y, width=room, align=align)
            waiting, room, left = waiting[count:], width, x
        return y

    def _fitting(self, words: Sequence[str], room: float) -> int:
        line, count = "", 0
        for word in words:
            line = f"{line} {word}" if line else word
            if count and self.width_of(line) > room:
                break
            count += 1
        return max(1, count)

    def fill(self, box: tuple[int, int, int, int], ink: int) -> None:
        """A ground of one colour, [x0, y0, x1, y1)."""
        x0, y0, x1, y1 = box
        self._draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=ink)

    def rule(self, x0: float, y0: float, x1: float, y1: float, points: float = 0.7) -> None:
        """A straight rule, so many points thick."""
        thick = max(1, round(points * self.dpi / 72))
        self._draw.line((round(x0), round(y0), round(x1), round(y1)), fill=255, width=thick)


def _drawable(word: str, face: Face) -> str:
    if is_fixed(face) or not face.characters.issuperset(word):
        word = typed(word)
    return "".join(character for character in word if character in face.characters)
