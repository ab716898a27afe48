"""The project's own engine: a convolutional and recurrent network with CTC, on ONNX Runtime.

Shi, Bai, Yao, "An End-to-End Trainable Neural Network for Image-based Sequence Recognition and Its
Application to Scene Text Recognition", IEEE TPAMI 39, 2017. The weights are what `ocr-plugins train crnn`
wrote; those of the package were trained on drawn lines alone, see `ocr_plugins/crnn/weights`. Pages are
cut into lines by connected components, see `ocr_plugins.linefinder`; for photographs and handwriting take
another engine's detector.

Lines that were read far less surely than the rest of a clean page are parts of pictures, and dropped.

A word's confidence is the probability that CTC gives its characters between the spaces around it, summed
over all alignments; a line's is that of its least sure word.
"""

from __future__ import annotations

import functools
import importlib.metadata
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.crnn.decoding import Decoder
from ocr_plugins.crnn.model_file import SHIPPED, ModelFacts, read_facts, verified
from ocr_plugins.crnn.runtime import LineReader, Network, ReadWord
from ocr_plugins.document import Line, Polygon, Region, Word
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import CallError
from ocr_plugins.image import PageImage
from ocr_plugins.ink import dark_on_light
from ocr_plugins.language_model import LanguageModel
from ocr_plugins.layout import confidence_by_letter, without_noise
from ocr_plugins.linefinder import find_page_lines
from ocr_plugins.options import Options, option
from ocr_plugins.threads import threads_for
from ocr_plugins.weights import verify_file

from .graphs import Session
from .runtimes import chosen, open_openvino, runtime_name

_CONFIDENCE = "ctc-word"
_INSTALL = "pip install ocr-plugins"
_INSTALL_FAST = "pip install 'ocr-plugins[fast]'"


@dataclass(frozen=True, kw_only=True)
class CrnnOptions(Options):
    runtime: Literal["exact", "fast"] = option(
        "exact",
        "what the network runs on: exact, ONNX Runtime in float32; fast, OpenVINO in bfloat16, on processors "
        "that have it",
    )
    weights: Path | None = option(None, "a file that `ocr-plugins train crnn` wrote; default: the package's")
    decoder: Literal["greedy", "beam"] = option(
        "greedy", "how probabilities become text: the best class of each step, or the best of several texts"
    )
    beam: int = option(8, "decoder=beam: texts kept while searching", minimum=2, maximum=100)
    lm: Path | None = option(
        None, "decoder=beam: a language model, as scripts/build_language_model.py writes it; default: none"
    )
    lm_weight: float = option(
        0.3, "decoder=beam: the power of the language model's probabilities", minimum=0.0, maximum=5.0
    )
    lm_bonus: float = option(
        0.6, "decoder=beam: what the language model adds for each character", minimum=0.0, maximum=5.0
    )

    noise: float = option(
        0.5,
        "on clean pages, lines below this share of the median confidence by letter are dropped; 0 keeps all",
        minimum=0.0,
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lm is not None and self.decoder != "beam":
            raise CallError("lm= needs decoder=beam", "add decoder=beam, or leave lm= out")


class CrnnEngine(BaseEngine[CrnnOptions]):
    name = "crnn"
    modules = ("onnxruntime", "cv2")
    install_hint = _INSTALL
    default_order = "auto"
    options_type = CrnnOptions
    # Lines of several pages go through the network together.
    batch_size = 4

    def identify(self) -> EngineInfo:
        facts, options = self._facts, self.options
        weights = {self._path.name: self._sha256}
        if options.lm is not None:
            weights[options.lm.name] = verify_file(options.lm, (), "give lm= another file")
        decides = options.to_dict()
        # It stands beside them.
        del decides["runtime"]
        if options.decoder == "greedy":
            for name in ("beam", "lm_weight", "lm_bonus"):
                del decides[name]
        return EngineInfo(
            name=self.name,
            version="1",
            runtime=self._runtime,
            weights=weights,
            options=decides,
            spec=self.spec,
            capabilities=Capabilities(
                gives=("lines", "words"),
                languages=tuple(facts.card.get("languages", ())),
                alphabet="".join(sorted({*facts.alphabet, " "})),
                confidence_kind=_CONFIDENCE,
            ),
        )

    @functools.cached_property
    def _runtime(self) -> str:
        if self.options.runtime == "exact":
            return f"onnxruntime {importlib.metadata.version('onnxruntime')}"
        runtime = chosen(self.name, "fast", self.options.device, _INSTALL_FAST, packages=("openvino",))
        return runtime_name(runtime, "")

    @property
    def _path(self) -> Path:
        return SHIPPED if self.options.weights is None else self.options.weights

    @functools.cached_property
    def _sha256(self) -> str:
        return verified(self._path)

    @functools.cached_property
    def _facts(self) -> ModelFacts:
        # Checked before it is opened.
        _ = self._sha256
        return read_facts(self._path)

    def load(self) -> None:
        import cv2

        if threads := threads_for("OPENCV_FOR_THREADS_NUM"):
            cv2.setNumThreads(threads)
        options = self.options
        beam = options.beam if options.decoder == "beam" else 1
        model = None if options.lm is None else LanguageModel.load(options.lm)
        decoder = Decoder(
            self._facts.alphabet,
            beam=beam,
            model=model,
            weight=options.lm_weight,
            bonus=options.lm_bonus,
            attention=self._facts.head == "attention",
        )
        fast = self.options.runtime == "fast"
        self._reader: Any = LineReader(
            Network(self._path, open_session=_open_fast if fast else None), decoder
        )

    def unload(self) -> None:
        del self._reader

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        polygons: list[tuple[Polygon, ...]] = []
        pictures: list[NDArray[np.uint8]] = []
        for image in images:
            found = find_page_lines(image.pixels)
            polygons.append(found.polygons)
            pictures.extend(found.crops())
        read = zip(pictures, self._reader.read(pictures), strict=True)
        pages = []
        for places in polygons:
            mine = zip(places, itertools.islice(read, len(places)), strict=True)
            lines = [_line(words, picture.shape[1], place) for place, (picture, words) in mine]
            regions = [Region(lines=tuple(line for line in lines if line.text))]
            kept = without_noise(regions, self.options.noise, confidence_by_letter)
            pages.append(tuple(line for region in kept for line in region.lines))
        return pages

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        read = self._reader.read([dark_on_light(image.pixels, "dark") for image in images])
        return [
            _line(words, image.size[0], Polygon.from_box(0, 0, *image.size))
            for image, words in zip(images, read, strict=True)
        ]


def _open_fast(path: Path, threads: int) -> Session:
    return open_openvino(path.read_bytes(), threads, exact=False)


def _line(words: Sequence[ReadWord], width: int, place: Polygon) -> Line:
    """A line at ``place``, four corners, whose picture is ``width`` pixels wide."""
    return Line.of_words(
        [
            Word(
                text=word.text,
                polygon=_part(place, word, width),
                confidence=word.confidence,
                confidence_kind=_CONFIDENCE,
                alternatives=word.alternatives,
            )
            for word in words
        ],
        polygon=place,
        confidence=min((word.confidence for word in words), default=0.0),
        confidence_kind=_CONFIDENCE,
    )


def _part(place: Polygon, word: ReadWord, width: int) -> Polygon | None:
    """Where a word of a line is that lies at ``place``; None where nothing tells."""
    if word.left is None or word.right is None:
        return None
    corners = np.array(place.points)
    start, stop = min(max(word.left / width, 0.0), 1.0), min(max(word.right / width, 0.0), 1.0)
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    points = (
        corners[0] + start * top,
        corners[0] + stop * top,
        corners[3] + stop * bottom,
        corners[3] + start * bottom,
    )
    return Polygon(tuple((float(x), float(y)) for x, y in points))
