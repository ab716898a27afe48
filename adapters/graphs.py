"""ONNX graphs of the networks of other libraries: made once, checked against the library, and kept.

A graph lies in ``share/ocr-plugins/ENGINE/graphs`` of the environment that the engine runs in, under a name
that ends with its SHA-256. It is written whole or not at all, and opened only while it is what its name says.
Where that folder cannot be written, each process makes its own in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
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

# Raised with every change here or in an adapter that makes other graphs of the same weights.
_REVISION = 2


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


def find_graph(network: Network, open_session: Callable[[bytes], Session], folder: Path) -> bytes:
    """The graph of a network: the kept one, else a new one that has been checked.

    Args:
        open_session: what the graph is checked with, in float32.

    Raises:
        EngineUnavailableError: the network cannot be exported, or the graph is not equal to it.
    """
    versions = {name: importlib.metadata.version(name) for name in network.packages}
    made_of = [versions, dict(network.made_of)]
    return kept(network.name, made_of, lambda: _export(network, open_session), folder)


def kept(name: str, made_of: Any, make: Callable[[], bytes], folder: Path) -> bytes:
    """What ``make`` gives, made once for all processes that ask for it by the same name and ``made_of``.

    Several processes may do so at once: each finds a whole file, or makes the same one.

    Args:
        made_of: what decides what it is, as JSON takes it.
    """
    key = _sha256(json.dumps([_REVISION, made_of], sort_keys=True).encode())[:16]
    stem = f"{name}-{key}"
    for path in sorted(folder.glob(f"{stem}-*.onnx")):
        with contextlib.suppress(OSError):
            graph = path.read_bytes()
            if path.stem == f"{stem}-{_sha256(graph)}":
                return graph
            path.unlink()
    graph = make()
    with contextlib.suppress(OSError):
        _keep(graph, folder / f"{stem}-{_sha256(graph)}.onnx")
    return graph


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
