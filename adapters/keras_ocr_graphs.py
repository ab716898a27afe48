"""keras-ocr with its networks as graphs: made by tf2onnx, and what is put in place of the library's own.

Cutting words out, scaling and reading them stay keras-ocr's; boxes are found as it does, in less time.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import craft
from .graphs import Array, Network, Session, find_graph, identity
from .runtimes import has_int8, open_onnxruntime, open_openvino
from .tuning import quickest, quickest_threads

_OPSET = 17
_PACKAGES = ("tf2onnx", "keras-ocr")
# Sides of the detector's sample: whole numbers of nothing that it halves by.
_SAMPLE = (200, 314)
# What is measured: an image for the detector; words that the recogniser reads at once.
_MEASURED = (448, 448)
_BATCHES = (32, 8, 128)


class Graphs:
    """keras-ocr's detector and recogniser, run elsewhere.

    Args:
        detector: a `keras_ocr.detection.Detector`.
        recognizer: the model, without decoding, of a `keras_ocr.recognition.Recognizer`.
        hashes: of the two, file -> SHA-256 of what they were made of.
        threads: that one network may use.
        folder: where graphs are kept.

    Raises:
        EngineUnavailableError: a network cannot be exported, or its graph is not equal to it.
    """

    def __init__(
        self,
        detector: Any,
        recognizer: Any,
        runtime: Literal["exact", "fast"],
        *,
        hashes: tuple[Mapping[str, str], Mapping[str, str]],
        threads: int,
        folder: Path,
    ) -> None:
        from keras_ocr import detection

        check = functools.partial(open_onnxruntime, threads=threads)
        normalize = craft.Normalize(detection.compute_input)
        sample = normalize(_print(*_SAMPLE))[np.newaxis]
        finds = find_graph(_network("detector", detector.model, sample, hashes[0]), check, folder)
        height, width, channels = recognizer.input_shape[1:]
        sample = np.repeat(_print(height, width)[np.newaxis, ..., :channels], 3, axis=0).astype(np.float32)
        reads = find_graph(_network("recognizer", recognizer, sample / 255, hashes[1]), check, folder)
        exact = runtime == "exact"
        if not exact and has_int8():
            finds = craft.in_int8(finds, lambda image: {"image": normalize(image)[np.newaxis]}, check, folder)
        image = {"image": np.zeros((1, *_MEASURED, 3), np.float32)}
        threads = quickest_threads(finds, image, threads, exact=exact, folder=folder)
        self.detector = Detector(open_openvino(finds, threads, exact=exact), normalize)
        self.recognizer = Model(open_openvino(reads, threads, exact=exact), recognizer.input_shape)
        self._word = (height, width, channels)
        self._made_of = [identity(reads), exact, threads]
        self._folder = folder

    def batch(self) -> int:
        """How many words the recogniser reads at once in the least time."""
        words = np.zeros((max(_BATCHES), *self._word), np.float32)

        def read(batch: int) -> None:
            self.recognizer.predict(words, batch_size=batch)

        return quickest("words", _BATCHES, read, self._made_of, self._folder)


class Detector:
    """In place of a `keras_ocr.detection.Detector`."""

    def __init__(self, session: Session, normalize: craft.Normalize) -> None:
        self._session = session
        self._normalize = normalize

    def detect(
        self,
        images: Sequence[NDArray[np.uint8]],
        detection_threshold: float,
        text_threshold: float,
        link_threshold: float,
        size_threshold: int,
        **_: Any,
    ) -> list[Array]:
        """The corners of each image's words, of shape (words, 4, 2)."""
        groups = []
        for image in images:
            (maps,) = self._session({"image": self._normalize(image)[np.newaxis]})
            words = craft.word_boxes(
                maps[0],
                "keras-ocr",
                surest=detection_threshold,
                linked=link_threshold,
                least=text_threshold,
                pixels=size_threshold,
            )
            groups.append(np.array([2 * box for box in words]))
        return groups


class Model:
    """In place of the Keras model of a recogniser: images of shape (words, height, width, channels)."""

    def __init__(self, session: Session, input_shape: tuple[int | None, ...]) -> None:
        self._session = session
        self.input_shape = input_shape

    def predict(self, images: Array, batch_size: int = 32, **_: Any) -> Array:
        """The probabilities of each step's characters, of shape (words, steps, characters)."""
        starts = range(0, len(images), batch_size)
        batches = [images[start : start + batch_size].astype(np.float32) for start in starts]
        return np.concatenate([self._session({"image": batch})[0] for batch in batches])


def _network(name: str, model: Any, sample: Array, made_of: Mapping[str, str]) -> Network:
    return Network(
        engine="keras-ocr",
        name=name,
        sample={"image": sample},
        run=lambda inputs: [model.predict(inputs["image"], verbose=0)],
        export=lambda: _export(model),
        made_of=made_of,
        packages=_PACKAGES,
    )


def _export(model: Any) -> bytes:
    import tensorflow as tf
    import tf2onnx

    # It tells of each step that it takes.
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    given = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="image")
    called = tf.function(lambda image: model(image, training=False))
    graph, _ = tf2onnx.convert.from_function(called, input_signature=[given], opset=_OPSET)
    return bytes(graph.SerializeToString())


def _print(height: int, width: int) -> NDArray[np.uint8]:
    """An image of shape (height, width, 3) with letters on it."""
    import cv2

    image = np.full((height, width, 3), 255, np.uint8)
    cv2.putText(image, "Hamburg", (4, height * 3 // 4), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    return image
