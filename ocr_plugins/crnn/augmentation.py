"""Mild changes to real lines, so that few of them teach more."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_TURN, _SHEAR, _STRETCH = 0.012, 0.25, 0.2
# How far ink is moved and over what distance that changes, in heights of the line.
_MOVED, _EVEN = 0.05, (0.2, 0.5)


def augmented(pixels: Bytes, rng: np.random.Generator) -> Bytes:
    """The line turned by at most .7 degrees, sheared, stretched, warped, blurred, thinned or fattened, faded.

    Warping is that of Simard, Steinkraus, Platt, "Best practices for convolutional neural networks applied to
    visual document analysis", ICDAR 2003: one hand becomes several.

    Args:
        pixels: uint8 (h, w), grey, dark on light or light on dark.
        rng: decides everything.

    Returns:
        uint8 (h, w') of about the same size.
    """
    if min(pixels.shape) < 3:
        return pixels
    changed = _slanted(pixels, rng)
    if rng.random() < 0.5:
        changed = _warped(changed, rng)
    if rng.random() < 0.3:
        changed = _strokes(changed, rng)
    if rng.random() < 0.3:
        changed = _blurred(changed, rng)
    return _toned(changed, rng)


def _warped(pixels: Bytes, rng: np.random.Generator) -> Bytes:
    import cv2

    height, width = pixels.shape
    even = rng.uniform(*_EVEN) * height
    # Smooth noise needs no more points than a few for each stretch that it is even over.
    step = max(1.0, even / 2)
    small = (max(2, round(height / step)), max(2, round(width / step)))
    moved = []
    for _ in range(2):
        noise = rng.uniform(-1, 1, small).astype(np.float32)
        smooth: Any = cv2.GaussianBlur(noise, (0, 0), 1.0)
        moved.append(_MOVED * height / max(float(smooth.std()), 1e-6) * cv2.resize(smooth, (width, height)))
    y, x = np.indices((height, width), np.float32)
    warped: Any = cv2.remap(
        pixels, x + moved[0] / 2, y + moved[1] / 2, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)


def _slanted(pixels: Bytes, rng: np.random.Generator) -> Bytes:
    import cv2

    height, width = pixels.shape
    # A long line turned as far as a short one would leave its picture.
    turn = rng.uniform(-1, 1) * min(_TURN, 0.12 * height / width)
    shear, stretch = rng.uniform(-1, 1) * _SHEAR, 1 + rng.uniform(-1, 1) * _STRETCH
    lift = rng.uniform(-0.04, 0.04) * height
    matrix = np.array(
        [
            [stretch, shear, max(0.0, -shear * height)],
            [turn, 1.0, lift - turn * width * stretch / 2],
        ]
    )
    size = (max(3, round(width * stretch + abs(shear) * height)), height)
    edge: Any = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = float(np.median(edge))
    warped: Any = cv2.warpAffine(
        pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
    )
    return np.asarray(warped, np.uint8)


def _strokes(pixels: Bytes, rng: np.random.Generator) -> Bytes:
    import cv2

    # Of low pictures, a pixel is most of a stroke.
    if pixels.shape[0] < 28:
        return pixels
    kernel = np.ones((2, 2), np.uint8)
    change = cv2.erode if rng.random() < 0.5 else cv2.dilate
    return np.asarray(change(pixels, kernel), np.uint8)


def _blurred(pixels: Bytes, rng: np.random.Generator) -> Bytes:
    import cv2

    sigma = rng.uniform(0.3, 1.0) * pixels.shape[0] / 48
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), max(sigma, 0.3)), np.uint8)


def _toned(pixels: Bytes, rng: np.random.Generator) -> Bytes:
    middle, contrast = float(pixels.mean()), rng.uniform(0.7, 1.15)
    noise = rng.normal(0, rng.uniform(0, 8), pixels.shape)
    toned = (pixels - middle) * contrast + middle + rng.uniform(-15, 15) + noise
    return np.clip(toned, 0, 255).astype(np.uint8)
