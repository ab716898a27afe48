"""How much memory a worker holds, how much it took at most, and how much there is.

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

MEGABYTE = 1_000_000
#: Tells a worker how many bytes it may keep between pages.
WORKER_MEMORY = "OCR_PLUGINS_WORKER_MEMORY"
_HIGH_WATER = re.compile(rb"^VmHWM:\s*([0-9]+) kB$", re.M)


@dataclass(frozen=True, slots=True)
class TreeMemory:
    """Memory of a process and its children, in bytes.

    Args:
        held: what they hold for themselves: resident, less what is shared. What they share (libraries,
            mapped weights, pages handed over in memory) would be counted against every worker. 0 where
            the process has ended.
        peak: the most that was resident of each since it was started, together and with what is shared;
            None where the system does not tell.
    """

    held: int = 0
    peak: int | None = None


def tree_memory(pid: int) -> TreeMemory:
    """The memory of a process and of those of its children that still live."""
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except (psutil.Error, OSError):
        return TreeMemory()
    return TreeMemory(sum(map(_own_memory, family)), _peak(*(member.pid for member in family)))


def largest(amounts: Iterable[int | None]) -> int | None:
    """The largest of those that are known; None where none is."""
    return max((amount for amount in amounts if amount is not None), default=None)


def megabytes(amount: int | None) -> float | None:
    """Bytes in MB, of which one is a million bytes."""
    return None if amount is None else amount / MEGABYTE


def machine_memory() -> int:
    """Bytes of memory that this machine, or the container around us, has."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


def memory_here() -> int:
    """Bytes that are resident of this process; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _own_memory(process: psutil.Process) -> int:
    import psutil

    try:
        info = process.memory_info()
    except (psutil.Error, OSError):
        return 0
    # Not every system tells what is shared.
    return int(info.rss) - int(getattr(info, "shared", 0))


def _peak(pid: int, *children: int) -> int | None:
    own = _high_water(pid)
    if own is None:
        return None
    # A child that is about to start another program still lives in its parent's memory, mark and all.
    return own + sum(mark for mark in map(_high_water, children) if mark is not None and mark != own)


def _high_water(pid: int) -> int | None:
    """Bytes that were resident of a process at most, as Linux keeps count; None elsewhere, or of the dead."""
    try:
        found = _HIGH_WATER.search(Path(f"/proc/{pid}/status").read_bytes())
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
