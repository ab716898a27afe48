"""Named conventions: what is compared, in which unit, and how counts become a rate.

Error rates of the same two texts differ between tools, because each tool normalises, counts
and averages in its own way. A `Convention` writes such a way down as a value; `get_convention`
finds one by name and adds modifiers to it: ``"default+dehyphenate+casefold"``.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import regex

from ocr_plugins.errors import CallError
from ocr_plugins.evaluation.graphemes import unicode_version, word_segments

Unit = Literal["grapheme", "codepoint"]
WordSplit = Literal["whitespace", "space", "uax29"]
Rate = Literal["errors/reference", "errors/(errors+correct)"]
Aggregate = Literal["micro", "macro"]
EmptyReference = Literal["one", "infinite", "count"]


@dataclass(frozen=True, slots=True)
class Step:
    """One normalisation, str to str.

    ``stage`` orders the steps of a convention, so that the order in which modifiers are named
    does not matter: 0 joins lines, 1 composes, 2 folds signs, 3 folds case, 4 drops signs,
    5 folds white space. Stage 0 sees the whole text; the others may be given a line at a time.
    """

    name: str
    stage: int
    apply: Callable[[str], str] = field(repr=False, compare=False)

    def __call__(self, text: str) -> str:
        return self.apply(text)


_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    }
)
_LINE_END_HYPHEN = regex.compile(
    r"(?<=\p{L}\p{M}*)(?:[-\u2010\u2011\u2E17\u00AC]\h*\R\h*(?=[\p{Ll}\p{Lo}])|\u00AD\h*\R\h*(?=\p{L}))"
)
_NOT_ALNUM = regex.compile(r"[^\p{L}\p{M}\p{N}\s\x1c-\x1f]+")
# The standard library's white space, separators U+001C to U+001F included, as str.split has it.
_SPACES = re.compile(r"\s+")
_SEVERAL_SPACES = re.compile(r"\s\s+")

STEPS: Mapping[str, Step] = MappingProxyType(
    {
        step.name: step
        for step in (
            Step("dehyphenate", 0, lambda text: _LINE_END_HYPHEN.sub("", text)),
            Step("nfc", 1, lambda text: unicodedata.normalize("NFC", text)),
            Step("nfkc", 1, lambda text: unicodedata.normalize("NFKC", text)),
            Step("ascii_signs", 2, lambda text: text.translate(_SIGNS)),
            # Case folding takes some letters apart, which composing puts together again.
            Step("casefold", 3, lambda text: unicodedata.normalize("NFC", text.casefold())),
            Step("alnum", 4, lambda text: _NOT_ALNUM.sub("", text)),
            Step("fold_spaces", 5, lambda text: " ".join(text.split())),
            Step("strip", 5, str.strip),
            Step("several_spaces", 5, lambda text: _SEVERAL_SPACES.sub(" ", text)),
            Step("nospace", 5, lambda text: _SPACES.sub("", text)),
        )
    }
)

MODIFIERS: Mapping[str, str] = MappingProxyType(
    {
        "nfkc": "compatibility forms (ligatures, full-width letters, superscripts) made plain",
        "dehyphenate": "a word hyphenated at a line end, before a small letter, is joined again",
        "casefold": "case is folded (Unicode full case folding)",
        "alnum": "letters, their marks, digits and white space are kept, all else is dropped",
        "nospace": "characters are compared without white space; words are still split at it",
    }
)


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How two texts are compared.

    Attributes:
        name: as `get_convention` takes it, modifiers in a fixed order.
        description: one sentence for a report.
        steps: normalisation of both texts, in this order.
        char_steps: after ``steps``, only where characters are counted.
        word_steps: after ``steps``, only where words are counted.
        unit: what one character is: an extended grapheme cluster (UAX #29) or a code point.
        word_split: at any white space, at the space character only, or at UAX #29 word
            boundaries without the pieces that hold no letter, digit or private-use character.
        rate: errors by reference length (can exceed 1), or by errors plus correct ones (cannot).
        aggregate: the headline over many pages: ``micro`` divides summed errors by summed
            lengths, ``macro`` is the mean of the pages' rates.
        empty_reference: the rate of an empty reference against a hypothesis that is not empty:
            1, infinity, or the number of insertions. Both empty is 0 in every convention.
        unicode_version: version of the segmentation rules, because counts of clusters and
            words change with it. Composition and case folding follow Python's own version.
    """

    name: str
    description: str
    steps: tuple[Step, ...]
    char_steps: tuple[Step, ...] = ()
    word_steps: tuple[Step, ...] = ()
    unit: Unit = "grapheme"
    word_split: WordSplit = "whitespace"
    rate: Rate = "errors/reference"
    aggregate: Aggregate = "micro"
    empty_reference: EmptyReference = "one"
    unicode_version: str = field(default_factory=unicode_version)

    def characters(self, text: str) -> str:
        """The text whose units are counted for the character error rate."""
        return _run(self.steps + self.char_steps, text)

    def words(self, text: str) -> list[str]:
        """The words that are counted for the word error rate, in order."""
        text = _run(self.steps + self.word_steps, text)
        if self.word_split == "uax29":
            return [word for word in word_segments(text) if not all(map(_is_no_word, word))]
        if self.word_split == "space":
            return [word for word in text.split(" ") if word]
        return text.split()

    def lines(self, text: str) -> list[str]:
        """The normalised lines that are not empty; white space inside them is folded.

        ``char_steps`` are left out: who compares lines may still need to know where words end.
        """
        text = _run(tuple(step for step in self.steps if step.stage == 0), text)
        later = tuple(step for step in self.steps if step.stage > 0)
        lines = (" ".join(_run(later, line).split()) for line in text.splitlines())
        return [line for line in lines if line]

    def seen(self, text: str, *, casefold: bool = False) -> str:
        """A text's words as they are compared, a space between two."""
        return " ".join(self.words(text.casefold() if casefold else text))

    def cluster(self, cluster: str) -> str:
        """What one grapheme cluster is compared as, apart from its neighbours."""
        if cluster.isspace():
            return " " if STEPS["fold_spaces"] in self.steps else cluster
        return _run(tuple(step for step in self.steps if 0 < step.stage < 5), cluster)

    def error_rate(self, errors: int, length: int, correct: int) -> float:
        """The rate of ``errors`` in a reference of ``length`` units with ``correct`` ones among them.

        At least 0; may exceed 1 under ``errors/reference``. Never NaN; infinite only where
        ``empty_reference`` says so.
        """
        if errors == 0:
            return 0.0
        if self.rate == "errors/(errors+correct)":
            return errors / (errors + correct)
        if length == 0:
            return {"one": 1.0, "infinite": math.inf, "count": float(errors)}[self.empty_reference]
        return errors / length

    def with_modifiers(self, *names: str) -> Convention:
        """This convention with the named modifiers added; those it already has are left alone.

        Raises:
            CallError: a modifier that does not exist.
        """
        base, *present = self.name.split("+")
        for name in names:
            if name not in MODIFIERS:
                raise CallError(f"unknown modifier {name!r}", f"known modifiers: {', '.join(MODIFIERS)}")
        ordered = [name for name in MODIFIERS if name in present or name in names]
        steps, char_steps = list(self.steps), list(self.char_steps)
        for name in ordered:
            if name in present:
                continue
            (char_steps if name == "nospace" else steps).append(STEPS[name])
        return replace(
            self,
            name="+".join([base, *ordered]),
            # Sorting is stable: the steps of one stage stay as they were.
            steps=tuple(sorted(steps, key=lambda step: step.stage)),
            char_steps=tuple(char_steps),
        )

    def to_dict(self) -> dict[str, object]:
        """Everything that fixes the convention, as a JSON object; steps by name."""
        return {
            "name": self.name,
            "description": self.description,
            "steps": [step.name for step in self.steps],
            "char_steps": [step.name for step in self.char_steps],
            "word_steps": [step.name for step in self.word_steps],
            "unit": self.unit,
            "word_split": self.word_split,
            "rate": self.rate,
            "aggregate": self.aggregate,
            "empty_reference": self.empty_reference,
            "unicode_version": self.unicode_version,
        }


def _run(steps: tuple[Step, ...], text: str) -> str:
    for step in steps:
        text = step(text)
    return text


def _is_no_word(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "MPSZ" or category in ("Cc", "Cf")


def _steps(*names: str) -> tuple[Step, ...]:
    return tuple(STEPS[name] for name in names)


CONVENTIONS: Mapping[str, Convention] = MappingProxyType(
    {
        convention.name: convention
        for convention in (
            Convention(
                name="default",
                description="Grapheme clusters after NFC; white space folded and stripped; typographic "
                "quotes, apostrophes and dashes as in ASCII; summed errors by summed lengths.",
                steps=_steps("nfc", "ascii_signs", "fold_spaces"),
            ),
            Convention(
                name="dinglehopper",
                description="As the dinglehopper library (0.11) counts: grapheme clusters after NFC, "
                "white space kept, UAX #29 words, mean of the pages' rates.",
                steps=_steps("nfc"),
                word_split="uax29",
                aggregate="macro",
                empty_reference="infinite",
            ),
            Convention(
                name="jiwer",
                description="As jiwer (4.0) counts: code points of the stripped text, words split at "
                "spaces only, summed errors by summed lengths.",
                steps=_steps("strip"),
                word_steps=_steps("several_spaces"),
                unit="codepoint",
                word_split="space",
                empty_reference="count",
            ),
            Convention(
                name="ocrd",
                description="OCR-D's normalised rate (i+s+d)/(i+s+d+c) over grapheme clusters after NFC, "
                "white space kept; summed errors by summed errors and matches.",
                steps=_steps("nfc"),
                rate="errors/(errors+correct)",
            ),
        )
    }
)


def get_convention(name: str | Convention = "default") -> Convention:
    """The convention called ``name``, which may carry modifiers: ``"jiwer+casefold+alnum"``.

    Raises:
        CallError: an unknown convention or modifier; the known ones are named.
    """
    if isinstance(name, Convention):
        return name
    base, *modifiers = name.split("+")
    if base not in CONVENTIONS:
        raise CallError(
            f"unknown convention {base!r}",
            f"known conventions: {', '.join(CONVENTIONS)}; modifiers, added with '+': {', '.join(MODIFIERS)}",
        )
    return CONVENTIONS[base].with_modifiers(*modifiers)
