"""The learned binariser: a small network that gives a clean, even page, which one threshold then divides.

The method is that of DeepOtsu (He, Schomaker, "DeepOtsu: Document enhancement and binarization using
iterative deep learning", Pattern Recognition 91, 2019), in one pass and with a network of this
project's own, trained on pages of its own making: see weights/binarizer.md.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.ink import components, glyph_height
from ocr_plugins.offline import forbid_reports
from ocr_plugins.threads import threads_for
from ocr_plugins.weights import verify_file

WEIGHTS = Path(__file__).parent / "weights" / "binarizer.onnx"
WEIGHTS_SHA256 = "f70e188a2e61a8a7ccd633debf5012e4955ac706cd89302caf48949669aee783"

# The network halves the image four times.
_MULTIPLE = 16
# The side of what one run of the network takes, which bounds its memory to some 150 MB, and how much of
# it at each inner side is only looked at: further away, pixels change the result by next to nothing.
_TILE = 1024
_MARGIN = 64
# Found on generated pages apart from those that the results are told of. What the network gives is all but
# black and white, so that Otsu's threshold for each page does no better, and on an empty page it would
# make specks of what noise is left.
_THRESHOLD = 150
# Letters lower than this, in pixels, are looked at in twice the resolution: the network begins by
# halving it, and strokes a pixel apart would run together. Above, enlarged grain and blur cost more
# than it gains: on photographed letters of 11 to 18 pixels, 1.5 % of the characters.
_SMALL = 10.0
# On pages of at most so many pixels, which bounds the time: A4 at 200 dpi has fewer.
_MOST_PIXELS = 4_000_000

Bytes = NDArray[np.uint8]


def binarise(grey: Bytes) -> Bytes:
    """A page in black (0) on white (255), where it was dark ink on lighter paper.

    Text lighter than what is around it is taken for paper: invert it first.

    Args:
        grey: uint8 (h, w); of any size, best with letters 8 to 60 pixels high. Letters below 10 pixels are
            looked at in twice the resolution, on pages of at most 4 megapixels.

    Raises:
        EngineUnavailableError: the weights are missing or altered.
    """
    return np.where(enhance(grey) < _THRESHOLD, 0, 255).astype(np.uint8)


def enhance(grey: Bytes) -> Bytes:
    """The same page as clean ink on white paper: uint8 (h, w), 255 less what part of a pixel ink covers.

    Takes and raises what `binarise` does.
    """
    import cv2

    clean = _enhance(grey)
    if grey.size > _MOST_PIXELS:
        return clean
    marks, _, _ = components((clean < _THRESHOLD).astype(np.uint8))
    height, width = grey.shape
    if not 0 < glyph_height(marks, min(height, width)) < _SMALL:
        return clean
    twice = _enhance(np.asarray(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8))
    return np.asarray(cv2.resize(twice, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _enhance(grey: Bytes) -> Bytes:
    """At the resolution that the page has, tile by tile."""
    height, width = grey.shape
    clean = np.empty((height, width), np.uint8)
    for rows, cut_rows in _spans(height):
        for columns, cut_columns in _spans(width):
            tile = _run(grey[rows, columns])
            top, left = cut_rows.start - rows.start, cut_columns.start - columns.start
            clean[cut_rows, cut_columns] = tile[
                top : top + cut_rows.stop - cut_rows.start, left : left + cut_columns.stop - cut_columns.start
            ]
    return clean


def _spans(length: int) -> Iterator[tuple[slice, slice]]:
    """Along one side: what goes into the network, and which part of the result is used."""
    step = _TILE - 2 * _MARGIN
    # A tile from the edge has its margin on one side only.
    count = max(1, -(-(length - 2 * _MARGIN) // step))
    for place in range(count):
        start = place * step
        stop = min(start + _TILE, length)
        yield (
            slice(start, stop),
            slice(start + _MARGIN if place else 0, stop if place == count - 1 else stop - _MARGIN),
        )


def _run(grey: Bytes) -> Bytes:
    """One tile through the network; its sides are filled up to multiples of 16 with their last pixels."""
    height, width = grey.shape
    padded = np.pad(grey, ((0, -height % _MULTIPLE), (0, -width % _MULTIPLE)), mode="edge")
    levels = padded[np.newaxis, np.newaxis].astype(np.float32) / 255
    (ink,) = _session().run(None, {"grey": levels})
    clean = (1 - ink[0, 0, :height, :width]) * 255 + 0.5
    return np.asarray(clean, np.uint8)


@functools.cache
def _session() -> Any:
    """The network, opened once a process."""
    forbid_reports()
    import onnxruntime

    verify_file(WEIGHTS, {WEIGHTS_SHA256}, "install ocr-plugins again")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads := threads_for("OMP_NUM_THREADS"):
        options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(WEIGHTS), options, providers=["CPUExecutionProvider"])
