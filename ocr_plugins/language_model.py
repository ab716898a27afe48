"""How likely a character is after others within a word: a small n-gram model for beam search.

Scores are by stupid back-off (Brants et al., "Large Language Models in Machine Translation", EMNLP
2007), over words in small letters with their ends. Digits, signs and spaces get one score whatever comes
before: numbers and codes are not to be guessed. Words it has never seen stay possible.

A file is an .npz without pickles: for each order the hashes of the n-grams, sorted, and their scores.
Two n-grams of one hash are as likely as the other; with 32 bits that is one in ten thousand.

Imports nothing but the standard library and NumPy: workers load it.
"""

from __future__ import annotations

import functools
import itertools
import math
import zlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import CallError

FORMAT = "ocr-plugins-ngrams"
VERSION = 1

_START, _END = "\x02", "\x03"
_BACK_OFF = math.log(0.4)
# Scores are kept in steps of this, down from 0; 8 bits reach to e^-12.75.
_STEP = 0.05
_UNKNOWN = -12.0
# For whatever is no letter.
_NEUTRAL = math.log(1 / 30)
# Contexts whose scores are kept in memory.
_CACHE = 1 << 16


class LanguageModel:
    """Scores of characters after texts.

    Args:
        orders: for n = 1, 2, ... the hashes of n-grams, uint32 and sorted, and their scores, uint8: the
            logarithm of the last character's probability after the others is -0.05 times it.
    """

    def __init__(self, orders: list[tuple[NDArray[np.uint32], NDArray[np.uint8]]]) -> None:
        self._orders = [(array("I", hashes.tolist()), scores.tobytes()) for hashes, scores in orders]
        self._cached = functools.lru_cache(maxsize=_CACHE)(self._within_word)

    @property
    def order(self) -> int:
        """The length of its longest n-grams."""
        return len(self._orders)

    def score(self, text: str, character: str) -> float:
        """The logarithm of the probability of ``character`` after ``text``, at most 0."""
        if character.isalpha():
            return self._cached(_ending(text, self.order - 1), character.lower())
        ending = text[-1:]
        # That a word ends here is as telling as its letters.
        return (self._cached(_ending(text, self.order - 1), _END) if ending.isalpha() else 0.0) + _NEUTRAL

    def _within_word(self, context: str, character: str) -> float:
        penalty = 0.0
        for length in range(len(context), -1, -1):
            gram = context[len(context) - length :] + character
            hashes, scores = self._orders[length]
            wanted = _hash(gram)
            place = bisect_left(hashes, wanted)
            if place < len(hashes) and hashes[place] == wanted:
                return penalty - _STEP * scores[place]
            penalty += _BACK_OFF
        return _UNKNOWN

    @classmethod
    def from_words(cls, words: Mapping[str, float], order: int = 6, most: int = 250_000) -> Self:
        """A model of words and how often each occurs, in any unit.

        Args:
            order: length of the longest n-grams.
            most: n-grams kept in all; of the longer ones, those that count for most.
        """
        counts: list[Counter[str]] = [Counter() for _ in range(order)]
        for word, often in words.items():
            padded = _START + word.lower() + _END
            for end in range(1, len(padded)):
                for length in range(1, min(order, end + 1) + 1):
                    counts[length - 1][padded[end - length + 1 : end + 1]] += often  # type: ignore[assignment]
        left = most
        orders = []
        for length, grams in enumerate(counts):
            shares = _shares(grams, counts[length - 1] if length else Counter(), words)
            kept = sorted(grams, key=lambda gram, grams=grams: (-grams[gram], gram))[: max(left, 0)]  # type: ignore[misc]
            left -= len(kept)
            scores = {_hash(gram): _coded(shares[gram]) for gram in sorted(kept, reverse=True)}
            hashes = np.array(sorted(scores), np.uint32)
            orders.append((hashes, np.array([scores[int(h)] for h in hashes], np.uint8)))
        return cls(orders)

    def save(self, path: Path) -> None:
        arrays: dict[str, Any] = {"format": np.array(f"{FORMAT} {VERSION}")}
        for number, (hashes, scores) in enumerate(self._orders, start=1):
            # Differences of sorted numbers are small, so the file is too.
            arrays[f"hashes{number}"] = np.diff(np.array(hashes, np.uint32), prepend=np.uint32(0))
            arrays[f"scores{number}"] = np.frombuffer(scores, np.uint8)
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Opens what `save` wrote. Raises CallError for a file that it did not."""
        try:
            with np.load(path, allow_pickle=False) as file:
                if str(file["format"]) != f"{FORMAT} {VERSION}":
                    raise ValueError(file["format"])
                count = sum(name.startswith("hashes") for name in file.files)
                orders = [
                    (np.cumsum(file[f"hashes{n}"], dtype=np.uint32), np.asarray(file[f"scores{n}"], np.uint8))
                    for n in range(1, count + 1)
                ]
        except OSError as error:
            reason = error.strerror or "it is damaged"
            raise CallError(
                f"language model {path} cannot be read ({reason})", "give lm= another file"
            ) from None
        except Exception:  # noqa: BLE001 - a file of another kind fails in many ways
            raise CallError(
                f"{path} is no language model of this kind", "make one with scripts/build_language_model.py"
            ) from None
        return cls(orders)


def _ending(text: str, length: int) -> str:
    """The letters that a text ends with, small, with the mark of its word's start where that is near."""
    start = len(text)
    while start and text[start - 1].isalpha() and len(text) - start < length:
        start -= 1
    ending = text[start:].lower()
    begins = not start or not text[start - 1].isalpha()
    return (_START + ending)[-length:] if begins and length else ending


def _shares(grams: Counter[str], shorter: Counter[str], words: Mapping[str, float]) -> dict[str, float]:
    """The probability of each n-gram's last character after the others."""
    total = float(sum(grams.values()))
    often = float(sum(words.values()))
    found = {}
    for gram, count in grams.items():
        context = gram[:-1]
        of = total if not context else often if context == _START else shorter[context]
        found[gram] = count / of
    return found


def _coded(share: float) -> int:
    return min(round(-math.log(min(share, 1.0)) / _STEP), 255)


def _hash(gram: str) -> int:
    return zlib.crc32(gram.encode("utf-8"))


def misshapen(text: str) -> int:
    """How often letters and digits meet within a word, or a small letter is followed by a capital."""
    return sum(
        (one.isalnum() and other.isalnum() and one.isalpha() != other.isalpha())
        or (one.islower() and other.isupper())
        for one, other in itertools.pairwise(text)
    )
