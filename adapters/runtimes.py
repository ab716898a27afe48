"""What a network runs on: its library, or its ONNX graph on ONNX Runtime or OpenVINO.

``upstream`` is the library itself; ``exact`` computes in float32, on OpenVINO; ``fast`` in bfloat16 and int8,
as far as the processor does; ``auto`` is ``exact`` on a CPU wherever its packages are installed.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.memory import WORKER_MEMORY, machine_memory, memory_here
from ocr_plugins.offline import forbid_reports

from .graphs import Array, Graph, Session

Runtime = Literal["auto", "upstream", "exact", "fast"]
#: One that `chosen` has settled.
Chosen = Literal["upstream", "exact", "fast"]

#: The option's text, for each engine that has it.
RUNTIME = (
    "what the networks run on: upstream, the library's own; exact, OpenVINO in float32; fast, OpenVINO in "
    "bfloat16 and int8, on processors that have them; auto, exact on a CPU"
)
# OpenVINO runs a graph that onnx and ONNX Runtime have made and checked.
PACKAGES = ("onnx", "onnxruntime", "openvino")
# The share of the machine's memory that a process may keep between two inputs.
_KEPT = 0.25
# And the share of what its host lets it keep.
_KEPT_OF_LIMIT = 0.8
# How many pieces of code, each for one size of input, oneDNN beneath OpenVINO keeps: a thousand, unless this
# variable says otherwise. To write them anew takes no time that shows.
_ONEDNN_KEEPS = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"


def chosen(
    engine: str,
    runtime: Runtime,
    device: str,
    install_hint: str,
    *,
    packages: tuple[str, ...] = PACKAGES,
    int8: bool = False,
) -> Chosen:
    """What ``runtime`` means on this machine.

    Args:
        install_hint: the command that brings the packages.
        packages: modules that ``exact`` and ``fast`` need.
        int8: whether a part of the fast graph is in int8, so that a processor without bfloat16 will do.

    Raises:
        EngineUnavailableError: a package is missing, the device is none for it, or the processor has not
            the units for it.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if runtime == "auto":
        return "upstream" if missing or device != "cpu" else "exact"
    if runtime == "upstream":
        return runtime
    if device != "cpu":
        raise EngineUnavailableError(
            f"engine {engine!r}: runtime={runtime} computes on a CPU, not on {device!r}",
            "use runtime=upstream, or device=cpu",
            kind="unsupported_device",
        )
    if missing:
        raise EngineUnavailableError(
            f"engine {engine!r}: runtime={runtime} needs {missing[0]}, which is not installed",
            install_hint,
            kind="not_installed",
        )
    if runtime == "fast" and not (has_bfloat16() or (int8 and has_int8())):
        units = "bfloat16 or int8" if int8 else "bfloat16"
        raise EngineUnavailableError(
            f"engine {engine!r}: runtime=fast needs a processor that computes in {units}",
            "use runtime=exact",
            kind="unsupported_runtime",
        )
    return runtime


def runtime_name(runtime: Chosen, upstream: str, *, int8: bool = False) -> str:
    """Library, version and precision, as pages' provenance names them.

    Args:
        upstream: what upstream computes with.
        int8: whether a part of the fast graph is in int8, where the processor has that.
    """
    if runtime == "upstream":
        return upstream
    precision = "fp32"
    if runtime == "fast":
        rest = "bf16" if has_bfloat16() else "fp32"
        precision = f"int8+{rest}" if int8 and has_int8() else rest
    return f"openvino {importlib.metadata.version('openvino')} {precision}"


def open_onnxruntime(graph: Graph, threads: int) -> Session:
    """A graph in float32, for checks and calibration: on pages it takes memory anew for each size."""
    forbid_reports()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that wait by turning round would take the cores from the library that it works beside.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Each new size of page would leave gigabytes in it.
    options.enable_cpu_mem_arena = False
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def run(inputs: Mapping[str, Array]) -> list[Array]:
        found: list[Array] = session.run(None, dict(inputs))
        return found

    return run


def open_openvino(graph: Graph, threads: int, *, exact: bool) -> Session:
    """A graph in float32, or with bfloat16 where the processor has it.

    It keeps the memory that the largest input took, unless that is a great part of the machine's: to give it
    back and take it again costs a third of the time.
    """
    precision = "f32" if exact or not has_bfloat16() else "bf16"
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        # OpenVINO's own of these, which has no bound.
        "CPU_RUNTIME_CACHE_CAPACITY": "0",
    }
    most = _most_kept()
    core = _openvino().Core()
    with _keeping_no_code():
        model = core.compile_model(core.read_model(graph), "CPU", settings)

    def run(inputs: Mapping[str, Array]) -> list[Array]:
        with _keeping_no_code():
            found = model(dict(inputs))
        if memory_here() > most:
            model.release_memory()
        return [found[place] for place in range(len(model.outputs))]

    return run


@contextlib.contextmanager
def _keeping_no_code() -> Iterator[None]:
    """oneDNN looks at its variable when it first computes; other processes and libraries must not see it."""
    if _ONEDNN_KEEPS in os.environ:
        yield
        return
    os.environ[_ONEDNN_KEEPS] = "0"
    try:
        yield
    finally:
        os.environ.pop(_ONEDNN_KEEPS, None)


def _most_kept() -> float:
    """Bytes that this process may keep between two inputs: beyond its host's limit it would be replaced."""
    given = os.environ.get(WORKER_MEMORY, "")
    limit = int(given) if given.isdigit() else machine_memory()
    return min(_KEPT * machine_memory(), _KEPT_OF_LIMIT * limit)


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 (AVX-512 BF16 or AMX)."""
    return "BF16" in _openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def has_int8() -> bool:
    """Whether the processor multiplies int8 four times as fast as float32 (VNNI). Only Linux tells."""
    cpuinfo = Path("/proc/cpuinfo")
    known = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    return "vnni" in known


def _openvino() -> Any:
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
