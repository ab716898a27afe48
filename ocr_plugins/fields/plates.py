"""Licence plates: the number among what else is written on a plate, by the formats of countries.

A format says where letters stand and where digits: what was read for its like is put right by it. Where
several formats fit, the reading that needs the fewest changes wins.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ocr_plugins.document import Word
from ocr_plugins.fields.countries import of_countries
from ocr_plugins.fields.field import Field, read_surely
from ocr_plugins.fields.rows import Part, Row

# Letters (L) and digits (D) as numbers are made up now, and X for either; spaces and dashes left out.
FORMATS: Mapping[str, tuple[str, ...]] = {
    "at": ("LDDDDL", "LLDDDDL", "LLDDDLL", "LDDDDLL", "LDDDDDL", "LLDDDDLL"),
    "be": ("DLLLDDD", "LLLDDD", "DDDLLL"),
    "br": ("LLLDDDD", "LLLDLDD"),
    "ch": ("LLDDD", "LLDDDD", "LLDDDDD", "LLDDDDDD"),
    "cz": ("DLDDDDD", "DLLDDDD"),
    "de": (
        "LLDDD", "LLDDDD", "LLLDD", "LLLDDD", "LLLDDDD", "LLLLDD", "LLLLDDD", "LLLLDDDD", "LLLLLDD",
        "LLLLLDDD",
    ),
    "dk": ("LLDDDDD",),
    "ee": ("DDDLLL",),
    "es": ("DDDDLLL",),
    "fi": ("LLLDDD", "LLDDD"),
    "fr": ("LLDDDLL",),
    "gb": ("LLDDLLL", "LDDDLLL"),
    "hr": ("LLDDDLL", "LLDDDDL", "LLDDDDLL"),
    "hu": ("LLLDDD", "LLLLDDD"),
    "ie": ("DDDLDDDD", "DDDLDDDDD", "DDLDDDDD"),
    "it": ("LLDDDLL",),
    "lt": ("LLLDDD",),
    "lv": ("LLDDDD",),
    "nl": ("LLDDDL", "LDDDLL", "DLLLDD", "DDLLLD", "LLLDDL", "DDLLLL", "LLDDLL"),
    "no": ("LLDDDDD",),
    "pl": ("LLDDDDD", "LLDDDDL", "LLDDDLL", "LLLLDDD", "LLLDLDD", "LLLDDDD", "LLLDDLL", "LLDDDLD"),
    "pt": ("LLDDLL", "DDLLDD", "DDDDLL"),
    "ro": ("LLDDLLL", "LDDDLLL", "LDDLLL"),
    "se": ("LLLDDD", "LLLDDX"),
    "si": ("LLLLDDD", "LLLDDDD", "LLDDDLL"),
    "sk": ("LLDDDLL",),
    "us": (
        "LLLDDDD", "LLLDDD", "DLLLDDD", "DDDLLL", "LLDDDDD", "DDDDLLL", "LDDDDDD", "LDDDDD", "LLLDDL",
        "DDDDDD", "DDDDDDD", "LLDDDD", "LLDDLL", "DDLLDDD", "LDDLLL", "LLLDLDD", "DDDDLL", "LLLDDLL",
        "LDDLLLL", "XXXXXXX", "XXXXXX", "XXXXX",
    ),
}  # fmt: skip
#: Those of Europe.
EUROPE: tuple[str, ...] = tuple(name for name in FORMATS if name not in ("br", "us"))
_AS_DIGIT = dict(zip("OQDILZSGBTA", "00011256874", strict=True))
_AS_LETTER = dict(zip("015826", "OISBZG", strict=True))
_SHAPE = {"L": re.compile("[A-Z]"), "D": re.compile("[0-9]"), "X": re.compile("[A-Z0-9]")}
# What plates have between letters and digits, and what their seals, bolts and pictures are read as; words
# with other signs are no part of a number.
_BETWEEN = re.compile(r"[\s·•=*~'’-]|(?<!\d)[.:]|[.:](?!\d)")
# A character that had to be put right is so much less likely than one that was read as it must be: letters
# that are seldom taken for digits, and all others.
_SELDOM, _CHANGED_SELDOM, _CHANGED = "AT", 0.01, 0.1
# What fits a format that says nothing of its characters is so much less likely a number.
_SHAPELESS = 0.05
# A number that is read together with the country's letters is so much less likely, for each letter.
_BAND, _BAND_LETTERS = 0.05, 2
# How likely a picture has no number that can be read, beside one that fits a format; and what is none.
_NONE, _LEAST = 0.05, 0.005
# Readings of a word that are looked at, and parts that a number may be read as.
_ALTERNATIVES, _PARTS = 3, 4
# Numbers are written higher than all else on a plate: what has half the height is so much less likely one.
_HALF_AS_HIGH = 0.05


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a plate's number may be, and how likely."""

    value: str
    weight: float
    part: Part


def formats_of(country: str) -> tuple[str, ...]:
    """The formats of a country, of several joined by ``+``, or of all for "".

    Raises:
        CallError: a country whose plates are not known.
    """
    return of_countries(country, FORMATS, "plates")


def plate_fields(rows: Sequence[Row], country: str = "") -> Iterator[Field]:
    """The number of the plate on a picture, in capitals and digits alone; none where nothing looks like one.

    Args:
        country: ISO 3166, several joined by ``+``; "" for all that are known.
    """
    formats = formats_of(country)
    tallest = max((_height(word) for row in rows for word in row.words), default=0.0)
    best: dict[str, _Reading] = {}
    for reading in itertools.chain.from_iterable(_readings(row, formats, tallest) for row in rows):
        if reading.weight > max(best[reading.value].weight if reading.value in best else 0.0, _LEAST):
            best[reading.value] = reading
    if not best:
        return
    total = sum(reading.weight for reading in best.values()) + _NONE
    first, *others = sorted(best.values(), key=lambda reading: -reading.weight)
    sure = read_surely(first.part.words) / total
    yield Field(
        name="plate",
        value=first.value,
        text=first.part.text,
        words=first.part.words,
        probability=sure * first.weight,
        others=tuple((one.value, sure * one.weight) for one in others[:_ALTERNATIVES]),
    )


def _readings(row: Row, formats: Sequence[str], tallest: float) -> Iterator[_Reading]:
    for part in row.runs(_PARTS):
        size = _size(part.words, tallest)
        for text, likely in _texts(part):
            for band, number in _without_band(text):
                for value, fit in _fits(number, formats):
                    yield _Reading(value, size * likely * band * fit, part)


def _texts(part: Part) -> Iterator[tuple[str, float]]:
    """What a part may say, in capitals without signs between, and how likely."""
    words = part.words
    if " ".join(word.text for word in words) == part.text:
        said = [_said(word) for word in words]
    else:
        # Of a line that its engine has not cut, nothing tells what else a part of it may say.
        said = [[(part.text, 1.0)]]
    for texts in itertools.product(*said):
        joined = _BETWEEN.sub("", " ".join(text for text, _ in texts)).upper()
        yield joined, math.prod(probability for _, probability in texts)


def _without_band(text: str) -> Iterator[tuple[float, str]]:
    """A text, and what it is where its first letters are the country's on the band beside the number."""
    yield 1.0, text
    for count in range(1, _BAND_LETTERS + 1):
        if text[:count].isalpha():
            yield _BAND**count, text[count:]


def _said(word: Word) -> list[tuple[str, float]]:
    """What a word may say: what was read, unless it is among them, and what else was thought of."""
    others = list(word.alternatives[:_ALTERNATIVES])
    if any(text == word.text for text, _ in others):
        return others
    return [(word.text, max(1.0 - sum(share for _, share in others), _LEAST)), *others]


def _fits(read: str, formats: Sequence[str]) -> Iterator[tuple[str, float]]:
    """What a text is when it is put into each format, and how likely that is."""
    if not any(_SHAPE["D"].match(mark) for mark in read):
        return
    for format_ in formats:
        if len(read) != len(format_):
            continue
        put = [_put(mark, kind) for mark, kind in zip(read, format_, strict=True)]
        if all(put):
            value = "".join(put)
            changed = math.prod(
                _CHANGED_SELDOM if mark in _SELDOM else _CHANGED
                for mark, other in zip(read, value, strict=True)
                if mark != other
            )
            yield value, changed * (1.0 if set(format_) - {"X"} else _SHAPELESS)


def _put(mark: str, kind: str) -> str:
    """The character of that kind that a mark is or looks like; "" for none."""
    if _SHAPE[kind].match(mark):
        return mark
    return {"D": _AS_DIGIT, "L": _AS_LETTER}.get(kind, {}).get(mark, "")


def _height(word: Word) -> float:
    if word.polygon is None:
        return 0.0
    _, top, _, bottom = word.polygon.box
    return bottom - top


def _size(words: Sequence[Word], tallest: float) -> float:
    """How likely words of that height are a number's, beside the tallest of the picture."""
    heights = [_height(word) for word in words]
    if not tallest or not all(heights):
        return 1.0
    return float(_HALF_AS_HIGH ** (2 * (1 - min(heights) / tallest)))
