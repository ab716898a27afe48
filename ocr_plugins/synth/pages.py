"""Whole pages with ground truth: the text, and the boxes of lines and words; endless and seeded.

Page number i depends on the seed, the options, the fonts found and i alone, whatever the number of processes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import CallError
from ocr_plugins.synth.degrading import degrade
from ocr_plugins.synth.drawing import Coverage
from ocr_plugins.synth.fonts import FontSet
from ocr_plugins.synth.layouts import LAYOUTS, PAGE_TEXTS
from ocr_plugins.synth.lines import known_fonts
from ocr_plugins.synth.marks import add_marks
from ocr_plugins.synth.sheets import Corners, PlacedLine, PlacedWord, Sheet
from ocr_plugins.synth.texts import CHARACTERS, Texts
from ocr_plugins.synth.words import Rng, Weighted

_RESOLUTIONS = Weighted({"300": 6, "200": 2, "150": 1, "400": 0.5})
# The share of a kind that comes only where it is named, beside others that are named.
_NAMED = 0.15
_MOST_TURN = 1.2  # degrees


@dataclass(frozen=True, slots=True)
class PageSample:
    """A page's picture, uint8 (h, w), and its lines from top to bottom, column after column.

    ``kind`` is one of `layouts.LAYOUTS`. Boxes lie in the picture as it is, turned and bent.
    """

    pixels: NDArray[np.uint8]
    lines: tuple[PlacedLine, ...]
    kind: str
    dpi: int

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class PageOptions:
    """What pages are made of.

    Args:
        characters: the texts' characters.
        fonts: folders with fonts; the system's where there is none.
        kinds: kinds of pages, see `layouts.LAYOUTS`; all that have a share where there is none.
        clean: the share of pages that nothing happened to, 0 to 1.
        strength: how much happens to the others; 1 is usual, at most 2.
        marks: the share of pages with stamps, scrawl and the like, which no ground truth tells of; 0 to 1.

    Raises:
        CallError: a value out of its range, or an unknown kind.
    """

    characters: str = CHARACTERS
    fonts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = field(default=())
    clean: float = 0.17
    strength: float = 1.0
    marks: float = 0.0

    def __post_init__(self) -> None:
        if not self.characters.strip():
            raise CallError("there are no characters to make pages of", "name some")
        for name, value, most in (
            ("clean", self.clean, 1),
            ("strength", self.strength, 2),
            ("marks", self.marks, 1),
        ):
            if not 0 <= value <= most:
                raise CallError(f"{name} is {value}", f"pass a number from 0 to {most}")
        for kind in self.kinds:
            if kind not in LAYOUTS:
                raise CallError(f"{kind!r} is no kind of page", f"choose among {', '.join(LAYOUTS)}")


def pages(
    seed: int, options: PageOptions | None = None, workers: int = 0, start: int = 0
) -> Iterator[PageSample]:
    """Pages without end; arguments and errors are those of `lines.lines`."""
    for name, value in (("seed", seed), ("workers", workers), ("start", start)):
        if value < 0:
            raise CallError(f"{name} is {value}", "pass a whole number from 0 up")
    options = options or PageOptions()
    maker = PageMaker(options, known_fonts(options.fonts, options.characters, False))
    if workers:
        from ocr_plugins.synth.processes import in_processes

        return in_processes(maker, seed, start, workers, batch=1)
    return maker.stream(seed, start)


class PageMaker:
    """Draws page after page. Can be pickled."""

    def __init__(self, options: PageOptions, fonts: FontSet) -> None:
        self._options = options
        self._fonts = fonts
        self._kinds = Weighted(_shares(options.kinds))
        self._texts = Texts(options.characters, PAGE_TEXTS)

    def stream(self, seed: int, start: int = 0) -> Iterator[PageSample]:
        """Pages number start, start + 1 and so on."""
        number = start
        while True:
            yield self.sample(seed, number)
            number += 1

    def sample(self, seed: int, number: int) -> PageSample:
        rng = np.random.default_rng([seed, number, 1])
        kind = self._kinds.draw(rng)
        layout = LAYOUTS[kind]
        dpi = layout.dpi or int(_RESOLUTIONS.draw(rng))
        em = round(rng.uniform(*layout.points) * dpi / 72)
        face = None
        while face is None or face.italic:
            face = self._fonts.choose(rng, layout.kinds, "")
            if rng.random() < 0.05:
                break
        assert face is not None  # noqa: S101 - without needed characters there is always one
        size = (round(layout.inches[0] * dpi), round(layout.inches[1] * dpi))
        sheet = Sheet(rng, self._fonts, face, size, dpi, em)
        layout.make(sheet, self._texts)
        clean = rng.random() < self._options.clean
        drawn = sheet.cover
        # A source of its own: the same seed gives the same page with marks and without.
        marking = np.random.default_rng([seed, number, 2])
        if marking.random() < self._options.marks:
            drawn = add_marks(marking, drawn, em, face)
        cover, lines = (drawn, sheet.lines) if clean or layout.dpi else _turned(rng, drawn, sheet.lines)
        # Of two levels nothing is left where a screen's colours lie on one side of a threshold.
        mode = "clean" if clean and not layout.dpi else Weighted(dict(layout.modes)).draw(rng)
        strength = min(1.0, self._options.strength * float(rng.beta(1.3, 2.6)))
        pixels = degrade(rng, cover, em, mode, strength)
        if not (clean or layout.dpi) and rng.random() < 0.08:
            _dark_edge(rng, pixels, lines)
        return PageSample(pixels, tuple(lines), kind, dpi)


def _shares(kinds: tuple[str, ...]) -> dict[str, float]:
    if not kinds:
        return {name: layout.share for name, layout in LAYOUTS.items() if layout.share}
    return {name: LAYOUTS[name].share or _NAMED for name in kinds}


def _turned(rng: Rng, cover: Coverage, lines: list[PlacedLine]) -> tuple[Coverage, list[PlacedLine]]:
    """A page laid askew on the glass, seen a little from the side; boxes go with their words."""
    import cv2

    height, width = cover.shape
    angle = math.radians(float(np.clip(rng.normal(0, 0.4), -_MOST_TURN, _MOST_TURN)))
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y = width / 2, height / 2
    turn = np.array(
        [[cosine, -sine, x - cosine * x + sine * y], [sine, cosine, y - sine * x - cosine * y], [0, 0, 1]]
    )
    if rng.random() < 0.3:
        tilt = np.eye(3)
        tilt[2, :2] = rng.normal(0, 0.008, 2) / (width, height)
        turn = tilt @ turn
    bent = np.asarray(cv2.warpPerspective(cover, turn, (width, height), flags=cv2.INTER_LINEAR))
    mapped = (_mapped_line(line, turn, (width, height)) for line in lines)
    return bent, [line for line in mapped if line is not None]


def _mapped_line(line: PlacedLine, matrix: NDArray[np.float64], size: tuple[int, int]) -> PlacedLine | None:
    words = [
        PlacedWord(word.text, box)
        for word in line.words
        if (box := mapped_box(word.box, matrix, size)) is not None
    ]
    return PlacedLine(tuple(words)) if words else None


def mapped_box(box: Corners, matrix: NDArray[np.float64], size: tuple[int, int]) -> Corners | None:
    """The upright box around a box's corners after a homography; None where much of it leaves the picture."""
    x0, y0, x1, y1 = box
    corners = np.array([[x0, x1, x1, x0], [y0, y0, y1, y1], [1, 1, 1, 1]], np.float64)
    moved = matrix @ corners
    xs, ys = moved[0] / moved[2], moved[1] / moved[2]
    left, right = max(0.0, float(xs.min())), min(float(size[0]), float(xs.max()))
    top, bottom = max(0.0, float(ys.min())), min(float(size[1]), float(ys.max()))
    # A word that is cut is not what the truth says any more.
    whole = right - left > 0.8 * (xs.max() - xs.min()) and bottom - top > 0.8 * (ys.max() - ys.min())
    return (left, top, right, bottom) if whole else None


def _dark_edge(rng: Rng, pixels: NDArray[np.uint8], lines: list[PlacedLine]) -> None:
    """What a scanner's lid leaves along the left side, beside the text."""
    if not lines:
        return
    room = int(min(line.box[0] for line in lines))
    if room > 8:
        pixels[:, : int(rng.uniform(0.1, 0.6) * room)] = int(rng.uniform(0, 60))
