"""ONNX graphs of the networks of other libraries: made once, checked against the library, and kept.

A graph lies in ``share/ocr-plugins/ENGINE/graphs`` of the environment that the engine runs in, its weights in
a file beside it, which processes map, so that they share what they do not rearrange. Both have names that end
with their SHA-256; they are written whole or not at all, and checked by their names before they are opened.
Where that folder cannot be written, each process makes its own in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import itertools
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.weights import weights_folder

Array = NDArray[Any]
#: Runs a graph: each input by its name, the outputs in their order.
Session = Callable[[Mapping[str, Array]], list[Array]]
#: An ONNX model: its bytes, or a kept file, whose weights lie in another beside it.
Graph = bytes | Path

# Raised with every change here or in an adapter that makes other graphs of the same weights.
_REVISION = 3
# Tensors of fewer bytes stay in the graph itself. The others begin where a page of memory can.
_LEAST_APART = 1024
_ALIGNED = 4096


@dataclass(frozen=True, kw_only=True)
class Network:
    """One of a library's networks, and how it is exported.

    Args:
        engine: whose it is, as users know it.
        name: begins the graph's file name.
        sample: inputs to check the graph with, of other sizes than those it is exported with.
        run: what the library makes of them. It is asked before ``export``, which may change the network.
        export: the graph, whose inputs are named as in ``sample``.
        made_of: file -> SHA-256 of what the network was made of.
        packages: whose versions decide what the graph is like.
        tolerance: largest difference from the library, as a share of its largest output.
    """

    engine: str
    name: str
    sample: Mapping[str, Array]
    run: Callable[[Mapping[str, Array]], Sequence[Array]]
    export: Callable[[], bytes]
    made_of: Mapping[str, str]
    packages: tuple[str, ...]
    tolerance: float = 1e-4


def graphs_folder(engine: str) -> Path:
    """Where an engine's graphs lie."""
    return weights_folder(engine) / "graphs"


def find_graph(network: Network, open_session: Callable[[Graph], Session], folder: Path) -> Graph:
    """The graph of a network: the kept one, else a new one that has been checked.

    Args:
        open_session: what the graph is checked with, in float32.

    Raises:
        EngineUnavailableError: the network cannot be exported, or the graph is not equal to it.
    """
    versions = {name: importlib.metadata.version(name) for name in network.packages}
    made_of = [versions, dict(network.made_of)]
    return kept(network.name, made_of, lambda: _export(network, open_session), folder)


def identity(graph: Graph) -> str:
    """What tells a graph from all others."""
    return graph.name if isinstance(graph, Path) else _sha256(graph)


def kept(name: str, made_of: Any, make: Callable[[], bytes], folder: Path) -> Graph:
    """What ``make`` gives, made once for all processes that ask for it by the same name and ``made_of``.

    Several processes may do so at once: each finds whole files, or makes the same ones.

    Args:
        made_of: what decides what it is, as JSON takes it.
    """
    stem = file_stem(name, made_of)
    for path in sorted(folder.glob(f"{stem}-*.onnx")):
        with contextlib.suppress(OSError):
            if _is_whole(path, stem):
                return path
    graph = make()
    try:
        return _keep(graph, stem, folder)
    except OSError:
        return graph


def file_stem(name: str, made_of: object) -> str:
    """What the name of a kept file begins with, by what decides what is in it, as JSON takes it."""
    return f"{name}-{_sha256(json.dumps([_REVISION, made_of], sort_keys=True).encode())[:16]}"


def write_whole(data: bytes, path: Path) -> None:
    """Writes a file whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _is_whole(path: Path, stem: str) -> bool:
    """Whether a graph, and each file of weights that it names, has the hash that its name says."""
    graph = path.read_bytes()
    weights = {
        path.with_name(name.decode())
        for name in re.findall(re.escape(stem).encode() + rb"-[0-9a-f]{64}\.weights", graph)
    }
    return path.stem == f"{stem}-{_sha256(graph)}" and all(
        file.is_file() and file.stem == f"{stem}-{_sha256_of(file)}" for file in weights
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep(graph: bytes, stem: str, folder: Path) -> Path:
    """Writes a graph and its weights, each whole or not at all. Raises OSError."""
    import onnx

    model = onnx.load_model_from_string(graph)
    apart = [tensor for tensor in model.graph.initializer if len(tensor.raw_data) >= _LEAST_APART]
    lengths = [len(tensor.raw_data) for tensor in apart]
    if apart:
        location = _write_weights((tensor.raw_data for tensor in apart), stem, folder)
        starts = itertools.accumulate((length + -length % _ALIGNED for length in lengths), initial=0)
        for tensor, start, length in zip(apart, starts, lengths, strict=False):
            onnx.external_data_helper.set_external_data(tensor, location, start, length)
            tensor.ClearField("raw_data")
    described = model.SerializeToString()
    path = folder / f"{stem}-{_sha256(described)}.onnx"
    write_whole(described, path)
    return path


def _write_weights(tensors: Iterable[bytes], stem: str, folder: Path) -> str:
    """One after the other, so that they are not in memory once more; the file's name."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{stem}-{secrets.token_hex(4)}.part"
    digest = hashlib.sha256()
    try:
        with part.open("wb") as file:
            for data in tensors:
                for piece in (data, bytes(-len(data) % _ALIGNED)):
                    file.write(piece)
                    digest.update(piece)
        name = f"{stem}-{digest.hexdigest()}.weights"
        part.replace(folder / name)
    finally:
        part.unlink(missing_ok=True)
    return name


def _export(network: Network, open_session: Callable[[Graph], Session]) -> bytes:
    try:
        expected = network.run(network.sample)
        graph = network.export()
        found = open_session(graph)(network.sample)
    except Exception as error:
        raise _failed(network, f"cannot be exported ({type(error).__name__})") from error
    if not all(_equal(*pair, network.tolerance) for pair in zip(found, expected, strict=True)):
        raise _failed(network, "is exported, but does not give what it gives in its library")
    return graph


def _failed(network: Network, why: str) -> EngineUnavailableError:
    return EngineUnavailableError(
        f"engine {network.engine!r}: its {network.name} {why}", "use runtime=upstream", kind="export_failed"
    )


def _equal(found: Array, expected: Array, tolerance: float) -> bool:
    if found.shape != expected.shape:
        return False
    return bool(np.abs(found - expected).max() <= tolerance * np.abs(expected).max())
