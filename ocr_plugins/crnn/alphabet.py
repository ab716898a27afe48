"""The characters a model can tell apart, and their class numbers.

Class 0 is CTC's blank; character i of the alphabet is class i + 1. One character is one code
point of text in NFC: what composes to one code point is one class, and a mark that does not is a
class of its own.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ocr_plugins.errors import CallError

BLANK = 0

_ASCII = "".join(map(chr, range(0x20, 0x7F)))
# Latin-1's letters, and those that the other languages of Western and Central Europe add.
_LETTERS = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "ĂăĄąĆćČčĎďĐđĘęĚěĞğİıĹĺĽľŁłŃńŇňŐőŒœŔŕŘřŚśŞşŠšŤťŮůŰűŴŵŶŷŸŹźŻżŽžſȘșȚț"
)
_SIGNS = "‘’‚“”„‹›«»–—…•·§¶†‡°′″¡¿¢£¥€©®™ªº¹²³¼½¾±×÷µ№"


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Characters in the order of their classes.

    Args:
        characters: one-character strings, none twice; class numbers follow their order.

    Raises:
        CallError: a string of another length, or a character that comes twice.
    """

    characters: tuple[str, ...]
    _classes: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        classes = {character: number for number, character in enumerate(self.characters, start=1)}
        if len(classes) != len(self.characters) or any(len(character) != 1 for character in classes):
            raise CallError("an alphabet has single characters, each once", "check what it was made from")
        object.__setattr__(self, "_classes", classes)

    @property
    def size(self) -> int:
        """How many classes CTC's softmax has: the characters and the blank."""
        return len(self.characters) + 1

    def encode(self, text: str) -> list[int]:
        """Class numbers from 1 up, one for each character of the text in NFC.

        Raises:
            CallError: characters that are not in the alphabet, named by code point.
        """
        composed = unicodedata.normalize("NFC", text)
        try:
            return [self._classes[character] for character in composed]
        except KeyError:
            missing = named(self.missing(text))
            raise CallError(f"the alphabet lacks {missing}", "extend it, or leave the text out") from None

    def decode(self, classes: Iterable[int]) -> str:
        """The text of class numbers; blanks are left out, repeats are kept."""
        return "".join(self.characters[number - 1] for number in classes if number != BLANK)

    def missing(self, text: str) -> Counter[str]:
        """How often each character that the alphabet lacks is in the text (in NFC)."""
        composed = unicodedata.normalize("NFC", text)
        return Counter(character for character in composed if character not in self._classes)

    def extended(self, characters: Iterable[str]) -> Alphabet:
        """This alphabet with more characters after its own, sorted; those it has are left alone."""
        more = sorted(set(characters) - set(self.characters))
        return Alphabet((*self.characters, *more))


def named(characters: Iterable[str], most: int = 8) -> str:
    """Code points and their Unicode names, which tell a character without quoting a text."""
    found: Sequence[str] = sorted(set(characters))
    shown = [f"U+{ord(c):04X} {unicodedata.name(c, '(no name)')}" for c in found[:most]]
    more = [f"{len(found) - most} more"] if len(found) > most else []
    return ", ".join(shown + more)


LATIN = Alphabet(tuple(_ASCII + _LETTERS + _SIGNS))
"""Printable ASCII, the letters of Western and Central Europe, and the signs of printed text."""
