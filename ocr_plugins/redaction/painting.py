"""Places of a picture painted over."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Polygon

# How far beyond a word's outline its ink may reach, of its height, and at least in pixels.
_BEYOND, _LEAST_BEYOND = 0.1, 2.0
_CORNERS = 4


def painted(pixels: NDArray[np.uint8], places: Iterable[Polygon]) -> NDArray[np.uint8]:
    """A copy of a picture with the places black, and somewhat around them.

    Args:
        pixels: uint8, (height, width) or (height, width, 3).
        places: in pixels.
    """
    from PIL import Image, ImageDraw

    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    black: int | tuple[int, int, int] = 0 if pixels.ndim == 2 else (0, 0, 0)
    for polygon in places:
        beyond = max(_LEAST_BEYOND, _BEYOND * _height(polygon))
        outline = [(x, y) for x, y in polygon.points]
        draw.polygon(outline, fill=black)
        # A pen as wide as what is added on both sides; its ends are round, so corners are painted as well.
        for start, end in zip(outline, [*outline[1:], outline[0]], strict=True):
            draw.line([start, end], fill=black, width=round(2 * beyond))
            for x, y in (start, end):
                draw.ellipse([x - beyond, y - beyond, x + beyond, y + beyond], fill=black)
    return np.asarray(image, dtype=np.uint8).copy()


def painted_share(polygon: Polygon, places: Iterable[Polygon]) -> float:
    """The share of a polygon that is black where only the places are painted, in [0, 1]."""
    from PIL import Image, ImageDraw

    x0, y0, x1, y1 = polygon.box
    left, top = math.floor(x0), math.floor(y0)
    size = (math.ceil(x1) - left + 1, math.ceil(y1) - top + 1)
    asked = Image.new("L", size, 0)
    ImageDraw.Draw(asked).polygon(_moved(polygon, left, top).points, fill=255, outline=255)
    black = (
        painted(np.full((size[1], size[0]), 255, np.uint8), (_moved(one, left, top) for one in places)) == 0
    )
    return float(black[np.asarray(asked) > 0].mean())


def _moved(polygon: Polygon, left: int, top: int) -> Polygon:
    return Polygon(tuple((x - left, y - top) for x, y in polygon.points))


def _height(polygon: Polygon) -> float:
    """Of a line of text within the polygon, which may be turned: the shorter side of what surrounds it."""
    points = np.asarray(polygon.points, dtype=np.float64)
    x0, y0, x1, y1 = polygon.box
    sides = np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1)
    turned = [float(side) for side in sides if side > 0] if len(points) == _CORNERS else []
    return min(x1 - x0, y1 - y0, *turned)
