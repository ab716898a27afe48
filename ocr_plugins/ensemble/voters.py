"""Who votes on a page, and in which order they stand: what all others contradict is not heard.

A voter stands by its agreement with the others, as in consensus entropy (arXiv 2504.11101): without ground
truth, the reading that is nearest to all the others is taken for the best.
"""

from __future__ import annotations

import statistics
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ocr_plugins.document import Page, PageError

# A reading so many times as long as the median one has made text up.
_LONG = 3.0
# A text that packs into less than this part of its length repeats itself over and over: prose packs into half
# of it, tables into a fifth. Short texts are not judged.
_LOOP, _SHORT = 0.1, 300
# With three voters or more, one that shares less than this part of its words with each other is an outlier,
# if others share at least the double.
_OUTLIER = 0.15
_LEAST_WORDS = 5


@dataclass(frozen=True)
class Voters:
    """The readings that take part, best standing first, and why others do not.

    ``standing`` is each one's mean agreement with the others, from 0 to 1, by label; 1 for one alone.
    """

    pages: Mapping[str, Page]
    standing: Mapping[str, float]
    dropped: Mapping[str, str]


def choose_voters(readings: Mapping[str, Page | PageError]) -> Voters:
    """Of readings of one page by label: those that crashed, are empty, loop or contradict all others go."""
    dropped: dict[str, str] = {}
    pages: dict[str, Page] = {}
    for label, reading in readings.items():
        if isinstance(reading, Page):
            pages[label] = reading
        else:
            dropped[label] = f"failed: {reading.kind}"
    words = {label: Counter(page.text.split()) for label, page in pages.items()}
    for label, reason in _unfit(pages).items():
        dropped[label] = reason
        del words[label]
    for label in _outliers(words):
        dropped[label] = "outlier: the others agree with each other and not with it"
        del words[label]
    standing = {label: _mean_agreement(label, words) for label in words}
    order = sorted(words, key=lambda label: -standing[label])
    return Voters({label: pages[label] for label in order}, {n: standing[n] for n in order}, dropped)


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


def _outliers(words: Mapping[str, Counter[str]]) -> list[str]:
    if len(words) < 3 or min(map(Counter.total, words.values())) < _LEAST_WORDS:
        return []
    best = {
        label: max(agreement(mine, other) for name, other in words.items() if name != label)
        for label, mine in words.items()
    }
    return [label for label, share in best.items() if share < _OUTLIER and max(best.values()) > 2 * _OUTLIER]


def _mean_agreement(label: str, words: Mapping[str, Counter[str]]) -> float:
    others = [agreement(words[label], other) for name, other in words.items() if name != label]
    return statistics.fmean(others) if others else 1.0


def agreement(one: Counter[str], other: Counter[str]) -> float:
    """The share of words that two readings have in common, whatever their order (Dice): 0 to 1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0
