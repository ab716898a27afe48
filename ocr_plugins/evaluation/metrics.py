"""Edit counts of characters and words, bags of words, and the best-matching window.

All of them count; `Convention.error_rate` makes rates of the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from ocr_plugins.evaluation.conventions import Convention
from ocr_plugins.evaluation.graphemes import encode, number


@dataclass(frozen=True, slots=True)
class EditCounts:
    """How a reference of ``length`` units became a hypothesis of ``hypothesis_length`` units.

    ``substitutions`` are those of the alignment with the fewest errors and, among these, the
    most matches. That makes the four counts a property of the two texts, the same in both
    directions, and not of the alignment a library happens to find first.
    """

    errors: int
    length: int
    hypothesis_length: int
    substitutions: int

    @property
    def correct(self) -> int:
        """Units that match; each side is made of matches, substitutions and its own errors."""
        return (self.length + self.hypothesis_length - self.errors - self.substitutions) // 2

    @property
    def deletions(self) -> int:
        """Units of the reference that have no counterpart."""
        return self.length - self.correct - self.substitutions

    @property
    def insertions(self) -> int:
        """Units of the hypothesis that have no counterpart."""
        return self.hypothesis_length - self.correct - self.substitutions


def distance(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> int:
    """Levenshtein distance, every edit at cost 1, of two encoded texts or numbered sequences."""
    return int(Levenshtein.distance(reference, hypothesis))


def edit_counts(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> EditCounts:
    """All edit counts of two encoded texts or numbered sequences of lengths n and m.

    Takes O(n * m); `distance` is some fifty times faster where the errors are enough.
    """
    errors = distance(reference, hypothesis)
    substitutions = 0
    if errors:
        # With substitutions a trifle dearer, the cheapest alignment has the fewest errors first
        # and the fewest substitutions second, and the remainder of its cost counts the latter.
        scale = len(reference) + len(hypothesis) + 1
        cost = int(Levenshtein.distance(reference, hypothesis, weights=(scale, scale, scale + 1)))
        substitutions = cost - scale * errors
    return EditCounts(errors, len(reference), len(hypothesis), substitutions)


def character_units(reference: str, hypothesis: str, convention: Convention) -> tuple[str, str]:
    """Both texts normalised, with one code point for each unit of the convention."""
    texts = convention.characters(reference), convention.characters(hypothesis)
    if convention.unit == "codepoint":
        return texts
    first, second = encode(*texts)
    return first, second


def word_units(reference: str, hypothesis: str, convention: Convention) -> tuple[list[int], list[int]]:
    """The words of both texts, with one integer for each distinct word."""
    first, second = number(convention.words(reference), convention.words(hypothesis))
    return first, second


def character_counts(reference: str, hypothesis: str, convention: Convention) -> EditCounts:
    """Edit counts over the characters of two raw texts."""
    return edit_counts(*character_units(reference, hypothesis, convention))


def word_counts(reference: str, hypothesis: str, convention: Convention) -> EditCounts:
    """Edit counts over the words of two raw texts."""
    return edit_counts(*word_units(reference, hypothesis, convention))


def bag_matches(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> int:
    """Size of the multiset intersection: words that both sides have, order left aside."""
    return (Counter(reference) & Counter(hypothesis)).total()


def best_window(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> tuple[int, int]:
    """The half-open range of ``hypothesis`` that is nearest to ``reference`` by edit distance.

    Of equally near ranges the first, and there the one whose length is nearest to the
    reference's: a wrong word is then a substitution rather than left out. Bit-parallel (Myers
    1999, "A fast bit-vector algorithm for approximate string matching", JACM 46(3), in Hyyrö's
    form) on Python's long integers: O(m) big-number operations for a hypothesis of m units.
    """
    length = len(reference)
    scores = _column_scores(reference, hypothesis, free_start=True)
    least = min(scores)
    end = scores.index(least)
    start = end - _nearest_size(reference, hypothesis[:end])
    while end < min(start + length, len(hypothesis)) and scores[end + 1] == least:
        end += 1
    return end - _nearest_size(reference, hypothesis[:end]), end


def _nearest_size(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> int:
    """Size of the tail of ``hypothesis`` that is nearest to ``reference``."""
    # With the end known, the start is found by the same search run backwards.
    scores = _column_scores(reference[::-1], hypothesis[::-1], free_start=False)
    return min(range(len(scores)), key=lambda size: (scores[size], abs(size - len(reference))))


def _column_scores(pattern: Sequence[Hashable], text: Sequence[Hashable], *, free_start: bool) -> list[int]:
    """Distance of the pattern to a piece of text that ends after 0, 1, 2... of its units."""
    length = len(pattern)
    if length == 0:
        return [0] * (len(text) + 1) if free_start else list(range(len(text) + 1))
    masks: dict[Hashable, int] = {}
    for index, unit in enumerate(pattern):
        masks[unit] = masks.get(unit, 0) | (1 << index)
    full, last = (1 << length) - 1, 1 << (length - 1)
    plus, minus, score = full, 0, length
    scores = [score]
    for unit in text:
        equal = masks.get(unit, 0)
        vertical = equal | minus
        horizontal = (((equal & plus) + plus) ^ plus) | equal
        plus_out = minus | (full & ~(horizontal | plus))
        minus_out = plus & horizontal
        score += bool(plus_out & last) - bool(minus_out & last)
        scores.append(score)
        plus_out = (plus_out << 1) & full | (not free_start)
        minus_out = (minus_out << 1) & full
        plus = minus_out | (full & ~(vertical | plus_out))
        minus = plus_out & vertical
    return scores
