"""A detector and a recogniser for pages of grey stripes: a line is a bar, its text its grey value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ocr_plugins.document import Line, Polygon, Word
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options

# A page that begins with one of these cannot be searched, a line of it not be read.
NO_SEARCH, NO_READING = 13, 17


class StripeFinder(BaseEngine[Options]):
    """Finds bars darker than white that are 10 px high and start at multiples of 10 px."""

    name = "stripes"
    options_type = Options

    def identify(self) -> EngineInfo:
        return EngineInfo(
            name=self.name, version="1", spec=self.spec, capabilities=Capabilities(gives=("polygons",))
        )

    def detect(self, images: Sequence[PageImage]) -> list[tuple[Polygon, ...]]:
        return [tuple(self._lines(image.pixels)) for image in images]

    def _lines(self, pixels: np.ndarray) -> list[Polygon]:
        if pixels[0, 0] == NO_SEARCH:
            raise RuntimeError("not on this page")
        found = []
        for top in range(0, pixels.shape[0], 10):
            across = np.flatnonzero(pixels[top] < 250)
            if len(across):
                found.append(Polygon.from_box(float(across[0]), top, float(across[-1]) + 1, top + 10))
        return found


class GreyReader(BaseEngine[Options]):
    """Reads a line as its grey value, in two words that share its width."""

    name = "greys"
    options_type = Options
    default_detector = "stripes"
    batch_size = 4

    def identify(self) -> EngineInfo:
        return EngineInfo(
            name=self.name,
            version="1",
            spec=self.spec,
            capabilities=Capabilities(
                takes=("line", "word"), gives=("lines", "words"), confidence_kind="certainty"
            ),
        )

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        return [self._line(image) for image in images]

    def _line(self, image: PageImage) -> Line:
        grey = int(image.pixels[0, 0])
        if grey == NO_READING:
            raise RuntimeError("not this line")
        width, height = image.size
        shared: dict[str, Any] = {"confidence": 0.5, "confidence_kind": "certainty"}
        words = [
            Word(text=str(grey), polygon=Polygon.from_box(0, 0, width / 2, height), **shared),
            Word(text="px", polygon=Polygon.from_box(width / 2, 0, width, height), **shared),
        ]
        return Line.of_words(words, **shared)
