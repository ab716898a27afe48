"""Who votes on a page, and in which order they stand: what all others contradict is not heard.

A voter stands by its agreement with the others, as in consensus entropy (arXiv 2504.11101): without ground
truth, the reading that is nearest to all the others is taken for the best.
"""

from __future__ import annotations

import statistics
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ocr_plugins.document import Page, PageError
from ocr_plugins.ensemble.alignment import AlignedLine, align_pages
from ocr_plugins.ensemble.alphabets import Alphabet

# A reading so many times as long as the median one has made text up.
_LONG = 3.0
# A text that packs into less than this part of its length repeats itself over and over: prose packs into half
# of it, tables into a fifth. Short texts are not judged.
_LOOP, _SHORT = 0.1, 300
# With three voters or more, one that shares less than this part of its words with each other is an outlier,
# if others share at least the double.
_OUTLIER = 0.15
_LEAST_WORDS = 5
# An engine that lacks a greater part of the characters that others read is bounded by its alphabet.
_LACKS = 0.01


@dataclass(frozen=True)
class Voters:
    """The readings that take part, best standing first, and why others do not.

    ``standing`` is each one's mean agreement with the others, from 0 to 1, by label; 1 for one alone.
    ``alphabets`` are of those that could not give much of what others read: they stand last.
    """

    pages: Mapping[str, Page]
    standing: Mapping[str, float]
    dropped: Mapping[str, str]
    alphabets: Mapping[str, Alphabet] = field(default_factory=dict)

    def align(self, truth: Page | None = None) -> list[AlignedLine]:
        """Their readings, line by line; with the truth as one more, from which nothing is taken."""
        alphabets = [self.alphabets.get(label) for label in self.pages]
        return align_pages(list(self.pages.values()), alphabets=alphabets, truth=truth)


def choose_voters(
    readings: Mapping[str, Page | PageError], alphabets: Mapping[str, Alphabet] | None = None
) -> Voters:
    """Of readings of one page by label: those that crashed, are empty, loop or contradict all others go.

    ``alphabets`` are the characters that engines are bound to, by label: what they lack is no contradiction.
    """
    dropped: dict[str, str] = {}
    pages: dict[str, Page] = {}
    for label, reading in readings.items():
        if isinstance(reading, Page):
            pages[label] = reading
        else:
            dropped[label] = f"failed: {reading.kind}"
    bounded = _bounded(pages, alphabets or {})
    for label, reason in _unfit(pages).items():
        dropped[label] = reason
        del pages[label]
    words = _Words(pages, bounded)
    for label in _outliers(words):
        dropped[label] = "outlier: the others agree with each other and not with it"
        del pages[label]
    standing = {label: _mean_agreement(label, words, pages) for label in pages}
    order = sorted(pages, key=lambda label: (label in bounded, -standing[label]))
    return Voters(
        {label: pages[label] for label in order},
        {label: standing[label] for label in order},
        dropped,
        {label: bounded[label] for label in order if label in bounded},
    )


def _bounded(pages: Mapping[str, Page], alphabets: Mapping[str, Alphabet]) -> dict[str, Alphabet]:
    found = {}
    for label, alphabet in alphabets.items():
        others = "".join("".join(page.text.split()) for name, page in pages.items() if name != label)
        if alphabet.lacking(others) > _LACKS * len(others):
            found[label] = alphabet
    # Somebody has to say what the others cannot.
    return found if len(found) < len(pages) else {}


class _Words:
    """The words of readings, and how many two have in common as far as both could give them."""

    def __init__(self, pages: Mapping[str, Page], bounded: Mapping[str, Alphabet]) -> None:
        self.labels = list(pages)
        self._texts = {label: page.text for label, page in pages.items()}
        self._bounded = bounded
        self._known: dict[tuple[str, frozenset[str]], Counter[str]] = {}

    def of(self, label: str, *by: str) -> Counter[str]:
        bounds = frozenset(name for name in (label, *by) if name in self._bounded)
        if (label, bounds) not in self._known:
            text = self._texts[label]
            for name in bounds:
                text = self._bounded[name].projected(text)
            self._known[label, bounds] = Counter(text.split())
        return self._known[label, bounds]

    def agreement(self, one: str, other: str) -> float:
        return agreement(self.of(one, other), self.of(other, one))


def _unfit(pages: Mapping[str, Page]) -> dict[str, str]:
    lengths = {label: len("".join(page.text.split())) for label, page in pages.items()}
    if not any(lengths.values()):
        return {}
    found: dict[str, str] = {label: "empty" for label, length in lengths.items() if not length}
    # A loop makes a text long, so the usual length is looked for without those that loop.
    for label, page in pages.items():
        if label not in found and _loops(page.text):
            found[label] = "loops: it repeats one piece of text"
    kept = {label: length for label, length in lengths.items() if label not in found}
    if len(kept) > 2:
        usual = statistics.median(kept.values())
        for label, length in kept.items():
            if length > _LONG * usual:
                found[label] = f"too long: {length / usual:.1f} times the median reading"
    return found if len(found) < len(pages) else {}


def _loops(text: str) -> bool:
    data = text.encode()
    return len(data) > _SHORT and len(zlib.compress(data)) < _LOOP * len(data)


def _outliers(words: _Words) -> list[str]:
    labels = words.labels
    if len(labels) < 3 or min(words.of(label).total() for label in labels) < _LEAST_WORDS:
        return []
    best = {
        label: max(words.agreement(label, other) for other in labels if other != label) for label in labels
    }
    return [label for label, share in best.items() if share < _OUTLIER and max(best.values()) > 2 * _OUTLIER]


def _mean_agreement(label: str, words: _Words, labels: Iterable[str]) -> float:
    others = [words.agreement(label, other) for other in labels if other != label]
    return statistics.fmean(others) if others else 1.0


def agreement(one: Counter[str], other: Counter[str]) -> float:
    """The share of words that two readings have in common, whatever their order (Dice): 0 to 1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0
