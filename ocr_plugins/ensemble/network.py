"""The confusion network of one line: what several readings agree on, and where and how they differ.

After Fiscus, "A post-processing system to yield reduced word error rates: Recognizer Output Voting Error
Reduction (ROVER)", ASRU 1997, over grapheme clusters instead of words. All readings are aligned with one of
them, the one that is nearest to all (the median string of the set), by Levenshtein's edits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


class Span(NamedTuple):
    """A stretch of the network: a slice of every reading's text.

    ``agreed`` where all readings say the same, which then is one candidate; else they differ, also where one
    says nothing. ``places`` are (start, stop) in each reading.
    """

    agreed: bool
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Network:
    """Readings of one line, aligned. ``texts`` have one code point for each grapheme cluster.

    ``backbone`` is the place of the reading that the others are aligned with.
    """

    texts: tuple[str, ...]
    backbone: int
    spans: tuple[Span, ...]

    def strings(self, span: Span) -> tuple[str, ...]:
        """What each reading says there."""
        return tuple(text[start:stop] for text, (start, stop) in zip(self.texts, span.places, strict=True))


def build(texts: Sequence[str]) -> Network:
    """Aligns readings of one line.

    Args:
        texts: one a reading, encoded together by `evaluation.graphemes.encode`; "" where there is nothing.
    """
    texts = tuple(texts)
    backbone = median_of(texts)
    base = texts[backbone]
    aligned = [Alignment.of(base, text) for text in texts]
    return Network(texts, backbone, tuple(_spans(len(base), aligned)))


def median_of(texts: Sequence[str]) -> int:
    """The place of the text with the least distance to all others; the first of several."""
    from rapidfuzz.distance import Levenshtein

    counts = Counter(texts)
    if len(counts) == 1:
        return 0
    costs = {
        one: sum(count * Levenshtein.distance(one, other) for other, count in counts.items() if other != one)
        for one in counts
    }
    return texts.index(min(costs, key=costs.__getitem__))


@dataclass(frozen=True, eq=False)
class Alignment:
    """One text against another, the base, of n clusters.

    ``before[i]`` is where what stands before cluster i begins in the text, ``at[i]`` where its own does;
    both have n + 1 entries. ``same[i]`` is whether the text has cluster i.
    """

    before: Places
    at: Places
    same: NDArray[np.bool_]

    @classmethod
    def of(cls, base: str, text: str) -> Alignment:
        from rapidfuzz.distance import Levenshtein

        length = len(base)
        steps = np.arange(length + 1)
        if base == text:
            return cls(steps, steps, np.ones(length, np.bool_))
        before, at = np.empty(length + 1, np.int64), np.empty(length + 1, np.int64)
        same = np.zeros(length, np.bool_)
        before[0] = at[0] = 0
        for step in Levenshtein.opcodes(base, text):
            kind, b0, b1, t0, t1 = step.tag, step.src_start, step.src_end, step.dest_start, step.dest_end
            if kind == "insert":
                at[b0] = t1
                continue
            # The first cluster of a block stands where the block begins, after what was inserted before it.
            at[b0] = t0
            if kind == "delete":
                before[b0 + 1 : b1 + 1] = at[b0 + 1 : b1 + 1] = t0
                continue
            run = np.arange(t0 + 1, t1 + 1)
            before[b0 + 1 : b1 + 1] = at[b0 + 1 : b1 + 1] = run
            same[b0:b1] = kind == "equal"
        return cls(before, at, same)


def _spans(length: int, aligned: Sequence[Alignment]) -> list[Span]:
    """The stretches in order. Two that differ always have one between them on which all agree."""
    agreed = np.logical_and.reduce([one.same for one in aligned])
    filled = np.logical_or.reduce([one.before != one.at for one in aligned])
    spans: list[Span] = []

    def add(is_agreed: bool, places: list[tuple[int, int]]) -> None:
        if any(start < stop for start, stop in places):
            spans.append(Span(is_agreed, tuple(places)))

    place = 0
    while place <= length:
        start = place
        while place < length and not agreed[place]:
            place += 1
        # From what stands before the first to what stands before the one on which all agree again.
        if place > start or filled[place]:
            add(False, [(int(one.before[start]), int(one.at[place])) for one in aligned])
        start = place
        while place < length and agreed[place] and (place == start or not filled[place]):
            place += 1
        add(True, [(int(one.at[start]), int(one.before[place])) for one in aligned])
        if place == length and (start == length or not filled[length]):
            break
    return spans
