"""Words in photographs of scenes: their weight, width, curve and perspective, and how they are cut out.

What such words lie on, and what light and cameras do to them, is in `surfaces`. They are drawn dark on
light like all lines; who trains a reader of scenes inverts half of them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.synth import drawing
from ocr_plugins.synth.drawing import Coverage, Ink, Style
from ocr_plugins.synth.fonts import Face, FontSet
from ocr_plugins.synth.words import Rng

_STEEPEST = 15.0  # degrees
_WIDEST_ARC = 2.2  # radians


def choose_weight(rng: Rng, fonts: FontSet, face: Face, text: str) -> Face:
    """The face, or its bold sister: signs are bolder than books."""
    if face.bold or rng.random() < 0.5:
        return face
    return fonts.sibling(face, True, face.italic, set(text) - {" "}) or face


def draw_style(rng: Rng) -> Style:
    """Letters wide apart, close together, out of line, or small capitals, at times."""
    chance = rng.random()
    return Style(
        spacing=rng.uniform(0.03, 0.32) if chance < 0.17 else rng.uniform(-0.04, 0) if chance < 0.25 else 0.0,
        jitter=rng.uniform(0.01, 0.06) if rng.random() < 0.05 else 0.0,
        small_capitals=rng.random() < 0.02,
    )


def shaped(rng: Rng, ink: Ink, em: float, clean: bool) -> Ink:
    """The ink at this em as a photograph shows it: heavier or lighter, stretched, curved, seen aslant."""
    stretch = 1.0 if rng.random() < 0.4 else float(np.clip(math.exp(rng.normal(0, 0.2)), 0.6, 1.6))
    ink = drawing.reduced(_weighted(rng, ink), em, stretch)
    if clean:
        return ink
    chance = rng.random()
    if chance < 0.13:
        ink = _arched(rng, ink)
    elif chance < 0.19:
        ink = drawing.bent(rng, ink, 0.0, rng.uniform(-0.14, 0.14) * ink.em)
    return _aslant(rng, ink) if rng.random() < 0.72 else ink


def _weighted(rng: Rng, ink: Ink) -> Ink:
    """Strokes that are thickened or thinned: signs know more weights than fonts have."""
    import cv2

    chance = rng.random()
    if chance > 0.36:
        return ink
    size = max(2, round(ink.em * (rng.uniform(0.02, 0.1) if chance < 0.31 else rng.uniform(0.01, 0.03))))
    kernel = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE if rng.random() < 0.7 else cv2.MORPH_RECT, (size, size)
    )
    change = cv2.dilate if chance < 0.31 else cv2.erode
    found = np.asarray(change(ink.text, kernel))
    # Hairlines would be gone.
    if np.count_nonzero(found > drawing.INK) < 0.5 * np.count_nonzero(ink.text > drawing.INK):
        return ink
    return Ink(found, ink.around, ink.baseline, ink.em)


def _arched(rng: Rng, ink: Ink) -> Ink:
    """The line on a circle, its letters upright on it; over the centre mostly, below it at times."""
    import cv2

    height, width = ink.text.shape
    span = min(rng.uniform(0.3, _WIDEST_ARC), width / height)
    radius = width / span
    over = rng.random() < 0.75
    half = min(span / 2, math.pi / 2)
    size = (
        math.ceil(2 * (radius + height / 2) * math.sin(half)),
        math.ceil(height + radius * (1 - math.cos(half))),
    )
    x = np.arange(size[0], dtype=np.float32)[None] - size[0] / 2
    y = np.arange(size[1], dtype=np.float32)[:, None]
    # The circle's centre is so far below the picture's top, or above its bottom.
    down = radius + height / 2 - y if over else y - (size[1] - radius - height / 2)
    distance = np.sqrt(x * x + down * down)
    columns = np.asarray(width / 2 + radius * np.arctan2(x, down), np.float32)
    rows = np.asarray(height / 2 + (radius - distance) * (1 if over else -1), np.float32)

    def warp(mask: Coverage) -> Coverage:
        return np.asarray(cv2.remap(mask, columns, rows, cv2.INTER_LINEAR))

    return drawing.warped(ink, warp)


def _aslant(rng: Rng, ink: Ink) -> Ink:
    """The ink turned, sheared, and with one end or edge further away than the other."""
    import cv2

    height, width = ink.text.shape
    turn = rng.uniform(-_STEEPEST, _STEEPEST) if rng.random() < 0.2 else rng.normal(0, 3)
    angle = math.radians(float(np.clip(turn, -_STEEPEST, _STEEPEST)))
    shear = float(np.clip(rng.normal(0, 0.12), -0.35, 0.35))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([width, height]) / 2
    if rng.random() < 0.45:
        left, top = rng.uniform(-0.22, 0.22), rng.uniform(-0.1, 0.1)
        corners[:, 1] *= 1 + left * np.sign(corners[:, 0])
        corners[:, 0] *= 1 + top * np.sign(corners[:, 1])
    matrix = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    target = corners @ np.array([[1.0, 0.0], [shear, 1.0]]) @ matrix.T
    target -= target.min(axis=0)
    size = tuple(np.ceil(target.max(axis=0)).astype(int).tolist())
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    view = cv2.getPerspectiveTransform(source, target.astype(np.float32))

    def warp(mask: Coverage) -> Coverage:
        return np.asarray(cv2.warpPerspective(mask, view, size, flags=cv2.INTER_LINEAR))

    return drawing.warped(ink, warp)


def cropped(rng: Rng, ink: Ink) -> Coverage | None:
    """Cut out around the word's ink, tight mostly; None where there is none."""
    x0, y0, width, height = drawing.ink_box(ink)
    if width < 2 or height < 2:
        return None
    margins = _margins(rng, min(ink.em, height))
    whole = drawing.together(ink)
    top, bottom = max(0, y0 - margins[0]), min(whole.shape[0], y0 + height + margins[1])
    left, right = max(0, x0 - margins[2]), min(whole.shape[1], x0 + width + margins[3])
    return np.ascontiguousarray(whole[top:bottom, left:right])


def _margins(rng: Rng, size: float) -> NDArray[np.int64]:
    """Pixels above, below, left and right, for letters of this size."""
    chance = rng.random()
    most = 0.05 if chance < 0.2 else 0.18 if chance < 0.7 else 0.3 if chance < 0.93 else 0.5
    shares = rng.uniform(0, most, 4)
    if rng.random() < 0.06:
        shares[int(rng.random() * 4)] = -rng.uniform(0, 0.06)
    return np.asarray(np.rint(size * shares), np.int64)
