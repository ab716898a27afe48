"""What an engine takes for what: the edits of its readings against ground truth, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ocr_plugins.document import Page
from ocr_plugins.ensemble.alignment import align_pages

#: Longer differences are no confusion of characters but other text.
LONGEST = 3
_ALIKE = 0.5


def confusions(page: Page, truth: Page, fold: Callable[[str], str] = str) -> Counter[tuple[str, str]]:
    """How often each (truth, reading) stands in a page; "" on a side is nothing, a missing or added text.

    Differences longer than `LONGEST` characters on a side are left out, and those between words that have
    little in common.

    Args:
        page: what was read.
        truth: its ground truth, with places where they are known.
        fold: how text is normalised before it is compared.
    """
    from rapidfuzz.distance import Levenshtein

    found: Counter[tuple[str, str]] = Counter()
    for line in align_pages([page], truth=truth):
        for cell in line.cells:
            if Levenshtein.normalized_similarity(*map(fold, cell.strings)) < _ALIKE:
                continue
            for read, wanted in cell.spans:
                one, other = fold(wanted), fold(read)
                if one != other and len(one) <= LONGEST and len(other) <= LONGEST:
                    found[one, other] += 1
    return found
