"""How much is in doubt, of a page and of its lines: what a cascade asks further engines for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ocr_plugins.document import Line, Page
from ocr_plugins.ensemble.vote import Vote, WordVote
from ocr_plugins.ensemble.voters import LineKey


def doubt_of(page: Page) -> float:
    """The share of a page's characters that are expected to stand in wrong words, 0 to 1.

    By the probabilities of its words: 1 for a page without any, since text that nobody found is not known to
    be missing.
    """
    return _doubt(page.iter_lines())


def doubts_of(page: Page, words: Mapping[LineKey, Sequence[WordVote]]) -> dict[LineKey, float]:
    """The same of each line of a page, whose votes are ``words``, see `words_by_line`.

    Of a line of which nothing was taken it is how likely something is there.
    """
    lines = list(page.iter_lines())
    return {line: _doubt_of_line(some, lines) for line, some in words.items()}


def words_by_line(found: Vote) -> dict[LineKey, list[WordVote]]:
    """What was said of each line, those of which nothing was taken too."""
    words: dict[LineKey, list[WordVote]] = {}
    for word in found.words:
        words.setdefault(word.of, []).append(word)
    return words


def _doubt_of_line(words: Sequence[WordVote], lines: Sequence[Line]) -> float:
    number = words[0].line
    return 1.0 - min(word.probability for word in words) if number is None else _doubt([lines[number]])


def _doubt(lines: Iterable[Line]) -> float:
    words = [word for line in lines for word in line.words if word.text]
    length = sum(len(word.text) for word in words)
    if not length:
        return 1.0
    wrong = sum(len(word.text) * (1 - (word.confidence or 0.0)) for word in words)
    return wrong / length
