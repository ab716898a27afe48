"""The learned vote: naive Bayes over how sure readings are and how good their engines, and two small models.

The first says whether a line is there that not all readings have (`ensemble.presence`). Where it is, each
reading that has it counts by the odds of its words, divided by how many times more errors than the best its
engine makes on this corpus. The second model says how likely the text that was chosen is right. Both are
linear, and stand in a JSON file with a named weight for everything they look at.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from ocr_plugins.ensemble import presence
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.voters import Voters
from ocr_plugins.ensemble.voting import WRONG, Decision, Trust, logit, probability
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.language_model import LanguageModel, misshapen

FORMAT, VERSION = "ocr-plugins-voter", 2
_HINT = "give a file that `ocr-plugins train voter` wrote"

#: What the second model sees of a text that was chosen; see `Learned.seen`.
CERTAINTY_NAMES = (
    "lead",
    "saying",
    "against",
    "best_says",
    "surest",
    "there",
    "spelling",
    "misshapen",
    "length",
    "best_rate",
)

#: Rates of errors nearer than this to each other are alike.
LEAST_RATE = 0.002
_MOST_BEHIND = 3.0
# Odds beyond this, as logarithms, are as good as certain.
_MOST = 8.0
# Of a character's logarithm: what no language has is no worse than that.
_WORST_SPELLING = -8.0


@dataclass(frozen=True, kw_only=True)
class VoterModel:
    """``presence`` and ``certainty`` are weights by name, each with its intercept.

    ``sharpness`` makes shares of the vote out of the odds that are summed: below 1, as readings are not as
    independent as they are taken to be.
    """

    presence: Mapping[str, float]
    presence_intercept: float
    sharpness: float
    certainty: Mapping[str, float]
    certainty_intercept: float
    about: Mapping[str, Any] = field(default_factory=dict)

    def there(self, described: Sequence[float]) -> float:
        """The logarithm of the odds that text is there, from what `presence.described` gives."""
        weights = [self.presence[name] for name in presence.NAMES]
        return float(np.dot(described, weights)) + self.presence_intercept

    def probability(self, seen: Sequence[float]) -> float:
        """How likely a choice is right, from `CERTAINTY_NAMES`."""
        weights = [self.certainty[name] for name in CERTAINTY_NAMES]
        return probability(float(np.dot(seen, weights)) + self.certainty_intercept)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote.

        Raises:
            EngineUnavailableError: it cannot be read, or is no such file.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise EngineUnavailableError(
                f"voter {path} cannot be read ({error.strerror})", _HINT, kind="missing_weights"
            ) from None
        except ValueError:
            data = None
        try:
            if data["format"] != FORMAT or data["version"] != VERSION:
                raise ValueError
            return cls(
                presence=_weights(data["presence"], presence.NAMES),
                presence_intercept=_finite(data["presence_intercept"]),
                sharpness=_finite(data["sharpness"]),
                certainty=_weights(data["certainty"], CERTAINTY_NAMES),
                certainty_intercept=_finite(data["certainty_intercept"]),
                about=dict(data["about"]),
            )
        except (KeyError, TypeError, ValueError):
            raise EngineUnavailableError(
                f"{path} is no voter of this release", _HINT, kind="bad_model"
            ) from None

    def save(self, path: Path) -> None:
        """Writes JSON that people can read. Raises CallError."""
        data = {"format": FORMAT, "version": VERSION, **asdict(self)}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise CallError(f"{path} cannot be written ({error.strerror})", "name another file") from None


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
        there = _MOST if all(line.present) else self.model.there(presence.of_line(line, voters, self.trust))
        if there < 0:
            nothing = Decision("", probability(-there), {"": 1.0})
            return [nothing for _ in line.cells]
        return [self._decided(cell, line, voters, there) for cell in line.cells]

    def _decided(self, cell: Cell, line: AlignedLine, voters: Voters, there: float) -> Decision:
        choice = self.choose(cell, line, voters, there)
        return Decision(choice.text, self.model.probability(choice.seen), dict(choice.scores))

    def choose(self, cell: Cell, line: AlignedLine, voters: Voters, there: float) -> Choice:
        """What readings that have the line say most surely, span by span."""
        labels = list(voters.pages)
        heard = [at for at in range(len(labels)) if line.present[at] and at not in cell.abstains]
        heard = heard or [at for at in range(len(labels)) if line.present[at]]
        behind = self._behind([labels[at] for at in heard])
        sure = {at: logit(self.trust(labels[at], cell.words[at])) for at in heard}
        odds = {at: sure[at] - behind[labels[at]] + math.log(WRONG) for at in heard}
        families = {at: voters.families.get(labels[at], labels[at]) for at in heard}
        text, lead = "", _MOST
        for span in cell.spans:
            said = [span[at] for at in heard]
            votes = odds
            if presence.is_gap(said):
                # How sure a reading is of the words around says nothing of those that it lacks.
                votes = {at: value if span[at] else value - sure[at] for at, value in odds.items()}
            first, second = _two_best(_tally(span, votes))
            text += first[0]
            lead = min(lead, self.model.sharpness * (first[1] - second[1]) if second else _MOST)
        text = " ".join(text.split())
        scores = self._shares(_tally(cell.strings, odds))
        saying = [at for at in heard if cell.strings[at] == text]
        sayers = {families[at] for at in saying}
        seen = {
            "lead": lead,
            # Engines that say so, and that say otherwise; variants of one are one.
            "saying": float(len(sayers)),
            "against": float(len(set(families.values()) - sayers)),
            "best_says": float(any(behind[labels[at]] == 0 for at in saying)),
            "surest": max((sure[at] for at in saying), default=logit(0.0)),
            "there": min(there, _MOST),
            "spelling": self._spelling(text),
            "misshapen": float(misshapen(text)),
            "length": math.log(len(text) + 1),
            "best_rate": math.log(min(self.expected.get(label, 0.0) for label in labels) + LEAST_RATE),
        }
        return Choice(text, scores, [seen[name] for name in CERTAINTY_NAMES])

    def _behind(self, labels: Sequence[str]) -> dict[str, float]:
        """By how much each engine's expected error rate is above the best one's, as a logarithm."""
        rates = {label: self.expected.get(label, 0.0) + LEAST_RATE for label in labels}
        least = min(rates.values())
        return {label: min(math.log(rate / least), _MOST_BEHIND) for label, rate in rates.items()}

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


def _tally(strings: Sequence[str], odds: Mapping[int, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for at, value in odds.items():
        found[strings[at]] = found.get(strings[at], 0.0) + value
    return found


def _two_best(tally: Mapping[str, float]) -> tuple[tuple[str, float], tuple[str, float] | None]:
    # Of equals the first is taken: that of the reading that stands first.
    first, *others = sorted(tally.items(), key=lambda pair: -pair[1])
    return first, others[0] if others else None


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _weights(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, float]:
    if set(given) != set(names):
        raise ValueError
    return {name: _finite(given[name]) for name in names}
