"""How many threads and how many lines at once suit the machine: measured briefly on first use, and kept.

What was found lies beside an engine's graphs, for each processor and version of OpenVINO. Engines' ``batch=``
and a user's OMP_NUM_THREADS win over it. It changes what is read no more than rounding does.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ocr_plugins.threads import threads_for

from .graphs import Array, Graph, file_stem, identity, write_whole
from .runtimes import open_openvino

_ROUNDS = 3
# What takes another place than the first must take no more than this share of its time.
_CLEARLY = 0.95
# Seconds: where a single run takes longer, as a large network's on few cores, nothing is measured.
_LONGEST = 1.0


def quickest(
    name: str, choices: Sequence[int], run: Callable[[int], object], made_of: object, folder: Path
) -> int:
    """The choice that ``run`` takes least time for, by turns; the first where that cannot be kept.

    Args:
        name: begins the name of the file that it is kept in.
        choices: the first is taken unless another is clearly quicker.
        run: does the same work with any choice. What it raises passes through.
        made_of: what it depends on beside the processor, as JSON takes it.
        folder: where it is kept.
    """
    machine = [_processor(), importlib.metadata.version("openvino")]
    path = folder / f"{file_stem(name, [machine, list(choices), made_of])}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(path.read_text(encoding="utf-8"))["quickest"]
        if known in choices:
            return int(known)
    # Else each process would measure anew, some of them beside others that are busy.
    if len(choices) == 1 or not (folder.is_dir() and os.access(folder, os.W_OK)):
        return choices[0]
    seconds = _measured(choices, run)
    best = min(choices, key=lambda choice: seconds.get(choice, float("inf")))
    if seconds[best] > _CLEARLY * seconds[choices[0]]:
        best = choices[0]
    with contextlib.suppress(OSError):
        write_whole(json.dumps({"quickest": best, "seconds": seconds}, indent=1).encode(), path)
    return best


def quickest_threads(
    graph: Graph, sample: Mapping[str, Array], most: int, *, exact: bool, folder: Path
) -> int:
    """How many threads a graph runs quickest with on OpenVINO: ``most``, or half of them.

    Of two threads that a core runs side by side, the second often brings nothing. While that is measured,
    the graph is open twice.

    Args:
        sample: the graph's inputs.
        most: as many as the process may use. Where the user has set OMP_NUM_THREADS, it is taken.
        exact: as `open_openvino` takes it.
        folder: where the answer is kept.
    """
    if most == 1 or threads_for("OMP_NUM_THREADS") is None:
        return most
    sessions = {}

    def run(threads: int) -> None:
        if threads not in sessions:
            sessions[threads] = open_openvino(graph, threads, exact=exact)
        sessions[threads](sample)

    return quickest("threads", (most, most // 2), run, [identity(graph), exact], folder)


def _measured(choices: Sequence[int], run: Callable[[int], object]) -> dict[int, float]:
    """The median of what each took, in seconds; the first's alone where that is long."""
    run(choices[0])
    if (first := _timed(run, choices[0])) > _LONGEST:
        return {choices[0]: first}
    for choice in choices[1:]:
        run(choice)
    rounds = [[_timed(run, choice) for choice in choices] for _ in range(_ROUNDS)]
    return dict(zip(choices, map(statistics.median, zip(*rounds, strict=True)), strict=True))


def _timed(run: Callable[[int], object], choice: int) -> float:
    started = time.perf_counter()
    run(choice)
    return time.perf_counter() - started


def _processor() -> str:
    """What tells this processor from others: its name, and what it can compute with."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    first = text.split("\n\n", 1)[0].splitlines()
    told = [line for line in first if line.startswith(("model name", "flags", "Features", "CPU "))]
    return "\n".join(told) or platform.processor() or platform.machine()
