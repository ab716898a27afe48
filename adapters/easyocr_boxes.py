"""Where CRAFT's maps have words: what `easyocr.detection.get_textbox` gives, in less time.

EasyOCR looks at the whole page for each word. Here each is looked at in its own window: the same points, in
the same order, so the same boxes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Components of fewer pixels are none, as in EasyOCR.
_LEAST = 10
# Sides that differ by no more are of a square, whose smallest box may stand on a corner.
_SQUARE = 0.1


def get_textbox(
    detector: Any,
    image: NDArray[np.uint8],
    canvas_size: int,
    mag_ratio: float,
    text_threshold: float,
    link_threshold: float,
    low_text: float,
    poly: bool,
    device: str,
    optimal_num_chars: int | None = None,
    **others: Any,
) -> Any:
    """The corners of each word of an image, as EasyOCR's function of this name has them.

    What is asked for here is an image on a CPU; polygons, batches and numbers of characters go to EasyOCR.
    """
    from easyocr import craft_utils, detection, imgproc

    if poly or device != "cpu" or optimal_num_chars is not None or image.ndim != 3:
        thresholds = text_threshold, link_threshold, low_text
        return detection.get_textbox(
            detector, image, canvas_size, mag_ratio, *thresholds, poly, device, optimal_num_chars, **others
        )
    import cv2
    import torch

    resized, ratio, _ = imgproc.resize_aspect_ratio(image, canvas_size, cv2.INTER_LINEAR, mag_ratio)
    given = np.ascontiguousarray(imgproc.normalizeMeanVariance(resized).transpose(2, 0, 1)[np.newaxis])
    with torch.no_grad():
        maps = detector(torch.from_numpy(given))[0][0].numpy()
    found = list(_boxes(maps[:, :, 0], maps[:, :, 1], text_threshold, link_threshold, low_text))
    boxes = craft_utils.adjustResultCoordinates(found, 1 / ratio, 1 / ratio)
    return [[np.array(box).astype(np.int32).reshape(-1) for box in boxes]]


def _boxes(
    text: NDArray[np.float32], link: NDArray[np.float32], surest: float, linked: float, least: float
) -> Iterator[NDArray[np.float32]]:
    """Four corners of each word, in pixels of the maps, as `craft_utils.getDetBoxes_core` finds them."""
    import cv2

    is_text, is_link = text > least, link > linked
    parts = (is_text | is_link).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(parts, connectivity=4)
    height, width = text.shape
    for label in range(1, count):
        x, y, wide, high, size = (int(value) for value in stats[label])
        if size < _LEAST:
            continue
        own = np.s_[y : y + high, x : x + wide]
        mine = labels[own] == label
        if text[own][mine].max() < surest:
            continue
        grown = int(math.sqrt(size * min(wide, high) / (wide * high)) * 2)
        left, top = max(x - grown, 0), max(y - grown, 0)
        right, bottom = min(x + wide + grown + 1, width), min(y + high + grown + 1, height)
        word = np.zeros((bottom - top, right - left), np.uint8)
        word[y - top : y - top + high, x - left : x - left + wide][mine & (is_text[own] | ~is_link[own])] = (
            255
        )
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (1 + grown, 1 + grown))
        rows, columns = np.nonzero(cv2.dilate(word, kernel))
        yield _around(np.stack([columns + left, rows + top], axis=1))


def _around(points: NDArray[np.int64]) -> NDArray[np.float32]:
    """The smallest box around points, clockwise from the corner that is next to the origin."""
    import cv2

    box = cv2.boxPoints(cv2.minAreaRect(points.astype(np.int32)))
    one, other = np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[1] - box[2])
    if abs(1 - max(one, other) / (min(one, other) + 1e-5)) <= _SQUARE:
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    turned: NDArray[np.float32] = np.roll(box, 4 - box.sum(axis=1).argmin(), 0)
    return turned
