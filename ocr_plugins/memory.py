"""How much memory a worker holds, and how much there is."""

from __future__ import annotations

from pathlib import Path

import psutil

MEGABYTE = 1_000_000


def tree_memory(pid: int) -> int:
    """Bytes that a process and its children hold for themselves: resident, less what is shared.

    What it shares (libraries, mapped weights, pages handed over in memory) would be counted
    against every worker. 0 where the process has ended.
    """
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(map(_own_memory, family))


def machine_memory() -> int:
    """Bytes of memory that this machine, or the container around us, has."""
    total = int(psutil.virtual_memory().total)
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


def _own_memory(process: psutil.Process) -> int:
    try:
        info = process.memory_info()
    except psutil.Error:
        return 0
    # Not every system tells what is shared.
    return int(info.rss) - int(getattr(info, "shared", 0))
