"""What a page is made of, as a hash: the bytes of its file, or its pixels where they are in memory.

A file is hashed once a run, however many pages and engines it has, and again where it has changed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ocr_plugins.image import PageImage
from ocr_plugins.source import PageRef
from ocr_plugins.weights import sha256_of

# Size, time of the last change of the content and of anything, and inode.
Mark = tuple[int, int, int, int]

# File systems tell times by the kernel's tick, of which the slowest has 10 ms: two changes within
# one look like one.
_TICK_NS = 20_000_000


@dataclass(frozen=True, slots=True)
class Content:
    """SHA-256 of a page's source, in hexadecimal, and of what it is: a file's bytes, or pixels.

    ``image`` is there where the pixels were hashed: those, and no others, are to be read.
    """

    sha256: str
    of: Literal["bytes", "pixels"]
    image: PageImage | None = None
    mark: Mark | None = None


class Hasher:
    """Hashes pages' sources, and remembers those of files."""

    def __init__(self) -> None:
        self._files: dict[Path, tuple[Mark, str]] = {}
        # The bytes are kept, so that no others can take their id.
        self._bytes: dict[int, tuple[bytes, str]] = {}

    def hash(self, ref: PageRef) -> Content | None:
        """What the page is made of; None where that changes while it is looked at.

        Raises:
            SourceError: the source cannot be fetched, or its pixels cannot be had.
            OSError: the file cannot be read.
        """
        content = ref.content()
        if content is None:
            image = ref.load()
            return Content(hash_pixels(image), "pixels", image)
        if isinstance(content, bytes):
            _, known = self._bytes.get(id(content), (content, ""))
            if not known:
                known = hashlib.sha256(content).hexdigest()
                self._bytes[id(content)] = content, known
            return Content(known, "bytes")
        mark, known = self._files.get(content, (None, ""))
        if mark is None or mark != _mark(content):
            found = _hash_file(content)
            if found is None:
                return None
            mark, known = self._files[content] = found
        return Content(known, "bytes", mark=mark)

    def unchanged(self, ref: PageRef, content: Content) -> bool:
        """Whether what has been decoded since is what was hashed before."""
        source = ref.content()
        return not isinstance(source, Path) or _mark(source) == content.mark


def hash_pixels(image: PageImage) -> str:
    """SHA-256 of an image's type, shape and pixels, row by row."""
    pixels = np.ascontiguousarray(image.pixels)
    digest = hashlib.sha256(f"{pixels.dtype.str} {pixels.shape}\n".encode())
    digest.update(pixels.data)
    return digest.hexdigest()


def _hash_file(path: Path) -> tuple[Mark, str] | None:
    mark = _mark(path)
    if mark is None:
        return None
    changed = mark[2]
    age = time.time_ns() - changed
    if age < _TICK_NS:
        # A change within the tick of the last one would not be seen.
        time.sleep(min(_TICK_NS - age, _TICK_NS) / 1e9)
    found = sha256_of(path)
    return (mark, found) if mark == _mark(path) else None


def _mark(path: Path) -> Mark | None:
    """None for what is no file: a pipe or a device may have no end."""
    about = os.stat(path)  # noqa: PTH116 - for every page and engine, and twice as quick
    if not stat.S_ISREG(about.st_mode):
        return None
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino
