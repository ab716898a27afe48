"""The null engine: reads nothing, at once. For measuring the framework's own cost, and for tests."""

from __future__ import annotations

from collections.abc import Sequence

from ocr_plugins.document import Line
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options


class NullEngine(BaseEngine[Options]):
    """Finds no text on any image."""

    name = "null"
    options_type = Options

    def identify(self) -> EngineInfo:
        return EngineInfo(name=self.name, version="1", spec=self.spec, capabilities=Capabilities())

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        return [() for _ in images]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        return [Line(text="") for _ in images]
