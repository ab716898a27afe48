"""Steps that move pixels: skew, size, margins, black edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.ink import Ink
from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels, to_grey
from ocr_plugins.preprocess.step import InkStep, Prepared, Step, Transform, paper_colour, warp
from ocr_plugins.textlines import rotation

# No step makes an image larger than this, in pixels.
_MOST_PIXELS = 60_000_000
# What reaches in from the edge of a scan is darker than the middle between ink and paper, and this large,
# as a share of the image's shorter side.
_EDGE = 0.02


@dataclass(frozen=True, kw_only=True)
class Deskew(InkStep):
    """Lines made level: the skew is where the projection of the glyphs' feet is sharpest (Postl 1986)."""

    name: ClassVar[str] = "deskew"
    help: ClassVar[str] = "slanted lines made level"
    pages_only: ClassVar[bool] = True

    most: float = option(15.0, "largest skew looked for, in degrees", minimum=0.1, maximum=45)
    least: float = option(
        0.1, "skew left as it is, in degrees: turning blurs a little", minimum=0, maximum=45
    )

    def measured(self, pixels: Pixels, ink: Ink) -> Prepared:
        angle = ink.skew(self.most)
        if abs(np.rad2deg(angle)) <= self.least:
            return Prepared.in_place(pixels)
        return turned(pixels, angle)


def turned(pixels: Pixels, angle: float) -> Prepared:
    """The image turned by ``angle`` against the clock (y runs down), larger so that all stays on it."""
    height, width = pixels.shape[:2]
    turn = rotation(angle)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) @ turn
    low, high = corners.min(axis=0), corners.max(axis=0)
    matrix = np.eye(3)
    matrix[:2, :2] = turn
    to_input = matrix @ Transform.shift(*low).matrix
    across, down = (int(np.ceil(side - 1e-6)) for side in high - low)
    return Prepared(warp(pixels, to_input, (across, down)), Transform(to_input))


@dataclass(frozen=True, kw_only=True)
class Rescale(InkStep):
    name: ClassVar[str] = "rescale"
    help: ClassVar[str] = "made larger or smaller until glyphs have a wanted height"

    height: float = option(28.0, "median glyph height to reach, in pixels", minimum=8, maximum=200)
    most: float = option(4.0, "largest factor, and one part of which is the smallest", minimum=1, maximum=8)
    slack: float = option(
        0.15, "images this near to the wanted height are left, as a share", minimum=0, maximum=1
    )

    def measured(self, pixels: Pixels, ink: Ink) -> Prepared:
        if not ink.height:
            return Prepared.in_place(pixels)
        factor = float(np.clip(self.height / ink.height, 1 / self.most, self.most))
        if abs(factor - 1) <= self.slack:
            return Prepared.in_place(pixels)
        return rescaled(pixels, factor)


def rescaled(pixels: Pixels, factor: float) -> Prepared:
    """The image ``factor`` times as large, as far as a limit of memory allows."""
    import cv2

    height, width = pixels.shape[:2]
    factor = min(factor, (_MOST_PIXELS / (height * width)) ** 0.5)
    across, down = max(1, round(width * factor)), max(1, round(height * factor))
    way = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    resized = np.asarray(cv2.resize(pixels, (across, down), interpolation=way), np.uint8)
    return Prepared(resized, Transform.scale(width / across, height / down))


@dataclass(frozen=True, kw_only=True)
class Pad(Step):
    name: ClassVar[str] = "pad"
    help: ClassVar[str] = "a margin of paper put around: engines miss text at the very edge"

    width: int = option(20, "pixels on each side", minimum=1, maximum=500)

    def apply(self, pixels: Pixels) -> Prepared:
        import cv2

        sides = (self.width,) * 4
        padded = cv2.copyMakeBorder(pixels, *sides, cv2.BORDER_CONSTANT, value=edge_colour(pixels))
        return Prepared(np.asarray(padded, np.uint8), Transform.shift(-self.width, -self.width))


def edge_colour(pixels: Pixels) -> tuple[float, ...]:
    """The median colour along the four edges: what a margin goes on with."""
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(float(v) for v in np.atleast_1d(np.median(edges, axis=0)))


@dataclass(frozen=True, kw_only=True)
class Border(Step):
    """Dark areas that reach in from the edges, as scanners and copiers leave them, painted over."""

    name: ClassVar[str] = "border"
    help: ClassVar[str] = "black edges of scans and copies painted over with paper"
    pages_only: ClassVar[bool] = True

    depth: float = option(
        0.12, "what reaches farther in stays, as a share of the side", minimum=0.01, maximum=0.5
    )

    def apply(self, pixels: Pixels) -> Prepared:
        dark = edges_of(pixels, self.depth)
        if not dark.any():
            return Prepared.in_place(pixels)
        clean = pixels.copy()
        clean[dark] = np.array(paper_colour(pixels)).round()
        return Prepared.in_place(clean)


def edges_of(pixels: Pixels, depth: float) -> NDArray[np.bool_]:
    """Where dark areas touch an edge: (h, w), true on them.

    They run along the edge they touch, or are as thick as no letter is; ``depth`` is how far they reach in
    at most, as a share of the image's side.
    """
    import cv2

    grey = to_grey(pixels)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    height, width = grey.shape
    none: NDArray[np.bool_] = np.zeros(grey.shape, bool)
    if grey.max() == grey.min():
        return none
    # Letters that touch the edge's darkness are parted from it, as far as they are thin.
    thick = max(3, round(_EDGE * min(height, width) / 2)) | 1
    window = np.ones((thick, thick), np.uint8)
    dark = cv2.copyMakeBorder((grey <= level).astype(np.uint8), *(thick,) * 4, cv2.BORDER_CONSTANT, value=1)
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, window)
    count, labels = cv2.connectedComponents(solid, connectivity=8)
    if count < 2 or labels[0, 0] == 0:
        return none
    outer = labels[thick:-thick, thick:-thick] == labels[0, 0]
    inner = none.copy()
    across, down = round(depth * width), round(depth * height)
    inner[down : height - down, across : width - across] = True
    if (outer & inner).any():
        # It reaches too far in to be an edge: a picture, or a dark page.
        return none
    grown = cv2.dilate(outer.astype(np.uint8), window)
    return np.asarray((grown > 0) & (grey <= level) & ~inner)
