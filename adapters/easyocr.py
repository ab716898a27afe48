"""EasyOCR: the CRAFT detector and a CRNN recogniser on PyTorch, English model.

Gives fragments of lines, which are joined to rows here. Its confidence is the product of the
CTC probabilities of a fragment's characters, raised to 2/sqrt(length).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_plugins.document import Line, Polygon
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.layout import join_rows
from ocr_plugins.options import Options, option
from ocr_plugins.weights import verify_weights

_CONFIDENCE = "ctc-length-normalised-product"
_INSTALL = "ocr-plugins engines install easyocr"
_WEIGHTS = {
    "craft_mlt_25k.pth": "4a5efbfb48b4081100544e75e1e2b57f8de3d84f213004b14b85fd4b3748db17",
    "english_g2.pth": "e2272681d9d67a04e2dff396b6e95077bc19001f8f6d3593c307b9852e1c29e8",
}


@dataclass(frozen=True, kw_only=True)
class EasyOcrOptions(Options):
    quantize: bool = option(
        True, "int8 recogniser on a CPU, as EasyOCR does by default; reads a little differently"
    )
    canvas_size: int = option(
        2560, "pages are shrunk to this longest side, in pixels", minimum=320, maximum=8000
    )
    model_dir: Path | None = option(None, "folder with the two weight files; default: the offline package's")


class EasyOcrEngine(BaseEngine[EasyOcrOptions]):
    name = "easyocr"
    modules = ("easyocr", "torch")
    install_hint = _INSTALL
    options_type = EasyOcrOptions

    def identify(self) -> EngineInfo:
        if importlib.util.find_spec("easyocr") is None:
            raise EngineUnavailableError("engine 'easyocr' is not installed", _INSTALL, kind="not_installed")
        folder = self._model_dir()
        return EngineInfo(
            name=self.name,
            version=importlib.metadata.version("easyocr"),
            runtime=f"torch {importlib.metadata.version('torch')}",
            weights=verify_weights(folder, _WEIGHTS, _INSTALL),
            options=self.options.to_dict(),
            spec=self.spec,
            capabilities=Capabilities(
                gives=("lines", "words"),
                languages=("en",),
                confidence_kind=_CONFIDENCE,
                devices=("cpu", "cuda"),
            ),
        )

    def load(self) -> None:
        # EasyOCR opens its pickled weights without weights_only; this makes PyTorch insist on it.
        os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
        import easyocr
        import torch

        device = self.options.device
        if device != "cpu" and not torch.cuda.is_available():
            raise EngineUnavailableError(
                f"engine 'easyocr': no accelerator for device {device!r} is here",
                "use device=cpu",
                kind="no_device",
            )
        folder = str(self._model_dir())
        self._reader: Any = easyocr.Reader(
            list(self.options.languages),
            gpu=False if device == "cpu" else device,
            model_storage_directory=folder,
            user_network_directory=folder,
            download_enabled=False,
            quantize=self.options.quantize,
            verbose=False,
        )

    def unload(self) -> None:
        del self._reader

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        return [self._read_page(image) for image in images]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        lines = []
        for image in images:
            width, height = image.size
            found = self._reader.recognize(
                _grey(image), horizontal_list=[[0, width, 0, height]], free_list=[], reformat=False
            )
            lines.append(_line(*found[0]) if found else Line(text=""))
        return lines

    def detect(self, images: Sequence[PageImage]) -> list[tuple[Polygon, ...]]:
        found = []
        for image in images:
            upright, slanted = self._boxes(image)
            boxes = [Polygon.from_box(x0, y0, x1, y1) for x0, x1, y0, y1 in upright]
            boxes += [Polygon(tuple((float(x), float(y)) for x, y in points)) for points in slanted]
            found.append(tuple(sorted(boxes, key=lambda polygon: polygon.box[1])))
        return found

    def _boxes(self, image: PageImage) -> tuple[list[Any], list[Any]]:
        upright, slanted = self._reader.detect(
            image.rgb(), canvas_size=self.options.canvas_size, reformat=False
        )
        return upright[0], slanted[0]

    def _read_page(self, image: PageImage) -> tuple[Line, ...]:
        # As Reader.readtext() does for a file: given an array, that takes RGB for BGR.
        upright, slanted = self._boxes(image)
        found = self._reader.recognize(
            _grey(image), horizontal_list=upright, free_list=slanted, reformat=False
        )
        return join_rows([_line(*item) for item in found if item[1].strip()])

    def _model_dir(self) -> Path:
        if self.options.model_dir is not None:
            return self.options.model_dir
        found = importlib.util.find_spec("easyocr_en_models")
        if found is None or found.origin is None:
            raise EngineUnavailableError(
                "engine 'easyocr' has no weights here",
                f"{_INSTALL}, or model_dir=FOLDER",
                kind="missing_weights",
            )
        return Path(found.origin).parent / "models"


def _grey(image: PageImage) -> Any:
    if image.pixels.ndim == 2:
        return image.pixels
    import cv2

    return cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY)


def _line(points: Any, text: str, confidence: Any) -> Line:
    return Line(
        text=text.strip(),
        polygon=Polygon(tuple((float(x), float(y)) for x, y in points)),
        confidence=min(max(float(confidence), 0.0), 1.0),
        confidence_kind=_CONFIDENCE,
    )
