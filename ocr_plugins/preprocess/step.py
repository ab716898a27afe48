"""The contract of a preprocessing step: pixels in; pixels out, and where each of them came from.

A step is a frozen dataclass whose fields are its options. Steps change no geometry, or change it by
a homography, so that boxes found on what they give map back exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Glyph, Line, Page, Point, Polygon, Region, Word
from ocr_plugins.ink import Ink
from ocr_plugins.options import check_options
from ocr_plugins.pixels import Pixels

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Transform:
    """Where the points of a step's output lie on its input.

    ``matrix`` is a homography of shape (3, 3). Points are in pixels counted from the outer edge of the
    first one, as everywhere in a `Page`: the middle of the first pixel lies at (.5, .5).
    """

    matrix: Matrix

    @classmethod
    def identity(cls) -> Self:
        return cls(np.eye(3))

    @classmethod
    def shift(cls, x: float, y: float) -> Self:
        """The output's (0, 0) lies at (x, y) of the input."""
        return cls(np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float))

    @classmethod
    def scale(cls, x: float, y: float) -> Self:
        """A pixel of the output is ``x`` wide and ``y`` high on the input."""
        return cls(np.diag([x, y, 1.0]))

    @property
    def is_identity(self) -> bool:
        return bool(np.array_equal(self.matrix, np.eye(3)))

    @property
    def resolution(self) -> float:
        """Pixels of the output along one of the input, in the mean over the plane near its origin."""
        return float(abs(np.linalg.det(self.matrix[:2, :2])) ** -0.5)

    def before(self, later: Transform) -> Transform:
        """This step and then ``later``, as one: from the later one's output to this one's input."""
        return Transform(self.matrix @ later.matrix)

    def inverse(self) -> Transform:
        return Transform(np.asarray(np.linalg.inv(self.matrix), np.float64))

    def points(self, points: Iterable[Point]) -> tuple[Point, ...]:
        """Points of the output as points of the input."""
        flat = np.array([(x, y, 1.0) for x, y in points]) @ self.matrix.T
        return tuple((float(x / w), float(y / w)) for x, y, w in flat)

    def polygon(self, polygon: Polygon) -> Polygon:
        """A polygon of the output on the input; its first corner stays where the text begins."""
        return Polygon(self.points(polygon.points))

    def page(self, page: Page, size: tuple[int, int], dpi: float | None) -> Page:
        """A page that was read from the output, in the pixels of the input, of this size and dpi."""
        return replace(
            page,
            size=size,
            dpi=dpi,
            lines=tuple(map(self._line, page.lines)),
            regions=tuple(map(self._region, page.regions)),
        )

    def _region(self, region: Region) -> Region:
        lines = tuple(map(self._line, region.lines))
        return replace(region, lines=lines, polygon=self._placed(region.polygon))

    def _line(self, line: Line) -> Line:
        return replace(line, polygon=self._placed(line.polygon), words=tuple(map(self._word, line.words)))

    def _word(self, word: Word) -> Word:
        return replace(word, polygon=self._placed(word.polygon), glyphs=tuple(map(self._glyph, word.glyphs)))

    def _glyph(self, glyph: Glyph) -> Glyph:
        return replace(glyph, polygon=self._placed(glyph.polygon))

    def _placed(self, polygon: Polygon | None) -> Polygon | None:
        return None if polygon is None else self.polygon(polygon)


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """What a step gives: uint8 pixels, (h, w) or (h, w, 3), and where they lie on what it was given.

    ``steps`` says what was done, where a step decides that by itself.
    """

    pixels: Pixels
    transform: Transform
    steps: tuple[str, ...] = ()

    @classmethod
    def in_place(cls, pixels: Pixels) -> Self:
        """Pixels that lie where they lay."""
        return cls(pixels, Transform.identity())


@dataclass(frozen=True, kw_only=True)
class Step(ABC):
    """One way to make an image easier to read. Its fields are its options.

    Raises:
        CallError: an option out of its range.
    """

    #: What users call it.
    name: ClassVar[str]
    #: What it does, in a line.
    help: ClassVar[str]
    #: Whether it looks for what only pages have, such as lines or edges; else it takes crops too.
    pages_only: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_options(self)

    @abstractmethod
    def apply(self, pixels: Pixels) -> Prepared:
        """The image as the step leaves it; the input where there is nothing to do."""

    def __str__(self) -> str:
        """The step with all its options: what a result depends on."""
        options = ";".join(f"{f.name}={getattr(self, f.name)}" for f in fields(self))
        return f"{self.name}({options})" if options else self.name


@dataclass(frozen=True, kw_only=True)
class InkStep(Step):
    """A step that goes by what is measured on the image's ink."""

    def apply(self, pixels: Pixels) -> Prepared:
        return self.measured(pixels, Ink.of(pixels))

    @abstractmethod
    def measured(self, pixels: Pixels, ink: Ink) -> Prepared:
        """`apply` to an image whose ink is known."""


def warp(pixels: Pixels, to_input: Matrix, size: tuple[int, int]) -> Pixels:
    """The input as it is seen through ``to_input``, (width, height) pixels of it; paper around it."""
    import cv2

    # OpenCV counts from the middle of the first pixel.
    half = Transform.shift(0.5, 0.5).matrix
    moved = np.linalg.inv(half) @ to_input @ half
    return np.asarray(
        cv2.warpPerspective(
            pixels,
            moved,
            size,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=paper_colour(pixels),
        ),
        np.uint8,
    )


def paper_colour(pixels: Pixels) -> tuple[float, ...]:
    """The median colour of an image, which on a page is its paper's: what is put around it."""
    flat = pixels.reshape(-1, 1 if pixels.ndim == 2 else 3)
    sample = flat[:: max(1, len(flat) // 100_000)]
    return tuple(float(v) for v in np.median(sample, axis=0))
