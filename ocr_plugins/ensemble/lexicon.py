"""Which words there are: a list of hashes, to tell a misread word from a written one.

A file is an .npz without pickles that holds the CRC-32 of each word in small letters, sorted. One in twenty
thousand other words has the hash of one of 200,000.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import EngineUnavailableError

_LETTERS = re.compile(r"[^\W\d_]+")
_MIXED = re.compile(r"[^\W\d_]\d|\d[^\W\d_]")
# Of so few letters nearly all are words.
_LEAST = 3
# Texts whose standing is kept in memory.
_CACHE = 1 << 14


class Lexicon:
    """Args: hashes, uint32 (n,) and sorted."""

    def __init__(self, hashes: NDArray[np.uint32]) -> None:
        self._hashes = array("I", hashes.tolist())
        self.standing = functools.lru_cache(maxsize=_CACHE)(self._standing)

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        return cls(np.array(sorted({_hash(word) for word in words}), np.uint32))

    def __contains__(self, word: str) -> bool:
        code = _hash(word)
        place = bisect_left(self._hashes, code)
        return place < len(self._hashes) and self._hashes[place] == code

    def __len__(self) -> int:
        return len(self._hashes)

    def _standing(self, text: str) -> int:
        """1 where all words of a text are known, -1 where one is not or has a digit among its letters.

        Signs part words. 0 where there is nothing to tell by: numbers, signs, words of one or two letters.
        """
        text = unicodedata.normalize("NFC", text)
        if _MIXED.search(text):
            return -1
        words = [word for word in _LETTERS.findall(text) if len(word) >= _LEAST]
        if not words:
            return 0
        return 1 if all(word in self for word in words) else -1

    def save(self, path: Path) -> None:
        np.savez_compressed(path, hashes=np.array(self._hashes, np.uint32))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote. Raises EngineUnavailableError: it cannot be read, or is no such file."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                hashes = data["hashes"]
            if hashes.dtype != np.uint32 or hashes.ndim != 1:
                raise ValueError
        except Exception as error:  # noqa: BLE001 - what damage does to a zip archive has many names
            raise EngineUnavailableError(
                f"{path} is no list of words of this release ({type(error).__name__})",
                "install ocr-plugins again",
                kind="bad_model",
            ) from None
        return cls(hashes)


def _hash(word: str) -> int:
    return zlib.crc32(unicodedata.normalize("NFC", word.casefold()).encode())
