"""Letters on the surfaces of scenes: signs, walls, packages, screens, metal and stone, photographed.

Levels are float32 (h, w), 0 is black and 1 white. The letters are the darker part, though outlines, shadows
and patterns may be as dark as they are.
"""

from __future__ import annotations

import math

import numpy as np

from ocr_plugins.synth import camera
from ocr_plugins.synth.camera import Bytes
from ocr_plugins.synth.paper import GRAINS, Floats, blurred, cloud, noise
from ocr_plugins.synth.words import Rng, Weighted

_GROUNDS = Weighted({"plain": 40, "slope": 15, "cloud": 10, "grain": 13, "pattern": 10, "things": 12})
_LETTERS = Weighted(
    {"plain": 60, "outlined": 10, "shadowed": 12, "relief": 5, "hollow": 4, "uneven": 8, "dots": 1}
)


def photographed(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:
    """Pixels, uint8 of the coverage's shape.

    Args:
        cover: coverage (h, w), 1 is a letter.
        em: of the text, in pixels.
        strength: 0 to 1; how much goes wrong.
    """
    contrast = rng.uniform(0.35, 0.95) if rng.random() < 0.75 else rng.uniform(0.32 - 0.17 * strength, 0.4)
    level = rng.uniform(contrast, 1.0)
    ground = _ground(rng, (cover.shape[0], cover.shape[1]), em, contrast * (0.35 + 0.65 * strength))
    grey = _lettered(rng, cover, level + ground, level - contrast, em)
    if rng.random() < 0.35:
        grey = camera.light(rng, grey, 0.4 + 0.6 * strength)
    if rng.random() < 0.05:
        # Lamps and the sun mirrored in the surface.
        grey = grey + rng.uniform(0.2, 0.5) * _spot(rng, grey.shape)
    found = _taken(rng, grey, em, strength)
    return camera.jpeg(found, int(rng.uniform(85 - 70 * strength, 96))) if rng.random() < 0.7 else found


def _ground(rng: Rng, shape: tuple[int, int], em: float, amount: float) -> Floats:
    """What differs from the ground's level; ``amount`` bounds it, so that letters stay letters."""
    kind = _GROUNDS.draw(rng)
    if kind == "plain":
        return np.zeros(shape, np.float32)
    if kind == "slope":
        angle = rng.uniform(0, 2 * math.pi)
        return np.asarray(0.5 * amount * _across(shape, angle), np.float32)
    if kind == "cloud":
        hills = cloud(rng, shape, rng.uniform(2, 14)) - 0.5
        return np.asarray(amount * hills, np.float32)
    if kind == "grain":
        grain = GRAINS[1 + int(rng.random() * (len(GRAINS) - 1))]
        found = noise(rng, shape, grain)
        if rng.random() < 0.3:
            # Wood and brushed metal: the same along one direction.
            found = blurred(np.asarray(found), em * rng.uniform(0.2, 0.8), 0.3) * 1.5
        return np.asarray(rng.uniform(0.05, 0.22) * amount * found, np.float32)
    return _pattern(rng, shape, em, amount) if kind == "pattern" else _things(rng, shape, em, amount)


def _across(shape: tuple[int, ...], angle: float) -> Floats:
    """From -1 to 1 along a direction."""
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    return np.asarray((x * math.cos(angle) + y * math.sin(angle)) / math.sqrt(2), np.float32)


def _pattern(rng: Rng, shape: tuple[int, int], em: float, amount: float) -> Floats:
    """Stripes, tiles, bricks, a weave or dots."""
    period = em * rng.uniform(0.12, 1.2)
    angle = rng.uniform(0, math.pi)
    y = np.arange(shape[0], dtype=np.float32)[:, None] / period
    x = np.arange(shape[1], dtype=np.float32)[None] / period
    u = x * math.cos(angle) + y * math.sin(angle) + rng.random()
    v = y * math.cos(angle) - x * math.sin(angle) + rng.random()
    chance = rng.random()
    if chance < 0.35:
        found = np.sin(2 * math.pi * u)
    elif chance < 0.6:
        found = np.sin(2 * math.pi * u) * np.sin(2 * math.pi * v)
    else:
        bricks = u + 0.5 * (np.floor(v) % 2)
        joint = rng.uniform(0.05, 0.2)
        found = np.where((bricks % 1 < joint) | (v % 1 < joint), 1.0, -0.15)
    if rng.random() < 0.5:
        found = np.clip(found * 4, -1, 1)
    return np.asarray(rng.uniform(-0.4, 0.4) * amount * found, np.float32)


def _things(rng: Rng, shape: tuple[int, int], em: float, amount: float) -> Floats:
    """Parts of other things: rims of signs, boards, leaves, shadows of branches."""
    import cv2

    found = np.zeros(shape, np.float32)
    for _ in range(1 + int(rng.random() * 4)):
        level = float(rng.uniform(-0.7, 0.5) * amount)
        centre = (int(rng.uniform(-0.1, 1.1) * shape[1]), int(rng.uniform(-0.3, 1.3) * shape[0]))
        size = em * rng.uniform(0.2, 2.0)
        chance = rng.random()
        if chance < 0.35:
            points = np.array(centre) + rng.normal(0, size, (3 + int(rng.random() * 4), 2))
            cv2.fillPoly(found, [points.round().astype(np.int32)], level)
        elif chance < 0.65:
            # An edge that runs through the whole picture, near its rim mostly.
            angle = rng.choice((0, math.pi / 2)) + rng.normal(0, 0.08)
            found[_across(shape, angle) > rng.uniform(0.45, 0.8)] = level
        elif chance < 0.85:
            end = (int(rng.uniform(0, 1) * shape[1]), int(rng.uniform(-0.3, 1.3) * shape[0]))
            cv2.line(found, centre, end, level, max(1, round(em * rng.uniform(0.03, 0.15))), cv2.LINE_AA)
        else:
            cv2.ellipse(found, centre, (round(size) + 1, round(size * 0.6) + 1), 30, 0, 360, level, -1)
    return blurred(found, em * rng.uniform(0, 0.12)) if rng.random() < 0.6 else found


def _lettered(rng: Rng, cover: Floats, ground: Floats, dark: float, em: float) -> Floats:
    """Letters of this level on their ground."""
    kind = _LETTERS.draw(rng)
    if kind == "relief":
        return _relief(rng, cover, ground, em)
    fill: Floats | float = dark
    if kind == "uneven":
        amount = rng.uniform(0.1, 0.45) * (float(ground.mean()) - dark)
        fill = np.asarray(dark + amount * cloud(rng, _shape(cover), rng.uniform(1, 20)), np.float32)
    elif kind == "outlined":
        reach = max(1, round(em * rng.uniform(0.03, 0.11)))
        ground = ground + (_contrary(rng, dark) - ground) * _grown(cover, reach)
    elif kind == "shadowed":
        shadow = _shifted(cover, rng.normal(0, 0.05) * em, rng.normal(0.03, 0.05) * em)
        shadow = blurred(shadow, em * rng.uniform(0, 0.07))
        ground = ground + rng.uniform(-0.5, 0.25) * (ground - dark) * shadow
    elif kind == "hollow":
        reach = max(1, round(em * rng.uniform(0.03, 0.07)))
        inner = 1 - _grown(np.asarray(1 - cover, np.float32), reach)
        cover = np.asarray(cover - inner * rng.uniform(0.7, 1.0), np.float32)
    elif kind == "dots":
        cover = cover * _grid(rng, _shape(cover), em)
    return np.asarray(ground + (fill - ground) * cover, np.float32)


def _relief(rng: Rng, cover: Floats, ground: Floats, em: float) -> Floats:
    """Letters cut into, or standing out of, what they are made of: one side lit, the other in shadow."""
    reach = em * rng.uniform(0.02, 0.06)
    angle = rng.uniform(0, 2 * math.pi)
    right, down = reach * math.cos(angle), reach * math.sin(angle)
    soft = blurred(cover, 0.3 * reach)
    lit = _shifted(soft, right, down) - _shifted(soft, -right, -down)
    fill = rng.uniform(0.0, 0.25)
    return np.asarray(0.75 * ground + rng.uniform(0.15, 0.4) * lit - fill * cover, np.float32)


def _contrary(rng: Rng, dark: float) -> float:
    """A level for an outline: white mostly, else anything that is not the letters' own."""
    return rng.uniform(0.75, 1.0) if rng.random() < 0.7 else dark + rng.uniform(0.25, 0.6)


def _grown(cover: Floats, reach: int) -> Floats:
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(cover, kernel), np.float32)


def _shifted(cover: Floats, right: float, down: float) -> Floats:
    import cv2

    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    return np.asarray(cv2.warpAffine(cover, matrix, cover.shape[::-1], borderMode=cv2.BORDER_REPLICATE))


def _grid(rng: Rng, shape: tuple[int, int], em: float) -> Floats:
    """Lamps of a display."""
    period = max(2.5, em * rng.uniform(0.07, 0.12))
    y = np.abs(np.sin(np.arange(shape[0], dtype=np.float32) * math.pi / period))[:, None]
    x = np.abs(np.sin(np.arange(shape[1], dtype=np.float32) * math.pi / period))[None]
    return np.asarray(np.clip(2.2 * x * y, 0, 1), np.float32)


def _spot(rng: Rng, shape: tuple[int, ...]) -> Floats:
    y = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None] - rng.random()
    x = (np.linspace(0, 1, shape[1], dtype=np.float32)[None] - rng.random()) * shape[1] / shape[0]
    return np.asarray(np.exp(-(x * x + y * y) / rng.uniform(0.02, 0.3)), np.float32)


def _taken(rng: Rng, grey: Floats, em: float, strength: float) -> Bytes:
    """By a camera: few pixels, out of focus or moved, noisy, sharpened."""
    import cv2

    height, width = grey.shape
    if rng.random() < 0.25:
        # So many pixels are left of an em, and then it is enlarged again, or not.
        scale = min(1.0, rng.uniform(13 - 3 * strength, 24) / em)
        grey = np.asarray(
            cv2.resize(
                grey,
                (max(2, round(width * scale)), max(2, round(height * scale))),
                interpolation=cv2.INTER_AREA,
            )
        )
        em *= scale
    if rng.random() < 0.6:
        grey = camera.defocused(rng, grey, em, 0.4 + 0.9 * strength)
    if rng.random() < 0.2:
        soft = blurred(grey, max(0.6, 0.05 * em))
        grey = np.asarray(grey + rng.uniform(0.5, 1.6) * (grey - soft), np.float32)
    if rng.random() < 0.6:
        grey = camera.sensed(rng, grey, 0.7 * strength)
    found = camera.to_bytes(grey)
    return found if found.shape == (height, width) else camera.resized(rng, found, (width, height))


def _shape(grey: Floats) -> tuple[int, int]:
    return int(grey.shape[0]), int(grey.shape[1])
