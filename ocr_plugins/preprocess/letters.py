"""The step for text on pictures: what looks like letters, dark or light, becomes black on white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.ink import components
from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels
from ocr_plugins.preprocess.geometry import rescaled
from ocr_plugins.preprocess.step import Prepared, Step
from ocr_plugins.textlines import Boxes, heights_of, widths_of

# Of each other, in the height of the higher one: letters of one line differ and part by no more.
_LIKE, _NEAR, _LEVEL = 2.2, 1.4, 0.18
_COLOURS = 45.0  # and so much in colour, of 255 in each channel
_SLIM, _WIDE = 0.08, 6.0  # the widths of a letter, or of some that touch, in heights
# The share of its box that is ink: fuller ones are strokes or nothing, thinner ones frames.
_FULL, _STROKE, _THIN = 0.97, 0.4, 0.15
# Letters are so many pixels high at least, and no higher than this share of the image.
_LEAST, _MOST = 12, 0.6
_LEAST_LINE = 3
_MOST_MARKS = 4000
_SHARED = 0.5  # of the lesser box
_DOT = 0.5  # of the height of the letter beside it


@dataclass(frozen=True, kw_only=True)
class Letters(Step):
    """Marks that differ from what is around them, darker or lighter, are kept where they stand in lines.

    As by Neumann and Matas ("A method for text localization and recognition in real-world images", ACCV
    2010), marks are candidates in both polarities, and are letters if others of like height and colour
    stand beside them.
    """

    name: ClassVar[str] = "letters"
    help: ClassVar[str] = "text on pictures, dark or light, made black on white without the pictures"

    factor: float = option(3.0, "how much larger the image is made before", minimum=1, maximum=8)
    window: int = option(91, "pixels around each that it is compared with, enlarged", minimum=5, maximum=999)
    contrast: float = option(16.0, "grey levels by which letters stand out", minimum=1, maximum=128)

    def apply(self, pixels: Pixels) -> Prepared:
        import cv2

        larger = rescaled(pixels, self.factor)
        image = larger.pixels if larger.pixels.ndim == 3 else np.stack([larger.pixels] * 3, axis=2)
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        differs = grey - cv2.blur(grey, (self.window | 1, self.window | 1))
        dark, light = (_Marks.of(image, sign * differs, self.contrast) for sign in (-1, 1))
        page = np.full(grey.shape, 255, np.uint8)
        lines = [_in_lines(marks) for marks in (dark, light)]
        # What is left of the paper between letters, or inside them, stands out less than they do.
        chosen = (
            lines[0] & ~_outshone(dark, light, lines[1]),
            lines[1] & ~_outshone(light, dark, lines[0]),
        )
        for marks, letters in zip((dark, light), chosen, strict=True):
            page[marks.pixels(letters | _dots(marks, letters))] = 0
        return Prepared(page, larger.transform)


@dataclass(frozen=True, eq=False)
class _Marks:
    """Marks of one polarity: boxes, mean colours, and by how much each stands out, in grey levels."""

    boxes: Boxes
    shares: NDArray[np.float64]
    colours: NDArray[np.float64]
    strengths: NDArray[np.float64]
    labels: NDArray[np.int32]

    @classmethod
    def of(cls, image: Pixels, differs: NDArray[np.float32], contrast: float) -> _Marks:
        boxes, shares, labels = components((differs > contrast).astype(np.uint8))
        flat, count = labels.ravel(), len(boxes) + 1
        sizes = np.maximum(np.bincount(flat, minlength=count), 1)
        channels = [differs, *np.moveaxis(image, 2, 0)]
        means = [np.bincount(flat, np.ravel(values), count) / sizes for values in channels]
        strengths, *colours = (mean[1:] for mean in means)
        return cls(boxes, shares, np.stack(colours, axis=1), strengths, labels)

    def pixels(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(h, w), true on the chosen marks."""
        return np.asarray(np.concatenate([[False], chosen])[self.labels])


def _in_lines(marks: _Marks) -> NDArray[np.bool_]:
    """Which marks have others like them beside them, and those others, in chains of some."""
    across, down = widths_of(marks.boxes), heights_of(marks.boxes)
    fits = (down >= _LEAST) & (down < _MOST * marks.labels.shape[0])
    fits &= (across > _SLIM * down) & (across < _WIDE * down)
    fits &= (marks.shares < _FULL) | (across < _STROKE * down)
    fits &= marks.shares > _THIN
    places = np.flatnonzero(fits)
    places = places[np.argsort(marks.boxes[places, 0])][:_MOST_MARKS]
    boxes, colours = marks.boxes[places], marks.colours[places]
    heights, middles = heights_of(boxes), (boxes[:, 1] + boxes[:, 3]) / 2
    group = np.arange(len(boxes))
    for at in range(len(boxes)):
        high, low = np.maximum(heights, heights[at]), np.minimum(heights, heights[at])
        beside = (boxes[:, 0] >= boxes[at, 0]) & (boxes[:, 0] - boxes[at, 2] <= _NEAR * high)
        level = np.minimum(np.abs(boxes[:, 3] - boxes[at, 3]), np.abs(middles - middles[at])) <= _LEVEL * high
        like = (high <= _LIKE * low) & (np.abs(colours - colours[at]).max(axis=1) <= _COLOURS)
        same = np.unique(group[beside & level & like])
        group[np.isin(group, same)] = group[at]
    chosen = np.zeros(len(marks.boxes), bool)
    chosen[places] = np.bincount(group, minlength=len(boxes))[group] >= _LEAST_LINE if len(boxes) else False
    return chosen


def _outshone(marks: _Marks, others: _Marks, rivals: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which marks share their place with rivals of the other polarity that stand out more."""
    found = np.zeros(len(marks.boxes), bool)
    boxes = marks.boxes
    for place in np.flatnonzero(rivals):
        x0, y0, x1, y1 = others.boxes[place]
        across = np.minimum(boxes[:, 2], x1) - np.maximum(boxes[:, 0], x0)
        down = np.minimum(boxes[:, 3], y1) - np.maximum(boxes[:, 1], y0)
        shared = np.maximum(across, 0) * np.maximum(down, 0)
        lesser = np.minimum(widths_of(boxes) * heights_of(boxes), (x1 - x0) * (y1 - y0))
        found |= (shared > _SHARED * lesser) & (marks.strengths < others.strengths[place])
    return found


def _dots(marks: _Marks, letters: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The dots, commas and accents beside the letters, of their colour."""
    found = np.zeros(len(letters), bool)
    across, down = widths_of(marks.boxes), heights_of(marks.boxes)
    x, y = (marks.boxes[:, :2] + marks.boxes[:, 2:]).T / 2
    for place in np.flatnonzero(letters):
        x0, y0, x1, y1 = marks.boxes[place]
        height = y1 - y0
        near = (x > x0 - _DOT * height) & (x < x1 + _DOT * height)
        near &= (y > y0 - _DOT * height) & (y < y1 + _DOT * height / 2)
        small = np.maximum(across, down) < _DOT * height
        found |= near & small & (np.abs(marks.colours - marks.colours[place]).max(axis=1) <= _COLOURS)
    return found
