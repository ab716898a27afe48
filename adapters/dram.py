"""The deep recurrent attention model: numbers read glimpse by glimpse, see `ocr_plugins.glimpses`.

It reads digits alone, up to six of them, on an image of one number: handwriting, and numbers as on houses. No
weights come with this package yet: scripts/train_dram.py trains them on drawn numbers.

A digit's confidence is the softmax, a word's that of its least sure digit, or that nothing comes behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ocr_plugins.document import Glyph, Line, Word
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.glimpses.canvas import canvas_of
from ocr_plugins.glimpses.network import Network
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option
from ocr_plugins.weights import verify_file

_CONFIDENCE = "softmax"
_GIVE = "give weights= a file that scripts/train_dram.py wrote"


@dataclass(frozen=True, kw_only=True)
class DramOptions(Options):
    weights: Path | None = option(None, "a file that scripts/train_dram.py wrote")


class DramEngine(BaseEngine[DramOptions]):
    name = "dram"
    modules = ("cv2",)
    install_hint = "pip install 'ocr-plugins[rapidocr]'"
    options_type = DramOptions
    batch_size = 32

    def identify(self) -> EngineInfo:
        if self.options.weights is None:
            raise EngineUnavailableError("engine 'dram' has no weights", _GIVE, kind="missing_weights")
        path = self.options.weights
        return EngineInfo(
            name=self.name,
            version="1",
            runtime=f"numpy {np.__version__}",
            weights={path.name: verify_file(path, (), _GIVE)},
            options=self.options.to_dict(),
            spec=self.spec,
            capabilities=Capabilities(
                takes=("line", "word"),
                gives=("lines", "words", "glyphs"),
                alphabet="0123456789",
                confidence_kind=_CONFIDENCE,
            ),
        )

    def load(self) -> None:
        assert self.options.weights is not None  # noqa: S101 - identify() saw to it
        self._network = Network.load(self.options.weights)

    def unload(self) -> None:
        del self._network

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        canvases = [canvas_of(image.pixels) for image in images]
        there = [canvas for canvas in canvases if canvas is not None]
        readings = iter(self._network.read(np.stack(there)) if there else ())
        lines = []
        for canvas in canvases:
            reading = None if canvas is None else next(readings)
            if reading is None or not reading.text:
                lines.append(Line(text=""))
                continue
            glyphs = tuple(
                Glyph(text=mark, confidence=share, confidence_kind=_CONFIDENCE)
                for mark, share in zip(reading.text, reading.digits, strict=True)
            )
            sure = min(*reading.digits, reading.ends)
            word = Word(text=reading.text, confidence=sure, confidence_kind=_CONFIDENCE, glyphs=glyphs)
            lines.append(Line.of_words([word], confidence=sure, confidence_kind=_CONFIDENCE))
        return lines
