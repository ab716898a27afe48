"""The ways in which a drawn line, or a page, becomes pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ocr_plugins.synth import camera, paper
from ocr_plugins.synth.camera import Bytes
from ocr_plugins.synth.drawing import Coverage
from ocr_plugins.synth.paper import Floats
from ocr_plugins.synth.surfaces import photographed
from ocr_plugins.synth.words import Rng

_THRESHOLDS = (0.3, 0.42, 0.5, 0.6)


def degrade(rng: Rng, cover: Coverage, em: float, mode: str, strength: float) -> Bytes:
    """Pixels, dark ink on light paper, uint8 of the coverage's shape.

    Args:
        cover: uint8 (h, w), 255 is ink.
        em: of the text, in pixels.
        mode: one of `MODES`.
        strength: 0 to 1; how much goes wrong.
    """
    return MODES[mode](rng, np.asarray(cover / np.float32(255), np.float32), em, strength)


def _clean(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:  # noqa: ARG001 - as the others
    """As a program renders it, or a good scan at two levels."""
    if rng.random() < 0.5:
        return np.where(cover > _THRESHOLDS[int(rng.random() * len(_THRESHOLDS))], 0, 255).astype(np.uint8)
    white = 1.0 if rng.random() < 0.6 else rng.uniform(0.82, 1)
    return camera.to_bytes(white - (white - (0 if rng.random() < 0.6 else rng.uniform(0, 0.45))) * cover)


def _bilevel(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:
    return camera.bilevel(rng, cover, em, strength)


def _copied(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:
    found = camera.bilevel(rng, cover, em, strength)
    for _ in range(1 if rng.random() < 0.7 else 2):
        found = camera.copied(rng, found, em, 0.6 * strength)
    return found


def _grey(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:
    ground = paper.sheet(rng, (cover.shape[0], cover.shape[1]), 0.3 + 0.7 * strength)
    level = float(ground[0, 0])
    dark = level * (
        rng.uniform(0.02, 0.4) if rng.random() < 0.75 else rng.uniform(0.4, 0.45 + 0.3 * strength)
    )
    if rng.random() < 0.22:
        ground = paper.shown_through(rng, ground, cover, em)
    worn = paper.inked(rng, cover, em, strength)
    grey = ground + (dark - ground) * worn
    if rng.random() < 0.35:
        grey = camera.light(rng, grey, strength)
    if rng.random() < 0.6:
        grey = camera.defocused(rng, grey, em, 0.3 + strength)
    if rng.random() < 0.7:
        grey = camera.sensed(rng, grey, strength)
    if rng.random() < 0.3:
        # Scanners' own curves whiten paper and blacken ink.
        grey = np.asarray((grey - dark * rng.uniform(0, 1)) / (level * rng.uniform(0.8, 1.0)), np.float32)
    found = camera.to_bytes(grey)
    if rng.random() < 0.35:
        found = camera.jpeg(found, int(rng.uniform(92 - 55 * strength, 96)))
    return found


def _thresholded(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:
    return camera.thresholded(rng, _grey(rng, cover, em, 0.8 * strength), em)


def _faxed(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:
    return camera.faxed(rng, paper.inked(rng, cover, em, strength), em)


def _thermal(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:
    """A thermal printer's: light letters, streaks where its head is worn, whitened by the scanner."""
    shape = (cover.shape[0], cover.shape[1])
    worn = paper.inked(rng, cover, em, strength)
    if rng.random() < 0.4:
        streaks = paper.noise(rng, (1, shape[1]), 1.0)
        worn = worn * np.clip(1.1 - 0.25 * strength * np.abs(streaks), 0, 1)
    white = rng.uniform(0.9, 1.0)
    dark = rng.uniform(0.1, 0.35 + 0.35 * strength)
    grey = camera.defocused(rng, white + (dark - white) * worn, em, 0.4 + strength)
    if rng.random() < 0.4:
        grey = camera.sensed(rng, grey, 0.5 * strength)
    found = camera.to_bytes(np.asarray(grey, np.float32))
    return camera.jpeg(found, int(rng.uniform(50, 92))) if rng.random() < 0.6 else found


def _coarse(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:
    """Scanned at 70 to 150 dpi, and enlarged again: an em of 9 to 20 pixels."""
    import cv2

    height, width = cover.shape
    two_levels = rng.random() < 0.25
    scale = min(1.0, (rng.uniform(15, 22) if two_levels else rng.uniform(11 - strength, 19)) / em)
    size = (max(4, round(width * scale)), max(4, round(height * scale)))
    small = np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), np.float32)
    if two_levels:
        found = np.where(small > rng.uniform(0.3, 0.5), 0, 255).astype(np.uint8)
    elif rng.random() < 0.35:
        found = _clean(rng, small, em * scale, strength)
    else:
        # What blurs an em of 40 pixels little leaves nothing of one of 11.
        found = _grey(rng, small, em * scale, 0.45 * strength)
    return camera.resized(rng, found, (width, height))


def _screen(rng: Rng, cover: Floats, em: float, strength: float) -> Bytes:  # noqa: ARG001 - as the others
    """As a program shows it, saved as a picture."""
    white, dark = rng.uniform(0.8, 1.0), rng.uniform(0.0, 0.3)
    if rng.random() < 0.25:
        white, dark = dark, white
    found = camera.to_bytes(np.asarray(white + (dark - white) * cover, np.float32))
    return camera.jpeg(found, int(rng.uniform(90 - 60 * strength, 96))) if rng.random() < 0.6 else found


#: How lines are scanned, by name.
MODES: dict[str, Callable[[Rng, Floats, float, float], Bytes]] = {
    "clean": _clean,
    "bilevel": _bilevel,
    "copied": _copied,
    "grey": _grey,
    "thresholded": _thresholded,
    "faxed": _faxed,
    "thermal": _thermal,
    "coarse": _coarse,
    "screen": _screen,
    "scene": photographed,
}
