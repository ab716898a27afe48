"""A network that finds text, given as a file, run by OpenCV: EAST, or one of DB's kind such as PP-OCR's.

EAST (Zhou et al., "EAST: An Efficient and Accurate Scene Text Detector", CVPR 2017) gives a score
and a rotated rectangle for each cell of four pixels; DB (Liao et al., "Real-time Scene Text
Detection with Differentiable Binarization", AAAI 2020) a map of the probability of each pixel to
be the core of a line. No weights come with this package.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Polygon
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option
from ocr_plugins.threads import threads_for
from ocr_plugins.weights import verify_file

_INSTALL = "pip install 'ocr-plugins[rapidocr]'"
_GIVE_MODEL = "give model= an ONNX file, or EAST's frozen graph (.pb), and its kind="
# Both kinds of network halve the image five times.
_MULTIPLE = 32
# A map of noise has no end of boxes: the largest are kept.
_MOST_BOXES = 3000
# Boxes of a shorter side, in pixels of the network's input, are specks.
_LEAST_SIDE = 3.0
# A box so many times as long as wide holds a line along its length, however it is turned.
_SLENDER = 2.0


@dataclass(frozen=True)
class _Input:
    """What a kind of network was trained with: levels of its channels, and their order."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    bgr: bool


_INPUTS = {
    "east": _Input((123.68, 116.78, 103.94), (1.0, 1.0, 1.0), bgr=False),
    # PaddleOCR applies ImageNet's values for R, G and B to B, G and R.
    "db": _Input((123.675, 116.28, 103.53), (58.395, 57.12, 57.375), bgr=True),
}


@dataclass(frozen=True, kw_only=True)
class BoxNetOptions(Options):
    model: Path | None = option(None, "the network: an ONNX file, or EAST's frozen graph (.pb)")
    kind: Literal["east", "db"] = option("db", "what it gives: EAST's rectangles, or DB's map of lines")
    side: int = option(
        1280,
        "pages are shrunk to this longest side, in pixels, and rounded to multiples of 32",
        minimum=_MULTIPLE,
        maximum=8000,
    )
    square: bool = option(False, "pad to side x side pixels, for a network that takes this one size")
    score: float = option(0.5, "boxes of a lower mean score are dropped", minimum=0.0, maximum=1.0)
    nms: float = option(
        0.4, "east: of boxes that share more than this of their area, one is kept", minimum=0.0, maximum=1.0
    )
    pixel: float = option(
        0.3, "db: pixels from this probability on belong to a line", minimum=0.0, maximum=1.0
    )
    unclip: float = option(
        1.6, "db: lines grow by this x area / circumference, as the trained cores are shrunk", minimum=0.0
    )
    mean: str | None = option(None, "grey levels taken off: one, or three joined by +; default: the kind's")
    std: str | None = option(None, "grey levels divided by: one, or three joined by +; default: the kind's")
    channels: Literal["rgb", "bgr"] | None = option(None, "order of the channels; default: the kind's")

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.input

    @property
    def input(self) -> _Input:
        """How images are prepared. Raises CallError where mean or std is no such number."""
        usual = _INPUTS[self.kind]
        return _Input(
            mean=usual.mean if self.mean is None else _levels("mean", self.mean),
            std=usual.std if self.std is None else _levels("std", self.std),
            bgr=usual.bgr if self.channels is None else self.channels == "bgr",
        )


class BoxNetDetector(BaseEngine[BoxNetOptions]):
    name = "boxnet"
    modules = ("cv2",)
    install_hint = _INSTALL
    options_type = BoxNetOptions

    def identify(self) -> EngineInfo:
        path = self._path()
        _quiet()
        import cv2

        return EngineInfo(
            name=self.name,
            version="1",
            runtime=f"opencv {cv2.__version__}",
            weights={path.name: verify_file(path, (), _GIVE_MODEL)},
            options=self.options.to_dict(),
            spec=self.spec,
            capabilities=Capabilities(takes=("page",), gives=("polygons",), ordered=False),
        )

    def load(self) -> None:
        _quiet()
        import cv2

        if threads := threads_for("OPENCV_FOR_THREADS_NUM"):
            cv2.setNumThreads(threads)
        path = self._path()
        try:
            self._net: Any = cv2.dnn.readNet(str(path))
            # A page's size need not be one that the network takes: what it gives is seen by trying.
            side = self.options.side if self.options.square else 2 * _MULTIPLE
            outputs = self._outputs(np.zeros((side, side, 3), np.uint8))
        except (cv2.error, ValueError) as error:
            raise EngineUnavailableError(
                f"engine 'boxnet': OpenCV cannot run {path} ({_brief(error)})",
                "take another network, or square=true with the side= that it was made for",
                kind="bad_model",
            ) from None
        shapes = sorted(output.shape[1] if output.ndim == 4 else 0 for output in outputs)
        if shapes != {"east": [1, 5], "db": [1]}[self.options.kind]:
            raise EngineUnavailableError(
                f"engine 'boxnet': {path} is no network of kind={self.options.kind}"
                f" (it gives {' and '.join(str(output.shape) for output in outputs)})",
                "east gives a score and 5 numbers a cell, db one map of the input's size",
                kind="bad_model",
            )
        if self.options.kind == "east":
            self._east: Any = cv2.dnn.TextDetectionModel_EAST(self._net)
            self._east.setConfidenceThreshold(self.options.score)
            self._east.setNMSThreshold(self.options.nms)

    def unload(self) -> None:
        del self._net
        self.__dict__.pop("_east", None)

    def detect(self, images: Sequence[PageImage]) -> list[tuple[Polygon, ...]]:
        return [self._find(image) for image in images]

    def _find(self, image: PageImage) -> tuple[Polygon, ...]:
        pixels, scale = self._fitted(image)
        boxes = self._boxes_of_east(pixels) if self.options.kind == "east" else self._boxes_of_db(pixels)
        found = (_polygon(box * scale, image.size) for box in boxes)
        return tuple(sorted((polygon for polygon in found if polygon), key=lambda polygon: polygon.box[1]))

    def _fitted(self, image: PageImage) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """The pixels in a size that the network takes, and pixels of the page for one of them, (x, y)."""
        import cv2

        width, height = image.size
        side, step = self.options.side, 1 if self.options.square else _MULTIPLE
        share = min(side / max(width, height), 1.0)
        size = [max(1, round(edge * share / step)) * step for edge in (width, height)]
        pixels = cv2.resize(image.rgb(), size, interpolation=cv2.INTER_AREA)
        if self.options.square:
            pixels = np.pad(pixels, ((0, side - size[1]), (0, side - size[0]), (0, 0)), mode="edge")
        return pixels, np.array([width / size[0], height / size[1]])

    def _outputs(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        given = self.options.input
        ordered = pixels[:, :, ::-1] if given.bgr else pixels
        levels = (ordered - np.array(given.mean, np.float32)) / np.array(given.std, np.float32)
        self._net.setInput(np.ascontiguousarray(levels.transpose(2, 0, 1)[np.newaxis]))
        return list(self._net.forward(self._net.getUnconnectedOutLayersNames()))

    def _boxes_of_east(self, pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.float64]]:
        import cv2

        given = self.options.input
        height, width = pixels.shape[:2]
        self._east.setInputSize((width, height))
        self._east.setInputMean(given.mean)
        self._east.setInputScale([1 / level for level in given.std])
        self._east.setInputSwapRB(given.bgr)
        rectangles, _ = self._east.detectTextRectangles(pixels)
        for rectangle in rectangles:
            yield np.array(cv2.boxPoints(rectangle), np.float64)

    def _boxes_of_db(self, pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.float64]]:
        # OpenCV's TextDetectionModel_DB finds nothing in 4.10 and fails in 5.0 where a network's map
        # has four dimensions, as PP-OCR's has.
        import cv2

        (probabilities,) = self._outputs(pixels)
        chances = probabilities[0, 0]
        mask = (chances >= self.options.pixel).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:_MOST_BOXES]:
            (x, y), sides, angle = cv2.minAreaRect(contour)
            # Contours run through the middles of pixels.
            centre, (across, down) = (x + 0.5, y + 0.5), (side + 1 for side in sides)
            if min(across, down) < _LEAST_SIDE or _mean_inside(chances, contour) < self.options.score:
                continue
            # An offset of a rectangle on all sides is a rectangle again.
            grown = 2 * self.options.unclip * across * down / (2 * (across + down))
            yield np.array(cv2.boxPoints((centre, (across + grown, down + grown), angle)), np.float64)

    def _path(self) -> Path:
        if self.options.model is None:
            raise EngineUnavailableError(
                "engine 'boxnet' has no network", _GIVE_MODEL, kind="missing_weights"
            )
        return self.options.model


def _quiet() -> None:
    """Before OpenCV is imported, which is when it looks; what it says of a model is in its exception."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")


def _levels(name: str, text: str) -> tuple[float, ...]:
    try:
        levels = tuple(float(part) for part in text.split("+"))
    except ValueError:
        levels = ()
    usable = all(math.isfinite(level) and (level > 0 or name == "mean") for level in levels)
    if len(levels) not in (1, 3) or not usable:
        raise CallError(f"{name}={text} does not fit", "give one number, or three joined by +")
    return levels * (3 // len(levels))


def _mean_inside(values: NDArray[np.float32], contour: Any) -> float:
    import cv2

    x, y, width, height = cv2.boundingRect(contour)
    mask = np.zeros((height, width), np.uint8)
    cv2.drawContours(mask, [contour], -1, 1, cv2.FILLED, offset=(-x, -y))
    return float(cv2.mean(values[y : y + height, x : x + width], mask)[0])


def _polygon(corners: NDArray[np.float64], size: tuple[int, int]) -> Polygon | None:
    """Four corners in the order in which a line in them is read, cut off at the image's borders."""
    if _area(corners) < 0:
        corners = corners[::-1]
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(*sides.T)
    if max(lengths) > _SLENDER * min(lengths):
        sides[lengths < max(lengths) / _SLENDER] = 0
    # The line runs along the side that points most to the right; one that stands, downwards.
    top = int(np.argmax(sides[:, 0] + 1e-3 * sides[:, 1]))
    within = np.clip(np.roll(corners, -top, axis=0), 0, size)
    return Polygon(tuple((float(x), float(y)) for x, y in within)) if _area(within) >= 1 else None


def _area(corners: NDArray[np.float64]) -> float:
    """Pixels; positive where the corners run clockwise in an image."""
    x, y = corners.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def _brief(error: Exception) -> str:
    # OpenCV's whole text begins with where its own source lay when it was built.
    return " ".join(str(getattr(error, "err", error)).split())[:160]
