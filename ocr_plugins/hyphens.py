"""Words that are hyphenated at a line's end, joined again.

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, overload

from ocr_plugins.document import Line, Page, Region, Word, enclosing

# Hyphen-minus, hyphen, non-breaking hyphen, double oblique hyphen, the not sign of some transcriptions.
_HYPHENS = "-\u2010\u2011\u2e17\u00ac"
# A soft hyphen and the not sign stand for nothing but a break.
_BREAKS = "\u00ad\u00ac"
#: What a word that goes on in the next line ends with.
HYPHENS = tuple(dict.fromkeys(_HYPHENS + _BREAKS))


def is_hyphenated(text: str, following: str) -> bool:
    """Whether a word goes on from the end of ``text`` to ``following``, the next line.

    It does where a hyphen follows a letter and the next line begins with a small letter, or with one of
    a script that has no small ones; after a soft hyphen with any letter. ``A-`` before ``12`` is none.
    """
    text, first = text.rstrip(), following.lstrip()[:1]
    if len(text) < 2 or not text[-2].isalpha() or not first.isalpha():
        return False
    return text[-1] == "\u00ad" or (text[-1] in _HYPHENS and not first.isupper() and not first.istitle())


@overload
def join_hyphens(content: str) -> str: ...
@overload
def join_hyphens(content: Page) -> Page: ...
def join_hyphens(content: str | Page) -> str | Page:
    """A text or a page whose words are no longer parted at line ends.

    The word goes to the line that it begins on, without its hyphen: ``exam-`` above ``ple text`` becomes
    ``example`` above ``text``. The hyphen stays in compounds, as far as they can be told: where the word
    with its hyphen stands elsewhere in the text and without it does not, and where the first part has a
    hyphen already (``mother-in-`` above ``law``). A soft hyphen and ``¬`` never stay.

    On a page, regions are no bound: a word may go on in the next column. A joined word keeps the polygon
    of its first part, has the lesser of both confidences, and loses glyphs and alternatives, which no
    longer fit it; a line that was nothing but the second part is left out, and so is a region of
    nothing else. Where the last word of a line or the first of the next one is not the one that the
    line's text has there, as in scripts without spaces, the text moves and the words stay.
    """
    if isinstance(content, str):
        lines = content.split("\n")
        return "\n".join(_text_lines(lines, _known(content)))
    return _joined_page(content)


def _known(text: str) -> frozenset[str]:
    """The words of a text, hyphens inside them kept, those at line ends left out."""
    return frozenset(word.casefold() for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*(?![-\w])", text))


def _text_lines(lines: list[str], known: frozenset[str]) -> Iterator[str]:
    """The lines after joining; empty ones between two stay where they are."""
    lines = list(lines)
    filled = [place for place, line in enumerate(lines) if line.strip()]
    gone = set()
    for place, following in itertools.pairwise(filled):
        if is_hyphenated(lines[place], lines[following]):
            lines[place], lines[following] = _joined_text(lines[place], lines[following], known)
            if not lines[following]:
                gone.add(following)
    return (line for place, line in enumerate(lines) if place not in gone)


def _joined_text(text: str, following: str, known: frozenset[str]) -> tuple[str, str]:
    text, following = text.rstrip(), following.lstrip()
    first = text.split()[-1]
    second, _, after = following.partition(" ")
    return text[: len(text) - len(first)] + _word(first, second, known), after.lstrip()


def _word(first: str, second: str, known: frozenset[str]) -> str:
    """The word that two parts make, the first with its hyphen at the end."""
    stem, hyphen = first[:-1], first[-1]
    if hyphen not in _BREAKS and _stays(stem, second, known):
        return first + second
    return stem + second


def _stays(stem: str, second: str, known: frozenset[str]) -> bool:
    if "-" in stem.strip("-"):
        return True
    begin, end = re.search(r"[^\W\d_]+$", stem), re.match(r"[^\W\d_]+", second)
    if not begin or not end:
        return False
    one, other = begin.group().casefold(), end.group().casefold()
    return f"{one}-{other}" in known and one + other not in known


def _joined_page(page: Page) -> Page:
    lines = list(page.iter_lines())
    known = _known(page.text)
    gone = set()
    filled = [place for place, line in enumerate(lines) if line.text.strip()]
    for place, following in itertools.pairwise(filled):
        if is_hyphenated(lines[place].text, lines[following].text):
            lines[place], lines[following] = _joined_lines(lines[place], lines[following], known)
            if not lines[following].text:
                gone.add(following)
    kept = iter([None if place in gone else line for place, line in enumerate(lines)])
    if not page.regions:
        return replace(page, lines=tuple(line for line in kept if line is not None))
    return replace(page, regions=tuple(_regions(page.regions, kept)))


def _regions(regions: tuple[Region, ...], kept: Iterator[Line | None]) -> Iterator[Region]:
    for region in regions:
        lines = tuple(line for _, line in zip(region.lines, kept, strict=False) if line is not None)
        if lines or not region.lines:
            yield replace(region, lines=lines)


def _joined_lines(line: Line, following: Line, known: frozenset[str]) -> tuple[Line, Line]:
    text, after = _joined_text(line.text, following.text, known)
    words, rest = line.words, following.words
    first, second = line.text.split()[-1], following.text.split()[0]
    if words and rest and words[-1].text == first and rest[0].text == second:
        words, rest = (*words[:-1], _joined_words(words[-1], rest[0], known)), rest[1:]
    polygon = following.polygon
    if len(rest) < len(following.words) and all(word.polygon is not None for word in rest) and rest:
        polygon = enclosing([word.polygon for word in rest])
    return (
        replace(line, text=text, words=words, alternatives=()),
        replace(following, text=after, words=rest, polygon=polygon, alternatives=()),
    )


def _joined_words(first: Word, second: Word, known: frozenset[str]) -> Word:
    shared: dict[str, Any] = {}
    if first.confidence is None or second.confidence is None:
        shared = {"confidence": None, "confidence_kind": None}
    elif second.confidence < first.confidence:
        shared = {"confidence": second.confidence}
    text = _word(first.text, second.text, known)
    return replace(first, text=text, glyphs=(), alternatives=(), calibrated=None, **shared)
