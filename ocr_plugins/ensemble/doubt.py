"""How much of a page is in doubt: what a cascade asks further engines for."""

from __future__ import annotations

from ocr_plugins.document import Page


def doubt_of(page: Page) -> float:
    """The share of a page's characters that are expected to stand in wrong words, 0 to 1.

    By the probabilities of its words: 1 for a page without any, since text that nobody found is not known to
    be missing.
    """
    words = [word for line in page.iter_lines() for word in line.words if word.text]
    length = sum(len(word.text) for word in words)
    if not length:
        return 1.0
    wrong = sum(len(word.text) * (1 - (word.confidence or 0.0)) for word in words)
    return wrong / length
