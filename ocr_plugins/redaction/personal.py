"""What is personal in a reading: what extractors find, what looks like it, and where it stands again."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ocr_plugins.document import Page, Word
from ocr_plugins.ensemble.shipped import shipped_lexicon
from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.fields.contract import Extractor
from ocr_plugins.fields.dates import date_fields
from ocr_plugins.fields.extracting import extract_fields, find_extractors
from ocr_plugins.fields.rows import Row, rows_of
from ocr_plugins.redaction.looks import looking_like, traces_of_zone
from ocr_plugins.spec import parse_spec, split_specs

#: The extractors of what is personal, which the word ``personal`` stands for.
PERSONAL = ("names", "email", "phone", "iban", "card", "id", "mrz")
_ALL = "personal"

# From how many letters and digits on a text is looked for among others, a name as a word, and a name as a
# part of a word, or of a file's name.
_LEAST_TEXT, _LEAST_NAME, _LEAST_PART, _LEAST_IN_FILE = 6, 2, 6, 4
# So many digits at the end tell a telephone number, however it begins.
_PHONE_DIGITS = 8
_WORD = re.compile(r"[^\W\d_]+")
_NAMES = frozenset({"names", "mrz.surname", "mrz.given_names"})
# What says nothing of anybody.
_SAYS_NOTHING = frozenset({"mrz.format", "mrz.type", "mrz.issuer", "mrz.nationality", "mrz.sex"})


@dataclass(frozen=True, slots=True)
class Found:
    """Something personal in a reading.

    Args:
        kind: the name of what found it.
        signs: its letters and digits, in small letters.
        words: that it lies in; a line whose words are not told apart is one.
    """

    kind: str
    signs: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Traces:
    """What was found on the pages of a document, as it may stand there again.

    Args:
        texts: letters and digits alone, in small letters, each with its kind.
        names: words of names, in small letters.
        days: of birth, and of papers.
    """

    texts: frozenset[tuple[str, str]] = frozenset()
    names: frozenset[str] = frozenset()
    days: frozenset[dt.date] = frozenset()

    def __or__(self, other: Traces) -> Traces:
        return Traces(self.texts | other.texts, self.names | other.names, self.days | other.days)

    def are_in(self, text: str) -> bool:
        """Whether anything of it is in a text, such as the name of a file."""
        plain = signs_of(text)
        names = {signs_of(name) for name in self.names}
        words = {signs_of(word) for word in _WORD.findall(unicodedata.normalize("NFC", text))}
        return (
            any(trace in plain for trace, _ in self.texts)
            or not words.isdisjoint(names)
            or any(name in plain for name in names if len(name) >= _LEAST_IN_FILE)
            or any(
                day.strftime(form) in plain for day in self.days for form in ("%Y%m%d", "%d%m%Y", "%m%d%Y")
            )
        )


class ExtractorFailedError(OcrError):
    """An extractor that raised: what it would have found is not known."""


def find_redactors(wanted: str) -> tuple[Extractor[Any], ...]:
    """The extractors of what is to be taken out, ``NAME[:key=value...]`` by commas.

    ``personal`` stands for all of `PERSONAL` that are not named beside it: ``personal,phone:country=MY``.

    Raises:
        CallError: as `find_extractors` raises it.
    """
    named = [text.strip() for text in split_specs(wanted)]
    if _ALL in named:
        others = [text for text in named if text and text != _ALL]
        own = {parse_spec(text, what="extractor").name for text in others}
        named = [*others, *(name for name in PERSONAL if name not in own)]
    if not any(named):
        raise CallError(
            "nothing to redact was named", f"say --redact {_ALL}, or some of {', '.join(PERSONAL)}"
        )
    return find_extractors(",".join(named))


def find_personal(page: Page, extractors: Sequence[Extractor[Any]]) -> tuple[tuple[Found, ...], Traces]:
    """What is personal in one reading of a page, and what to look for elsewhere.

    Raises:
        ExtractorFailedError: an extractor raised; what the page holds is not known then.
    """
    got = extract_fields(page, extractors)
    if got.errors:
        raise ExtractorFailedError(got.errors[0], "mend it, or leave it out of --redact", "extractor_failed")
    rows = rows_of(page)
    kinds = [extractor.name for extractor in extractors]
    found: list[Found] = []
    texts: set[tuple[str, str]] = set()
    names: set[str] = set()
    days: set[dt.date] = set()
    for field in got.fields:
        kind = field.name.partition(".")[0]
        found.append(Found(kind, signs_of(field.text), field.words))
        if isinstance(field.value, dt.date):
            days.add(field.value)
        elif field.name not in _SAYS_NOTHING:
            for text in (field.text, field.shown):
                texts.add((signs_of(text), kind))
                if field.name in _NAMES:
                    names.update(_words_of(text))
    for kind, part in looking_like(rows, kinds):
        found.append(Found(kind, signs_of(part.text), part.words))
        if kind == "mrz":
            said, numbers, born = traces_of_zone(part.text)
            names.update(name.casefold() for name in said)
            texts.update((signs_of(number), kind) for number in numbers)
            days.update(born)
        else:
            texts.add((signs_of(part.text), kind))
            if kind == "names":
                names.update(_words_of(part.text))
    kept = {(text, kind) for text, kind in texts if len(text) >= _LEAST_TEXT}
    kept |= {(text[-_PHONE_DIGITS:], kind) for text, kind in kept if kind == "phone" and text.isdigit()}
    return tuple(found), Traces(frozenset(kept), frozenset(names), frozenset(days))


def find_again(page: Page, traces: Traces) -> Iterator[Found]:
    """Where in a reading something stands that was found elsewhere in its document."""
    for row in rows_of(page):
        if traces.texts:
            yield from _texts_in(row, traces.texts)
        for word in row.words:
            for said in _said(word.text, traces.names):
                yield Found("names", signs_of(said), (word,))
        if traces.days:
            for field in date_fields([row], "auto", "", dt.date.today()):
                if not traces.days.isdisjoint([field.value, *(value for value, _ in field.others)]):
                    yield Found("date", signs_of(field.text), field.words)


def signs_of(text: str) -> str:
    """The letters and digits of a text, in small letters: what is left when spaces and marks are misread."""
    return "".join(mark for mark in unicodedata.normalize("NFC", text).casefold() if mark.isalnum())


def how_often(signs: str, text: str) -> int:
    """How often letters and digits stand in a text, at least once: as words, and the longer ones anywhere."""
    words = sum(signs_of(word) == signs for word in _WORD.findall(text))
    return max(words, signs_of(text).count(signs) if len(signs) >= _LEAST_TEXT else 0, 1)


def _said(text: str, names: frozenset[str]) -> Iterator[str]:
    """The words of a text that are, or hold, one of the names."""
    for word in _WORD.findall(text):
        small = word.casefold()
        # In small letters, a name may be a word that stands anywhere.
        is_one = small in names and (word[0].isupper() or shipped_lexicon().standing(small) < 1)
        if is_one or any(name in small for name in names if len(name) >= _LEAST_PART):
            yield word


def _texts_in(row: Row, texts: Iterable[tuple[str, str]]) -> Iterator[Found]:
    plain, owners = [], []
    for number, word in enumerate(row.words):
        signs = signs_of(word.text)
        plain.append(signs)
        owners += [number] * len(signs)
    joined = "".join(plain)
    for text, kind in texts:
        start = joined.find(text)
        while start >= 0:
            yield Found(kind, text, row.words[owners[start] : owners[start + len(text) - 1] + 1])
            start = joined.find(text, start + 1)


def _words_of(text: str) -> list[str]:
    """Words that begin with a capital, or all where none does, in small letters."""
    words = [word for word in _WORD.findall(text) if len(word) >= _LEAST_NAME]
    return [word.casefold() for word in words if word[0].isupper()] or [word.casefold() for word in words]
