"""Readings of engines that cannot give every character, such as small letters and digits alone.

Such a reading says nothing about the characters that it lacks: there it takes what a fuller reading has, and
where the others differ in nothing else, it abstains.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_LACKED = "\0"


class Alphabet:
    """The characters that an engine can give."""

    def __init__(self, characters: str) -> None:
        self._characters = frozenset(characters)
        self._known: dict[str, str] = {}

    def projected(self, text: str) -> str:
        """What it would give for a text: in the case and without the accents it lacks, and nothing else."""
        return "".join(map(self._one, text))

    def lacking(self, text: str) -> int:
        """How many characters of a text it could not give as they are; white space does not count."""
        return sum(character not in self._characters for character in text if not character.isspace())

    def dressed(self, text: str, fuller: str) -> tuple[str, NDArray[np.int64]]:
        """A text of this alphabet with what only a fuller reading of the same line can say.

        Returns:
            The text, and for each place of the old one, its end included, the place in the new one.
        """
        from rapidfuzz.distance import Levenshtein

        # What it lacks stays a place, so that places in both forms of the fuller text are alike.
        told = [self._one(character) or _LACKED for character in fuller]
        parts: list[str] = []
        places = np.zeros(len(text) + 1, np.int64)
        same = False
        for step in Levenshtein.opcodes(list(text), told):
            start, stop = step.src_start, step.src_end
            there = slice(step.dest_start, step.dest_end)
            places[start:stop] = np.arange(len(parts), len(parts) + stop - start)
            if step.tag == "equal":
                parts += fuller[there]
            else:
                # What stands for another character is said in its place.
                more = max((there.stop - there.start) - (stop - start), 0)
                lacked = _lacked(fuller[there], told[there], same and step.tag == "insert")
                parts += [*text[start:stop], *itertools.islice(lacked, more)]
            same = step.tag == "equal"
        places[-1] = len(parts)
        return "".join(parts), places

    def abstains(self, text: str, others: Sequence[str]) -> bool:
        """Whether several of the other readings say what it would give as ``text``: it cannot tell which."""
        mine = self.projected(text)
        return len({other for other in others if self.projected(other) == mine}) > 1

    def _one(self, character: str) -> str:
        if character not in self._known:
            plain = unicodedata.normalize("NFD", character)[:1]
            forms = (character, character.lower(), character.upper(), plain, plain.lower())
            found = next((form for form in forms if form in self._characters), "")
            self._known[character] = " " if character.isspace() else found
        return self._known[character]


def _lacked(fuller: str, told: Sequence[str], follows: bool) -> Iterator[str]:
    """The characters that cannot be told, and marks only with the letter that they stand on.

    ``follows`` says whether that letter may stand before these characters.
    """
    for character, known in zip(fuller, told, strict=True):
        follows = known == _LACKED and (follows or not unicodedata.category(character).startswith("M"))
        if follows:
            yield character
