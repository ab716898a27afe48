"""Steps that change how bright things are: grey, inversion, contrast, uneven light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ocr_plugins.ink import is_dark, paper_of
from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels, to_grey
from ocr_plugins.preprocess.step import Prepared, Step


@dataclass(frozen=True, kw_only=True)
class Grey(Step):
    name: ClassVar[str] = "grey"
    help: ClassVar[str] = "no colours"

    def apply(self, pixels: Pixels) -> Prepared:
        return Prepared.in_place(to_grey(pixels))


@dataclass(frozen=True, kw_only=True)
class Invert(Step):
    name: ClassVar[str] = "invert"
    help: ClassVar[str] = "light text on dark made dark on light"

    when: Literal["dark", "always"] = option("dark", "dark: only where there is more dark than light")

    def apply(self, pixels: Pixels) -> Prepared:
        wanted = self.when == "always" or is_dark(to_grey(pixels))
        return Prepared.in_place(255 - pixels if wanted else pixels)


@dataclass(frozen=True, kw_only=True)
class Contrast(Step):
    """Contrast limited adaptive histogram equalisation (Zuiderveld, Graphics Gems IV, 1994)."""

    name: ClassVar[str] = "contrast"
    help: ClassVar[str] = "local contrast raised (CLAHE)"

    clip: float = option(2.0, "how much of a histogram's peak is kept, times its mean", minimum=1, maximum=40)
    tiles: int = option(8, "tiles across and down", minimum=1, maximum=64)

    def apply(self, pixels: Pixels) -> Prepared:
        import cv2

        clahe = cv2.createCLAHE(clipLimit=self.clip, tileGridSize=(self.tiles, self.tiles))
        if pixels.ndim == 2:
            return Prepared.in_place(np.asarray(clahe.apply(pixels), np.uint8))
        lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
        lab[:, :, 0] = clahe.apply(np.ascontiguousarray(lab[:, :, 0]))
        return Prepared.in_place(np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8))


@dataclass(frozen=True, kw_only=True)
class Flatten(Step):
    """The image divided by what its paper would be without marks: a closing, smoothed."""

    name: ClassVar[str] = "flatten"
    help: ClassVar[str] = "shadows, stains and coloured paper made white"

    def apply(self, pixels: Pixels) -> Prepared:
        import cv2

        channels = [pixels] if pixels.ndim == 2 else list(cv2.split(pixels))
        flat = [np.asarray(cv2.divide(channel, paper_of(channel), scale=255)) for channel in channels]
        return Prepared.in_place(flat[0] if pixels.ndim == 2 else np.asarray(cv2.merge(flat)))
