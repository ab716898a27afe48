"""An engine that says what it is told: the text beside an image, in a file ending in .said."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ocr_plugins.document import Line, Page, PageError
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option


@dataclass(frozen=True, kw_only=True)
class ParrotOptions(Options):
    tail: str = option("", "added to every text")
    delay: float = option(0.0, "seconds a page takes")
    fault: Literal["none", "identify", "load", "read", "few", "close"] = option("none", "what goes wrong")


class ParrotEngine(BaseEngine[ParrotOptions]):
    name = "parrot"
    options_type = ParrotOptions

    def identify(self) -> EngineInfo:
        if self.options.fault == "identify":
            raise ZeroDivisionError("this adapter is broken")
        return EngineInfo(
            name=self.name,
            version="1",
            options=self.options.to_dict(),
            capabilities=Capabilities(takes=("page", "line"), languages=("en",)),
            spec=self.spec,
        )

    def load(self) -> None:
        if self.options.fault == "load":
            raise ZeroDivisionError("this model is broken")

    def unload(self) -> None:
        if self.options.fault == "close":
            raise ZeroDivisionError("it does not end well")

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]:
        for place, result in enumerate(super().read(pages)):
            if self.options.fault == "few" and place == 1:
                return
            if self.options.fault == "read" and place == 1:
                raise ZeroDivisionError("it breaks its contract")
            yield result

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        return [tuple(Line(text=line) for line in self._said(image).splitlines()) for image in images]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        return [Line(text=self._said(image)) for image in images]

    def _said(self, image: PageImage) -> str:
        time.sleep(self.options.delay)
        said = Path(image.source).with_suffix(".said")
        return (said.read_text(encoding="utf-8") if said.exists() else "") + self.options.tail
