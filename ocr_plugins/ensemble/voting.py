"""Votes by name: in each cell of an alignment, what is taken, how sure that is, and who said it.

`majority` counts readings alike. `confidence` weighs each by the probability that its word is right, and
takes the text with the highest posterior: ROVER with confidences (Fiscus, "A post-processing system to yield
reduced word error rates", ASRU 1997), with naive Bayes for its weighted sum. Ties go to the reading that
stands first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ocr_plugins.document import Word
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.voters import Voters

#: The probability that a reading's words in a cell are right: label of the reading, words -> 0 to 1.
Trust = Callable[[str, Sequence[Word]], float]

#: A wrong reading is one of so many that might have been.
WRONG = 10.0
_SUREST, _LEAST_SURE = 0.995, 0.02
_EVEN = 1 / (1 + WRONG)


@dataclass(frozen=True)
class Decision:
    """What a vote takes in one cell.

    ``scores`` are the candidates' shares of the vote, best first: they sum to 1. ``probability`` is that of
    ``text``, which need be no reading's own where spans of a word were won by different readings. ``words``
    are those of its words, where the text is several and they were told apart.
    """

    text: str
    probability: float
    scores: dict[str, float]
    words: tuple[float, ...] = ()

    def of_words(self) -> list[tuple[str, float]]:
        """The words of the text, and the probability of each."""
        texts = self.text.split()
        return list(zip(texts, self.words or [self.probability] * len(texts), strict=True))


class Method(Protocol):
    """A way to vote on the cells of a line. ``voters`` are those whose readings are in it, in their order."""

    @property
    def name(self) -> str: ...

    def decide(self, line: AlignedLine, voters: Voters) -> list[Decision]: ...


@dataclass(frozen=True)
class Majority:
    """Every reading counts alike."""

    name: str = field(default="majority", init=False)

    def decide(self, line: AlignedLine, voters: Voters) -> list[Decision]:
        count = len(voters.pages)
        return [
            _decided(cell, [float(place not in cell.abstains) for place in range(count)], _shares)
            for cell in line.cells
        ]


@dataclass(frozen=True)
class Confidence:
    """Every reading counts by how likely it is right.

    ``trust`` tells that of words; of nothing, which is said where others have text, too.
    """

    trust: Trust
    name: str = field(default="confidence", init=False)

    def decide(self, line: AlignedLine, voters: Voters) -> list[Decision]:
        return [self._decided(cell, voters) for cell in line.cells]

    def _decided(self, cell: Cell, voters: Voters) -> Decision:
        weights = [
            # Even odds are those of a reading that says nothing either way.
            _EVEN if place in cell.abstains else self.trust(label, words)
            for place, (label, words) in enumerate(zip(voters.pages, cell.words, strict=True))
        ]
        if len(weights) == 1:
            # Nobody agrees, so it is no surer than it says.
            (text,) = cell.strings
            return Decision(text, bounded(weights[0]), {text: 1.0})
        return _decided(cell, weights, _posterior)


#: Strings said by readings, with what each counts -> share of each string, summing to 1.
_Tally = Callable[[Sequence[str], Sequence[float]], dict[str, float]]


def _decided(cell: Cell, weights: Sequence[float], tally: _Tally) -> Decision:
    """Span by span; the cell's own candidates are told beside, best first."""
    scores = tally(cell.strings, weights)
    text, probability = "", 1.0
    for span in cell.spans:
        shares = tally(span, weights)
        best = max(shares, key=shares.__getitem__)
        text += best
        probability = min(probability, shares[best])
    if text in scores:
        probability = scores[text]
    ranked = sorted(scores, key=lambda string: -scores[string])
    return Decision(text, probability, {string: scores[string] for string in ranked})


def _shares(strings: Sequence[str], weights: Sequence[float]) -> dict[str, float]:
    total = sum(weights)
    shares = dict.fromkeys(strings, 0.0)
    for string, weight in zip(strings, weights, strict=True):
        shares[string] += weight / total
    return shares


def bounded(sure: float) -> float:
    """A probability kept from certainty: no engine is that sure, and none that wrong."""
    return min(max(sure, _LEAST_SURE), _SUREST)


def logit(sure: float) -> float:
    """The logarithm of the odds, of a probability kept from certainty."""
    known = bounded(sure)
    return math.log(known / (1 - known))


def probability(odds: float) -> float:
    """Of the logarithm of odds."""
    return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))


def _posterior(strings: Sequence[str], weights: Sequence[float]) -> dict[str, float]:
    odds = dict.fromkeys(strings, 0.0)
    for string, weight in zip(strings, weights, strict=True):
        odds[string] += logit(weight) + math.log(WRONG)
    most = max(odds.values())
    mass = {string: math.exp(value - most) for string, value in odds.items()}
    # What no reading says may be right as well.
    total = sum(mass.values()) + math.exp(-most)
    return {string: value / total for string, value in mass.items()}
