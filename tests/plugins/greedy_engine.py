"""An engine that takes as many MB of memory for an image as its first pixel says, and gives them back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ocr_plugins.document import Line
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option

_CHILD = "import sys; taken = b'x' * int(sys.argv[1]); del taken; print('done', flush=True); sys.stdin.read()"


@dataclass(frozen=True, kw_only=True)
class GreedyOptions(Options):
    child: bool = option(False, "whether another program takes the memory, and stays")


class GreedyEngine(BaseEngine[GreedyOptions]):
    name = "greedy"
    options_type = GreedyOptions
    children: ClassVar[list[subprocess.Popen[bytes]]] = []

    def identify(self) -> EngineInfo:
        return EngineInfo(
            name=self.name,
            version="1",
            options=self.options.to_dict(),
            capabilities=Capabilities(),
            spec=self.spec,
        )

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        return [(self._line(image),) for image in images]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        return [self._line(image) for image in images]

    def _line(self, image: PageImage) -> Line:
        amount = int(image.pixels.flat[0]) * 1_000_000
        if self.options.child:
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(amount)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            assert child.stdout is not None
            child.stdout.readline()
            self.children.append(child)
        else:
            taken = b"x" * amount
            del taken
        return Line(text=f"{amount}")
