"""The thread budget: how many cores there are, and how many threads a process may use.

Workers x threads never exceeds the cores given. The host tells each worker its share by
OCR_PLUGINS_THREADS and by the variables that numeric libraries look at; adapters hand it to
their library's own knob. A variable that the user has set wins.

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ocr_plugins.errors import CallError

CORES = "OCR_PLUGINS_CORES"
THREADS = "OCR_PLUGINS_THREADS"
#: What OpenMP, OpenBLAS, MKL, TensorFlow, NumExpr and Rayon (Hugging Face's tokenizers) look at.
LIBRARY_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
# Which of them this process's host has set, so that they are not taken for the user's.
_SET_BY_HOST = "OCR_PLUGINS_THREADS_SET"


def cores() -> int:
    """Cores that this process may use: OCR_PLUGINS_CORES, else its affinity within its quota.

    Raises:
        CallError: the variable is no whole number from 1 up.
    """
    if given := os.environ.get(CORES, "").strip():
        return _positive(CORES, given)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, _quota() or allowed))


def threads_here() -> int:
    """Threads that this process may use: what its host gave it, else all cores."""
    given = os.environ.get(THREADS, "").strip()
    return _positive(THREADS, given) if given else cores()


def threads_for(*variables: str) -> int | None:
    """`threads_here`, or None where the user has set one of a library's own ``variables``."""
    by_host = os.environ.get(_SET_BY_HOST, "").split(",")
    if any(os.environ.get(name) and name not in by_host for name in variables):
        return None
    return threads_here()


def thread_environment(threads: int, environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for a worker that may use so many threads; what the user has set stays."""
    by_host = environment.get(_SET_BY_HOST, "").split(",")
    ours = [name for name in LIBRARY_VARIABLES if name in by_host or not environment.get(name)]
    shares = dict.fromkeys(ours, str(threads))
    return {**environment, **shares, THREADS: str(threads), _SET_BY_HOST: ",".join(ours)}


def _positive(variable: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise CallError(f"{variable} is {text!r}", "set it to a whole number above 0, or unset it")
    return int(text)


def _quota() -> int | None:
    """Cores that a container's quota comes to, rounded up; None without one."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else -(-int(quota) // int(period))
    except (OSError, ValueError):
        return None
