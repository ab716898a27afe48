"""What differs between two texts, piece by piece, for reports and for people."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

from ocr_plugins.evaluation.conventions import Convention
from ocr_plugins.evaluation.graphemes import graphemes, number

DiffOp = Literal["equal", "replace", "delete", "insert"]


@dataclass(frozen=True, slots=True)
class DiffSegment:
    """A run of grapheme clusters that both sides share, or that differ.

    ``delete``: only the reference has it; ``insert``: only the hypothesis has it; ``replace``:
    both sides have something else. The two texts of an ``equal`` segment may differ in what the
    convention folds (white space, quotes), in case where that was folded, and in composition.
    """

    op: DiffOp
    reference: str
    hypothesis: str


def diff_segments(
    reference: str, hypothesis: str, *, convention: Convention | None = None, casefold: bool = False
) -> tuple[DiffSegment, ...]:
    """The shortest edit script (Levenshtein) between two texts, neighbouring edits as one.

    Nothing is taken away: line breaks stay, and the segments' reference texts joined are
    the reference, their hypothesis texts the hypothesis. ``equal`` and other segments alternate.

    Args:
        reference: the true text.
        hypothesis: the text that was read.
        convention: clusters that it takes for the same are equal; without one, those that are
            the same after NFC.
        casefold: whether clusters that differ only in case are equal.
    """
    fold = convention.cluster if convention else _compose
    left, right = graphemes(reference), graphemes(hypothesis)
    keys = number(*([_key(fold(cluster), casefold) for cluster in side] for side in (left, right)))
    segments: list[DiffSegment] = []
    # Edit positions of both sides since the last equal segment.
    left_start = right_start = 0
    for code in Levenshtein.opcodes(*keys):
        if code.tag != "equal":
            continue
        _add_difference(segments, left[left_start : code.src_start], right[right_start : code.dest_start])
        left_start, right_start = code.src_end, code.dest_end
        equal = "".join(left[code.src_start : code.src_end]), "".join(right[code.dest_start : code.dest_end])
        segments.append(DiffSegment("equal", *equal))
    _add_difference(segments, left[left_start:], right[right_start:])
    return tuple(segments)


def _add_difference(segments: list[DiffSegment], left: list[str], right: list[str]) -> None:
    if left or right:
        op: DiffOp = "replace" if left and right else "delete" if left else "insert"
        segments.append(DiffSegment(op, "".join(left), "".join(right)))


def _compose(cluster: str) -> str:
    return cluster if cluster.isascii() else unicodedata.normalize("NFC", cluster)


def _key(cluster: str, casefold: bool) -> str:
    return unicodedata.normalize("NFC", cluster.casefold()) if casefold else cluster
