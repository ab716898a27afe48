"""Which word stands where one is in doubt: what was read, what else may have been, and what is usual.

A word's chance is that of being read so (by the readings and how sure they are), times that of standing in a
text. What was read keeps its place unless another is far likelier.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr_plugins.correction.misreading import distance
from ocr_plugins.correction.words import Words, open_words, plain, read_kept
from ocr_plugins.errors import CallError

CORRECT = (
    "languages whose words may take the place of doubtful ones, as in en+de, or a file of words, each with "
    "how often it occurs"
)
KEEP = "for correct=: a text file of names, one a line, that are left as they are"

# A word: letters, with apostrophes within; signs may stand around it.
_CORE = re.compile(r"(?P<before>[^\w]*)(?P<core>[^\W\d_]+(?:['’][^\W\d_]+)*)(?P<after>[^\w]*)")
# What stands beside a word in addresses, paths and tags.
_ADDRESSES = frozenset("@#/\\$&=")
# How much each unit of distance costs, and how much it counts what is usual: logarithms.
_READ, _USUAL = 4.0, 0.6
_MOST_DISTANCE = 2.0
# Words of fewer letters lie near too many others.
_LEAST = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """A word in place of the one that was read, and how likely it is among all, in [0, 1]."""

    text: str
    probability: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class Corrector:
    """Chooses words.

    Args:
        words: of the page's languages.
        kept: words in small letters that are left as they are, such as names.
        name: what it rests on, for fingerprints.
        doubtful: a word that is right with at least this probability is left as it is.
        least: how likely another word must be, among all that come into question.
    """

    words: Words
    kept: frozenset[str] = frozenset()
    name: str = ""
    doubtful: float = 0.9
    least: float = 0.9

    def choose(
        self, text: str, sure: float, others: Sequence[tuple[str, float]], elsewhere: Collection[str]
    ) -> Choice | None:
        """A better word, or None where what was read is to stay.

        Args:
            text: what was read.
            sure: the probability that it is right.
            others: what may have been there too, with their probabilities.
            elsewhere: words in small letters that stand on the page more than once.
        """
        parts = _CORE.fullmatch(text)
        if sure >= self.doubtful or parts is None:
            return None
        core = parts["core"]
        if len(core) < _LEAST or core in self.words:
            return None
        if plain(core) in self.kept or core.lower() in elsewhere:
            return None
        if _is_code(core) or not _ADDRESSES.isdisjoint(parts["before"] + parts["after"]):
            return None
        # By the word in small letters: how it is spelt, and how likely it is, as a logarithm.
        chances = {core.lower(): (core, math.log(max(sure, 1e-6)) + _USUAL * self.words.frequency(core))}
        for word, chance in self._candidates(core, sure, others):
            before = chances.get(word.lower())
            if word.lower() != core.lower() and (before is None or before[1] < chance):
                chances[word.lower()] = word, chance
        marks = parts["before"] + parts["after"] + ".,;:"
        by_reading = {other.strip(marks).lower() for other, _ in others}
        best, most = max(chances.values(), key=lambda one: one[1])
        total = sum(math.exp(chance - most) for _, chance in chances.values())
        if best == core or 1 / total < self.least:
            return None
        said = best.lower() in by_reading
        if core[0].isupper() and not said and not self.words.is_usual(best):
            # What begins with a capital may be a name that no list has.
            return None
        reason = "another reading has it" if said else f"the nearest word, {distance(best, core):.1f} away"
        return Choice(f"{parts['before']}{_dressed(best, core)}{parts['after']}", 1 / total, reason)

    def _candidates(
        self, core: str, sure: float, others: Sequence[tuple[str, float]]
    ) -> Iterator[tuple[str, float]]:
        """Known words with their chances, as logarithms: those that were read, and those near one."""
        readings = [(core, sure)]
        for other, chance in others:
            parts = _CORE.fullmatch(other)
            # What has nothing in common with it was read of something else.
            if parts is not None and 2 * distance(parts["core"], core) <= len(core):
                readings.append((parts["core"], chance))
                if parts["core"] in self.words:
                    yield parts["core"], math.log(max(chance, 1e-6)) + self._usual(parts["core"])
        # What no reading has: the rest of all that is possible.
        rest = max(1.0 - sum(chance for _, chance in readings), 0.02)
        for word in dict.fromkeys(near for read, _ in readings for near in self.words.near(read)):
            far = min(distance(word, read) for read, _ in readings)
            if far <= _MOST_DISTANCE and 3 * far <= len(core):
                yield word, math.log(rest) - _READ * far + self._usual(word)

    def _usual(self, word: str) -> float:
        return _USUAL * self.words.frequency(word)


def core_of(text: str) -> str:
    """A word without the signs around it; all of a text that is no word."""
    parts = _CORE.fullmatch(text)
    return parts["core"] if parts else text


def check_correction(wanted: str | None, keep: Path | None) -> None:
    """Raises CallError for a list of names without anything to correct."""
    if keep is not None and wanted is None:
        raise CallError("keep= needs correct=", "say which language's words to correct by, as in correct=en")


def open_corrector(wanted: str, keep: Path | None = None) -> Corrector:
    """One for languages or a file, see `open_words`, that leaves the names of a list as they are.

    Raises:
        CallError: as `open_words` and `read_kept` raise it.
    """
    words = open_words(wanted)
    if keep is None:
        return Corrector(words=words, name=words.name)
    kept = read_kept(keep)
    digest = hashlib.sha256("\n".join(sorted(kept)).encode()).hexdigest()[:16]
    return Corrector(words=words, kept=kept, name=f"{words.name}, keeping {digest}")


def _is_code(core: str) -> bool:
    """Whether it is written as no word is: with capitals behind small letters, or in few capitals."""
    return not (core.islower() or core.istitle() or (core.isupper() and len(core) > _LEAST))


def _dressed(word: str, like: str) -> str:
    """A word in the case of another."""
    if like.isupper():
        return word.upper()
    return word[0].upper() + word[1:] if like[0].isupper() else word
