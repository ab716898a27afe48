"""What tells which candidate of a cell is right: agreement, confidence, standing, spelling and shape.

Nothing here knows an engine by name, so what is learned of some engines holds for others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Word
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.voters import Voters
from ocr_plugins.ensemble.voting import Confidence, Majority, Trust, bounded
from ocr_plugins.language_model import LanguageModel

Floats = NDArray[np.float64]

#: The columns of `Described.features`, in order; see `_Cell.row` for each.
NAMES = (
    "votes",
    "quality",
    "behind",
    "best_says",
    "first_says",
    "standing",
    "sureness",
    "surest",
    "near",
    "majority",
    "confidence",
    "composed",
    "spelling",
    "spelling_mean",
    "misshapen",
    "signs",
    "spaces",
    "length",
    "nothing",
    "nothing_votes",
    "nothing_lines",
    "nothing_against_one",
    "nothing_against_surest",
    "nothing_against_best",
)

# Rates of errors nearer than this to each other are alike.
LEAST_RATE = 0.002
_MOST_BEHIND = 3.0
# Of a character's logarithm: what no language has is no worse than that.
_WORST_SPELLING = -8.0
_MOST_SPELLING = 12.0
_MOST_REMEMBERED = 50_000
_SIGNS = frozenset("|[]{}_~^\\<>")


@dataclass(frozen=True, eq=False)
class Described:
    """The candidates of a cell: ``texts`` and ``features`` (candidates, len(NAMES))."""

    texts: tuple[str, ...]
    features: Floats


@dataclass(frozen=True)
class Describer:
    """Describes cells.

    Args:
        trust: the probability that a reading's words are right.
        expected: each reading's expected error rate on this corpus, by label; see `ensemble.ranking`.
        words: a language model of words.
    """

    trust: Trust
    expected: Mapping[str, float]
    words: LanguageModel
    # Pages repeat their words.
    _spelled: dict[str, tuple[float, float]] = field(default_factory=dict, init=False, repr=False)
    _behind: dict[tuple[str, ...], Floats] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, cell: Cell, line: AlignedLine, voters: Voters) -> Described:
        """The candidates: what each reading says, and what the simpler votes would put together."""
        trust = _Remembered(self.trust)
        simple = [method.decide(cell, line, voters).text for method in (Majority(), Confidence(trust))]
        texts = tuple(dict.fromkeys([*cell.strings, *simple]))
        described = _Cell(cell, line, voters, self, trust, simple)
        return Described(texts, np.array([described.row(text) for text in texts], np.float64))

    def behind(self, labels: tuple[str, ...]) -> Floats:
        """By how much each reading's expected error rate is above the best one's, as a logarithm."""
        if labels not in self._behind:
            rates = np.array([self.expected.get(label, 0.0) for label in labels]) + LEAST_RATE
            self._behind[labels] = np.minimum(np.log(rates / rates.min()), _MOST_BEHIND)
        return self._behind[labels]

    def spelling(self, text: str) -> tuple[float, float]:
        """How likely a text's characters are after each other: the logarithms' sum and mean."""
        if text not in self._spelled:
            before, total = "", 0.0
            for character in f"{text} ":
                total += max(self.words.score(before[-12:], character), _WORST_SPELLING)
                before += character
            if len(self._spelled) > _MOST_REMEMBERED:
                self._spelled.clear()
            self._spelled[text] = total, total / (len(text) + 1)
        return self._spelled[text]


class _Remembered:
    """A trust that is asked once for each reading of a cell."""

    def __init__(self, trust: Trust) -> None:
        self._trust, self._known = trust, dict[str, float]()

    def __call__(self, label: str, words: Sequence[Word]) -> float:
        if label not in self._known:
            self._known[label] = self._trust(label, words)
        return self._known[label]


class _Cell:
    """A cell's readings, as numbers that all of its candidates are described by."""

    def __init__(
        self,
        cell: Cell,
        line: AlignedLine,
        voters: Voters,
        describer: Describer,
        trust: Trust,
        simple: Sequence[str],
    ) -> None:
        labels = tuple(voters.pages)
        self._strings, self._simple = cell.strings, simple
        self._present = line.present
        self._behind = describer.behind(labels)
        self._heard = np.array([place not in cell.abstains for place in range(len(labels))])
        self._weights = np.exp(-self._behind) * self._heard
        self._weights /= self._weights.sum()
        standing = np.array([voters.standing[label] for label in labels])
        self._standing = standing - standing.max()
        sure = [trust(label, words) for label, words in zip(labels, cell.words, strict=True)]
        self._odds = np.array([_logit(probability) for probability in sure])
        self._spell = describer.spelling
        spelled = [self._spell(text)[0] for text in set(cell.strings) if text]
        self._best_spelled = max(spelled, default=0.0)
        self._longest = max(map(len, cell.strings), default=1) or 1

    def row(self, text: str) -> list[float]:
        from rapidfuzz.distance import Levenshtein

        says = np.array([string == text for string in self._strings]) & self._heard
        count, weights = int(self._heard.sum()), self._weights
        others = ~says & self._heard
        near = [Levenshtein.normalized_similarity(text, string) for string in self._strings]
        votes = float(says.sum()) / count
        total, mean = self._spell(text) if text else (self._best_spelled, 0.0)
        spelled = max(total - self._best_spelled, -_MOST_SPELLING) if text else 0.0
        nothing = float(not text)
        row = {
            # The share of readings that say so, alike and by how good they are.
            "votes": votes,
            "quality": float(weights[says].sum()),
            # How far the best of those is behind the best of all; whether the best says so.
            "behind": float(self._behind[says].min()) if says.any() else _MOST_BEHIND,
            "best_says": float(says[int(np.argmin(self._behind))]),
            "first_says": float(says[0]),
            # The same of this page, by agreement.
            "standing": float(self._standing[says].max()) if says.any() else -1.0,
            "sureness": float((weights * self._odds)[says].sum()),
            "surest": float(self._odds[says].max()) if says.any() else _logit(0.0),
            # What the others say may be nearly the same.
            "near": float(weights @ np.array(near)),
            "majority": float(text == self._simple[0]),
            "confidence": float(text == self._simple[1]),
            "composed": float(not says.any()),
            "spelling": spelled,
            "spelling_mean": mean,
            "misshapen": float(misshapen(text)),
            "signs": float(sum(character in _SIGNS for character in text)),
            "spaces": float(text.count(" ")),
            "length": len(text) / self._longest,
            "nothing": nothing,
            "nothing_votes": nothing * votes,
            # Those that say nothing have nothing on the whole line: they did not find it.
            "nothing_lines": nothing * sum(not here for here in self._present) / count,
            "nothing_against_one": nothing * (sum(self._present) == 1),
            "nothing_against_surest": nothing * (float(self._odds[others].max()) if others.any() else 0.0),
            "nothing_against_best": nothing * (float(self._behind[others].min()) if others.any() else 0.0),
        }
        return [row[name] for name in NAMES]


def _logit(probability: float) -> float:
    known = bounded(probability)
    return math.log(known / (1 - known))


def misshapen(text: str) -> int:
    """How often letters and digits meet within a word, or a small letter is followed by a capital."""
    return sum(
        (one.isalnum() and other.isalnum() and one.isalpha() != other.isalpha())
        or (one.islower() and other.isupper())
        for one, other in itertools.pairwise(text)
    )
