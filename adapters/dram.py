"""The deep recurrent attention model: numbers read glimpse by glimpse, see `ocr_plugins.glimpses`.

It reads digits alone, up to six of them, on an image of one number: handwriting, and numbers as on houses.
The weights of the package learnt from drawn numbers (scripts/train_dram.py), see `dram_weights/card.md`.

A digit's confidence is the softmax, a word's that of its least sure digit, or that nothing comes behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ocr_plugins.document import Glyph, Line, Word
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.glimpses.canvas import canvas_of
from ocr_plugins.glimpses.network import Network
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option
from ocr_plugins.weights import verify_file

_CONFIDENCE = "softmax"
#: The weights of the package.
SHIPPED = Path(__file__).parent / "dram_weights" / "numbers.npz"
SHA256 = "2d7cc1a1e00571e85d4b75421f01b8921c038fdd86e7dfdbc0c2e97dc86d6585"
_HINT = "install ocr-plugins again"
_GIVE = "give weights= a file that scripts/train_dram.py wrote"


@dataclass(frozen=True, kw_only=True)
class DramOptions(Options):
    weights: Path | None = option(None, "a file that scripts/train_dram.py wrote; default: the package's")


class DramEngine(BaseEngine[DramOptions]):
    name = "dram"
    modules = ("cv2",)
    install_hint = "pip install 'ocr-plugins[rapidocr]'"
    options_type = DramOptions
    batch_size = 32

    def identify(self) -> EngineInfo:
        path = self._path
        known, hint = ({SHA256}, _HINT) if path == SHIPPED else ((), _GIVE)
        options = self.options.to_dict()
        # The file's hash says it.
        options.pop("weights", None)
        return EngineInfo(
            name=self.name,
            version="1",
            runtime=f"numpy {np.__version__}",
            weights={path.name: verify_file(path, known, hint)},
            options=options,
            spec=self.spec,
            capabilities=Capabilities(
                takes=("line", "word"),
                gives=("lines", "words", "glyphs"),
                alphabet="0123456789",
                confidence_kind=_CONFIDENCE,
            ),
        )

    @property
    def _path(self) -> Path:
        return SHIPPED if self.options.weights is None else self.options.weights

    def load(self) -> None:
        self._network = Network.load(self._path)

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
