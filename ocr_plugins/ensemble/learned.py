"""The learned vote: naive Bayes over how sure readings are and how good their engines are, and small models.

The first says whether a line is there that not all readings have (`ensemble.presence`). Where it is, each
reading that has it counts by the odds of its words, divided by how many times more errors than the best its
engine makes on this corpus. The last says how likely the text that was chosen is right. What they have
learned is a `VoterModel`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ocr_plugins.ensemble import presence
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.voter_model import CERTAINTY_NAMES, VoterModel
from ocr_plugins.ensemble.voters import Voters
from ocr_plugins.ensemble.voting import WRONG, Decision, Trust, logit, probability
from ocr_plugins.language_model import LanguageModel, misshapen

#: Rates of errors nearer than this to each other are alike.
LEAST_RATE = 0.002
_MOST_BEHIND = 3.0
# Odds beyond this, as logarithms, are as good as certain.
_MOST = 8.0
# Of a character's logarithm: what no language has is no worse than that.
_WORST_SPELLING = -8.0


@dataclass(frozen=True)
class Choice:
    """What was chosen in a cell, and what tells how likely it is right, in the order of CERTAINTY_NAMES.

    ``scores`` are the candidates' shares, best first.
    """

    text: str
    scores: Mapping[str, float]
    seen: Sequence[float]


@dataclass(frozen=True)
class Learned:
    """The vote.

    Args:
        model: what was learned.
        trust: the probability that a reading's words are right.
        expected: each reading's expected error rate on this corpus, by label; see `ensemble.ranking`.
        words: a language model of words.
    """

    model: VoterModel
    trust: Trust
    expected: Mapping[str, float]
    words: LanguageModel
    name: str = field(default="learned", init=False)
    # Pages repeat their words.
    _spelled: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def decide(self, line: AlignedLine, voters: Voters) -> list[Decision]:
        there = self.there(line, voters)
        if there < 0:
            nothing = Decision("", probability(-there), {"": 1.0})
            return [nothing for _ in line.cells]
        return [self._decided(cell, line, voters, there) for cell in line.cells]

    def there(self, line: AlignedLine, voters: Voters) -> float:
        """The logarithm of the odds that a line is there."""
        if all(line.present):
            return _MOST
        behind = behind_best(self.expected, list(voters.pages))
        return min(self.model.presence.odds(presence.of_line(line, voters, self.trust, behind)), _MOST)

    def _decided(self, cell: Cell, line: AlignedLine, voters: Voters, there: float) -> Decision:
        choice = self.choose(cell, line, voters, there)
        sure = probability(self.model.certainty.odds(choice.seen))
        return Decision(choice.text, sure, dict(choice.scores))

    def choose(self, cell: Cell, line: AlignedLine, voters: Voters, there: float) -> Choice:
        """What readings that have the line say most surely, span by span; ``there`` is that of the line."""
        labels = list(voters.pages)
        heard = [at for at in range(len(labels)) if line.present[at] and at not in cell.abstains]
        heard = heard or [at for at in range(len(labels)) if line.present[at]]
        behind = behind_best(self.expected, [labels[at] for at in heard])
        sure = {at: logit(self.trust(labels[at], cell.words[at])) for at in heard}
        # How sure a reading is of the words around says nothing of those that it lacks.
        lacking = {at: self._odds(0.0, behind[labels[at]]) for at in heard}
        odds = {at: self._odds(sure[at], behind[labels[at]]) for at in heard}
        text, lead = "", _MOST
        for span in cell.spans:
            votes = odds
            if presence.is_gap([span[at] for at in heard]):
                votes = {at: value if span[at] else lacking[at] for at, value in odds.items()}
            first, second = _two_best(_tally(span, votes))
            text += first[0]
            lead = min(lead, self.model.sharpness * (first[1] - second[1]) if second else _MOST)
        text = " ".join(text.split())
        saying = [at for at in heard if cell.strings[at] == text]
        sayers = {voters.family(labels[at]) for at in saying}
        having = {voters.family(label) for label, here in zip(labels, line.present, strict=True) if here}
        seen = {
            "lead": lead,
            # Engines that say so, that say otherwise, and that lack the line; variants of one are one.
            "saying": float(len(sayers)),
            "against": float(len({voters.family(labels[at]) for at in heard} - sayers)),
            "lacking": float(len({voters.family(label) for label in labels} - having)),
            "best_says": float(any(behind[labels[at]] == 0 for at in saying)),
            "surest": max((sure[at] for at in saying), default=logit(0.0)),
            "there": there,
            "spelling": self._spelling(text),
            "misshapen": float(misshapen(text)),
            "length": math.log(len(text) + 1),
            "best_rate": math.log(min(self.expected.get(label, 0.0) for label in labels) + LEAST_RATE),
        }
        return Choice(
            text, self._shares(_tally(cell.strings, odds)), [seen[name] for name in CERTAINTY_NAMES]
        )

    def _odds(self, sure: float, behind: float) -> float:
        """How much a reading counts for what it says; an unsure one does not speak against it."""
        return max(sure - self.model.behind * behind + math.log(WRONG), 0.0)

    def _shares(self, tally: Mapping[str, float]) -> dict[str, float]:
        most = max(tally.values())
        mass = {text: math.exp(self.model.sharpness * (odds - most)) for text, odds in tally.items()}
        total = sum(mass.values())
        return {text: mass[text] / total for text in sorted(mass, key=lambda text: -mass[text])}

    def _spelling(self, text: str) -> float:
        """The mean logarithm of how likely characters are after each other."""
        if text not in self._spelled:
            before, total = "", 0.0
            for character in f"{text} ":
                total += max(self.words.score(before[-12:], character), _WORST_SPELLING)
                before += character
            self._spelled[text] = total / (len(text) + 1)
        return self._spelled[text]


def behind_best(expected: Mapping[str, float], labels: Sequence[str]) -> dict[str, float]:
    """By how much each one's expected error rate is above the best one's, as a logarithm: 0 to 3."""
    rates = {label: expected.get(label, 0.0) + LEAST_RATE for label in labels}
    least = min(rates.values())
    return {label: min(math.log(rate / least), _MOST_BEHIND) for label, rate in rates.items()}


def _tally(strings: Sequence[str], odds: Mapping[int, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for at, value in odds.items():
        found[strings[at]] = found.get(strings[at], 0.0) + value
    return found


def _two_best(tally: Mapping[str, float]) -> tuple[tuple[str, float], tuple[str, float] | None]:
    # Of equals the first is taken: that of the reading that stands first.
    first, *others = sorted(tally.items(), key=lambda pair: -pair[1])
    return first, others[0] if others else None
