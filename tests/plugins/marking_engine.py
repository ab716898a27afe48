"""Engines that leave a mark each time they load or read, so that a test can count it."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr_plugins.document import Line, Polygon
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option


@dataclass(frozen=True, kw_only=True)
class MarkingOptions(Options):
    marks: Path = option(Path(), "folder for the marks")
    delay: float = option(0.0, "seconds a page takes")
    tail: str = option("", "added to every text")


class MarkingEngine(BaseEngine[MarkingOptions]):
    """Reads an image as its shape, its resolution and its grey values."""

    name = "marking"
    options_type = MarkingOptions

    def identify(self) -> EngineInfo:
        return EngineInfo(
            name=self.name,
            version="1",
            # How long a page takes changes nothing that is read.
            options={"lang": self.options.lang, "tail": self.options.tail},
            capabilities=Capabilities(),
            spec=self.spec,
        )

    def load(self) -> None:
        self._mark("loaded")

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        return [(self._line(image),) for image in images]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        return [self._line(image) for image in images]

    def _line(self, image: PageImage) -> Line:
        time.sleep(self.options.delay)
        self._mark("read")
        return Line(text=f"{image.pixels.shape} {image.dpi} {image.pixels.sum()}{self.options.tail}")

    def _mark(self, what: str) -> None:
        (self.options.marks / f"{what}-{os.getpid()}-{uuid.uuid4().hex}").touch()


class FindingEngine(MarkingEngine):
    """Finds a line in each image and reads none."""

    name = "finding"

    def identify(self) -> EngineInfo:
        return EngineInfo(
            name=self.name, version="1", capabilities=Capabilities(gives=("polygons",)), spec=self.spec
        )

    def detect(self, images: Sequence[PageImage]) -> list[tuple[Polygon, ...]]:
        for _ in images:
            self._mark("read")
        return [(Polygon.from_box(1, 2, 3, 4), Polygon.from_box(1, 5, 3, 6.5)) for _ in images]
