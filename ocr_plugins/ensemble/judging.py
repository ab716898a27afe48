"""Which words of a reading are right: held against ground truth, or against a vote, whatever the order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from ocr_plugins.document import Page, Word
from ocr_plugins.ensemble.alignment import Cell, align_pages
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.fragments import part_words
from ocr_plugins.evaluation import Convention
from ocr_plugins.evaluation.conventions import STEPS
from ocr_plugins.hyphens import join_hyphens

_SPACED_SIGN = re.compile(r"\s*([^\w\s])\s*")
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
    seen = _seen(convention, casefold, alphabet)
    if STEPS["dehyphenate"] not in convention.steps:
        return _judged(page, truth, seen)
    page = part_words(page)
    whole = _judged(join_hyphens(page), truth, seen)
    return list(_parted(page.iter_words(), whole))


def believed(
    page: Page,
    voted: Page,
    convention: Convention,
    *,
    casefold: bool = False,
    alphabet: Alphabet | None = None,
) -> list[tuple[Word, float]]:
    """The words of a page, in the order of its lines, and how likely each is right if a vote is believed.

    Where the vote has the same, that is how sure it is; else 0.
    """
    seen = _seen(convention, casefold, alphabet)
    found: list[tuple[Word, float]] = []
    for cell in _cells(page, voted):
        sure = 0.0
        if _agree(cell, seen):
            sure = min((word.confidence or 0.0 for word in cell.words[1]), default=0.0)
        found.extend((word, sure) for word in cell.words[0])
    return found


def _seen(convention: Convention, casefold: bool, alphabet: Alphabet | None) -> _Seen:
    def seen(text: str) -> str:
        told = convention.seen(text, casefold=casefold)
        return " ".join(alphabet.projected(told).split()) if alphabet else told

    return seen


def _cells(page: Page, other: Page) -> Iterator[Cell]:
    return (cell for line in align_pages([page], truth=other) for cell in line.cells)


def _agree(cell: Cell, seen: _Seen) -> bool:
    """Whether both readings of a cell have the same words."""
    said, wanted = map(seen, cell.strings)
    return _tight(said) == _tight(wanted) and len(cell.words[0]) == max(len(said.split()), 1)


def _tight(text: str) -> str:
    """Without spaces beside signs."""
    return _SPACED_SIGN.sub(r"\1", text)


def _parted(words: Iterable[Word], whole: Sequence[tuple[Word, bool]]) -> Iterator[tuple[Word, bool]]:
    """The words as they stood before some of them were joined."""
    left = iter(words)
    for joined, right in whole:
        part = next(left)
        yield part, right
        if part.text != joined.text:
            yield next(left), right


def _judged(page: Page, truth: Page, seen: _Seen) -> list[tuple[Word, bool]]:
    found: list[tuple[Word, bool]] = []
    doubtful: list[int] = []
    left: Counter[str] = Counter()
    for cell in _cells(page, truth):
        words = cell.words[0]
        if _agree(cell, seen):
            found.extend((word, True) for word in words)
            continue
        left.update(seen(cell.strings[1]).split())
        doubtful.extend(range(len(found), len(found) + len(words)))
        found.extend((word, False) for word in words)
    for place in doubtful:
        word, _ = found[place]
        text = seen(word.text)
        if text and left[text] > 0:
            left[text] -= 1
            found[place] = (word, True)
    return found
