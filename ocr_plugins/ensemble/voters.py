"""Who votes on a page, and in which order they stand: what all others contradict is not heard.

A voter stands by its agreement with the others, as in consensus entropy (arXiv 2504.11101): without ground
truth, the reading that is nearest to all the others is taken for the best.
"""

from __future__ import annotations

import statistics
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ocr_plugins.document import Line, Page, PageError
from ocr_plugins.ensemble.alignment import AlignedLine, align_pages
from ocr_plugins.ensemble.alphabets import Alphabet

# A reading so many times as long as the median one has made text up, unless that has hardly any: of a word on
# a sign one engine may be the only one that reads more than a letter.
_LONG, _HARDLY_ANY = 3.0, 20
# A text that packs into less than this part of its length repeats itself over and over: prose packs into half
# of it, tables into a fifth. Short texts are not judged.
_LOOP, _SHORT = 0.1, 300
# With three voters or more, one that shares less than this part of its words with each other is an outlier,
# if others share at least the double.
_OUTLIER = 0.15
_LEAST_WORDS = 5
#: A line of a page: the label of the reading whose line it is, and its number there.
LineKey = tuple[str, int]

# An engine that lacks a greater part of the characters that others read is bounded by its alphabet.
_LACKS = 0.01


@dataclass(frozen=True)
class Voters:
    """The readings that take part, and why others do not.

    They stand by how much of their text others have in the same order: the first is the one whose words and
    order are nearest to all. ``standing`` is each one's mean agreement with the others whatever the order,
    from 0 to 1, by label; 1 for one alone.
    ``alphabets`` are of those that could not give much of what others read: they stand last. ``families`` and
    ``asked`` are as `choose_voters` takes them; who was asked for some lines alone stands behind all others.
    """

    pages: Mapping[str, Page]
    standing: Mapping[str, float]
    dropped: Mapping[str, str]
    alphabets: Mapping[str, Alphabet] = field(default_factory=dict)
    families: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, Collection[LineKey]] = field(default_factory=dict)

    def family(self, label: str) -> str:
        """The engine that a reading is of."""
        return self.families.get(label, label)

    def align(self, truth: Page | None = None) -> list[AlignedLine]:
        """Their readings, line by line; with the truth as one more, from which nothing is taken."""
        alphabets = [self.alphabets.get(label) for label in self.pages]
        places = {label: place for place, label in enumerate(self.pages)}
        asked = {
            places[label]: {(places[owner], line) for owner, line in lines}
            for label, lines in self.asked.items()
        }
        return align_pages(list(self.pages.values()), alphabets=alphabets, truth=truth, asked=asked)

    def on(self, line: AlignedLine) -> Voters:
        """Those who have a say on a line."""
        if not self.asked or len(line.readings) == len(self.pages):
            return self
        labels = list(self.pages)
        return replace(self, pages={labels[at]: self.pages[labels[at]] for at in line.readings})


def choose_voters(
    readings: Mapping[str, Page | PageError],
    alphabets: Mapping[str, Alphabet] | None = None,
    families: Mapping[str, str] | None = None,
    asked: Mapping[str, Collection[LineKey]] | None = None,
) -> Voters:
    """Of readings of one page by label: those that crashed, are empty, loop or contradict all others go.

    Args:
        alphabets: the characters that engines are bound to, by label: what they lack is no contradiction.
        families: which engine each is of, by label. The same engine with other options repeats many of its
            errors, so that the two agree tells little of how well they stand. Default: none are related.
        asked: the lines that some readings are of alone, by label. They are heard whatever they have there.
    """
    dropped: dict[str, str] = {}
    pages: dict[str, Page] = {}
    parts: dict[str, Page] = {}
    for label, reading in readings.items():
        if not isinstance(reading, Page):
            dropped[label] = f"failed: {reading.kind}"
        elif label in (asked or {}):
            parts[label] = reading
        else:
            pages[label] = reading
    bounded = _bounded(pages, pages, alphabets or {})
    bounded_parts = _bounded(parts, pages, alphabets or {})
    for label, reason in _unfit(pages).items():
        dropped[label] = reason
        del pages[label]
    words = _Words(pages, bounded)
    for label in _outliers(words):
        dropped[label] = "outlier: the others agree with each other and not with it"
        del pages[label]
    known = families or {}
    standing = {label: _mean(words.agreement, label, pages, known) for label in pages}
    ordered = {label: _mean(words.agreement_in_order, label, pages, known) for label in pages}
    order = sorted(pages, key=lambda label: (label in bounded, -ordered[label]))
    return Voters(
        {label: pages[label] for label in order} | parts,
        {label: standing[label] for label in order},
        dropped,
        {label: bounded[label] for label in order if label in bounded} | bounded_parts,
        known,
        {label: lines for label, lines in (asked or {}).items() if label in parts},
    )


def on_lines_of(
    label: str,
    readings: Mapping[str, Page | PageError],
    alphabets: Mapping[str, Alphabet],
    families: Mapping[str, str],
    asked: Mapping[str, Collection[LineKey]],
) -> dict[str, Page]:
    """What each voter has on the lines that one of them is heard on; arguments as for `choose_voters`."""
    voters = choose_voters(readings, alphabets, families, asked)
    labels = list(voters.pages)
    lines: dict[str, list[Line]] = {one: [] for one in labels}
    for line in voters.align():
        heard = voters.on(line).pages
        if label not in heard:
            continue
        for place, one in enumerate(heard):
            words = dict.fromkeys(word for cell in line.cells for word in cell.words[place])
            if words:
                lines[one].append(Line.of_words(list(words)))
    return {one: replace(voters.pages[one], lines=tuple(some), regions=()) for one, some in lines.items()}


def _bounded(
    pages: Mapping[str, Page], everything: Mapping[str, Page], alphabets: Mapping[str, Alphabet]
) -> dict[str, Alphabet]:
    """Those of ``pages`` that lack much of what others have that read everything."""
    found = {}
    for label in pages:
        if label in alphabets:
            others = "".join("".join(page.text.split()) for name, page in everything.items() if name != label)
            if alphabets[label].lacking(others) > _LACKS * len(others):
                found[label] = alphabets[label]
    # Somebody has to say what the others cannot.
    return found if set(everything) - set(found) else {}


class _Words:
    """The words of readings, and how many two have in common as far as both could give them."""

    def __init__(self, pages: Mapping[str, Page], bounded: Mapping[str, Alphabet]) -> None:
        self.labels = list(pages)
        self._texts = {label: unicodedata.normalize("NFC", page.text) for label, page in pages.items()}
        self._bounded = bounded
        self._known: dict[tuple[str, frozenset[str]], list[str]] = {}

    def of(self, label: str, *by: str) -> list[str]:
        bounds = frozenset(name for name in (label, *by) if name in self._bounded)
        if (label, bounds) not in self._known:
            text = self._texts[label]
            for name in bounds:
                text = self._bounded[name].projected(text)
            self._known[label, bounds] = text.split()
        return self._known[label, bounds]

    def agreement(self, one: str, other: str) -> float:
        """The share of words that two readings have in common, whatever their order (Dice): 0 to 1."""
        mine, others = Counter(self.of(one, other)), Counter(self.of(other, one))
        total = mine.total() + others.total()
        return 2 * (mine & others).total() / total if total else 1.0

    def agreement_in_order(self, one: str, other: str) -> float:
        """The same of words that stand in the same order in both."""
        from rapidfuzz.distance import Indel

        return float(Indel.normalized_similarity(self.of(one, other), self.of(other, one)))


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
            if length > _LONG * max(usual, _HARDLY_ANY):
                found[label] = f"too long: {length / usual:.1f} times the median reading"
    return found if len(found) < len(pages) else {}


def _loops(text: str) -> bool:
    data = text.encode()
    return len(data) > _SHORT and len(zlib.compress(data)) < _LOOP * len(data)


def _outliers(words: _Words) -> list[str]:
    labels = words.labels
    if len(labels) < 3 or min(len(words.of(label)) for label in labels) < _LEAST_WORDS:
        return []
    best = {
        label: max(words.agreement(label, other) for other in labels if other != label) for label in labels
    }
    return [label for label, share in best.items() if share < _OUTLIER and max(best.values()) > 2 * _OUTLIER]


def _mean(
    agreement: Callable[[str, str], float], label: str, labels: Iterable[str], families: Mapping[str, str]
) -> float:
    """With each other family alike, whatever its size; with its own where there is no other."""
    mine = families.get(label, label)
    found: dict[str, list[float]] = {}
    for other in labels:
        if other != label:
            found.setdefault(families.get(other, other), []).append(agreement(label, other))
    others = [statistics.fmean(some) for family, some in found.items() if family != mine or len(found) == 1]
    return statistics.fmean(others) if others else 1.0
