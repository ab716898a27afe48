"""keras-ocr: the CRAFT detector and a CRNN recogniser, on TensorFlow or as ONNX graphs, through its Pipeline.

It finds words, which are joined to lines and separated by spaces here, by their places alone. Its
recogniser knows the digits and the lower-case letters a to z unless its file says otherwise. keras-ocr
gives no confidence; the one here is the mean probability of a word's characters on the best path of the
CTC output.

The detector's weights are the file of PyTorch that EasyOCR uses. The recogniser's are given by path,
downloaded on request, or those that come with this package. Files that `keras_ocr_recognizer` describes may
have another alphabet and be of another size.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Line, Polygon, enclosing
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.layout import join_rows
from ocr_plugins.options import Options, option
from ocr_plugins.threads import threads_for, threads_here
from ocr_plugins.torch_weights import read_torch_weights
from ocr_plugins.weights import WeightFile, verify_weights

from .graphs import graphs_folder
from .keras_ocr_recognizer import PUBLISHED, RecognizerFile, built, load, recognizer_file
from .runtimes import PACKAGES, RUNTIME, Chosen, Runtime, chosen, runtime_name

_CONFIDENCE = "ctc-mean"
_INSTALL = "ocr-plugins engines install keras-ocr"
_CRAFT = "craft_mlt_25k.pth"
_WEIGHTS = {_CRAFT: "4a5efbfb48b4081100544e75e1e2b57f8de3d84f213004b14b85fd4b3748db17"}
_GET_RECOGNIZER = f"{_INSTALL} --weights, or recognizer=FILE"
# Words that the library reads at once by itself.
_BATCH = 32
# CRAFT halves an image four times.
_LEAST_SIDE = 32
# Neighbours on a row are of one line unless they lie further apart than this many times their height.
_WIDEST_GAP = 1.5


@dataclass(frozen=True, kw_only=True)
class KerasOcrOptions(Options):
    runtime: Runtime = option("auto", RUNTIME)
    scale: float = option(
        2.0, "pages are enlarged by this factor as far as max_size lets them", minimum=0.1, maximum=4.0
    )
    max_size: int = option(
        2048,
        "longest side of what the detector sees, in pixels; bounds its memory",
        minimum=320,
        maximum=8000,
    )
    detection_threshold: float = option(
        0.7, "words whose surest pixel is below this are dropped", minimum=0.0, maximum=1.0
    )
    text_threshold: float = option(0.4, "score from which a pixel is text", minimum=0.0, maximum=1.0)
    link_threshold: float = option(
        0.4, "score from which a pixel links two characters", minimum=0.0, maximum=1.0
    )
    size_threshold: int = option(
        10, "words of fewer pixels are dropped, counted in the detector's output", minimum=1
    )
    batch: int = option(
        0,
        "words that are read at once; 0: 32, or except with runtime=upstream as many as a short measurement "
        "found quickest on this kind of processor",
        minimum=0,
        maximum=1024,
    )
    model_dir: Path | None = option(None, f"folder with {_CRAFT}; default: the offline package's")
    recognizer: Path | None = option(
        None,
        "the recogniser's weights as HDF5, also own ones; default: the downloaded, else the package's own",
    )


class KerasOcrEngine(BaseEngine[KerasOcrOptions]):
    name = "keras-ocr"
    modules = ("keras_ocr", "tensorflow", "tf_keras")
    #: NumPy 1.26, which imgaug needs, has no wheels for later ones.
    pythons = ">=3.11,<3.13"
    install_hint = _INSTALL
    options_type = KerasOcrOptions
    #: What ``ocr-plugins engines install keras-ocr --weights`` fetches into `weights_folder`.
    downloads: ClassVar[tuple[WeightFile, ...]] = (PUBLISHED,)

    def identify(self) -> EngineInfo:
        read = self._recognizer()
        decides = self.options.to_dict() | {"runtime": self._runtime}
        # It changes nothing but rounding.
        del decides["batch"]
        return EngineInfo(
            name=self.name,
            version=importlib.metadata.version("keras-ocr"),
            runtime=runtime_name(self._runtime, f"tensorflow {_tensorflow_version()}", int8=True),
            weights=self._detector_hashes | self._recognizer_hashes,
            options=decides,
            spec=self.spec,
            capabilities=Capabilities(
                takes=("page", "word"),
                gives=("lines", "words"),
                languages=("en",),
                # The spaces are this adapter's.
                alphabet=built(read.path).alphabet + " ",
                confidence_kind=_CONFIDENCE,
                devices=("cpu", "cuda"),
            ),
        )

    @functools.cached_property
    def _runtime(self) -> Chosen:
        options, packages = self.options, (*PACKAGES, "tf2onnx")
        return chosen(self.name, options.runtime, options.device, _INSTALL, packages=packages, int8=True)

    @functools.cached_property
    def _detector_hashes(self) -> dict[str, str]:
        return verify_weights(self._model_dir(), _WEIGHTS, _INSTALL)

    @functools.cached_property
    def _recognizer_hashes(self) -> dict[str, str]:
        return self._recognizer().verified(_GET_RECOGNIZER)

    def load(self) -> None:
        # keras-ocr fits Keras 2 only; TensorFlow looks at this when it is imported.
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import tensorflow as tf

        threads = self._set_up(tf.config)
        import keras_ocr

        # Without weights=None it would download its own.
        detector: Any = keras_ocr.detection.Detector(weights=None)
        fill(detector.model, read_torch_weights(self._model_dir() / _CRAFT))
        recognizer = load(keras_ocr.recognition.Recognizer, self._recognizer().path)
        model = recognizer.model
        self._batch = self.options.batch or _BATCH
        if self._runtime != "upstream":
            from .keras_ocr_graphs import Graphs

            graphs = Graphs(
                detector,
                model,
                self._runtime,
                hashes=(self._detector_hashes, self._recognizer_hashes),
                threads=threads,
                folder=graphs_folder(self.name),
            )
            detector, model = graphs.detector, graphs.recognizer
            self._batch = self.options.batch or graphs.batch()
        sizes = {"scale": self.options.scale, "max_size": self.options.max_size}
        self._finder: Any = keras_ocr.pipeline.Pipeline(detector, _NoRecognizer(), **sizes)
        recognizer.prediction_model = _BestPath(model)
        self._reader: Any = keras_ocr.pipeline.Pipeline(detector, recognizer, **sizes)

    def unload(self) -> None:
        del self._finder, self._reader
        import tensorflow as tf

        tf.keras.backend.clear_session()

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        return [join_rows(self._words(image)) for image in images]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        recognizer = self._reader.recognizer
        lines = []
        for image in images:
            text = recognizer.recognize(image.rgb())
            box = Polygon.from_box(0, 0, *image.size)
            lines.append(_line(text, box, recognizer.prediction_model.confidences[0]))
        return lines

    def detect(self, images: Sequence[PageImage]) -> list[tuple[Polygon, ...]]:
        found = []
        for image in images:
            words = [Line(text="", polygon=polygon) for _, polygon in self._run(self._finder, image)]
            found.append(tuple(itertools.chain.from_iterable(map(_without_gaps, join_rows(words)))))
        return found

    def _words(self, image: PageImage) -> list[Line]:
        best_path = self._reader.recognizer.prediction_model
        # It is not asked where there are no words.
        best_path.confidences = []
        found = self._run(self._reader, image)
        lines = [_line(*word, sure) for word, sure in zip(found, best_path.confidences, strict=True)]
        return [line for line in lines if line.text]

    def _run(self, pipeline: Any, image: PageImage) -> list[tuple[str, Polygon]]:
        """Each word's text and place, in the order in which CRAFT gives them."""
        options = self.options
        (found,) = pipeline.recognize(
            [self._padded(image)],
            detection_kwargs={
                "detection_threshold": options.detection_threshold,
                "text_threshold": options.text_threshold,
                "link_threshold": options.link_threshold,
                "size_threshold": options.size_threshold,
                "verbose": 0,
            },
            recognition_kwargs={"batch_size": self._batch, "verbose": 0},
        )
        return [(text, _polygon(box, image)) for text, box in found]

    def _padded(self, image: PageImage) -> NDArray[np.uint8]:
        """A sliver, made wider: scaled to what the detector sees, it must not vanish in there."""
        pixels = image.rgb()
        height, width = pixels.shape[:2]
        scale = min(self.options.scale, self.options.max_size / max(height, width))
        missing = [max(0, math.ceil(_LEAST_SIDE / scale) - side) for side in (height, width)]
        if not any(missing):
            return pixels
        return np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")

    def _set_up(self, config: Any) -> int:
        """Threads and devices, which TensorFlow fixes once a process; how many threads a network may use."""
        device, _, number = self.options.device.partition(":")
        gpus = config.list_physical_devices("GPU")
        wanted = [] if device == "cpu" else gpus[int(number or 0) :][:1]
        if device != "cpu" and not wanted:
            raise EngineUnavailableError(
                f"engine 'keras-ocr': no accelerator for device {self.options.device!r} is here",
                "use device=cpu, or env= with a TensorFlow for it",
                kind="no_device",
            )
        # TensorFlow would take every GPU it finds, and all of its memory.
        config.set_visible_devices(wanted, "GPU")
        for gpu in wanted:
            config.experimental.set_memory_growth(gpu, True)
        threads = threads_for("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
        if threads and config.threading.get_intra_op_parallelism_threads() != threads:
            config.threading.set_intra_op_parallelism_threads(threads)
            config.threading.set_inter_op_parallelism_threads(1)
            import cv2

            cv2.setNumThreads(threads)
        return int(config.threading.get_intra_op_parallelism_threads() or threads_here())

    def _model_dir(self) -> Path:
        if self.options.model_dir is not None:
            return self.options.model_dir
        found = importlib.util.find_spec("easyocr_en_models")
        if found is None or found.origin is None:
            raise EngineUnavailableError(
                "engine 'keras-ocr' has no weights for its detector here",
                f"{_INSTALL}, or model_dir=FOLDER",
                kind="missing_weights",
            )
        return Path(found.origin).parent / "models"

    def _recognizer(self) -> RecognizerFile:
        return recognizer_file(self.name, self.options.recognizer)


class _NoRecognizer:
    """In place of keras-ocr's Recognizer where words are only to be found."""

    def recognize_from_boxes(self, images: Any, box_groups: Any, **_: Any) -> list[list[str]]:  # noqa: ARG002
        return [[""] * len(boxes) for boxes in box_groups]


class _BestPath:
    """In place of the Recognizer's prediction model: the same characters, and how sure they are.

    Upstream's model decodes greedily too (Keras' ctc_decode), but keeps no probability.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.input_shape = model.input_shape
        self.confidences: list[float] = []

    def predict(self, crops: Any, **settings: Any) -> NDArray[np.int64]:
        """Indices into the alphabet for each crop, with -1 where there is no character."""
        probabilities = self._model.predict(crops, **{"verbose": 0, **settings})
        best = probabilities.argmax(axis=2)
        new = np.diff(best, axis=1, prepend=-1) != 0
        kept = new & (best != probabilities.shape[2] - 1)
        sure = probabilities.max(axis=2)
        self.confidences = [float(s[k].mean()) if k.any() else 0.0 for s, k in zip(sure, kept, strict=True)]
        return np.where(kept, best, -1)


def fill(model: Any, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Gives keras-ocr's CRAFT the weights of PyTorch's, as keras_ocr.detection.load_torch_weights does."""
    for layer in model.layers:
        name = f"module.{layer.name}"
        if f"{name}.running_mean" in tensors:
            parts = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([tensors[f"{name}.{part}"] for part in parts])
        elif layer.weights:
            kernel = tensors[f"{name}.weight"].transpose(2, 3, 1, 0)
            layer.set_weights([kernel, tensors[f"{name}.bias"]])


def _tensorflow_version() -> str:
    for name in ("tensorflow-cpu", "tensorflow"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    raise EngineUnavailableError("engine 'keras-ocr' has no TensorFlow here", _INSTALL, kind="not_installed")


def _polygon(box: Any, image: PageImage) -> Polygon:
    """A box of keras-ocr, without what lies in the padding."""
    return Polygon(tuple((float(x), float(y)) for x, y in np.clip(box, 0, image.size)))


def _line(text: str, polygon: Polygon, confidence: float) -> Line:
    if not text:
        return Line(text="", polygon=polygon)
    return Line(text=text, polygon=polygon, confidence=min(confidence, 1.0), confidence_kind=_CONFIDENCE)


def _without_gaps(row: Line) -> Iterator[Polygon]:
    """A row's words as lines: those of different columns lie too far apart to be one."""
    line: list[Polygon] = []
    for place in row.words or (row,):
        assert place.polygon is not None  # noqa: S101 - every word has been given one
        x0, y0, _, y1 = place.polygon.box
        if line:
            _, top, right, bottom = line[-1].box
            if x0 - right > _WIDEST_GAP * max(y1 - y0, bottom - top):
                yield _around(line)
                line = []
        line.append(place.polygon)
    yield _around(line)


def _around(words: Sequence[Polygon]) -> Polygon:
    around = words[0] if len(words) == 1 else enclosing(words)
    assert around is not None  # noqa: S101 - there are words
    return around
