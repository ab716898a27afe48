"""EasyOCR with its networks as graphs: what is put in place of the Reader's own.

Cutting, grouping and decoding stay EasyOCR's; pages are scaled and boxes found as it does, in less time.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.threads import threads_for

from . import craft, easyocr_graphs
from .graphs import Session, find_graph, identity
from .runtimes import has_int8, open_onnxruntime, open_openvino
from .tuning import quickest, quickest_threads

# Components of fewer pixels are none, as in EasyOCR.
_LEAST_PIXELS = 10
# CRAFT's sides are multiples of this.
_MULTIPLE = 32
# What is measured: an image for the detector; columns that the recogniser takes at once, in lines so wide.
_SAMPLE = (448, 448)
_COLUMNS = (4_096, 1_024, 8_192)
_LINE = 512


def set_threads() -> int:
    """Hands the thread budget to PyTorch and OpenCV; returns how many threads a network may use."""
    import cv2
    import torch

    if threads := threads_for("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        torch.set_num_threads(threads)
    if threads := threads_for("OPENCV_FOR_THREADS_NUM"):
        cv2.setNumThreads(threads)
    # What the user has set for PyTorch holds for the others too, which have no variable.
    return int(torch.get_num_threads())


class Graphs:
    """EasyOCR's networks, run elsewhere.

    Args:
        reader: an `easyocr.Reader`, on a CPU and not quantised, which is to run on them.
        detector: file -> SHA-256 of what its detector was made of.
        recognizer: likewise of its recogniser.
        height: of the lines that the recogniser takes, in pixels.
        threads: that one network may use.
        folder: where graphs are kept.

    Raises:
        EngineUnavailableError: a network cannot be exported, or its graph is not equal to it.
    """

    def __init__(
        self,
        reader: Any,
        runtime: Literal["exact", "fast"],
        *,
        detector: Mapping[str, str],
        recognizer: Mapping[str, str],
        height: int,
        threads: int,
        folder: Path,
    ) -> None:
        check = functools.partial(open_onnxruntime, threads=threads)
        finds = find_graph(easyocr_graphs.detector(reader.detector, detector), check, folder)
        reads = find_graph(easyocr_graphs.recognizer(reader.recognizer, recognizer, height), check, folder)
        exact = runtime == "exact"
        normalize = _normalize()
        if not exact and has_int8():
            finds = craft.in_int8(
                finds, lambda image: {"image": normalize.planes(image)[np.newaxis]}, check, folder
            )
        sample = {"image": np.zeros((1, 3, *_SAMPLE), np.float32)}
        threads = quickest_threads(finds, sample, threads, exact=exact, folder=folder)
        self._session = open_openvino(reads, threads, exact=exact)
        self._height = height
        self._made_of = [identity(reads), exact, threads]
        self._folder = folder
        reader.detector = None
        reader.get_textbox = _Boxes(open_openvino(finds, threads, exact=exact), normalize).get_textbox
        reader.recognizer = _Recognizer(self._session)

    def columns(self) -> int:
        """How many columns of pixels the recogniser takes at once in the least time."""
        lines = np.zeros((max(_COLUMNS) // _LINE, 1, self._height, _LINE), np.float32)

        def read(columns: int) -> None:
            for start in range(0, len(lines), columns // _LINE):
                self._session({"image": lines[start : start + columns // _LINE]})

        return quickest("columns", _COLUMNS, read, self._made_of, self._folder)


def _normalize() -> craft.Normalize:
    from easyocr import imgproc

    return craft.Normalize(imgproc.normalizeMeanVariance)


class _Boxes:
    """Where the words of an image are, by CRAFT's graph."""

    def __init__(self, session: Session, normalize: craft.Normalize) -> None:
        self._session = session
        self._normalize = normalize

    def get_textbox(
        self,
        detector: Any,  # noqa: ARG002 - the signature of easyocr.detection.get_textbox
        image: NDArray[np.uint8],
        canvas_size: int,
        mag_ratio: float,
        text_threshold: float,
        link_threshold: float,
        low_text: float,
        *_: Any,
        **__: Any,
    ) -> list[list[NDArray[np.int32]]]:
        """What `easyocr.detection.get_textbox` gives for one image without polygons."""
        from easyocr import craft_utils

        scaled, ratio = _scaled(image, canvas_size, mag_ratio)
        (maps,) = self._session({"image": self._normalize.planes(scaled)[np.newaxis]})
        found = list(
            craft.word_boxes(
                maps[0],
                "easyocr",
                surest=text_threshold,
                linked=link_threshold,
                least=low_text,
                pixels=_LEAST_PIXELS,
            )
        )
        boxes = craft_utils.adjustResultCoordinates(found, 1 / ratio, 1 / ratio)
        return [[np.array(box).astype(np.int32).reshape(-1) for box in boxes]]


def _scaled(image: NDArray[np.uint8], canvas_size: int, mag_ratio: float) -> tuple[NDArray[np.uint8], float]:
    """As `easyocr.imgproc.resize_aspect_ratio`, but in uint8, and the ratio."""
    import cv2

    height, width = image.shape[:2]
    longest = max(height, width)
    ratio = min(mag_ratio * longest, canvas_size) / longest
    high, wide = int(height * ratio), int(width * ratio)
    canvas = np.zeros((high + -high % _MULTIPLE, wide + -wide % _MULTIPLE, 3), np.uint8)
    canvas[:high, :wide] = cv2.resize(image, (wide, high), interpolation=cv2.INTER_LINEAR)
    return canvas, ratio


class _Recognizer:
    """In place of EasyOCR's ``Model``, which takes a text too and makes no use of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def eval(self) -> None:
        """There is nothing to switch."""

    def __call__(self, image: Any, text: Any) -> Any:  # noqa: ARG002 - the module's interface
        import torch

        (scores,) = self._session({"image": image.numpy()})
        return torch.from_numpy(scores)
