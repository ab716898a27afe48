"""EasyOCR's two networks as ONNX graphs: exported once from its own modules, checked, and kept.

A graph lies in ``share/ocr-plugins/easyocr/graphs`` of the environment that EasyOCR runs in, under
a name that ends with its SHA-256. It is written whole or not at all, and opened only while it is
what its name says. Where that folder cannot be written, each process makes its own in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import io
import json
import secrets
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.weights import weights_folder

Array = NDArray[np.float32]
#: Runs a graph on one input.
Session = Callable[[Array], Array]

_OPSET = 17
# Raised with every change here that makes other graphs of the same weights.
_REVISION = 1
# Largest difference from PyTorch, as a share of the largest output; 1e-6 is what was seen.
_TOLERANCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class Network:
    """One of the Reader's modules, and how it is exported.

    Args:
        name: begins the graph's file name.
        module: a `torch.nn.Module` on the CPU.
        call: gives the module one float32 tensor, and the one that it makes of it.
        trace: an input to export with.
        sample: an input of another size, to check the graph with.
        input_axes: axis -> name of what may vary in the input.
        output_axes: likewise in the output.
        made_of: file -> SHA-256 of what the module was made of.
    """

    name: str
    module: Any
    call: Callable[[Any, Any], Any]
    trace: Array
    sample: Array
    input_axes: Mapping[int, str]
    output_axes: Mapping[int, str]
    made_of: Mapping[str, str]


def graphs_folder() -> Path:
    """Where the graphs lie."""
    return weights_folder("easyocr") / "graphs"


def find_graph(network: Network, open_session: Callable[[bytes], Session], folder: Path) -> bytes:
    """The graph of a network: the kept one, else a new one that has been checked.

    Several processes may do so at once: each finds a whole graph, or makes the same one.

    Args:
        open_session: what the graph is checked with, in float32.

    Raises:
        EngineUnavailableError: the network cannot be exported, or the graph is not equal to it.
    """
    stem = f"{network.name}-{_key(network)}"
    for path in sorted(folder.glob(f"{stem}-*.onnx")):
        with contextlib.suppress(OSError):
            graph = path.read_bytes()
            if path.stem == f"{stem}-{_sha256(graph)}":
                return graph
            path.unlink()
    graph = _export(network, open_session)
    with contextlib.suppress(OSError):
        _keep(graph, folder / f"{stem}-{_sha256(graph)}.onnx")
    return graph


def _key(network: Network) -> str:
    versions = {name: importlib.metadata.version(name) for name in ("torch", "easyocr")}
    parts = [_REVISION, _OPSET, versions, dict(network.made_of)]
    return _sha256(json.dumps(parts, sort_keys=True).encode())[:16]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _keep(graph: bytes, path: Path) -> None:
    """Writes a file whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(graph)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _export(network: Network, open_session: Callable[[bytes], Session]) -> bytes:
    import torch

    module = network.module.eval()
    try:
        with torch.no_grad():
            expected = network.call(module, torch.from_numpy(network.sample)).numpy()
            _make_exportable(module)
            graph = _trace(network)
        found = open_session(graph)(network.sample)
    except Exception as error:
        raise EngineUnavailableError(
            f"engine 'easyocr': its {network.name} cannot be exported ({type(error).__name__})",
            "use runtime=upstream",
            kind="export_failed",
        ) from error
    if not _equal(found, expected):
        raise EngineUnavailableError(
            f"engine 'easyocr': its {network.name}, exported, does not give what it gives in PyTorch",
            "use runtime=upstream",
            kind="export_failed",
        )
    return graph


def _equal(found: Array, expected: Array) -> bool:
    if found.shape != expected.shape:
        return False
    return bool(np.abs(found - expected).max() <= _TOLERANCE * np.abs(expected).max())


def _trace(network: Network) -> bytes:
    import torch

    class Traced(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.module = network.module

        def forward(self, image: Any) -> Any:
            return network.call(self.module, image)

    graph = io.BytesIO()
    with warnings.catch_warnings():
        # It warns of itself, and of what the check with another size and batch answers.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Traced().eval(),
            (torch.from_numpy(network.trace),),
            graph,
            opset_version=_OPSET,
            # The newer exporter needs another package.
            dynamo=False,
            input_names=["image"],
            output_names=["scores"],
            dynamic_axes={"image": dict(network.input_axes), "scores": dict(network.output_axes)},
        )
    return graph.getvalue()


def _make_exportable(module: Any) -> None:
    """Puts a mean over the last axis for adaptive pooling of it to one, which is the same."""
    import torch

    class MeanOfLastAxis(torch.nn.Module):  # type: ignore[misc]
        def forward(self, features: Any) -> Any:
            return features.mean(dim=-1, keepdim=True)

    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, torch.nn.AdaptiveAvgPool2d) and child.output_size == (None, 1):
                setattr(parent, name, MeanOfLastAxis())
