"""What paper and ink do: texture, stains, fading, spread, the other side showing through.

Levels of grey are float32 (h, w), 0 is black and 1 white; coverage is float32 too, 1 where ink covers
the whole pixel. All shapes are taken, lines' and pages'.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.synth.words import Rng

Floats = NDArray[np.float32]

# Noise is cut from a bank, as drawing it would take half the time of a line.
_BANK_SHAPE = (384, 4096)
_BANK_SEED = 20240914
#: How far noise is correlated: the standard deviation of its blur, in pixels.
GRAINS = (0.0, 0.6, 1.0, 1.6, 2.6)


@functools.lru_cache(maxsize=len(GRAINS))
def _bank(grain: float) -> Floats:
    import cv2

    rng = np.random.default_rng([_BANK_SEED, round(grain * 10)])
    noise = rng.standard_normal(_BANK_SHAPE, np.float32)
    if grain:
        noise = cv2.GaussianBlur(noise, (0, 0), grain)
        noise /= noise.std()
    return np.asarray(noise, np.float32)


def noise(rng: Rng, shape: tuple[int, int], grain: float = 0.0) -> Floats:
    """Noise of mean 0 and standard deviation 1, correlated over so many pixels (one of `GRAINS`)."""
    bank = _bank(grain)
    height, width = shape
    if height > _BANK_SHAPE[0] // 2 or width > _BANK_SHAPE[1] * 3 // 4:
        return _large_noise(rng, shape, grain)
    top = int(rng.random() * (_BANK_SHAPE[0] - height))
    left = int(rng.random() * (_BANK_SHAPE[1] - width))
    part = bank[top : top + height, left : left + width]
    return part[::-1] if rng.random() < 0.5 else part


def _large_noise(rng: Rng, shape: tuple[int, int], grain: float) -> Floats:
    import cv2

    drawn = rng.standard_normal(shape, np.float32)
    if grain:
        drawn = np.asarray(cv2.GaussianBlur(drawn, (0, 0), grain), np.float32)
        drawn /= drawn.std() + 1e-6
    return drawn


def cloud(rng: Rng, shape: tuple[int, int], cells: float) -> Floats:
    """Smooth noise from 0 to 1 with about so many hills along the longer side."""
    import cv2

    height, width = shape
    side = max(shape)
    rows = max(2, round(cells * height / side) + 1)
    grid = rng.random((rows, max(2, round(cells * width / side) + 1)), np.float32)
    return np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def blurred(grey: Floats, sigma: float, sigma_y: float = 0.0) -> Floats:
    """Blurred by a Gaussian, or as it is where that would not show."""
    import cv2

    return grey if sigma < 0.2 else np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma, sigmaY=sigma_y or sigma))


def sheet(rng: Rng, shape: tuple[int, int], strength: float) -> Floats:
    """A sheet's own brightness: its level, fibres, clouds and stains. ``strength`` is 0 to 1."""
    level = rng.uniform(0.86, 1.0) if rng.random() < 0.7 else rng.uniform(0.55, 0.86)
    paper = np.full(shape, level, np.float32)
    if rng.random() < 0.6:
        amount = strength * rng.uniform(0.005, 0.05)
        grain = GRAINS[1 + int(rng.random() * (len(GRAINS) - 1))]
        paper *= 1 + amount * noise(rng, shape, grain)
    if rng.random() < 0.5:
        hills = cloud(rng, shape, float(rng.choice((3, 8, 20))))
        paper *= 1 - strength * rng.uniform(0.05, 0.25) * hills
    if rng.random() < 0.06 * strength:
        field = cloud(rng, shape, rng.uniform(2, 7))
        edge = np.clip((field - rng.uniform(0.5, 0.8)) / rng.uniform(0.02, 0.2), 0, 1)
        paper *= 1 - rng.uniform(0.1, 0.35) * edge
    return paper


def inked(rng: Rng, cover: Floats, em: float, strength: float) -> Floats:
    """The coverage as ink leaves it: spread or worn, faint in places, with gaps.

    Args:
        em: of the text, in pixels.
        strength: 0 to 1.
    """
    chance = rng.random()
    if chance < 0.3:
        spread = blurred(cover, em * rng.uniform(0.01, 0.035))
        cover = np.clip(spread * rng.uniform(1.1, 1.9), 0, 1)
    elif chance < 0.45:
        thin = blurred(cover, em * rng.uniform(0.01, 0.025))
        cover = np.clip((thin - rng.uniform(0.05, 0.3)) * 1.4, 0, 1)
    if rng.random() < 0.4 * strength:
        cover = cover * (
            1 - rng.uniform(0.1, 0.55) * strength * cloud(rng, _shape(cover), rng.uniform(2, 30))
        )
    if rng.random() < 0.35 * strength:
        grain = GRAINS[1 + int(rng.random() * 4)]
        gaps = np.clip((noise(rng, _shape(cover), grain) - rng.uniform(0.9, 2.2)) * 2, 0, 1)
        cover = cover * (1 - rng.uniform(0.3, 0.9) * gaps)
    return np.asarray(cover, np.float32)


def shown_through(rng: Rng, paper: Floats, cover: Floats, em: float) -> Floats:
    """The paper with the other side's ink on it: mirrored, shifted, blurred and faint."""
    behind = cover[:, ::-1]
    shift = (int(rng.uniform(-0.8, 0.8) * em), int(rng.uniform(-4, 4) * em))
    behind = np.roll(behind, shift, axis=(0, 1))
    return paper * (1 - rng.uniform(0.05, 0.3) * blurred(behind, em * rng.uniform(0.02, 0.08)))


def _shape(grey: Floats) -> tuple[int, int]:
    return int(grey.shape[0]), int(grey.shape[1])
