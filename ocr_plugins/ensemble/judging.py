"""Which words of a reading are right: held against ground truth, or against a vote, whatever the order."""

from __future__ import annotations

import itertools
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from ocr_plugins.document import Page, Word
from ocr_plugins.ensemble.alignment import align_pages
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.fragments import part_words
from ocr_plugins.evaluation import Convention
from ocr_plugins.evaluation.conventions import STEPS
from ocr_plugins.hyphens import is_hyphenated

_Seen = Callable[[str], str]


def judged(
    page: Page,
    truth: Page,
    convention: Convention,
    *,
    casefold: bool = False,
    alphabet: Alphabet | None = None,
) -> list[tuple[Word, bool]]:
    """The words of a page, in the order of its lines, and whether each is right.

    A word is right where the ground truth, aligned with the page, has the same as the convention sees it; one
    that stands elsewhere in the reading order is right if the truth has it among what is left over. A word
    that was cut or joined is wrong, but not for a space beside a sign: whether ``and/or`` is one word
    differs from one transcription to the next. Where the convention joins words that a line's end parts,
    each part is right if the whole word is. Of an engine with an ``alphabet``, what it could not say is not
    asked for.
    """
    held = _held(page, truth, lambda _: 1.0, convention, _seen(convention, casefold, alphabet))
    return [(word, weight > 0) for word, weight in held]


def believed(
    page: Page,
    voted: Page,
    convention: Convention,
    *,
    casefold: bool = False,
    alphabet: Alphabet | None = None,
) -> list[tuple[Word, float]]:
    """The words of a page, in the order of its lines, and how likely each is right if a vote is believed.

    Where the vote has the same, in the same place or elsewhere, that is how sure it is; else 0.
    """

    def sure(words: Sequence[Word]) -> float:
        return min((word.confidence or 0.0 for word in words), default=0.0)

    return _held(page, voted, sure, convention, _seen(convention, casefold, alphabet))


def _seen(convention: Convention, casefold: bool, alphabet: Alphabet | None) -> _Seen:
    def seen(text: str) -> str:
        told = convention.seen(text, casefold=casefold)
        return " ".join(alphabet.projected(told).split()) if alphabet else told

    return seen


def _held(
    page: Page, other: Page, weigh: Callable[[Sequence[Word]], float], convention: Convention, seen: _Seen
) -> list[tuple[Word, float]]:
    """The words of a page with what those weigh that another page has for them; 0 where it has others."""
    page = part_words(page)
    weights: dict[int, float] = {}
    left: dict[str, list[float]] = defaultdict(list)
    for line in align_pages([page], truth=other):
        for cell in line.cells:
            said, wanted = map(seen, cell.strings)
            weight = weigh(cell.words[1])
            if _tight(said) == _tight(wanted):
                weights |= {id(word): weight for word in cell.words[0]}
                continue
            for text in wanted.split():
                left[text].append(weight)
    for word in page.iter_words():
        if id(word) not in weights and left[text := seen(word.text)]:
            weights[id(word)] = left[text].pop()
    if STEPS["dehyphenate"] in convention.steps:
        for first, second in _parted(page):
            stem = first.text[:-1]
            for text in map(seen, (stem + second.text, first.text + second.text)):
                if not {id(first), id(second)} & weights.keys() and left[text]:
                    weights[id(first)] = weights[id(second)] = left[text].pop()
    return [(word, weights.get(id(word), 0.0)) for word in page.iter_words()]


def _parted(page: Page) -> Iterator[tuple[Word, Word]]:
    """The parts of words that the ends of lines cut."""
    for line, following in itertools.pairwise(page.iter_lines()):
        if is_hyphenated(line.text, following.text):
            yield line.words[-1], following.words[0]


def _tight(text: str) -> str:
    """Without spaces beside signs."""
    words = text.split()
    joined = words[:1]
    for before, word in itertools.pairwise(words):
        joined.append(word if _is_sign(before[-1]) or _is_sign(word[0]) else f" {word}")
    return "".join(joined)


def _is_sign(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
