"""RapidOCR: PaddleOCR's detector and recogniser on ONNX Runtime, with the weights of its wheel.

Line boxes with word boxes inside; its confidence is the mean CTC probability of a line's or a
word's characters.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ocr_plugins.document import Line, Polygon, Word
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.layout import join_rows
from ocr_plugins.options import Options, option
from ocr_plugins.weights import verify_weights

_CONFIDENCE = "ctc-mean"
_INSTALL = "pip install 'ocr-plugins[rapidocr]'"
_DETECTOR = "PP-OCRv6_det_small.onnx"
_CLASSIFIER = "ch_ppocr_mobile_v2.0_cls_mobile.onnx"
_RECOGNIZER = "PP-OCRv6_rec_small.onnx"
_WEIGHTS = {
    _DETECTOR: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    _CLASSIFIER: "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
    _RECOGNIZER: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
# An image at most this many times as long as wide goes to the detector as it is.
_MOST_SLENDER = 8
# The one recogniser reads Latin letters with their accents, Chinese and Japanese.
_LANGUAGES = (
    "en", "zh", "ja", "af", "bs", "ca", "cs", "cy", "da", "de", "es", "et", "eu", "fi", "fr", "ga", "gl",
    "hr", "hu", "id", "is", "it", "la", "lt", "lv", "ms", "mt", "nl", "no", "pl", "pt", "ro", "sk", "sl",
    "sq", "sv", "sw", "tr",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RapidOcrOptions(Options):
    max_side: int = option(
        2000, "pages are shrunk to this longest side, in pixels", minimum=320, maximum=8000
    )
    text_score: float = option(0.5, "lines of less confidence are dropped", minimum=0.0, maximum=1.0)
    orientation: bool = option(
        False, "turn lines that stand on their head; its classifier errs on clean print"
    )
    model_dir: Path | None = option(None, "folder with the three ONNX files; default: those of the wheel")


class RapidOcrEngine(BaseEngine[RapidOcrOptions]):
    name = "rapidocr"
    modules = ("rapidocr", "onnxruntime")
    install_hint = _INSTALL
    options_type = RapidOcrOptions

    def identify(self) -> EngineInfo:
        folder = self._model_dir()
        return EngineInfo(
            name=self.name,
            version=importlib.metadata.version("rapidocr"),
            runtime=f"onnxruntime {importlib.metadata.version('onnxruntime')}",
            weights=verify_weights(folder, _WEIGHTS, f"{_INSTALL} --force-reinstall"),
            options=self.options.to_dict(),
            spec=self.spec,
            capabilities=Capabilities(
                gives=("lines", "words"), languages=_LANGUAGES, confidence_kind=_CONFIDENCE
            ),
        )

    def load(self) -> None:
        from rapidocr import RapidOCR

        folder = self._model_dir()
        self._reader: Any = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.max_side_len": self.options.max_side,
                "Global.text_score": self.options.text_score,
                # Paths keep the library from looking for its models on the network.
                "Det.model_path": str(folder / _DETECTOR),
                "Cls.model_path": str(folder / _CLASSIFIER),
                "Rec.model_path": str(folder / _RECOGNIZER),
            }
        )

    def unload(self) -> None:
        del self._reader

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        return [self._read_page(image) for image in images]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        lines = []
        for image in images:
            result = self._reader(
                _bgr(image),
                use_det=False,
                use_cls=self.options.orientation,
                use_rec=True,
                return_word_box=False,
            )
            text, score = (result.txts[0], result.scores[0]) if result.txts else ("", 0.0)
            width, height = image.size
            lines.append(
                Line(
                    text=text.strip(),
                    polygon=Polygon.from_box(0, 0, width, height),
                    confidence=_probability(score),
                    confidence_kind=_CONFIDENCE,
                )
            )
        return lines

    def detect(self, images: Sequence[PageImage]) -> list[tuple[Polygon, ...]]:
        found = []
        for image in images:
            result = self._reader(
                _padded(image), use_det=True, use_cls=False, use_rec=False, return_word_box=False
            )
            found.append(tuple(_polygon(box) for box in (() if result.boxes is None else result.boxes)))
        return found

    # Every switch is named in every call: the library keeps those of the call before.

    def _read_page(self, image: PageImage) -> tuple[Line, ...]:
        result = self._reader(
            _padded(image), use_det=True, use_cls=self.options.orientation, use_rec=True, return_word_box=True
        )
        if result.txts is None:
            return ()
        fragments = []
        for box, text, score, words in zip(
            result.boxes, result.txts, result.scores, result.word_results, strict=True
        ):
            if text.strip():
                fragments.append(
                    Line(
                        text=text.strip(),
                        polygon=_polygon(box),
                        confidence=_probability(score),
                        confidence_kind=_CONFIDENCE,
                        words=tuple(_word(*word) for word in words if word[0].strip()),
                    )
                )
        return join_rows(fragments)

    def _model_dir(self) -> Path:
        if self.options.model_dir is not None:
            return self.options.model_dir
        found = importlib.util.find_spec("rapidocr")
        if found is None or found.origin is None:
            raise EngineUnavailableError("engine 'rapidocr' is not installed", _INSTALL, kind="not_installed")
        return Path(found.origin).parent / "models"


def _bgr(image: PageImage) -> Any:
    """Channels in the order that the library takes from arrays."""
    return image.rgb()[:, :, ::-1]


def _padded(image: PageImage) -> Any:
    """A sliver, made wider: the detector enlarges the short side, and the long one beyond reason."""
    pixels = _bgr(image)
    height, width = pixels.shape[:2]
    missing = [max(0, max(height, width) // _MOST_SLENDER - side) for side in (height, width)]
    if not any(missing):
        return pixels
    return np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")


def _polygon(box: Any) -> Polygon:
    return Polygon(tuple((float(x), float(y)) for x, y in box))


def _probability(score: Any) -> float:
    return min(max(float(score), 0.0), 1.0)


def _word(text: str, score: Any, box: Any) -> Word:
    return Word(
        text=text.strip(),
        polygon=None if box is None else _polygon(box),
        confidence=_probability(score),
        confidence_kind=_CONFIDENCE,
    )
