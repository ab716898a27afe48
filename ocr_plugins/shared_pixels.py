"""Pixels that lie where a worker can map them, so that a page crosses without being copied.

Each page has a file in memory without a name (`memfd`, else an unlinked temporary file), whose
descriptor is handed to the worker. Files are used again for later pages, and nothing is left
behind by a process that is killed.
"""

from __future__ import annotations

import itertools
import mmap
import os
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

# Smaller images are copied: handing over a file costs more than their bytes.
_LEAST_BYTES = 65536
# Pages of one run are mostly alike in size, so few files serve them all.
_MOST_FREE = 4


@dataclass(eq=False)
class _File:
    """One file in memory; closed with its last use."""

    size: int
    fd: int = field(init=False)
    mapped: mmap.mmap = field(init=False)

    def __post_init__(self) -> None:
        self.fd = anonymous_file("ocr-plugins-pixels")
        try:
            os.ftruncate(self.fd, self.size)
            self.mapped = mmap.mmap(self.fd, self.size)
        except BaseException:
            os.close(self.fd)
            raise
        weakref.finalize(self, os.close, self.fd).atexit = False


class PixelPool:
    """Makes arrays of pixels in files that workers can map."""

    def __init__(self) -> None:
        self._free: list[_File] = []
        self._used: dict[int, _File] = {}
        self._process = os.getpid()

    def empty(self, shape: tuple[int, ...]) -> Pixels:
        """An array of uint8 with any content; an ordinary one where no file is to be had."""
        length = int(np.prod(shape))
        if length < _LEAST_BYTES:
            return np.empty(shape, np.uint8)
        try:
            return self._root(length)[:length].reshape(shape)
        except OSError:
            return np.empty(shape, np.uint8)

    def place(self, pixels: Pixels) -> tuple[int, int] | None:
        """(file descriptor, offset in bytes) of pixels that lie in one of the files as they are."""
        root = pixels.base
        file = self._used.get(id(root))
        if file is None or not isinstance(root, np.ndarray) or not pixels.flags.c_contiguous:
            return None
        return file.fd, pixels.ctypes.data - root.ctypes.data

    def copy(self, arrays: Sequence[Pixels]) -> tuple[Pixels, list[tuple[int, int]]]:
        """Several arrays copied into one file: what keeps it, and (descriptor, offset) of each.

        Raises:
            OSError: no file is to be had.
        """
        starts = [0, *itertools.accumulate(array.nbytes for array in arrays)]
        kept = self._root(max(starts[-1], 1))
        for start, array in zip(starts, arrays, strict=False):
            kept[start : start + array.nbytes].reshape(array.shape)[...] = array
        fd = self._used[id(kept)].fd
        return kept, [(fd, start) for start in starts[:-1]]

    def clear(self) -> None:
        """Lets go of the files that are not in use."""
        self._free.clear()

    def _root(self, length: int) -> Pixels:
        """All of a file as one array. NumPy keeps it alive for as long as there is a view of it."""
        file = self._taken(length)
        root = np.frombuffer(file.mapped, np.uint8)
        self._used[id(root)] = file
        weakref.finalize(root, self._released, id(root)).atexit = False
        return root

    def _taken(self, length: int) -> _File:
        if self._process != os.getpid():
            # After a fork, the files are the parent's, which writes other pages into them.
            self._free, self._used, self._process = [], {}, os.getpid()
        for file in self._free:
            if length <= file.size <= 2 * length + mmap.PAGESIZE:
                self._free.remove(file)
                return file
        return _File(-(-length // mmap.PAGESIZE) * mmap.PAGESIZE)

    def _released(self, root: int) -> None:
        file = self._used.pop(root, None)
        if file is not None and self._process == os.getpid():
            self._free = [*self._free, file][-_MOST_FREE:]


def anonymous_file(name: str) -> int:
    """A file in memory where the system has that, else on disk; gone with its last descriptor."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create(name)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
