"""How far what was read is from a word: an edit distance in which letters that look alike lie near.

After Kernighan, Church and Gale, "A Spelling Correction Program Based on a Noisy Channel Model" (COLING
1990), with the confusions of print in place of those of typing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

# What is read for one another, in either direction. Of one letter each, or of two for one.
_ALIKE = (
    "e c o", "a o u", "n u h", "i l t j f", "b h", "g q y", "v y", "s a", "f t", "r t", "c o", "m n", "z x",
    "k x", "rn m", "nn m", "in m", "ni m", "cl d", "ci d", "vv w", "li h", "ii u", "ll u", "tl d", "fi h",
    "ri n", "lr k", "lc k", "il u", "ti n", "iv w",
)  # fmt: skip
_NEAR = 0.4
# One letter for another that does not look like it; one that is missing, or too much.
_OTHER, _MISSING, _EXTRA = 1.0, 0.8, 0.8


def _pairs() -> Mapping[tuple[str, str], float]:
    found = {}
    for group in _ALIKE:
        parts = group.split()
        for one in parts:
            for other in parts:
                if one != other:
                    found[one, other] = _NEAR
    return found


_COSTS = _pairs()


@functools.lru_cache(maxsize=1 << 14)
def distance(word: str, read: str) -> float:
    """What it takes to read a word so: 0 for itself, 1 for another letter. Case does not matter."""
    word, read = word.lower(), read.lower()
    rows = [[0.0] * (len(read) + 1) for _ in range(len(word) + 1)]
    for i in range(len(word) + 1):
        for j in range(len(read) + 1):
            if not i and not j:
                continue
            ways = []
            if i:
                ways.append(rows[i - 1][j] + _MISSING)
            if j:
                ways.append(rows[i][j - 1] + _EXTRA)
            for wide, narrow in ((1, 1), (2, 1), (1, 2)):
                if i >= wide and j >= narrow:
                    cost = _cost(word[i - wide : i], read[j - narrow : j])
                    if cost is not None:
                        ways.append(rows[i - wide][j - narrow] + cost)
            rows[i][j] = min(ways)
    return rows[-1][-1]


def _cost(one: str, other: str) -> float | None:
    if one == other:
        return 0.0
    return _COSTS.get((one, other), _OTHER if len(one) == len(other) == 1 else None)
