"""The words of languages, how frequent they are, and those that lie near what was read.

Neighbours are found by symmetric deletes (SymSpell, Wolf Garbe, 2012): the words of a dictionary with letters
left out, looked up by the reading with letters left out.
"""

from __future__ import annotations

import functools
import importlib.metadata
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ocr_plugins.errors import CallError

_HINT = "pip install 'ocr-plugins[correct]'"
# Of each language, so many of the commonest: rarer ones lie near too much that is right.
_MOST = 60_000
# Shorter words lie near too many others to be found by their letters.
_LEAST = 4
_EDITS = 2
# What a word is worth that no list has: about once in a hundred million.
UNKNOWN = math.log(1e-8)
# Once in a hundred thousand words.
USUAL = math.log(1e-5)
# How often a word of a list may occur: more and fewer are no counts.
_COUNTS = (1e-9, 1e15)
_LETTERS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


class Words:
    """Words with how frequent they are.

    Args:
        frequencies: word in small letters -> its share of a text, in (0, 1].
        name: what they are, for fingerprints.
        counted: whether their shares are known, and not merely alike.
    """

    def __init__(self, frequencies: Mapping[str, float], name: str, *, counted: bool = True) -> None:
        self._counted = counted
        self._logs = {word: math.log(share) for word, share in frequencies.items()}
        self.name = name
        self._index = functools.cache(self._indexed)
        self.near = functools.lru_cache(maxsize=1 << 14)(self._near)

    def __contains__(self, word: str) -> bool:
        # Lists may have ss for sharp s.
        return word.lower() in self._logs or word.casefold() in self._logs

    def __len__(self) -> int:
        return len(self._logs)

    def frequency(self, word: str) -> float:
        """The logarithm of a word's share of a text; that of a very rare one where it is not known."""
        return self._logs.get(word.lower(), UNKNOWN)

    def is_usual(self, word: str) -> bool:
        """Whether it is so frequent that no name is likelier."""
        return self._counted and self.frequency(word) > USUAL

    def _near(self, word: str) -> tuple[str, ...]:
        """The words within two edits of one, the nearest and most frequent first."""
        from symspellpy import Verbosity

        found = self._index().lookup(word.lower(), Verbosity.ALL, max_edit_distance=_EDITS)
        return tuple(one.term for one in found)

    def _indexed(self) -> Any:
        from symspellpy import SymSpell

        index = SymSpell(max_dictionary_edit_distance=_EDITS, prefix_length=7)
        for word, share in self._logs.items():
            if len(word) >= _LEAST:
                index.create_dictionary_entry(word, max(round(math.exp(share) * 1e9), 1))
        return index


def open_words(wanted: str) -> Words:
    """The words of languages joined by ``+`` (ISO 639-1), or of a file.

    A file has a word a line, and how often it occurs behind it: ``word 123``. Without numbers it tells of no
    word that it is usual.

    Raises:
        CallError: an unknown language, a file that cannot be read or holds no word, or what is needed is not
            installed.
    """
    _symspell()
    if "/" in wanted or "." in wanted or "\\" in wanted:
        path = Path(wanted)
        try:
            return _of_file(path, path.read_bytes())
        except OSError as error:
            raise _unreadable(path, error.strerror or "it is none") from None
    return _of_languages(wanted)


@functools.lru_cache(maxsize=4)
def _of_languages(wanted: str) -> Words:
    wordfreq = _wordfreq()
    known = wordfreq.available_languages("best")
    frequencies: dict[str, float] = {}
    languages = [language.strip().lower() for language in wanted.split("+")]
    for language in languages:
        if language not in known:
            hint = f"known: {', '.join(sorted(known))}; or give a file with a word a line"
            raise CallError(f"there is no list of words for language {language!r}", hint)
        for word in wordfreq.top_n_list(language, _MOST, wordlist="best"):
            if word.replace("'", "").replace("’", "").isalpha():
                share = wordfreq.word_frequency(word, language) / len(languages)
                frequencies[word] = frequencies.get(word, 0.0) + share
    version = importlib.metadata.version("wordfreq")
    return Words(frequencies, f"{'+'.join(sorted(languages))} of wordfreq {version}")


@functools.lru_cache(maxsize=4)
def _of_file(path: Path, data: bytes) -> Words:
    import hashlib

    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise _unreadable(path, "it is no UTF-8") from None
    counts: dict[str, float] = {}
    for number, line in enumerate(lines, start=1):
        word, *rest = line.split() or [""]
        if not word:
            continue
        try:
            count = float(rest[0]) if rest else 1.0
        except ValueError:
            count = 0.0
        if not _COUNTS[0] <= count <= _COUNTS[1] or len(rest) > 1:
            raise CallError(f"line {number} of {path} is no word with its number", "write it as in: word 123")
        word = unicodedata.normalize("NFC", word.lower())
        counts[word] = counts.get(word, 0.0) + count
    if not counts:
        raise CallError(f"the list of words {path} holds no word", "write one a line")
    total = sum(counts.values())
    digest = hashlib.sha256(data).hexdigest()[:16]
    shares = {word: count / total for word, count in counts.items()}
    return Words(shares, f"{path.name} {digest}", counted=len(set(counts.values())) > 1)


def _unreadable(path: Path, why: str) -> CallError:
    return CallError(f"the list of words {path} cannot be read ({why})", "give a text file")


def plain(word: str) -> str:
    """A word as lists are searched for it: in small letters, with straight apostrophes."""
    return unicodedata.normalize("NFC", word).casefold().replace("’", "'")


def read_kept(path: Path) -> frozenset[str]:
    """The words of a list of names, in small letters, which are left as they are.

    Raises:
        CallError: the file cannot be read, or holds no name.
    """
    from ocr_plugins.fields.people import read_names

    return frozenset(_words_in(read_names(path)))


def _words_in(names: Iterable[str]) -> Iterable[str]:
    return (word for name in names for word in _LETTERS.findall(plain(name)))


def _symspell() -> Any:
    try:
        import symspellpy
    except ImportError:
        raise CallError("correct= needs symspellpy, which is not installed", _HINT) from None
    return symspellpy


def _wordfreq() -> Any:
    try:
        import wordfreq
    except ImportError:
        raise CallError("correct= needs wordfreq, which is not installed", _HINT) from None
    return wordfreq
