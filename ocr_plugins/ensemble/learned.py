"""The learned vote: naive Bayes over how sure readings are and how good their engines are, and small models.

The first says whether a line is there that not all readings have (`ensemble.presence`). Where it is, each
reading that has it counts by the odds of its words, divided by how many times more errors than the best its
engine makes on this corpus, and words of a lexicon count for more. The last says how likely each word that
was chosen is right. What they have learned is a `VoterModel`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ocr_plugins.ensemble import presence
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.lexicon import Lexicon
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
    """What was chosen in a cell, and what tells how likely each word of it is right.

    ``scores`` are the candidates' shares, best first. ``seen`` has a row for each word, or one where nothing
    was chosen, in the order of CERTAINTY_NAMES.
    """

    text: str
    scores: Mapping[str, float]
    seen: Sequence[Sequence[float]]


@dataclass(frozen=True)
class _Hearing:
    """The readings that are heard in a cell, by their places.

    ``behind`` says by how much each is behind the best, ``sure`` how sure it is, ``odds`` what it counts for
    what it says, and ``lacking`` for text that it lacks: all logarithms.
    """

    cell: Cell
    behind: Mapping[int, float]
    sure: Mapping[int, float]
    odds: Mapping[int, float]
    lacking: Mapping[int, float]

    def parts_of(self, text: str) -> dict[int, list[str]]:
        """What each reading has in the place of each word of a text."""
        return {at: parts_of(text, self.cell.strings[at]) for at in self.odds}

    def alternatives(self, at: int, text: str) -> Iterator[tuple[str, float]]:
        """What the engine of a reading held possible instead of a word, and how likely, 0 to 1."""
        for word in self.cell.words[at]:
            if word.text == text:
                yield from word.alternatives


@dataclass(frozen=True)
class Learned:
    """The vote.

    Args:
        model: what was learned.
        trust: the probability that a reading's words are right.
        expected: each reading's expected error rate on this corpus, by label; see `ensemble.ranking`.
        words: a language model of words.
        lexicon: which words there are.
    """

    model: VoterModel
    trust: Trust
    expected: Mapping[str, float]
    words: LanguageModel
    lexicon: Lexicon
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
        words = tuple(probability(self.model.certainty.odds(seen)) for seen in choice.seen)
        return Decision(choice.text, min(words), dict(choice.scores), words if choice.text else ())

    def choose(self, cell: Cell, line: AlignedLine, voters: Voters, there: float) -> Choice:
        """What readings that have the line say most surely; ``there`` is that of the line.

        Span by span, and of a word that is none of the lexicon, what a reading has that is one.
        """
        labels = list(voters.pages)
        hearing = self._heard(cell, line, labels)
        odds, behind = hearing.odds, hearing.behind
        text, least = "", math.inf
        for span in cell.spans:
            votes: Mapping[int, float] = odds
            if presence.is_gap([span[at] for at in odds]):
                votes = {at: value if span[at] else hearing.lacking[at] for at, value in odds.items()}
            tally = _tally(span, votes)
            best = _best(tally)
            text, least = text + best, min(least, tally[best])
        text = self._known(" ".join(text.split()), least, hearing)
        having = {voters.family(label) for label, here in zip(labels, line.present, strict=True) if here}
        around = {
            "lacking": float(len({voters.family(label) for label in labels} - having)),
            "there": there,
            "best_rate": math.log(min(self.expected.get(label, 0.0) for label in labels) + LEAST_RATE),
        }
        parts, seen = hearing.parts_of(text), []
        for number, word in enumerate(text.split() or [""]):
            said = {at: part[number] for at, part in parts.items()}
            saying = [at for at in odds if said[at] == word]
            sayers = {voters.family(labels[at]) for at in saying}
            tally = _tally(said, {at: odds[at] if said[at] else hearing.lacking[at] for at in odds})
            second = max((value for other, value in tally.items() if other != word), default=None)
            told = around | {
                "lead": _MOST if second is None else self.model.sharpness * (tally.get(word, 0.0) - second),
                # Engines that say so, and that say otherwise; variants of one are one.
                "saying": float(len(sayers)),
                "against": float(len({voters.family(labels[at]) for at in odds} - sayers)),
                "best_says": float(any(behind[at] == 0 for at in saying)),
                "surest": max((hearing.sure[at] for at in saying), default=logit(0.0)),
                "spelling": self._spelling(word),
                "misshapen": float(misshapen(word)),
                "known": float(self.lexicon.standing(word)),
                "length": math.log(len(word) + 1),
            }
            seen.append([told[name] for name in CERTAINTY_NAMES])
        return Choice(text, self._shares(_tally(cell.strings, odds)), seen)

    def _heard(self, cell: Cell, line: AlignedLine, labels: Sequence[str]) -> _Hearing:
        heard = [at for at in range(len(labels)) if line.present[at] and at not in cell.abstains]
        heard = heard or [at for at in range(len(labels)) if line.present[at]]
        rates = behind_best(self.expected, [labels[at] for at in heard])
        behind = {at: rates[labels[at]] for at in heard}
        sure = {at: logit(self.trust(labels[at], cell.words[at])) for at in heard}
        return _Hearing(
            cell,
            behind,
            sure,
            odds={at: self._odds(sure[at], behind[at]) for at in heard},
            # How sure a reading is of the words around says nothing of those that it lacks.
            lacking={at: self._odds(0.0, behind[at]) for at in heard},
        )

    def _known(self, text: str, least: float, hearing: _Hearing) -> str:
        """A text with words of the lexicon, that engines have or hold possible, in place of what is none.

        Args:
            text: what was chosen.
            least: what the span counts that was chosen with the least: so much do words that no reading has.
            hearing: who is heard.
        """
        words = text.split()
        if not self.model.lexicon or all(self.lexicon.standing(word) >= 0 for word in words):
            return text
        parts = hearing.parts_of(text)
        for number, word in enumerate(words):
            if self.lexicon.standing(word) >= 0:
                continue
            tally = _tally({at: part[number] for at, part in parts.items()}, hearing.odds)
            for at, part in parts.items():
                for other, share in hearing.alternatives(at, part[number]):
                    counts = self._odds(logit(share), hearing.behind[at])
                    tally[other] = tally.get(other, 0.0) + counts
            known = {other: value for other, value in tally.items() if self.lexicon.standing(other) > 0}
            if known and known[_best(known)] + self.model.lexicon > tally.get(word, least):
                words[number] = _best(known)
        return " ".join(" ".join(words).split())

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


def parts_of(text: str, other: str) -> list[str]:
    """What another text has in the place of each word of a text; of the whole where that has no words.

    Words that the other has joined are its words all the same.
    """
    from rapidfuzz.distance import Levenshtein

    if len(text.split()) < 2:
        return [other]
    # Where each character begins and ends in the other.
    starts, ends = [0] * len(text), [0] * len(text)
    for code in Levenshtein.opcodes(text, other):
        for place in range(code.src_start, code.src_end):
            last = code.dest_end if code.tag != "delete" else code.dest_start
            starts[place] = min(code.dest_start + place - code.src_start, last)
            ends[place] = min(starts[place] + 1, last)
    found, start = [], 0
    for word in text.split(" "):
        end = start + len(word)
        # What is put in beside a word is of it, as far as the space goes.
        first = 0 if start == 0 else ends[start - 1]
        last = len(other) if end == len(text) else starts[end]
        found.append(other[first:last].strip())
        start = end + 1
    return found


def behind_best(expected: Mapping[str, float], labels: Sequence[str]) -> dict[str, float]:
    """By how much each one's expected error rate is above the best one's, as a logarithm: 0 to 3."""
    rates = {label: expected.get(label, 0.0) + LEAST_RATE for label in labels}
    least = min(rates.values())
    return {label: min(math.log(rate / least), _MOST_BEHIND) for label, rate in rates.items()}


def _tally(strings: Sequence[str] | Mapping[int, str], odds: Mapping[int, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for at, value in odds.items():
        found[strings[at]] = found.get(strings[at], 0.0) + value
    return found


def _best(tally: Mapping[str, float]) -> str:
    # Of equals the first is taken: that of the reading that stands first.
    return max(tally, key=lambda text: tally[text])
