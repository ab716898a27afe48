"""One page against its reference.

Policy, the same wherever scores are made:

* Reference and hypothesis both empty: rate 0.
* Empty reference, hypothesis not empty: the page's rate is what the convention says (1 in the
  default one), and its insertions count in the micro average.
* Missing hypothesis (None, the engine failed): scored as empty text, so that every character
  is a deletion, and flagged ``missing``. Failing is never better than reading nothing.
* Nothing is NaN. A rate is infinite only where the convention says so; JSON then has null.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from ocr_plugins.document import Box, Line, Page, Polygon, Word
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation.conventions import Convention, get_convention
from ocr_plugins.evaluation.graphemes import encode
from ocr_plugins.evaluation.metrics import (
    bag_matches,
    best_window,
    character_units,
    distance,
    edit_counts,
    word_units,
)
from ocr_plugins.evaluation.order_free import order_free_errors

SCORINGS = ("text", "words", "contains")
CASES = ("upper", "lower", "mixed")
METRICS = ("cer", "wer", "cer_order_free", "word_precision", "word_recall", "word_f1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageScore:
    """The counts of one page, and the rates that follow from them.

    ``*_correct`` are counted only where the convention's rate needs them, else 0. ``char_*``
    and ``word_errors`` are None where the reference has no order to compare with;
    ``order_free_errors`` is None where it was not asked for. Lengths are in the convention's
    units; ``bag_matches`` counts words on both sides, whatever their order.
    """

    convention: Convention
    missing: bool
    char_length: int
    word_length: int
    hypothesis_words: int
    bag_matches: int
    char_errors: int | None = None
    char_correct: int = 0
    word_errors: int | None = None
    word_correct: int = 0
    order_free_errors: int | None = None

    @property
    def cer(self) -> float | None:
        """Character error rate, from 0 up."""
        return self._rate(self.char_errors, self.char_length, self.char_correct)

    @property
    def wer(self) -> float | None:
        """Word error rate, from 0 up."""
        return self._rate(self.word_errors, self.word_length, self.word_correct)

    @property
    def cer_order_free(self) -> float | None:
        """Character error rate whatever the order of the lines (see `order_free`); never above `cer`.

        The smaller of the plain and the rearranged errors counts, because the search for the
        best arrangement is a heuristic.
        """
        return self._rate(self.order_free_errors, self.char_length, self.order_free_correct)

    @property
    def order_free_correct(self) -> int:
        """The fewest characters of the reference that can be right, given the order-free errors."""
        if self.order_free_errors is None:
            return 0
        return max(self.char_correct, self.char_length - self.order_free_errors)

    @property
    def word_precision(self) -> float:
        """Share of the hypothesis's words that the reference has too, in [0, 1]."""
        return precision_recall_f1(self.bag_matches, self.hypothesis_words, self.word_length)[0]

    @property
    def word_recall(self) -> float:
        """Share of the reference's words that the hypothesis has too, in [0, 1]."""
        return precision_recall_f1(self.bag_matches, self.hypothesis_words, self.word_length)[1]

    @property
    def word_f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]; OCR-D's bag-of-words error is 1 less this."""
        return precision_recall_f1(self.bag_matches, self.hypothesis_words, self.word_length)[2]

    def _rate(self, errors: int | None, length: int, correct: int) -> float | None:
        return None if errors is None else self.convention.error_rate(errors, length, correct)

    def to_dict(self) -> dict[str, object]:
        """Counts and rates as a JSON object; None where there is no number, or an infinite one."""
        return {
            "convention": self.convention.name,
            "missing": self.missing,
            **{name: finite(getattr(self, name)) for name in METRICS},
            "char_errors": self.char_errors,
            "char_length": self.char_length,
            "word_errors": self.word_errors,
            "word_length": self.word_length,
            "order_free_errors": self.order_free_errors,
            "hypothesis_words": self.hypothesis_words,
            "bag_matches": self.bag_matches,
        }


def precision_recall_f1(matches: int, found: int, wanted: int) -> tuple[float, float, float]:
    """Precision, recall and F1 of a bag of words; all 1 where both sides are empty, 0 where one is."""
    if not found and not wanted:
        return 1.0, 1.0, 1.0
    precision = matches / found if found else 0.0
    recall = matches / wanted if wanted else 0.0
    return precision, recall, 2 * matches / (found + wanted)


def finite(value: float | None) -> float | None:
    """The value, or None where JSON has no number for it."""
    return value if value is not None and math.isfinite(value) else None


def score_page(
    reference: str,
    hypothesis: Page | str | None,
    convention: Convention | str = "default",
    *,
    case: str | None = None,
    ignore: Sequence[Box] = (),
    scoring: str = "text",
    order_free: bool = True,
) -> PageScore:
    """Scores one page against its reference text.

    Args:
        reference: the true text, one line a line.
        hypothesis: what was read; None where the engine failed.
        convention: a `Convention` or its name with modifiers.
        case: ``upper`` or ``lower`` where the reference was written in one case whatever the
            page shows: case is folded on both sides. ``mixed`` or None: it is not.
        ignore: boxes (x0, y0, x1, y1) in pixels; words whose centre lies in one are left out.
            Text without geometry cannot be in a box and stays.
        scoring: ``text``; ``words`` for a reference that lists words in no order (CER and WER
            are then None); ``contains`` for a reference that is a part of what the page shows:
            the window of the hypothesis that is nearest to it is scored.
        order_free: whether to count `order_free_errors`, the costliest part.

    Raises:
        CallError: an unknown convention, case or scoring.
    """
    convention = get_convention(convention)
    if scoring not in SCORINGS:
        raise CallError(f"unknown scoring {scoring!r}", f"known: {', '.join(SCORINGS)}")
    if case is not None and case not in CASES:
        raise CallError(f"unknown case {case!r}", f"known: {', '.join(CASES)}")
    if case in ("upper", "lower"):
        convention = convention.with_modifiers("casefold")
    text = page_text(hypothesis, ignore) if isinstance(hypothesis, Page) else hypothesis or ""

    chars: tuple[Sequence[Hashable], Sequence[Hashable]] = character_units(reference, text, convention)
    words: tuple[Sequence[Hashable], Sequence[Hashable]] = word_units(reference, text, convention)
    if scoring == "contains":
        chars, words = _windowed(*chars), _windowed(*words)
    char_errors, char_correct = _errors_and_correct(*chars, convention)
    word_errors, word_correct = _errors_and_correct(*words, convention)
    rearranged = None
    if order_free:
        rearranged = min(char_errors, _rearranged_errors(reference, text, convention, scoring))
    ordered = scoring != "words"
    return PageScore(
        convention=convention,
        missing=hypothesis is None,
        char_length=len(chars[0]),
        word_length=len(words[0]),
        hypothesis_words=len(words[1]),
        bag_matches=bag_matches(*words),
        char_errors=char_errors if ordered else None,
        char_correct=char_correct if ordered else 0,
        word_errors=word_errors if ordered else None,
        word_correct=word_correct if ordered else 0,
        order_free_errors=rearranged,
    )


def score_texts(reference: str, hypothesis: str, convention: Convention | str = "default") -> PageScore:
    """Scores one text against another: `score_page` without a manifest's rules."""
    return score_page(reference, hypothesis, convention)


def page_text(page: Page, ignore: Sequence[Box] = ()) -> str:
    """The page's text without the words whose centre lies in one of the boxes, in pixels.

    A line that loses words is put together again from those it keeps, with single spaces; a
    line without words of its own counts as one word.
    """
    lines = list(page.iter_lines())
    kept = [_kept_text(line, ignore) for line in lines]
    if all(text == line.text for text, line in zip(kept, lines, strict=True)):
        return page.text
    return "\n".join(text for text in kept if text)


def _kept_text(line: Line, ignore: Sequence[Box]) -> str:
    parts: Sequence[Line | Word] = line.words or (line,)
    kept = [part.text for part in parts if not _is_ignored(part.polygon, ignore)]
    return line.text if len(kept) == len(parts) else " ".join(kept)


def _is_ignored(polygon: Polygon | None, ignore: Sequence[Box]) -> bool:
    if polygon is None:
        return False
    left, top, right, bottom = polygon.box
    x, y = (left + right) / 2, (top + bottom) / 2
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in ignore)


def _windowed(
    reference: Sequence[Hashable], hypothesis: Sequence[Hashable]
) -> tuple[Sequence[Hashable], Sequence[Hashable]]:
    start, end = best_window(reference, hypothesis)
    return reference, hypothesis[start:end]


def _errors_and_correct(
    reference: Sequence[Hashable], hypothesis: Sequence[Hashable], convention: Convention
) -> tuple[int, int]:
    if convention.rate == "errors/reference":
        return distance(reference, hypothesis), 0
    counts = edit_counts(reference, hypothesis)
    return counts.errors, counts.correct


def _rearranged_errors(reference: str, hypothesis: str, convention: Convention, scoring: str) -> int:
    left, right = convention.lines(reference), convention.lines(hypothesis)
    if scoring == "words":
        left, right = " ".join(left).split(), " ".join(right).split()
    if convention.unit == "grapheme":
        encoded = encode(*left, *right)
        left, right = list(encoded[: len(left)]), list(encoded[len(left) :])
    return order_free_errors(
        left,
        right,
        spaces=all(step.name != "nospace" for step in convention.char_steps),
        charge_insertions=scoring != "contains",
    )
