"""EasyOCR: the CRAFT detector and a CRNN recogniser, on PyTorch or as ONNX graphs.

Gives fragments of lines, which are put in reading order after. Its confidence is the product of the
CTC probabilities of a fragment's characters, raised to 2/sqrt(length).
"""

from __future__ import annotations

import functools
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
from ocr_plugins.options import Options, option

from . import easyocr_models as models
from .easyocr_lines import Found, FoundBoxes, Lines
from .easyocr_runtime import Graphs, set_threads
from .graphs import graphs_folder
from .runtimes import RUNTIME, Chosen, Runtime, chosen, runtime_name

_CONFIDENCE = "ctc-length-normalised-product"


@dataclass(frozen=True, kw_only=True)
class EasyOcrOptions(Options):
    runtime: Runtime = option("auto", RUNTIME)
    quantize: bool = option(
        True,
        "with runtime=upstream on a CPU: an int8 recogniser, as by EasyOCR's own default; "
        "reads a little differently",
    )
    canvas_size: int = option(
        2560, "pages are shrunk to this longest side, in pixels", minimum=320, maximum=8000
    )
    batch: int = option(
        0,
        "lines that are recognised at once, except with runtime=upstream; 0: as many as a short measurement "
        "found quickest on this kind of processor",
        minimum=0,
        maximum=1024,
    )
    model_dir: Path | None = option(
        None,
        "folder with EasyOCR's weight files, as for other languages; default: the offline package's. "
        "The detector's may be left out",
    )
    recog_network: str = option(
        "standard", "recogniser: standard takes the language's; else one of EasyOCR's models, or your own"
    )
    user_network_directory: Path | None = option(
        None,
        "folder with NAME.py and NAME.yaml of your own recog_network=NAME, which runs that code; "
        "NAME.pth lies there or in model_dir",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "lang", "+".join(map(models.user_code, self.languages)))


class EasyOcrEngine(BaseEngine[EasyOcrOptions]):
    name = "easyocr"
    modules = ("easyocr", "torch")
    install_hint = models.INSTALL
    default_order = "auto"
    options_type = EasyOcrOptions

    def identify(self) -> EngineInfo:
        options, runtime = self.options, self._runtime
        # What is not quantised in any case must not have two fingerprints.
        quantize = options.quantize and runtime == "upstream" and options.device == "cpu"
        decides = options.to_dict() | {"quantize": quantize, "runtime": runtime}
        # It changes nothing but rounding.
        del decides["batch"]
        return EngineInfo(
            name=self.name,
            version=importlib.metadata.version("easyocr"),
            runtime=runtime_name(runtime, f"torch {importlib.metadata.version('torch')}", int8=True),
            weights=self._detector_hashes | self._recognizer_hashes,
            options=decides,
            spec=self.spec,
            capabilities=Capabilities(
                gives=("lines", "words"),
                ordered=False,
                languages=self._recognizer.languages,
                confidence_kind=_CONFIDENCE,
                devices=("cpu", "cuda"),
            ),
        )

    @functools.cached_property
    def _runtime(self) -> Chosen:
        options = self.options
        if options.runtime == "auto" and options.user_network_directory is not None:
            # Code of the user's, which may do what no graph can.
            return "upstream"
        return chosen(self.name, options.runtime, options.device, models.INSTALL, int8=True)

    @functools.cached_property
    def _recognizer(self) -> models.Recognizer:
        options = self.options
        if (directory := options.user_network_directory) is not None:
            return models.find_own_recognizer(
                options.languages, options.recog_network, directory, options.model_dir
            )
        folder = models.model_folder(options.model_dir)
        return models.find_recognizer(options.languages, options.recog_network, folder)

    @functools.cached_property
    def _detector_folder(self) -> Path:
        return Path(models.detector_folder(models.model_folder(self.options.model_dir)))

    @functools.cached_property
    def _recognizer_hashes(self) -> dict[str, str]:
        return dict(self._recognizer.verify())

    @functools.cached_property
    def _detector_hashes(self) -> dict[str, str]:
        return dict(models.verify_detector(self._detector_folder))

    def load(self) -> None:
        # EasyOCR opens its pickled weights without weights_only; this makes PyTorch insist on it.
        os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
        import torch

        options = self.options
        if options.device != "cpu" and not torch.cuda.is_available():
            raise EngineUnavailableError(
                f"engine 'easyocr': no accelerator for device {options.device!r} is here",
                "use device=cpu",
                kind="no_device",
            )
        threads = set_threads()
        self._reader = self._open_reader()
        if self._runtime != "upstream":
            graphs = Graphs(
                self._reader,
                self._runtime,
                detector=self._detector_hashes,
                recognizer=self._recognizer_hashes,
                height=self._recognizer.height,
                threads=threads,
                folder=graphs_folder("easyocr"),
            )
            self._lines: Lines | None = Lines(
                self._reader,
                self._recognizer.height,
                batch=options.batch,
                columns=0 if options.batch else graphs.columns(),
            )
        else:
            self._lines = None

    def _open_reader(self) -> Any:
        import easyocr

        options = self.options
        folder = str(self._recognizer.weights.parent)
        reader = easyocr.Reader(
            list(self._recognizer.codes),
            gpu=False if options.device == "cpu" else options.device,
            detector=False,
            model_storage_directory=folder,
            user_network_directory=str(options.user_network_directory or folder),
            recog_network=self._recognizer.name,
            download_enabled=False,
            quantize=options.quantize and self._runtime == "upstream",
            verbose=False,
        )
        # The detector's weights need not lie where the recogniser's do.
        reader.model_storage_directory = str(self._detector_folder)
        reader.setDetector("craft")
        return reader

    def unload(self) -> None:
        del self._reader, self._lines

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        # As Reader.readtext() does for a file: given an array, that takes RGB for BGR.
        found = self._recognize([FoundBoxes(_grey(image), *self._boxes(image)) for image in images])
        return [tuple(_line(*item) for item in items if item[1].strip()) for items in found]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        alone = [FoundBoxes(_grey(image), [[0, image.size[0], 0, image.size[1]]], []) for image in images]
        return [_line(*found[0]) if found else Line(text="") for found in self._recognize(alone)]

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

    def _recognize(self, pages: Sequence[FoundBoxes]) -> list[list[Found]]:
        """What stands in the boxes of each page."""
        if self._lines is not None:
            return self._lines.read(pages)
        import easyocr.easyocr

        # A global, which the Reader sets for a network of its own and leaves so for all others.
        easyocr.easyocr.imgH = self._recognizer.height
        return [
            self._reader.recognize(
                page.grey, horizontal_list=page.upright, free_list=page.slanted, reformat=False
            )
            for page in pages
        ]


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
