"""What EasyOCR's networks run on: PyTorch, or their ONNX graphs on ONNX Runtime or OpenVINO.

Scaling, cutting, grouping and decoding stay EasyOCR's own; boxes are found as it finds them, in less time.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.offline import forbid_reports
from ocr_plugins.threads import threads_for

from .easyocr_boxes import get_textbox
from .easyocr_graphs import Array, Network, Session, find_graph
from .easyocr_models import INSTALL

Runtime = Literal["upstream", "exact", "fast"]


def runtime_name(runtime: Runtime) -> str:
    """Library, version and precision, as pages' provenance names them.

    Raises:
        EngineUnavailableError: a package is missing, or the processor has no bfloat16.
    """
    if runtime == "upstream":
        return f"torch {importlib.metadata.version('torch')}"
    library, precision = ("onnxruntime", "fp32") if runtime == "exact" else ("openvino", "bf16")
    # Whatever a graph runs on, ONNX Runtime checks it.
    for module in ("onnx", "onnxruntime", library):
        if importlib.util.find_spec(module) is None:
            raise EngineUnavailableError(
                f"engine 'easyocr': runtime={runtime} needs {module}, which is not installed",
                INSTALL,
                kind="not_installed",
            )
    if runtime == "fast" and not _has_bfloat16():
        raise EngineUnavailableError(
            "engine 'easyocr': runtime=fast needs a processor that computes in bfloat16",
            "use runtime=exact",
            kind="unsupported_runtime",
        )
    return f"{library} {importlib.metadata.version(library)} {precision}"


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


def replace_networks(
    reader: Any,
    runtime: Literal["exact", "fast"],
    *,
    detector: Mapping[str, str],
    recognizer: Mapping[str, str],
    height: int,
    threads: int,
    folder: Path,
) -> None:
    """Lets an `easyocr.Reader`, on a CPU and not quantised, run its networks elsewhere.

    Args:
        detector: file -> SHA-256 of what its detector was made of.
        recognizer: likewise of its recogniser.
        height: of the lines that the recogniser takes, in pixels.
        threads: for one network.
        folder: where graphs are kept.

    Raises:
        EngineUnavailableError: a network cannot be exported, or its graph is not equal to it.
    """
    networks = {
        "detector": _detector(reader.detector, detector),
        "recognizer": _recognizer(reader.recognizer, recognizer, height),
    }
    sessions = {}
    for name, network in networks.items():
        graph = find_graph(network, lambda graph: _onnxruntime(graph, threads), folder)
        if runtime == "exact":
            sessions[name] = _onnxruntime(graph, threads)
        else:
            # Of a page it would keep gigabytes; of a line it is not worth the time.
            sessions[name] = _openvino(graph, threads, release=name == "detector")
    reader.detector = _Detector(sessions["detector"])
    reader.get_textbox = get_textbox
    reader.recognizer = _Recognizer(sessions["recognizer"])


class _Detector:
    """In place of `easyocr.craft.CRAFT`; of its second result, features, nobody makes use."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, image: Any) -> tuple[Any, None]:
        import torch

        return torch.from_numpy(self._session(image.numpy())), None


class _Recognizer:
    """In place of EasyOCR's ``Model``, which takes a text too and makes no use of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def eval(self) -> None:
        """There is nothing to switch."""

    def __call__(self, image: Any, text: Any) -> Any:  # noqa: ARG002 - the module's interface
        import torch

        return torch.from_numpy(self._session(image.numpy()))


def _detector(module: Any, made_of: Mapping[str, str]) -> Network:
    return Network(
        name="detector",
        module=module,
        call=lambda module, image: module(image)[0],
        trace=_print(1, 3, 320, 320),
        sample=_print(1, 3, 256, 384),
        input_axes={0: "pages", 2: "height", 3: "width"},
        output_axes={0: "pages", 1: "rows", 2: "columns"},
        made_of=made_of,
    )


def _recognizer(module: Any, made_of: Mapping[str, str], height: int) -> Network:
    return Network(
        name="recognizer",
        module=module,
        call=lambda module, image: module(image, None),
        trace=_print(1, 1, height, 4 * height),
        sample=_print(2, 1, height, 6 * height),
        input_axes={0: "lines", 3: "width"},
        output_axes={0: "lines", 1: "steps"},
        made_of=made_of,
    )


def _print(count: int, channels: int, height: int, width: int) -> Array:
    """Images with letters on them, from -1 to 1."""
    import cv2

    images = np.full((count, height, width), 255, np.uint8)
    for place, image in enumerate(images):
        text, baseline = f"{place} Hamburgefonstiv", (4, height * 3 // 4)
        cv2.putText(image, text, baseline, cv2.FONT_HERSHEY_SIMPLEX, 1, 0, 2)
    levels = images.astype(np.float32) / np.float32(127.5) - np.float32(1)
    return np.repeat(levels[:, np.newaxis], channels, axis=1)


def _onnxruntime(graph: bytes, threads: int) -> Session:
    forbid_reports()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Each new size of page would leave gigabytes in it.
    options.enable_cpu_mem_arena = False
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def run(image: Array) -> Array:
        scores: Array = session.run(None, {"image": image})[0]
        return scores

    return run


def _openvino(graph: bytes, threads: int, *, release: bool) -> Session:
    core = _import_openvino().Core()
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16",
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    model = core.compile_model(core.read_model(graph), "CPU", settings)

    def run(image: Array) -> Array:
        scores: Array = model(image)[0]
        if release:
            model.release_memory()
        return scores

    return run


def _has_bfloat16() -> bool:
    return "BF16" in _import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _import_openvino() -> Any:
    """The module. Left to itself, it tells its maker over the network of each import."""
    reporter = "openvino_telemetry"
    known = sys.modules.get(reporter)
    # None makes importing it fail, for which openvino has a stub.
    sys.modules[reporter] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("openvino")
    finally:
        if known is None:
            del sys.modules[reporter]
        else:
            sys.modules[reporter] = known
