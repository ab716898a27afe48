"""What paper, light, lenses, sensors and copiers do to a page whose ink is known.

Levels of grey are float32 (h, w), 0 is black and 1 white, until a page is finished as uint8.
Everything is drawn from a seeded generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from draw_ink import Floats, Rng, draw_ink, log_uniform
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

#: How much a page is degraded.
ORDINARY, BAD = 0.35, 1.0


@dataclass(frozen=True)
class Sample:
    """A degraded page and the ink that is really on it, both uint8 (h, w): grey, and coverage x 255."""

    grey: Bytes
    ink: Bytes


def make_sample(
    rng: Rng, fonts: Sequence[Path], shape: tuple[int, int], severity: float | None = None
) -> Sample:
    """A page, degraded by so much, from 0 to 1; by None: clean, ordinary or bad by chance."""
    ink = draw_ink(rng, fonts, shape)
    if severity is None:
        severity = float(rng.choice([0.0, ORDINARY, BAD], p=[0.12, 0.4, 0.48]))
    if severity == 0:
        return Sample(to_bytes(clean(rng, ink)), to_bytes(ink))
    behind = draw_ink(rng, fonts, shape)[:, ::-1] if rng.random() < 0.35 * severity else None
    return degrade(rng, ink, behind, severity)


def clean(rng: Rng, ink: Floats) -> Floats:
    """As made by a program, or by a scanner set to two levels."""
    if rng.random() < 0.4:
        return (ink < rng.uniform(0.3, 0.6)).astype(np.float32)
    paper, dark = rng.uniform(0.8, 1), rng.uniform(0, 0.4)
    return (paper - (paper - dark) * ink).astype(np.float32)


def degrade(rng: Rng, ink: Floats, behind: Floats | None, severity: float) -> Sample:
    """A page with this ink, and with the ink ``behind`` it, which shows through.

    Args:
        ink: coverage.
        behind: coverage of the other side, mirrored.
        severity: 0 to 1; how many degradations meet, and how strong they are.
    """
    ink = ink.copy()
    paper = _paper(rng, ink.shape, severity)
    level = float(paper.mean())
    dark = level * (rng.uniform(0, 0.45) if rng.random() < 0.7 else rng.uniform(0.45, 0.45 + 0.35 * severity))
    if behind is not None:
        seen = cv2.GaussianBlur(behind, (0, 0), rng.uniform(0.8, 3))
        paper *= 1 - seen * rng.uniform(0.1, 0.55) * (1 - dark / level)
    if rng.random() < 0.12:
        _paste_photograph(rng, paper, ink)
    opacity = _opacity(rng, ink.shape, severity)
    spread = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, 0.9)) if rng.random() < 0.4 else ink
    grey = paper + (dark - paper) * spread * opacity
    if rng.random() < 0.12:
        dark_border(rng, grey, ink)
    if rng.random() < 0.25 + 0.5 * severity:
        grey *= light(rng, ink.shape, severity * rng.uniform(0.15, 0.9))
    return Sample(_sensor(rng, grey, severity), to_bytes(ink))


def photograph_page(rng: Rng, ink: Floats) -> Bytes:
    """A page held under a lamp: uneven light, a shadow, a little blur, noise, JPEG."""
    paper = rng.uniform(0.75, 0.95) * texture(rng, ink.shape, 0.02)
    grey = paper + (rng.uniform(0.05, 0.3) - paper) * ink
    grey *= light(rng, ink.shape, rng.uniform(0.7, 1.0)) * light(rng, ink.shape, 0.5)
    grey = cv2.GaussianBlur(grey * rng.uniform(0.7, 0.95), (0, 0), rng.uniform(0.6, 1.2))
    return jpeg(to_bytes(noise(rng, grey, rng.uniform(0.01, 0.03))), int(rng.integers(60, 90)))


def to_bytes(grey: Floats) -> Bytes:
    return (np.clip(grey, 0, 1) * 255 + 0.5).astype(np.uint8)


def _paper(rng: Rng, shape: tuple[int, int], severity: float) -> Floats:
    level = rng.uniform(0.6, 1) if rng.random() < 1 - 0.3 * severity else rng.uniform(0.3, 0.6)
    paper = np.full(shape, level, np.float32)
    if rng.random() < 0.6:
        paper *= texture(rng, shape, severity * log_uniform(rng, 0.01, 0.09))
    if rng.random() < 0.3:
        add_tints(rng, paper)
    for damage, share in ((stains, 0.3), (foxing, 0.25), (creases, 0.2)):
        if rng.random() < share * severity:
            paper *= damage(rng, shape, rng.uniform(0.08, 0.5))
    return paper


def _opacity(rng: Rng, shape: tuple[int, int], severity: float) -> Floats:
    """How much of the paper ink hides: less where it is faint, little where strokes are broken."""
    opacity = np.ones(shape, np.float32)
    if rng.random() < 0.4:
        opacity *= 1 - severity * rng.uniform(0.2, 0.8) * cloud(rng, shape, rng.uniform(2, 12))
    if rng.random() < 0.25 * severity:
        grain = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), rng.uniform(0.5, 1.5))
        gaps = np.clip((grain / grain.std() - rng.uniform(0.8, 2)) * 2, 0, 1)
        opacity *= 1 - rng.uniform(0.4, 1) * gaps
    return opacity


def _paste_photograph(rng: Rng, paper: Floats, ink: Floats) -> None:
    height, width = paper.shape
    h, w = int(rng.integers(40, height)), int(rng.integers(40, width))
    y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    paper[y : y + h, x : x + w] = photograph(rng, (h, w))
    ink[y : y + h, x : x + w] = 0


def _sensor(rng: Rng, grey: Floats, severity: float) -> Bytes:
    if rng.random() < 0.25 + 0.5 * severity:
        grey = blur(rng, grey, 0.4 + 1.2 * severity * rng.random())
    if rng.random() < 0.3:
        grey = np.clip(grey, 0, None) ** rng.uniform(0.7, 1.5)
    if rng.random() < 0.7:
        grey = noise(rng, grey, log_uniform(rng, 0.003, 0.01 + 0.07 * severity))
    pixels = to_bytes(grey)
    if rng.random() < 0.5:
        pixels = jpeg(pixels, int(rng.integers(30 if severity > 0.5 else 60, 95)))
    if rng.random() < 0.06 * severity:
        threshold, _ = cv2.threshold(pixels, 0, 255, cv2.THRESH_OTSU)
        pixels = np.where(pixels > threshold, 255, 0).astype(np.uint8)
    if rng.random() < 0.1 * severity:
        specks = rng.random(pixels.shape, np.float32)
        share = log_uniform(rng, 0.0005, 0.02)
        pixels[specks < share / 2] = 0
        pixels[specks > 1 - share / 2] = 255
    return pixels


# ---- paper ----


def cloud(rng: Rng, shape: tuple[int, int], cells: float) -> Floats:
    """Smooth noise from 0 to 1 with about so many hills along the longer side."""
    height, width = shape
    side = max(shape)
    grid = rng.random((max(2, round(cells * height / side) + 1), max(2, round(cells * width / side) + 1)))
    return np.clip(cv2.resize(grid.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


def texture(rng: Rng, shape: tuple[int, int], strength: float) -> Floats:
    """What paper's fibres and unevenness multiply its level by."""
    fine = rng.standard_normal(shape, np.float32)
    fine = cv2.GaussianBlur(fine, (0, 0), rng.uniform(0.6, 2.5), rng.uniform(0.6, 2.5))
    fine /= fine.std() + 1e-6
    coarse = sum(cloud(rng, shape, cells) - 0.5 for cells in (8, 24, 70))
    return (1 + strength * (0.4 * fine + 1.2 * coarse)).astype(np.float32)


def stains(rng: Rng, shape: tuple[int, int], strength: float) -> Floats:
    """Blots of liquid, darker at their rim."""
    field = cloud(rng, shape, rng.uniform(2, 7)) + 0.25 * cloud(rng, shape, 30)
    level = float(np.quantile(field, rng.uniform(0.6, 0.95)))
    inside = np.clip(0.5 + (field - level) / rng.uniform(0.01, 0.15), 0, 1)
    rim = np.exp(-(((field - level) / 0.03) ** 2))
    return (1 - strength * (0.7 * inside + 0.5 * rim)).astype(np.float32)


def foxing(rng: Rng, shape: tuple[int, int], strength: float) -> Floats:
    """Brown spots of old paper, soft and round."""
    page = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(3, 40))):
        centre = (int(rng.integers(shape[1])), int(rng.integers(shape[0])))
        cv2.circle(page, centre, int(log_uniform(rng, 1, 14)), float(rng.uniform(0.2, 1)), -1, cv2.LINE_AA)
    return 1 - strength * cv2.GaussianBlur(page, (0, 0), rng.uniform(0.8, 4))


def creases(rng: Rng, shape: tuple[int, int], strength: float) -> Floats:
    """Folds: a thin dark line with a light one beside it."""
    page = np.ones(shape, np.float32)
    height, width = shape
    for _ in range(int(rng.integers(1, 4))):
        ends = rng.uniform(0, 1, 4) * (width, height, width, height)
        a, b = (int(ends[0]), int(ends[1])), (int(ends[2]), int(ends[3]))
        cv2.line(page, a, b, 1 - strength, int(rng.integers(1, 4)), cv2.LINE_AA)
        cv2.line(page, (a[0] + 3, a[1] + 2), (b[0] + 3, b[1] + 2), 1 + strength / 2, 2, cv2.LINE_AA)
    return cv2.GaussianBlur(page, (0, 0), rng.uniform(0.7, 2.5))


def add_tints(rng: Rng, paper: Floats) -> None:
    """Areas of another even grey, as under a table's head."""
    height, width = paper.shape
    for _ in range(int(rng.integers(1, 4))):
        y, x = int(rng.integers(height)), int(rng.integers(-50, width))
        h, w = int(rng.integers(16, height // 2)), int(rng.integers(40, width))
        paper[y : y + h, max(0, x) : x + w] *= rng.uniform(0.6, 0.95)


def photograph(rng: Rng, shape: tuple[int, int]) -> Floats:
    """The greys of something like a picture, by halftone dots at times."""
    picture = 0.6 * cloud(rng, shape, 3) + 0.5 * cloud(rng, shape, 12) + 0.3 * cloud(rng, shape, 50)
    picture = np.clip((picture - picture.min()) / (np.ptp(picture) + 1e-6), 0, 1)
    if rng.random() < 0.5:
        return (rng.uniform(0.05, 0.3) + 0.6 * picture).astype(np.float32)
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(3, 9)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    screen = 0.5 + 0.25 * (np.cos(2 * np.pi * u / pitch) + np.cos(2 * np.pi * v / pitch))
    return np.clip(0.5 + 4 * (picture - screen), 0.05, 0.95).astype(np.float32)


def dark_border(rng: Rng, grey: Floats, ink: Floats) -> None:
    """What a scanner's lid or a copier's edge leaves along one side; no ink is on it."""
    turns = int(rng.integers(4))
    turned, ink_turned = np.rot90(grey, turns), np.rot90(ink, turns)
    depth = rng.uniform(0.02, 0.25) * turned.shape[1]
    edge = depth + rng.uniform(0, 30) * (cloud(rng, turned.shape, 6)[:, :1] - 0.5)
    x = np.arange(turned.shape[1], dtype=np.float32)[None]
    mask = np.clip((edge - x) / rng.uniform(0.5, 20), 0, 1)
    turned[...] = turned * (1 - mask) + rng.uniform(0, 0.35) * mask
    ink_turned *= mask < 0.5


# ---- light, lens and sensor ----


def light(rng: Rng, shape: tuple[int, int], strength: float) -> Floats:
    """Uneven light: a slope, hills, and the soft or sharp edge of a shadow."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = x * np.cos(angle) + y * np.sin(angle)
    field = 0.5 * strength * slope + strength * (cloud(rng, shape, rng.uniform(1, 4)) - 0.5)
    shade = 1 + field
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        across = x * np.cos(angle) + y * np.sin(angle) + 0.3 * (cloud(rng, shape, 4) - 0.5)
        edge = 1 / (1 + np.exp(-(across - rng.uniform(-0.6, 0.6)) / log_uniform(rng, 0.004, 0.3)))
        shade = shade * (1 - rng.uniform(0.2, 0.9) * strength * edge)
    return np.clip(shade, 0.08, None).astype(np.float32)


def blur(rng: Rng, grey: Floats, strength: float) -> Floats:
    """Out of focus, or moved."""
    if rng.random() < 0.75:
        return cv2.GaussianBlur(grey, (0, 0), max(0.25, strength * rng.uniform(0.3, 1.0)))
    length = max(2, round(4 * strength))
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length * rng.uniform(0.3, 0.7)
    ends = (np.array([length, length]) + np.array([-reach, reach])).round().astype(int)
    cv2.line(kernel, tuple(map(int, ends[0])), tuple(map(int, ends[1])), 1.0, 1, cv2.LINE_AA)
    return cv2.filter2D(grey, -1, kernel / kernel.sum())


def noise(rng: Rng, grey: Floats, strength: float) -> Floats:
    """A sensor's noise, correlated at times, as after enlarging or filtering."""
    grain = rng.standard_normal(grey.shape, np.float32)
    if rng.random() < 0.4:
        grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.2))
        grain /= grain.std()
    return grey + strength * grain


def jpeg(grey: Bytes, quality: int) -> Bytes:
    data = cv2.imencode(".jpg", grey, (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.uint8)
