"""What the best possible vote would give: in each place the reading that is nearest to the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ocr_plugins.document import Line, Page
from ocr_plugins.ensemble.alignment import align_pages


def oracle(pages: Sequence[Page], truth: Page, fold: Callable[[str], str] = str) -> Page:
    """The text of the lattice's path that is nearest to the truth, place by place.

    An upper bound of what any vote can reach on these readings, as far as the truth can be aligned with
    them: where its order is another, the bound is higher than it needs to be.

    Args:
        pages: readings of one page, the best first.
        truth: its ground truth, with places where they are known.
        fold: how text is normalised before it is compared.
    """
    from rapidfuzz.distance import Levenshtein

    lines = []
    for line in align_pages(pages, truth=truth):
        words = []
        for cell in line.cells:
            taken = ""
            for span in cell.spans:
                wanted = fold(span[-1])
                # What only the truth has, no vote can give.
                taken += min(span[:-1], key=lambda text: Levenshtein.distance(fold(text), wanted))
            words.append(taken)
        text = " ".join(" ".join(words).split())
        if text:
            lines.append(Line(text=text))
    return Page(source="", page=1, size=None, lines=tuple(lines))
