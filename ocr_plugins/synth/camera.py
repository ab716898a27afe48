"""What light, lenses, sensors, copiers, fax machines and thresholds do to a page.

Inputs are float32 (h, w), 0 is black and 1 white; results are uint8 (h, w).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.synth.paper import GRAINS, Floats, blurred, cloud, noise
from ocr_plugins.synth.words import Rng

Bytes = NDArray[np.uint8]


def to_bytes(grey: Floats) -> Bytes:
    return np.asarray(np.clip(grey * 255 + 0.5, 0, 255), np.float32).astype(np.uint8)


def light(rng: Rng, grey: Floats, strength: float) -> Floats:
    """Uneven light: a slope, and at times the edge of a shadow. ``strength`` is 0 to 1."""
    height, width = grey.shape
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    angle = rng.uniform(0, 2 * math.pi)
    across = x * math.cos(angle) + y * math.sin(angle)
    shade = 1 + 0.3 * strength * (across - 1)
    if rng.random() < 0.3:
        softness = math.exp(rng.uniform(-4, -1.2))
        edge = 0.5 + 0.5 * np.tanh((across - rng.uniform(-0.6, 0.6)) / softness)
        shade = shade * (1 - rng.uniform(0.1, 0.5) * strength * edge)
    return np.asarray(grey * shade, np.float32)


def defocused(rng: Rng, grey: Floats, em: float, strength: float) -> Floats:
    """Out of focus, or moved, by a part of the em."""
    import cv2

    if rng.random() < 0.8:
        return blurred(grey, em * strength * rng.uniform(0.008, 0.045))
    length = max(2, round(em * strength * rng.uniform(0.04, 0.12)))
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    angle = rng.uniform(0, math.pi)
    reach = length * 0.5
    dx, dy = reach * math.cos(angle), reach * math.sin(angle)
    ends = [(round(length - dx), round(length - dy)), (round(length + dx), round(length + dy))]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(grey, -1, kernel / kernel.sum()), np.float32)


def sensed(rng: Rng, grey: Floats, strength: float) -> Floats:
    """With a sensor's noise, which grows with brightness at times (shot noise)."""
    amount = math.exp(rng.uniform(math.log(0.003), math.log(0.006 + 0.06 * strength)))
    grain = noise(rng, (grey.shape[0], grey.shape[1]), GRAINS[int(rng.random() * 3)])
    return grey + amount * (grain * np.sqrt(np.maximum(grey, 0.05)) if rng.random() < 0.3 else grain)


def jpeg(grey: Bytes, quality: int) -> Bytes:
    import cv2

    data = cv2.imencode(".jpg", grey, (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def bilevel(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:
    """Scanned at two levels: edges are ragged, thin strokes break, counters fill, specks appear.

    The threshold is on a blurred picture with noise that is correlated along edges (Kanungo et al., "A
    statistical, nonparametric methodology for document degradation model validation", 2000, has edges flip
    by their distance; noise before a threshold does the same).

    Args:
        cover: coverage, 1 is ink.
        em: of the text, in pixels.
        strength: 0 to 1.
    """
    shape = (cover.shape[0], cover.shape[1])
    soft = blurred(cover, max(0.35, em * rng.uniform(0.008, 0.012 + 0.024 * strength)))
    # Hairlines that the blur has made faint are given back some of their darkness: scanners are set so
    # that they print.
    inner = soft[cover > 0.6]
    if inner.size:
        soft = soft * min(2.2, max(1.0, rng.uniform(0.78, 1.0) / (float(inner.mean()) + 1e-3)))
    amount = rng.uniform(0.0, 0.05 + 0.15 * strength)
    grain = GRAINS[int(rng.random() * len(GRAINS))]
    # Where there is no edge near, paper and ink are far from the threshold.
    soft = soft + amount * noise(rng, shape, grain)
    level = float(np.clip(rng.normal(0.48, 0.05 + 0.09 * strength), 0.2, 0.75))
    if rng.random() < 0.35 * strength:
        soft = soft * (1 - rng.uniform(0.1, 0.5) * cloud(rng, shape, rng.uniform(2, 25)))
    ink = soft > level
    if rng.random() < 0.45 * strength:
        ink = _specked(rng, ink)
    return np.where(ink, 0, 255).astype(np.uint8)


def copied(rng: Rng, ink: Bytes, em: float, strength: float) -> Bytes:
    """A copy of a copy: two levels, once more blurred and cut."""
    cover = np.asarray(1 - ink.astype(np.float32) / 255, np.float32)
    return bilevel(rng, cover, em, strength)


def _specked(rng: Rng, ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    grain = noise(rng, (ink.shape[0], ink.shape[1]), GRAINS[int(rng.random() * 3)])
    rarity = rng.uniform(2.4, 3.8)
    if rng.random() < 0.6:
        ink = ink | (grain > rarity)
    return ink & (grain > -rarity) if rng.random() < 0.6 else ink


def faxed(rng: Rng, cover: Floats, em: float) -> Bytes:
    """At a fax's resolution: 204 dpi across, 98 or 196 dpi down, two levels, enlarged without smoothing."""
    import cv2

    height, width = cover.shape
    # The lines of these documents are set in 9 to 12 points: an em of 28 pixels at 200 dpi.
    scale = min(1.0, rng.uniform(20, 32) / em)
    down = scale * (0.5 if rng.random() < 0.25 else 1.0)
    size = (max(8, round(width * scale)), max(8, round(height * down)))
    small = np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), np.float32)
    small = small + rng.uniform(0, 0.1) * noise(rng, (size[1], size[0]), 0.6)
    cut = np.where(small > rng.uniform(0.3, 0.55), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def thresholded(rng: Rng, grey: Bytes, em: float) -> Bytes:
    """Binarised by a program: Otsu's threshold, a mean of the neighbourhood, or Sauvola's rule.

    Sauvola and Pietikäinen, "Adaptive document image binarization", Pattern Recognition 33, 2000.
    """
    import cv2

    chance = rng.random()
    if chance < 0.4:
        return np.asarray(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1], np.uint8)
    window = 2 * max(3, round(em * rng.uniform(0.4, 1.2))) + 1
    if chance < 0.6:
        offset = rng.uniform(6, 25)
        cut = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, window, offset)
        return np.asarray(cut, np.uint8)
    values = grey.astype(np.float32)
    mean = cv2.blur(values, (window, window))
    spread = np.sqrt(np.maximum(cv2.blur(values * values, (window, window)) - mean * mean, 0))
    level = mean * (1 + rng.uniform(0.1, 0.35) * (spread / 128 - 1))
    return np.where(values > level, 255, 0).astype(np.uint8)


def resampled(rng: Rng, grey: Bytes, height: int) -> Bytes:
    """At another height, the width with it."""
    return resized(rng, grey, (max(1, round(grey.shape[1] * height / grey.shape[0])), height))


def resized(rng: Rng, grey: Bytes, size: tuple[int, int]) -> Bytes:
    """At another width and height, by one of the ways in which programs enlarge and reduce."""
    import cv2

    if size[1] < grey.shape[0]:
        how = cv2.INTER_AREA if rng.random() < 0.6 else cv2.INTER_LINEAR
    else:
        how = (cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4)[int(rng.random() * 3)]
    return np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8)
