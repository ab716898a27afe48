"""What has a form and check digits of its own: e-mail addresses, IBANs, card numbers, phone numbers.

An account number whose check digits do not fit is mended where one exchange of characters that look alike
makes them fit, and no other does. What then still does not fit is none.
"""

from __future__ import annotations

import importlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ocr_plugins.errors import CallError
from ocr_plugins.fields.field import Field, read_surely
from ocr_plugins.fields.rows import Part, Row, apart

#: Characters that are read for one another.
ALIKE: Mapping[str, str] = {
    "0": "ODQ", "O": "0", "D": "0", "Q": "0", "1": "IL", "I": "1", "L": "1", "5": "S", "S": "5", "8": "B",
    "B": "8", "2": "Z", "Z": "2", "6": "G", "G": "6", "4": "A", "A": "4", "7": "T", "T": "7",
}  # fmt: skip
_HINT = "pip install 'ocr-plugins[fields]'"

# A local part without quotes and a domain, as RFC 5321 has them. Readings put spaces around the @, around
# points of the local part, and before endings that are common.
_ENDING = r"(?:com|org|net|edu|gov|info|biz|io|eu|de|fr|es|it|nl|uk|us|my|br|ch|at|be)(?!\w)"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(
    rf"(?<![\w.+&-])(?<!\w')[A-Za-z0-9](?:(?:[\w.+'&-]|(?<=\w) \. (?=\w)){{0,62}}\w)?"
    rf" ?@ ?{_LABEL}(?:\.{_LABEL})*"
    rf"(?: ?\. ?{_ENDING}|\.[A-Za-z]{{2,24}}(?![\w-]))"
)
_RUN_ON = re.compile(r"(.*\.(?:com|org|net|edu|gov|info|biz|io|eu|[a-z]{2}))\.?[A-Z][a-z]+")
_EACH = re.compile(r"\d+(?:@| @ ?|@ )\d{1,2}\.")
_IBAN = re.compile(r"[A-Z]{2}[0-9ODQILSZBG]{2}[A-Z0-9]{11,30}")
_SUM = re.compile(r"\d+[.,]\d\d")
# Into how many parts codes are written.
_IBAN_PARTS, _CARD_PARTS = 9, 6
# What issuers of cards begin their numbers with (ISO/IEC 7812), and how long those are.
_CARD = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|"
    r"35\d{14}|(?:6011|64[4-9]\d|65\d{2})\d{12}|62\d{14,17}|(?:50|5[6-9]|6\d)\d{10,17}"
)
# Of numbers that begin like a card's and pass Luhn's check, such as one in ten of any.
_CARDS_SHARE = 0.9
# Of account numbers whose check digits fit, and of those that one exchange alone mends.
_CHECKED_SHARE, _MENDED_SHARE = 0.99, 0.9


def email_fields(rows: Iterable[Row]) -> Iterator[Field]:
    """E-mail addresses, in small letters."""
    for row in rows:
        for part in row.find(_EMAIL):
            # A price of each: 2 @ 3.EA.
            if _EACH.match(part.text):
                continue
            # The next sentence without its space.
            if run_on := _RUN_ON.fullmatch(part.text):
                part = row.part(part.start, part.start + run_on.end(1))
            words = part.words
            yield _field("email", part.text.replace(" ", "").lower(), part, read_surely(words))


def iban_fields(rows: Iterable[Row]) -> Iterator[Field]:
    """Bank account numbers (ISO 13616), without spaces. Raises CallError without python-stdnum."""
    is_valid = stdnum("iban").is_valid
    for row in rows:
        codes = list(_codes(row, _IBAN, _IBAN_PARTS))
        right = list(apart((part, code) for part, code in codes if is_valid(code)))
        for part, code in right:
            # Its check digits say more than what calibration knows of the words.
            yield _field("iban", code, part, _CHECKED_SHARE)
        left = [(part, code) for part, code in codes if not any(part.overlaps(one) for one, _ in right)]
        for part, code in apart((part, code) for part, code in left if len(mended(code, is_valid)) == 1):
            (value,) = mended(code, is_valid)
            yield _field("iban", value, part, _MENDED_SHARE, f"mended by its check digits from {code}")


def card_fields(rows: Iterable[Row]) -> Iterator[Field]:
    """Payment card numbers, without spaces. Raises CallError without python-stdnum."""
    is_valid, is_account = stdnum("luhn").is_valid, stdnum("iban").is_valid
    for row in rows:
        accounts = [part for part, code in _codes(row, _IBAN, _IBAN_PARTS) if is_account(code)]
        codes = _codes(row, _CARD, _CARD_PARTS)
        for part, code in apart((part, code) for part, code in codes if is_valid(code)):
            if any(part.overlaps(account) for account in accounts):
                continue
            yield _field("card", code, part, _CARDS_SHARE * read_surely(part.words))


def phone_fields(rows: Iterable[Row], country: str) -> Iterator[Field]:
    """Phone numbers, as E.164 has them. Raises CallError without phonenumbers.

    Args:
        country: ISO 3166, whose numbers may lack the country's code; "" for none.
    """
    phones = phonenumbers()
    for row in rows:
        for one in phones.PhoneNumberMatcher(row.text, country.upper() or None):
            # Columns of sums are none.
            if any(_SUM.fullmatch(part) for part in row.text[one.start : one.end].split()):
                continue
            value = phones.format_number(one.number, phones.PhoneNumberFormat.E164)
            part = row.part(one.start, one.end)
            yield _field("phone", value, part, read_surely(part.words))


def check_phone_country(country: str) -> None:
    """Raises CallError for a country whose telephone numbers are not known, or without phonenumbers."""
    if country and country.upper() not in phonenumbers().SUPPORTED_REGIONS:
        raise CallError(f"no telephone numbers of {country!r} are known", "give ISO 3166, as in DE")


def mended(text: str, is_right: Callable[[str], bool]) -> tuple[str, ...]:
    """A text if it is right, else what is right after one exchange of characters that look alike."""
    if is_right(text):
        return (text,)
    changed = (
        text[:place] + other + text[place + 1 :]
        for place, mark in enumerate(text)
        for other in ALIKE.get(mark, "")
    )
    return tuple(one for one in changed if is_right(one))


def stdnum(module: str) -> Any:
    """A module of python-stdnum. Raises CallError where it is not installed."""
    try:
        return importlib.import_module(f"stdnum.{module}")
    except ImportError:
        raise CallError(f"{module} needs python-stdnum, which is not installed", _HINT) from None


def phonenumbers() -> Any:
    """The module. Raises CallError where it is not installed."""
    try:
        return importlib.import_module("phonenumbers")
    except ImportError:
        raise CallError("phone needs phonenumbers, which is not installed", _HINT) from None


def _codes(row: Row, form: re.Pattern[str], most: int) -> Iterator[tuple[Part, str]]:
    """Runs of a row's parts that have a form when they are put together, from each on the longest first."""
    for part in itertools.chain.from_iterable(_after_label(part) for part in row.runs(most)):
        code = re.sub(r"[ .-]", "", part.text).upper()
        if form.fullmatch(code):
            yield part, code


def _after_label(part: Part) -> Iterator[Part]:
    """A run without signs at its ends, and without what stands before a colon."""
    trimmed = part.trimmed(" .,:;()[]#*")
    yield trimmed
    label, colon, _ = trimmed.text.partition(":")
    if colon and " " not in label:
        yield Part(part.row, trimmed.start + len(label) + 1, trimmed.end).trimmed(" ")


def _field(name: str, value: str, part: Part, probability: float, *notes: str) -> Field:
    return Field(
        name=name, value=value, text=part.text, words=part.words, probability=probability, notes=notes
    )
