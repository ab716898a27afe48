"""Numbers that depend on the machine, as of threads or lines at once: measured on first use, and kept.

They lie beside an engine's graphs, for each kind of processor. Engines' options and the thread budget win
over them. None changes what is read, save for what rounding does.
"""

from __future__ import annotations

import contextlib
import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .graphs import Array, Graph, file_stem, identity, write_whole
from .runtimes import open_openvino

_ROUNDS = 3
# What takes another place than the first must take no more than this share of its time.
_CLEARLY = 0.95


def quickest(
    name: str, choices: Sequence[int], run: Callable[[int], object], made_of: object, folder: Path
) -> int:
    """The choice that ``run`` takes least time for: by turns, after each has run once.

    Args:
        name: begins the name of the file that it is kept in.
        choices: the first is taken unless another is clearly quicker.
        run: does the same work with any choice.
        made_of: what it depends on beside the processor, as JSON takes it.
        folder: where it is kept, if that can be written.
    """
    if len(choices) == 1:
        return choices[0]
    path = folder / f"{file_stem(name, [_processor(), list(choices), made_of])}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(path.read_text(encoding="utf-8"))["quickest"]
        if known in choices:
            return int(known)
    seconds = _measured(choices, run)
    best = min(choices, key=lambda choice: seconds[choice])
    if seconds[best] > _CLEARLY * seconds[choices[0]]:
        best = choices[0]
    found = {"quickest": best, "seconds": seconds, "processor": _processor()}
    with contextlib.suppress(OSError):
        write_whole(json.dumps(found, indent=1).encode(), path)
    return best


def quickest_threads(
    graph: Graph, sample: Mapping[str, Array], most: int, *, exact: bool, folder: Path
) -> int:
    """How many threads a graph runs quickest with on OpenVINO: ``most``, or half of them.

    Of two that a core runs side by side, the second often brings nothing.
    """
    choices = [most, most // 2] if most > 1 else [most]
    sessions = {}

    def run(threads: int) -> None:
        if threads not in sessions:
            sessions[threads] = open_openvino(graph, threads, exact=exact)
        sessions[threads](sample)

    return quickest("threads", choices, run, [identity(graph), exact], folder)


def _measured(choices: Sequence[int], run: Callable[[int], object]) -> dict[int, float]:
    """The median of what each took, in seconds."""
    for choice in choices:
        run(choice)
    times: dict[int, list[float]] = {choice: [] for choice in choices}
    for _ in range(_ROUNDS):
        for choice in choices:
            started = time.perf_counter()
            run(choice)
            times[choice].append(time.perf_counter() - started)
    return {choice: statistics.median(taken) for choice, taken in times.items()}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    names = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
