"""Which words of a reading are right: held against ground truth, whatever the reading order."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ocr_plugins.document import Page, Word
from ocr_plugins.ensemble.alignment import align_pages
from ocr_plugins.ensemble.fragments import part_words
from ocr_plugins.evaluation import Convention
from ocr_plugins.evaluation.conventions import STEPS
from ocr_plugins.hyphens import join_hyphens


def judged(
    page: Page, truth: Page, convention: Convention, *, casefold: bool = False
) -> list[tuple[Word, bool]]:
    """The words of a page, in the order of its lines, and whether each is right.

    A word is right where the ground truth, aligned with the page, has the same as the convention sees it; one
    that stands elsewhere in the reading order is right if the truth has it among what is left over. A word
    that was cut or joined is wrong. Where the convention joins words that a line's end parts, each part is
    right if the whole word is.
    """
    if STEPS["dehyphenate"] not in convention.steps:
        return _judged(page, truth, convention, casefold)
    page = part_words(page)
    whole = _judged(join_hyphens(page), truth, convention, casefold)
    return list(_parted(page.iter_words(), whole))


def _parted(words: Iterable[Word], whole: Sequence[tuple[Word, bool]]) -> Iterator[tuple[Word, bool]]:
    """The words as they stood before some of them were joined."""
    left = iter(words)
    for joined, right in whole:
        part = next(left)
        yield part, right
        if part.text != joined.text:
            yield next(left), right


def _judged(page: Page, truth: Page, convention: Convention, casefold: bool) -> list[tuple[Word, bool]]:
    seen = functools.partial(convention.seen, casefold=casefold)
    found: list[tuple[Word, bool]] = []
    doubtful: list[int] = []
    left: Counter[str] = Counter()
    for line in align_pages([page], truth=truth):
        for cell in line.cells:
            words: Sequence[Word] = cell.words[0]
            said, wanted = map(seen, cell.strings)
            if said == wanted and len(words) == max(len(said.split()), 1):
                found.extend((word, True) for word in words)
                continue
            left.update(wanted.split())
            doubtful.extend(range(len(found), len(found) + len(words)))
            found.extend((word, False) for word in words)
    for place in doubtful:
        word, _ = found[place]
        text = seen(word.text)
        if text and left[text] > 0:
            left[text] -= 1
            found[place] = (word, True)
    return found
