"""A page with better words for doubtful ones, each with what stood there; and the page as it was."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator

from ocr_plugins.correction.choosing import Corrector, core_of
from ocr_plugins.document import Correction, Line, Page, Word
from ocr_plugins.hyphens import HYPHENS

# Words of engines that give no confidence are right about so often.
_UNKNOWN = 0.7

#: The probability that a word is right.
Sure = Callable[[Word], float]


def corrected(page: Page, corrector: Corrector, sure: Sure) -> Page:
    """The page, with a `Correction` on each word that was changed. Words at a line's end with a hyphen stay.

    Args:
        sure: tells how sure words are.
    """
    often = Counter(core_of(word.text).lower() for word in page.iter_words())
    elsewhere = frozenset(text for text, count in often.items() if count > 1)

    def change(word: Word) -> Word:
        choice = corrector.choose(word.text, sure(word), word.alternatives, elsewhere)
        if choice is None:
            return word
        was = Correction(
            was=word.text,
            reason=choice.reason,
            probability=choice.probability,
            glyphs=word.glyphs,
            alternatives=word.alternatives,
        )
        others = ((word.text, min(sure(word), 1.0)), *word.alternatives)
        return dataclasses.replace(
            word,
            text=choice.text,
            glyphs=(),
            alternatives=tuple(one for one in others if one[0] != choice.text),
            correction=was,
        )

    return _with_words(page, change)


def sure_of(fingerprint: str) -> Sure:
    """How sure an engine's words are, by the package's calibrations as far as these know the engine."""
    # Opening an engine loads this module, and none of the vote's libraries.
    from ocr_plugins.ensemble.shipped import shipped_calibrations

    calibration = shipped_calibrations().of(fingerprint)

    def sure(word: Word) -> float:
        if word.calibrated is not None:
            return word.calibrated
        if calibration is not None:
            return calibration(word.confidence)
        return _UNKNOWN if word.confidence is None else word.confidence

    return sure


def taken_back(page: Page, which: Callable[[Word], bool] = lambda _: True) -> Page:
    """The page with what was read in the place of corrections.

    Args:
        which: whether a word's correction is to be taken back; default: all.
    """

    def change(word: Word) -> Word:
        if word.correction is None or not which(word):
            return word
        was = word.correction
        return dataclasses.replace(
            word, text=was.was, glyphs=was.glyphs, alternatives=was.alternatives, correction=None
        )

    return _with_words(page, change)


def _with_words(page: Page, change: Callable[[Word], Word]) -> Page:
    if page.regions:
        regions = (
            dataclasses.replace(region, lines=tuple(_with_lines(region.lines, change)))
            for region in page.regions
        )
        return dataclasses.replace(page, regions=tuple(regions))
    return dataclasses.replace(page, lines=tuple(_with_lines(page.lines, change)))


def _with_lines(lines: tuple[Line, ...], change: Callable[[Word], Word]) -> Iterator[Line]:
    before = ""
    for line in lines:
        # Where the line is not its words, as in scripts without spaces, its text could not follow.
        if not line.words or line.text.split() != [word.text for word in line.words]:
            before = line.text
            yield line
            continue
        words = [change(word) for word in line.words]
        # Of a word that goes on in the next line, neither part is one.
        if before.rstrip().endswith(HYPHENS):
            words[0] = line.words[0]
        if line.words[-1].text.endswith(HYPHENS):
            words[-1] = line.words[-1]
        before = line.text
        if all(new is old for new, old in zip(words, line.words, strict=True)):
            yield line
        else:
            texts = iter(words)
            text = re.sub(r"\S+", lambda _: next(texts).text, line.text)  # noqa: B023 - used at once
            yield dataclasses.replace(line, text=text, words=tuple(words))
