"""Licence plates: the number among what else is written on a plate, by the formats of countries.

A format says where letters stand and where digits: what was read for its like is put right by it. Where
several formats fit, the reading that needs the fewest changes wins.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ocr_plugins.document import Word
from ocr_plugins.fields.countries import countries_of
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
# What stands on the band beside the number, or on a sticker.
_SIGNS: Mapping[str, tuple[str, ...]] = {
    "at": ("A",), "be": ("B",), "br": ("BR",), "ch": ("CH",), "cz": ("CZ",), "de": ("D",), "dk": ("DK",),
    "ee": ("EST",), "es": ("E",), "fi": ("FIN",), "fr": ("F",), "gb": ("GB", "UK"), "hr": ("HR",),
    "hu": ("H",), "ie": ("IRL",), "it": ("I",), "lt": ("LT",), "lv": ("LV",), "nl": ("NL",), "no": ("N",),
    "pl": ("PL",), "pt": ("P",), "ro": ("RO",), "se": ("S",), "si": ("SLO",), "sk": ("SK",),
}  # fmt: skip
_AS_DIGIT = dict(zip("OQDILZSGBTA", "00011256874", strict=True))
_AS_LETTER = dict(zip("015826", "OISBZG", strict=True))
_SHAPE = {"L": re.compile("[A-Z]"), "D": re.compile("[0-9]"), "X": re.compile("[A-Z0-9]")}
# What plates have between letters and digits, and what their seals, bolts and pictures are read as; words
# with other signs are no part of a number, nor are times of day, and what parts thousands.
_BETWEEN = re.compile(r"[\s·•=*~-]|(?<!\d)['’]|['’](?!\d)|(?<!\d)(?<!\d\s)[.:]|[.:](?!\s?\d)")
_DAY = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}")
# A character that had to be put right is so much less likely than one that was read as it must be: letters
# that are seldom taken for digits, and all others. Likewise what is put right where nothing had to be.
_SELDOM, _CHANGED_SELDOM, _CHANGED = "AT", 0.01, 0.1
# What fits a format of digits alone, or one that says nothing, is so much less likely a number.
_SHAPELESS = 0.05
# A number that is read together with letters of its country's sign is so much less likely. From a word of
# letters alone they are taken where it is short.
_BAND, _BAND_LEAVES = 0.05, 2
# How likely a picture has no number that can be read, beside one that fits a format; and what is none.
_NONE, _LEAST = 0.05, 0.003
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


def formats_of(country: str) -> dict[str, tuple[str, ...]]:
    """The formats of a country, of several joined by ``+``, or of all for "".

    Each with what may be read before such a number: its countries' signs, or first letters of one.

    Raises:
        CallError: a country whose plates are not known.
    """
    found: dict[str, list[str]] = {}
    for name in countries_of(country, FORMATS, "plates"):
        bands = [sign[:end] for sign in _SIGNS.get(name, ()) for end in range(1, len(sign) + 1)]
        for format_ in FORMATS[name]:
            found.setdefault(format_, []).extend(bands)
    return {format_: tuple(dict.fromkeys(bands)) for format_, bands in found.items()}


def plate_fields(rows: Sequence[Row], country: str = "") -> Iterator[Field]:
    """The number of the plate on a picture, in capitals and digits alone; none where nothing looks like one.

    Args:
        country: ISO 3166, several joined by ``+``; "" for all that are known.
    """
    formats = formats_of(country)
    tallest = max((_height(word) for row in rows for word in row.words), default=0.0)
    best: dict[str, _Reading] = {}
    for part in itertools.chain.from_iterable(row.runs(_PARTS) for row in rows):
        for reading in _readings(part, formats, tallest):
            if reading.weight > max(best[reading.value].weight if reading.value in best else 0.0, _LEAST):
                best[reading.value] = reading
    if not best:
        return
    first, *others = sorted(best.values(), key=lambda reading: -reading.weight)
    total = (sum(reading.weight for reading in best.values()) + _NONE) / _thought_of(first.part.words)
    yield Field(
        name="plate",
        value=first.value,
        text=first.part.text,
        words=first.part.words,
        probability=first.weight / total,
        others=tuple((one.value, one.weight / total) for one in others[:_ALTERNATIVES]),
    )


def _readings(part: Part, formats: Mapping[str, Sequence[str]], tallest: float) -> Iterator[_Reading]:
    if _DAY.fullmatch(part.text):
        return
    weights: dict[str, float] = defaultdict(float)
    for text, likely in _texts(part):
        for value, fit in _values(text, formats).items():
            weights[value] += likely * fit
    size = _size(part.words, tallest)
    for value, weight in weights.items():
        yield _Reading(value, size * weight, part)


def _texts(part: Part) -> Iterator[tuple[str, float]]:
    """What a part may say, and how likely."""
    words = part.words
    if " ".join(word.text for word in words) == part.text:
        said = [_said(word) for word in words]
    else:
        # Of a line that its engine has not cut, nothing tells what else a part of it may say.
        said = [[(part.text, 1.0)]]
    for texts in itertools.product(*said):
        yield " ".join(text for text, _ in texts), math.prod(probability for _, probability in texts)


def _said(word: Word) -> list[tuple[str, float]]:
    """What a word may say: what was read, unless it is among them, and what else was thought of."""
    others = list(word.alternatives[:_ALTERNATIVES])
    if any(text == word.text for text, _ in others):
        return others
    return [(word.text, max(1.0 - sum(share for _, share in others), _LEAST)), *others]


def _thought_of(words: Sequence[Word]) -> float:
    """The probability that words say something that was thought of at all."""
    return min(
        min(1.0, read_surely((word,)) + sum(share for text, share in word.alternatives if text != word.text))
        for word in words
    )


def _values(text: str, formats: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """What a text is when it is put into formats, and how likely that is."""
    read = _BETWEEN.sub("", text).upper()
    begins = text.split(maxsplit=1)[0] if text.strip() else ""
    leaves = _BAND_LEAVES if begins.isalpha() else len(begins)
    found: dict[str, float] = {}
    as_it_is = False
    for format_, bands in formats.items():
        for band in ("", *bands):
            if len(read) - len(band) != len(format_) or not read.startswith(band):
                continue
            if band and not 0 < len(begins) - len(band) <= leaves:
                continue
            value, fit = _fitted(read[len(band) :], format_)
            found[value] = max(found.get(value, 0.0), fit * (_BAND if band else 1.0))
            as_it_is |= value == read and "X" not in format_
    return {
        value: fit if value == read or not as_it_is else fit * _CHANGED
        for value, fit in found.items()
        if value
    }


def _fitted(read: str, format_: str) -> tuple[str, float]:
    """A text put into a format of its length, and how likely it is that; "" where it does not go."""
    put = [_put(mark, kind) for mark, kind in zip(read, format_, strict=True)]
    if not all(put) or not any(_SHAPE["D"].match(mark) for mark in read):
        return "", 0.0
    changed = math.prod(
        _CHANGED_SELDOM if mark in _SELDOM else _CHANGED
        for mark, other in zip(read, put, strict=True)
        if mark != other
    )
    return "".join(put), changed * (1.0 if "L" in format_ else _SHAPELESS)


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
