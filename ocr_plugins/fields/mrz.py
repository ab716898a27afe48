"""The machine-readable zone of passports, identity cards and visas (ICAO Doc 9303, parts 3 to 7).

Two rows of 44 or 36 characters, or three of 30. Dates and numbers have check digits: where one does not fit,
characters that look alike are exchanged until it does. What cannot be mended is told, with a low probability.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ocr_plugins.document import Word
from ocr_plugins.fields.codes import mended
from ocr_plugins.fields.field import Field, Value, read_surely
from ocr_plugins.fields.rows import Row

_WEIGHTS = (7, 3, 1)
# What readings make of the filler.
_FILLERS = str.maketrans({"«": "<<", "‹": "<", "≤": "<", "(": "<", "[": "<", "{": "<", "_": "<"})
# Letters that fillers are taken for. Only after three fillers has a name come to its end.
_ENDS = re.compile(r"(?<=<<<)[<KCLES]*$")
_DIGITS = str.maketrans("OQDILZSGB", "000112568")
_LETTERS = str.maketrans("01258", "OIZSB")
# A row may be read so many characters too long or too short: its fillers tell where.
_OFF = 4
# By how its check digit fits: as it was read, after an exchange, not at all; and of what has none. In four
# cases of ten an exchange makes a misreading of another kind fit, and the digit of the whole zone with it.
_FITS, _MENDED, _WRONG, _UNCHECKED = 0.99, 0.7, 0.2, 0.9
# A zone has at least so many parts whose check digits fit as they were read.
_LEAST_FITTING = 2


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a zone whose rows stand one after the other: where it begins, and how long it is."""

    start: int
    length: int
    kind: str = "any"

    def of(self, zone: str) -> str:
        return zone[self.start : self.start + self.length]


@dataclass(frozen=True, slots=True)
class _Format:
    """One of the layouts.

    Args:
        rows, width: of the zone.
        begins: what the first letter of a document's kind is.
        parts: by name.
        checked: part -> place of its check digit.
    """

    rows: int
    width: int
    begins: str
    parts: Mapping[str, _Part]
    checked: Mapping[str, int]


def _two_rows(width: int, begins: str, optional: int, *, optional_checked: bool = False) -> _Format:
    """Passports, visas and larger cards: the name above, all else below it."""
    below = width
    parts = {
        "type": _Part(0, 2, "letters"),
        "issuer": _Part(2, 3, "letters"),
        "names": _Part(5, width - 5, "letters"),
        "number": _Part(below, 9),
        "nationality": _Part(below + 10, 3, "letters"),
        "birth": _Part(below + 13, 6, "digits"),
        "sex": _Part(below + 20, 1, "letters"),
        "expiry": _Part(below + 21, 6, "digits"),
        "optional": _Part(below + 28, optional),
    }
    checked = {"number": below + 9, "birth": below + 19, "expiry": below + 27}
    if optional_checked:
        checked["optional"] = below + 28 + optional
    return _Format(2, width, begins, parts, checked)


_FORMATS: Mapping[str, _Format] = {
    "TD3": _two_rows(44, "P", 14, optional_checked=True),
    "TD2": _two_rows(36, "ACIP", 7),
    "MRV-A": _two_rows(44, "V", 16),
    "MRV-B": _two_rows(36, "V", 8),
    "TD1": _Format(
        3,
        30,
        "ACI",
        {
            "type": _Part(0, 2, "letters"),
            "issuer": _Part(2, 3, "letters"),
            "number": _Part(5, 9),
            "optional": _Part(15, 15),
            "birth": _Part(30, 6, "digits"),
            "sex": _Part(37, 1, "letters"),
            "expiry": _Part(38, 6, "digits"),
            "nationality": _Part(45, 3, "letters"),
            "optional2": _Part(48, 11),
            "names": _Part(60, 30, "letters"),
        },
        {"number": 14, "birth": 36, "expiry": 44},
    ),
}


def check_digit(text: str) -> str:
    """The check digit of a stretch of a zone: weights 7, 3, 1 over digits, letters from 10, fillers 0.

    Raises:
        ValueError: a character that no zone has.
    """
    values = (0 if mark == "<" else int(mark, 36) for mark in text)
    weights = itertools.cycle(_WEIGHTS)
    return str(sum(value * next(weights) for value in values) % 10)


def mrz_fields(rows: Sequence[Row], today: dt.date) -> Iterator[Field]:
    """The fields of each zone on a page, named ``mrz.number``, ``mrz.surname``, ``mrz.birth`` and so on.

    Args:
        today: what the century of a date is told by.
    """
    place = 0
    while place < len(rows):
        zone = _zone_at(rows, place)
        if zone is None:
            place += 1
        else:
            yield from zone.fields(today)
            place += zone.format.rows


@dataclass(frozen=True, slots=True)
class _Zone:
    format: _Format
    name: str
    text: str
    rows: tuple[Row, ...]
    # How many characters its rows were too long or too short.
    off: int
    # Parts whose check digit fits, or fits after an exchange.
    fits: frozenset[str] = frozenset()
    mended: frozenset[str] = frozenset()

    def fields(self, today: dt.date) -> Iterator[Field]:
        yield self._field("format", self.name, "type")
        for name in ("type", "issuer", "number", "nationality", "sex", "optional", "optional2"):
            if name in self.format.parts and (value := self._part(name).strip("<").replace("<", " ")):
                yield self._field(name, value, name)
        surname, _, given = self._part("names").strip("<").partition("<<")
        for name, part in (("surname", surname), ("given_names", given)):
            if value := " ".join(part.replace("<", " ").split()):
                yield self._field(name, value, "names")
        for name in ("birth", "expiry"):
            day = _day(self._part(name), today, ahead=name == "expiry")
            if day is not None:
                yield self._field(name, day, name)

    def _part(self, name: str) -> str:
        long = _long_number(self.text, self.format) if name in ("number", "optional") else None
        if long and name == "number":
            return long[0]
        if long:
            # Behind the rest of the number, its check digit and a filler.
            return self.format.parts[name].of(self.text).partition("<")[2]
        return self.format.parts[name].of(self.text)

    def _field(self, name: str, value: Value, part: str) -> Field:
        sure, notes = _UNCHECKED * read_surely(self._words(part)), tuple[str, ...]()
        if part in self.mended:
            sure, notes = _MENDED, ("mended by its check digit",)
        elif part in self.fits:
            sure = _FITS
        elif part in self.format.checked:
            sure, notes = _WRONG, ("its check digit does not fit",)
        return Field(
            name=f"mrz.{name}",
            value=value,
            text=self._part(part),
            words=self._words(part),
            probability=sure,
            notes=notes,
        )

    def _words(self, part: str) -> tuple[Word, ...]:
        """Of the part's row: spaces and fillers that were read otherwise leave no closer place."""
        return self.rows[self.format.parts[part].start // self.format.width].words


def _zone_at(rows: Sequence[Row], place: int) -> _Zone | None:
    """The zone that begins with a row: of the formats that its rows fit, the one with most right digits."""
    found = []
    for name, format_ in _FORMATS.items():
        taken = tuple(rows[place : place + format_.rows])
        texts = [_cleaned(row.text) for row in taken]
        # What kind of document it is has no digit.
        texts[:1] = [text[:1].translate(_LETTERS).replace("L", "I") + text[1:] for text in texts[:1]]
        names = texts[format_.parts["names"].start // format_.width] if len(texts) == format_.rows else ""
        # Prose run together has no fillers.
        if "<<" not in names or texts[0][:1] not in format_.begins:
            continue
        fitted = [_fitted(text, format_.width) for text in texts]
        if all(fitted):
            off = sum(abs(len(text) - format_.width) for text in texts)
            found.append(_checked(_Zone(format_, name, "".join(map(str, fitted)), taken, off)))
    best = max(found, key=lambda zone: len(zone.fits | zone.mended) - zone.off / 4, default=None)
    return best if best is not None and len(best.fits) >= _LEAST_FITTING else None


def _cleaned(text: str) -> str:
    """A row as a zone may have it; "" where other characters stand in it."""
    text = "".join(text.split()).translate(_FILLERS).upper()
    text = _ENDS.sub(lambda match: "<" * len(match.group()), text)
    return text if re.fullmatch(r"[A-Z0-9<]{26,48}", text) else ""


def _fitted(text: str, width: int) -> str | None:
    """A row of the right width: by its last fillers, or by what is missing at its end."""
    off = width - len(text)
    if not text or abs(off) > _OFF:
        return None
    runs = [match for match in re.finditer(r"<{2,}", text) if len(match.group()) + off >= 1]
    if not off:
        return text
    if runs:
        start, end = runs[-1].span()
        return text[:start] + "<" * (end - start + off) + text[end:]
    return text + "<" * off if off > 0 else None


def _checked(zone: _Zone) -> _Zone:
    """The zone with letters and digits where they must be, and its parts mended."""
    marks = list(zone.text)
    for part in zone.format.parts.values():
        table = {"digits": _DIGITS, "letters": _LETTERS}.get(part.kind)
        if table is not None:
            marks[part.start : part.start + part.length] = part.of(zone.text).translate(table)
    for place in zone.format.checked.values():
        marks[place] = marks[place].translate(_DIGITS)
    text = "".join(marks)
    fits, exchanged = set(), set()
    for name, place in zone.format.checked.items():
        part = zone.format.parts[name]
        long = _long_number(text, zone.format) if name == "number" else None
        if _is_of(text[place], part.of(text)) or (long and _is_of(long[1], long[0])):
            fits.add(name)
        # Of what is all digits already, nothing is left to exchange.
        elif part.kind == "any" and not long:
            right = mended(part.of(text), functools.partial(_is_of, text[place]))
            if len(right) == 1:
                text = text[: part.start] + right[0] + text[part.start + part.length :]
                exchanged.add(name)
    return replace(zone, text=text, fits=frozenset(fits), mended=frozenset(exchanged))


def _long_number(text: str, format_: _Format) -> tuple[str, str] | None:
    """A card's number of more than nine characters, which goes on in the optional part; its check digit."""
    place = format_.checked["number"]
    rest = format_.parts["optional"].of(text).partition("<")[0]
    if "I" not in format_.begins or text[place] != "<" or len(rest) < 2:
        return None
    return format_.parts["number"].of(text) + rest[:-1], rest[-1]


def _is_of(expected: str, text: str) -> bool:
    """Whether a stretch has that check digit. Of an empty optional part, a filler may take its place."""
    return expected == check_digit(text) or (expected == "<" and not text.strip("<"))


def _day(text: str, today: dt.date, *, ahead: bool) -> dt.date | None:
    """A day of six digits: of birth, so past, or until when a document is valid."""
    if not text.isdigit():
        return None
    year = 2000 + int(text[:2])
    if ahead and year > today.year + 50:
        year -= 100
    try:
        day = dt.date(year, int(text[2:4]), int(text[4:]))
        return day.replace(year=year - 100) if not ahead and day > today else day
    except ValueError:
        return None
