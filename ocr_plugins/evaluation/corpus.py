"""Many pages together: micro and macro averages of every metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from ocr_plugins.evaluation.conventions import Convention, get_convention
from ocr_plugins.evaluation.scoring import METRICS, PageScore, finite, precision_recall_f1


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusScore:
    """Averages over pages; the properties give the one that the convention takes as headline.

    ``micro`` and ``macro`` map the names in ``METRICS`` to values, None where no page has the
    metric. Micro: summed counts, then the rate, so that long pages weigh more. Macro: the mean
    of the pages' rates, so that every page weighs the same; infinite if one of them is.
    ``missing`` counts the pages the engine failed on, which are among ``pages``.
    """

    convention: Convention
    pages: int
    missing: int
    micro: Mapping[str, float | None]
    macro: Mapping[str, float | None]

    @property
    def headline(self) -> Mapping[str, float | None]:
        """``micro`` or ``macro``, as the convention has it."""
        return self.micro if self.convention.aggregate == "micro" else self.macro

    @property
    def cer(self) -> float | None:
        """Character error rate, from 0 up."""
        return self.headline["cer"]

    @property
    def wer(self) -> float | None:
        """Word error rate, from 0 up."""
        return self.headline["wer"]

    @property
    def cer_order_free(self) -> float | None:
        """Character error rate whatever the order of the lines, from 0 up."""
        return self.headline["cer_order_free"]

    @property
    def word_precision(self) -> float | None:
        """Share of the read words that are right, order left aside, in [0, 1]."""
        return self.headline["word_precision"]

    @property
    def word_recall(self) -> float | None:
        """Share of the true words that were read, order left aside, in [0, 1]."""
        return self.headline["word_recall"]

    @property
    def word_f1(self) -> float | None:
        """Harmonic mean of precision and recall, in [0, 1]."""
        return self.headline["word_f1"]

    def to_dict(self) -> dict[str, object]:
        """The headline, both averages and the counts as a JSON object; None for infinite or absent."""
        return {
            "convention": self.convention.name,
            "aggregate": self.convention.aggregate,
            "pages": self.pages,
            "missing": self.missing,
            **{name: finite(self.headline[name]) for name in METRICS},
            "micro": {name: finite(value) for name, value in self.micro.items()},
            "macro": {name: finite(value) for name, value in self.macro.items()},
        }


def aggregate(scores: Iterable[PageScore], convention: Convention | str = "default") -> CorpusScore:
    """Averages page scores.

    A page without a metric (no CER for a word list) is left out of that metric only. Pages may
    have been scored with modifiers of their own (case): their counts add up all the same.

    Raises:
        CallError: an unknown convention.
    """
    convention = get_convention(convention)
    pages = list(scores)
    found, wanted, matches = (
        sum(getattr(page, name) for page in pages)
        for name in ("hypothesis_words", "word_length", "bag_matches")
    )
    words = precision_recall_f1(matches, found, wanted) if pages else (None, None, None)
    micro = {
        "cer": _micro(
            convention,
            [(page.char_errors, page.char_length, page.char_correct) for page in pages],
        ),
        "wer": _micro(
            convention,
            [(page.word_errors, page.word_length, page.word_correct) for page in pages],
        ),
        "cer_order_free": _micro(
            convention,
            [(page.order_free_errors, page.char_length, page.order_free_correct) for page in pages],
        ),
        **dict(zip(("word_precision", "word_recall", "word_f1"), words, strict=True)),
    }
    return CorpusScore(
        convention=convention,
        pages=len(pages),
        missing=sum(page.missing for page in pages),
        micro=micro,
        macro={name: _mean([getattr(page, name) for page in pages]) for name in METRICS},
    )


def _micro(convention: Convention, counts: Sequence[tuple[int | None, int, int]]) -> float | None:
    present = [(errors, length, correct) for errors, length, correct in counts if errors is not None]
    if not present:
        return None
    errors, length, correct = (sum(column) for column in zip(*present, strict=True))
    return convention.error_rate(errors, length, correct)


def _mean(values: Sequence[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return fsum(present) / len(present) if present else None
