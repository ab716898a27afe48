"""The step that looks at a page and picks the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ocr_plugins.ink import print_height
from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels
from ocr_plugins.preprocess.geometry import Deskew, Pad, Rescale
from ocr_plugins.preprocess.letters import Letters
from ocr_plugins.preprocess.orientation import Orient
from ocr_plugins.preprocess.photo import Dewarp
from ocr_plugins.preprocess.step import Prepared, Step, to_grey

# How much of an image is paper is told on so many pixels along the longer side; marks up to this share of
# it are closed over, and paper is what differs by so many grey levels at most.
_SIDE, _MARK, _LEVELS = 400, 0.03, 20
# On less paper than this, an image is a picture with text on it; larger ones are photographs.
_PAPER, _PICTURE_PIXELS = 0.8, 600_000


@dataclass(frozen=True, kw_only=True)
class Auto(Step):
    """Steps picked by what is measured: how much is paper, which way up, how skewed, how small the print.

    Text on small pictures is isolated (`Letters`). Pages on their side or head are turned where that is
    sure, photographed sheets straightened, skewed pages levelled, and small print enlarged, with a margin.
    A page that wants none of it is left as it is, to the pixel.
    """

    name: ClassVar[str] = "auto"
    help: ClassVar[str] = "picks steps from measurements of the page; leaves a clean page as it is"
    pages_only: ClassVar[bool] = True

    height: float = option(28.0, "glyph height to which small print is enlarged", minimum=8, maximum=200)
    small: float = option(13.0, "print of lower glyphs is enlarged, in pixels", minimum=0, maximum=200)
    skew: float = option(0.5, "skew left as it is, in degrees", minimum=0, maximum=45)

    def apply(self, pixels: Pixels) -> Prepared:
        done = Prepared.in_place(pixels)
        if paper_share(pixels) < _PAPER:
            picked: tuple[Step, ...] = (
                (Letters(), Pad()) if pixels.shape[0] * pixels.shape[1] <= _PICTURE_PIXELS else ()
            )
            return _then(done, iter(picked))
        done = _then(done, iter((Dewarp(), Orient(least=6.0), Deskew(least=self.skew))))
        return _then(done, self._for_small_print(done.pixels))

    def _for_small_print(self, pixels: Pixels) -> Iterator[Step]:
        height = print_height(pixels)
        if 0 < height < self.small:
            yield Rescale(height=self.height)
            yield Pad()


def _then(done: Prepared, steps: Iterator[Step]) -> Prepared:
    for step in steps:
        given = step.apply(done.pixels)
        if given.pixels is not done.pixels:
            done = Prepared(given.pixels, done.transform.before(given.transform), (*done.steps, str(step)))
    return done


def paper_share(pixels: Pixels) -> float:
    """The share of an image that is of one brightness when its marks are closed over, in [0, 1]."""
    import cv2

    grey = to_grey(pixels)
    share = min(1.0, _SIDE / max(grey.shape))
    size = [max(1, round(side * share)) for side in grey.shape[::-1]]
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    if np.median(small) < 128:
        small = 255 - small
    window = max(3, round(_MARK * max(small.shape))) | 1
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8))
    counts = np.bincount(np.asarray(closed, np.uint8).ravel(), minlength=256)
    return float(np.convolve(counts, np.ones(2 * _LEVELS + 1), "same").max() / closed.size)
