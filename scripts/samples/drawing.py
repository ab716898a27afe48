"""A sheet to draw on that remembers each word, its line and where its ink lies."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from samples.fonts import load_font

Colour = int | tuple[int, int, int]
Align = Literal["left", "right", "centre"]
FloatArray = NDArray[np.float64]

A4 = (210.0, 297.0)  # millimetres
SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True)
class Face:
    """A font, its size in points and its colour."""

    font: str
    points: float
    fill: Colour = 0


@dataclass
class Word:
    """A word and the four corners of its ink, (4, 2), clockwise from the top left, in pixels."""

    text: str
    quad: FloatArray

    def box(self, size: tuple[int, int]) -> list[int]:
        """The smallest upright box around the word, cut to an image of that (width, height)."""
        limit = np.array(size)
        low = np.clip(np.floor(self.quad.min(axis=0)), 0, limit)
        high = np.clip(np.ceil(self.quad.max(axis=0)), 0, limit)
        return [int(v) for v in (*low, *high)]


@dataclass
class Document:
    """A finished sample: its image, its lines of words in reading order, and how it is described and kept."""

    id: str
    image: Image.Image
    lines: list[list[Word]]
    domain: str
    level: Literal["page", "line", "word"] = "page"
    dpi: int | None = None
    suffix: Literal[".png", ".jpg"] = ".png"
    save: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The ground truth: words separated by one space, lines by a newline."""
        return "\n".join(" ".join(word.text for word in line) for line in self.lines)

    @property
    def words(self) -> list[Word]:
        """All words in reading order."""
        return [word for line in self.lines for word in line]


class Sheet:
    """A sheet of paper (or a screen) measured in `unit` pixels; text sizes are in points at `dpi`.

    Text is given in reading order, by its baseline. A new line of ground truth starts with each call of
    `text` unless `same_line` is set, so that the cells of a table row form one line.
    """

    def __init__(
        self, size: tuple[float, float], dpi: int, *, unit: float | None = None, background: Colour = 255
    ) -> None:
        """`size` in units; the unit is a millimetre unless `unit` gives its size in pixels."""
        self.dpi = dpi
        self.unit = dpi / 25.4 if unit is None else unit
        mode = "L" if isinstance(background, int) else "RGB"
        pixels = (round(size[0] * self.unit), round(size[1] * self.unit))
        self.image = Image.new(mode, pixels, background)
        self.draw = ImageDraw.Draw(self.image)
        self.lines: list[list[Word]] = []

    def px(self, length: float) -> float:
        """A length in units as pixels."""
        return length * self.unit

    def font(self, face: Face) -> ImageFont.FreeTypeFont:
        """The loaded font of a face at this sheet's resolution."""
        return load_font(face.font, face.points * self.dpi / 72)

    def width(self, text: str, face: Face) -> float:
        """The advance width of a text, in units."""
        return self.font(face).getlength(text) / self.unit

    def record(self, text: str, box: Sequence[float], *, same_line: bool) -> None:
        """Add a word that was drawn within box (x0, y0, x1, y1), in pixels."""
        x0, y0, x1, y1 = box
        word = Word(text, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=float))
        if same_line and self.lines:
            self.lines[-1].append(word)
        else:
            self.lines.append([word])

    def text(
        self,
        x: float,
        y: float,
        text: str,
        face: Face,
        *,
        align: Align = "left",
        same_line: bool = False,
        stretch: float = 0.0,
        tracking: float = 0.0,
    ) -> float:
        """Draw one line and return where it ends; `stretch` and `tracking` widen each space and letter."""
        font = self.font(face)
        space = font.getlength(" ") + self.px(stretch + tracking)
        words = text.split()
        lengths = [font.getlength(word) + self.px(tracking) * len(word) for word in words]
        total = sum(lengths) + space * (len(words) - 1) - self.px(tracking)
        left = self.px(x) - {"left": 0.0, "centre": total / 2, "right": total}[align]
        base = self.px(y)
        for word, length in zip(words, lengths, strict=True):
            self.record(word, self._ink(left, base, word, face, tracking), same_line=same_line)
            same_line = True
            left += length + space
        return (left - space) / self.unit

    def _ink(self, left: float, base: float, word: str, face: Face, tracking: float) -> Sequence[float]:
        """Draw a word at a pixel position and return the box of its ink."""
        font = self.font(face)
        if not tracking:
            self.draw.text((left, base), word, fill=face.fill, font=font, anchor="ls")
            return self.draw.textbbox((left, base), word, font=font, anchor="ls")
        boxes = []
        for char in word:
            self.draw.text((left, base), char, fill=face.fill, font=font, anchor="ls")
            boxes.append(self.draw.textbbox((left, base), char, font=font, anchor="ls"))
            left += font.getlength(char) + self.px(tracking)
        corners = np.array(boxes)
        return (*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0))

    def paragraph(
        self,
        x: float,
        y: float,
        width: float,
        text: str,
        face: Face,
        leading: float,
        *,
        justify: bool = False,
        indent: float = 0.0,
    ) -> float:
        """Draw text wrapped to a width and return the baseline of the line that would follow."""
        lines = list(wrap(text, width, lambda part: self.width(part, face), indent))
        for index, line in enumerate(lines):
            gaps = line.count(" ")
            stretch = 0.0
            if justify and gaps and index < len(lines) - 1:
                stretch = (width - indent - self.width(line, face)) / gaps
            self.text(x + indent, y, line, face, stretch=stretch)
            y += leading
            indent = 0.0
        return y

    def monospaced(
        self,
        x: float,
        y: float,
        text: str,
        face: Face,
        draw_glyph: Callable[[int, str, tuple[float, float]], None],
        *,
        same_line: bool = False,
    ) -> None:
        """Let `draw_glyph(index, char, (left, baseline))` draw each letter on a fixed pitch, in pixels."""
        font = self.font(face)
        pitch = font.getlength("n")
        left, base = self.px(x), self.px(y)
        start = 0
        for word in text.split():
            start = text.index(word, start)
            for offset, char in enumerate(word):
                draw_glyph(start + offset, char, (left + (start + offset) * pitch, base))
            box = self.draw.textbbox((left + start * pitch, base), word, font=font, anchor="ls")
            self.record(word, box, same_line=same_line)
            same_line = True
            start += len(word)

    def rule(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.2, fill: Colour = 0) -> None:
        """A horizontal or vertical rule, as a filled bar so that its ends stay square."""
        half = max(self.px(width), 1) / 2
        a, b, c, d = (self.px(v) for v in (x0, y0, x1, y1))
        if y0 == y1:
            b, d = b - half, d + half - 1
        else:
            a, c = a - half, c + half - 1
        self.draw.rectangle((round(a), round(b), max(round(c), round(a)), max(round(d), round(b))), fill=fill)

    def rectangle(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        *,
        fill: Colour | None = None,
        outline: Colour | None = None,
        width: float = 0.2,
        radius: float = 0.0,
    ) -> None:
        """A rectangle in units, with rounded corners when there is a radius."""
        box = [round(self.px(v)) for v in (x0, y0, x1, y1)]
        line = max(1, round(self.px(width)))
        self.draw.rounded_rectangle(box, self.px(radius), fill=fill, outline=outline, width=line)

    def stroke(self, points: Sequence[tuple[float, float]], width: float, fill: Colour) -> None:
        """A pen stroke through points, in units: a smooth curve that thins where the pen moves fast."""
        curve = catmull_rom(np.array(points, dtype=float) * self.unit)
        speed = np.linalg.norm(np.diff(curve, axis=0), axis=1)
        pace = speed / max(float(speed.mean()), 1e-6)
        radius = self.px(width) / 2 * np.clip(1.35 - 0.35 * pace, 0.5, 1.3)
        for (px, py), r in zip(curve[1:], radius, strict=True):
            self.draw.ellipse((px - r, py - r, px + r, py + r), fill=fill)


def wrap(text: str, width: float, measure: Callable[[str], float], indent: float = 0.0) -> Iterator[str]:
    """Break text into lines no wider than `width`, also at soft hyphens, which print as hyphens there."""
    line = ""
    room = width - indent
    for word in text.split():
        rest = word
        while True:
            joined = f"{line} {rest}".strip()
            if measure(joined.replace(SOFT_HYPHEN, "")) <= room:
                line = joined.replace(SOFT_HYPHEN, "")
                break
            # The longest beginning of the word that still fits with its hyphen stays on this line.
            parts = rest.split(SOFT_HYPHEN)
            for cut in range(len(parts) - 1, 0, -1):
                head = f"{line} {''.join(parts[:cut])}-".strip()
                if measure(head) <= room:
                    yield head
                    rest = SOFT_HYPHEN.join(parts[cut:])
                    break
            else:
                if not line:
                    raise ValueError(f"{word!r} is wider than the column")
                yield line
            line, room = "", width
    if line:
        yield line


def catmull_rom(points: FloatArray, steps: int = 60) -> FloatArray:
    """A Catmull-Rom curve through the points, (n, 2) to (steps * (n - 1), 2)."""
    padded = np.vstack([points[0], points, points[-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5
        * (
            2 * p1
            + (p2 - p0) * t
            + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
            + (3 * p1 - p0 - 3 * p2 + p3) * t**3
        )
        for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.vstack(pieces)
