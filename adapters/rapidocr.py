"""RapidOCR: PaddleOCR's detector and recogniser on ONNX Runtime, by default with its wheel's weights.

Gives fragments of lines with word boxes inside, which are put in reading order after. Its confidence is
the mean CTC probability of a line's or a word's characters.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ocr_plugins.document import Line, Polygon, Word
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.offline import forbid_reports
from ocr_plugins.options import Options, option
from ocr_plugins.threads import threads_for

from . import rapidocr_models as models
from .rapidocr_models import Models, Size, Version

_CONFIDENCE = "ctc-mean"
# An image at most this many times as long as wide goes to the detector as it is.
_MOST_SLENDER = 8


@dataclass(frozen=True, kw_only=True)
class RapidOcrOptions(Options):
    max_side: int = option(
        2000, "pages are shrunk to this longest side, in pixels", minimum=320, maximum=8000
    )
    text_score: float = option(0.5, "lines of less confidence are dropped", minimum=0.0, maximum=1.0)
    orientation: bool = option(
        False, "turn lines that stand on their head; its classifier errs on clean print"
    )
    ocr_version: Version = option("PP-OCRv6", "generation of PaddleOCR's models")
    model_type: Size | None = option(
        None, "size of the models; default: small of PP-OCRv6, mobile of the others"
    )
    model_dir: Path | None = option(
        None,
        "folder with ONNX files by RapidOCR's names, as for other languages; default: those of the wheel",
    )
    det_model: Path | None = option(None, "a detector of yours, ONNX, in place of the one by name")
    rec_model: Path | None = option(None, "a recogniser of yours, ONNX, in place of the one by name")
    rec_keys: Path | None = option(
        None, "alphabet of rec_model, one character a line in UTF-8, where that has none inside"
    )


class RapidOcrEngine(BaseEngine[RapidOcrOptions]):
    name = "rapidocr"
    modules = ("rapidocr", "onnxruntime")
    install_hint = models.INSTALL
    default_order = "auto"
    options_type = RapidOcrOptions

    def identify(self) -> EngineInfo:
        options = self.options.to_dict()
        # The hashes say which models these came to.
        del options["ocr_version"], options["model_type"]
        return EngineInfo(
            name=self.name,
            version=importlib.metadata.version("rapidocr"),
            runtime=f"onnxruntime {importlib.metadata.version('onnxruntime')}",
            weights={file.label: file.verify() for file in self._models.files},
            options=options,
            spec=self.spec,
            capabilities=Capabilities(
                gives=("lines", "words"),
                ordered=False,
                languages=self._models.languages,
                confidence_kind=_CONFIDENCE,
            ),
        )

    @functools.cached_property
    def _models(self) -> Models:
        options = self.options
        return models.find_models(
            options.languages,
            version=options.ocr_version,
            size=options.model_type,
            folder=options.model_dir,
            detector=options.det_model,
            recognizer=options.rec_model,
            alphabet=options.rec_keys,
        )

    def load(self) -> None:
        forbid_reports()
        import cv2
        from rapidocr import RapidOCR

        found = self._models
        params: dict[str, Any] = {
            "Global.log_level": "critical",
            "Global.max_side_len": self.options.max_side,
            "Global.text_score": self.options.text_score,
            # Paths keep the library from looking for its models on the network.
            "Det.model_path": str(found.detector.path),
            "Cls.model_path": str(found.classifier.path),
            "Rec.model_path": str(found.recognizer.path),
        }
        if found.script:
            params["Rec.lang_type"] = found.script
        if self.options.det_model is not None:
            models.check_detector(found.detector.path)
        if self.options.rec_model is not None:
            height = models.check_recognizer(found.recognizer.path, self.options.rec_keys)
            params["Rec.rec_img_shape"] = [3, height, 320]
        if found.alphabet is not None:
            params["Rec.rec_keys_path"] = str(found.alphabet.path)
        if threads := threads_for():
            params["EngineConfig.onnxruntime.intra_op_num_threads"] = threads
        if threads := threads_for("OPENCV_FOR_THREADS_NUM"):
            cv2.setNumThreads(threads)
        self._reader: Any = RapidOCR(params=params)
        # The library opens its models with the first page, which is to find them open.
        blank = np.full((48, 48, 3), 255, np.uint8)
        self._reader(blank, use_det=True, use_cls=False, use_rec=False, return_word_box=False)
        self._reader(
            blank, use_det=False, use_cls=self.options.orientation, use_rec=True, return_word_box=False
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
        return tuple(fragments)


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
