"""CRAFT, the detector of EasyOCR and of keras-ocr: what both do around its network, in less time.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019. Both libraries look at the whole
page for each word. Here each is looked at in its own window: the same points, in the same order, so the same
boxes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from . import int8
from .graphs import Array, Graph, Session

Library = Literal["easyocr", "keras-ocr"]
Map = NDArray[np.float32]

# Sides that differ by no more are of a square, whose smallest box may stand on a corner.
_SQUARE = 0.1
# The convolutions of its VGG take as many channels as they give or fewer, those of its decoder more, save a
# few small ones. In int8 the decoder, and the very first, which takes the image, would move boxes.
_LEAST_CHANNELS = 64
# The side of what is cut from the pages that the ranges of int8 are found on, in pixels, and cuts a page.
_SIDE, _CUTS = 448, 4


def word_boxes(
    maps: Map, library: Library, *, surest: float, linked: float, least: float, pixels: int
) -> Iterator[Map]:
    """Four corners of each word, in pixels of the maps, clockwise from the one next to the origin.

    Equal to `craft_utils.getDetBoxes_core` of EasyOCR and to half of `detection.getBoxes` of keras-ocr.

    Args:
        maps: how likely each pixel is within a character, and between two, of shape (height, width, 2).
        surest: what a word's surest pixel must reach.
        linked: above which a pixel links.
        least: above which a pixel is text.
        pixels: words of fewer are none.
    """
    import cv2

    text, link = (np.ascontiguousarray(maps[:, :, place]) for place in range(2))
    is_text, is_link = text > least, link > linked
    # A link is not of the word itself: to EasyOCR where no text is, to keras-ocr where there is.
    dropped = is_link & (~is_text if library == "easyocr" else is_text)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (is_text | is_link).astype(np.uint8), connectivity=4
    )
    height, width = text.shape
    for label in range(1, count):
        x, y, wide, high, size = (int(value) for value in stats[label])
        if size < pixels:
            continue
        own = np.s_[y : y + high, x : x + wide]
        mine = labels[own] == label
        if text[own][mine].max() < surest:
            continue
        grown = int(math.sqrt(size * min(wide, high) / (wide * high)) * 2)
        left, top = max(x - grown, 0), max(y - grown, 0)
        right, bottom = min(x + wide + grown + 1, width), min(y + high + grown + 1, height)
        word = np.zeros((bottom - top, right - left), np.uint8)
        word[y - top : y - top + high, x - left : x - left + wide][mine & ~dropped[own]] = 255
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (1 + grown, 1 + grown))
        points = _points(cv2.dilate(word, kernel), library)
        if len(points):
            yield _around(points + np.array([left, top]))


def _points(word: NDArray[np.uint8], library: Library) -> NDArray[np.int32]:
    """What a word's box goes around: all of it, or as keras-ocr has it the outline found first."""
    import cv2

    if library == "easyocr":
        rows, columns = np.nonzero(word)
        return np.stack([columns, rows], axis=1).astype(np.int32)
    outlines = cv2.findContours(word, mode=cv2.RETR_TREE, method=cv2.CHAIN_APPROX_SIMPLE)[-2]
    return outlines[0][:, 0] if outlines else np.zeros((0, 2), np.int32)


def _around(points: NDArray[np.int64]) -> Map:
    """The smallest box around points, clockwise from the corner that is next to the origin."""
    import cv2

    box = cv2.boxPoints(cv2.minAreaRect(points.astype(np.int32)))
    one, other = np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[1] - box[2])
    if abs(1 - max(one, other) / (min(one, other) + 1e-5)) <= _SQUARE:
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    turned: Map = np.roll(box, 4 - box.sum(axis=1).argmin(), 0)
    return turned


class Normalize:
    """A library's scaling of colours to what CRAFT takes, looked up: it depends on nothing but the level.

    Args:
        scale: the library's own function of an image of shape (height, width, 3), uint8 RGB.
    """

    def __init__(self, scale: Callable[[NDArray[np.uint8]], Map]) -> None:
        levels = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis, np.newaxis], 3, axis=2)
        self._levels = np.ascontiguousarray(scale(levels), dtype=np.float32)

    def planes(self, image: NDArray[np.uint8]) -> Map:
        """An image of shape (height, width, 3) as float32 of shape (3, height, width)."""
        import cv2

        scaled = np.empty((3, *image.shape[:2]), np.float32)
        for plane, levels, colour in zip(scaled, self._levels[:, 0].T, cv2.split(image), strict=True):
            cv2.LUT(colour, np.ascontiguousarray(levels), plane)
        return scaled

    def __call__(self, image: NDArray[np.uint8]) -> Map:
        """An image of shape (height, width, 3) as float32 of the same shape."""
        import cv2

        scaled: Map = np.asarray(cv2.LUT(image, self._levels.reshape(1, 256, 3)), np.float32)
        return scaled


def in_int8(
    graph: Graph,
    prepare: Callable[[NDArray[np.uint8]], dict[str, Array]],
    open_session: Callable[[Graph], Session],
    folder: Path,
) -> Graph:
    """A detector's graph with its encoder in int8: made once, and kept in ``folder``.

    Args:
        graph: in float32.
        prepare: an image of shape (height, width, 3), uint8 RGB, as what the graph takes.
        open_session: what the ranges are found with.
    """
    return int8.kept_in_int8(
        "detector.int8",
        graph,
        _is_encoder,
        lambda files: [prepare(cut) for cut in _cuts(files)],
        open_session,
        folder,
    )


def _is_encoder(weights: Array) -> bool:
    outputs, inputs = weights.shape[:2]
    return bool(outputs >= inputs >= _LEAST_CHANNELS)


def _cuts(files: Sequence[Path]) -> Iterator[NDArray[np.uint8]]:
    """Pieces of pages, in RGB, each page's spread over its length."""
    import cv2

    for file in files:
        image = np.asarray(cv2.imread(str(file)))[:, :, ::-1]
        height, width = (max(side - _SIDE, 0) for side in image.shape[:2])
        for place in range(_CUTS):
            top, left = height * place // (_CUTS - 1), width * (place % 2)
            yield np.ascontiguousarray(image[top : top + _SIDE, left : left + _SIDE])
