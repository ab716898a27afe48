"""Sums of money: where they stand, what they come to, and in which currency."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ocr_plugins.fields.field import Field, read_surely
from ocr_plugins.fields.rows import Part, Row

# Signs and words that stand beside amounts -> ISO 4217. A bare $ is a dollar of some country.
_SIGNS: Mapping[str, str] = {
    "US$": "USD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₺": "TRY",
    "R$": "BRL", "A$": "AUD", "C$": "CAD", "S$": "SGD", "HK$": "HKD", "NT$": "TWD", "RM": "MYR", "rm": "MYR",
    "Rp": "IDR", "Rs": "INR", "Rs.": "INR", "kr": "SEK", "zł": "PLN", "Kč": "CZK", "Ft": "HUF",
    "Fr.": "CHF", "SFr.": "CHF", "₩": "KRW",
}  # fmt: skip
_CODES = (
    "AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR",
    "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY",
    "TWD", "USD", "VND", "ZAR",
)  # fmt: skip
_CURRENCY = "|".join(re.escape(name) for name in sorted((*_SIGNS, *_CODES), key=len, reverse=True))
# Thousands stand apart by a sign, by a space that does not break, or before a decimal comma by any: where a
# point follows, what stands before a plain space is a quantity.
_APART = r"'’\u00a0\u202f"
_POINT = rf"\d{{1,3}}(?:[,{_APART}]\d{{3}})+\.\d{{2}}|\d+\.\d{{2}}"
_COMMA = rf"\d{{1,3}}(?:[. {_APART}]\d{{3}})+,\d{{2}}|\d+,\d{{2}}"
_WHOLE = rf"\d{{1,3}}(?:[.,{_APART}]\d{{3}})+|\d+"
# Letters that tell a tax follow amounts without a space.
_TAX_CODE = r"(?:[A-Z*#]|SR|ZR|ZRE|TX)"
_AMOUNT = re.compile(
    # Nothing of a number before it; words that a reading has run into it are none.
    rf"(?:(?<![\w.,/%'’-])|(?<=[A-Za-z]{{3}}))(?!(?<=\d[.,] )\d{{3}}[.,]\d\d)"
    rf"(?:\((?P<enclosed>{_POINT}|{_COMMA})\)"
    rf"|(?P<minus>[-−])?(?:(?P<before>{_CURRENCY}) ?)?(?P<minus2>[-−])?"
    rf"(?:(?P<number>{_POINT}|{_COMMA})|(?P<whole>{_WHOLE})(?! ?[.,] ?\d))"
    rf"(?:{_TAX_CODE}(?!\w)| ?(?P<after>{_CURRENCY})(?!\w)(?! ?\d))?(?P<minus3>-(?!\w))?)"
    r"(?![\w%/]|[.,-]\d| ?%)"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of a row.

    Args:
        currency: ISO 4217; "" where none stands beside it.
    """

    part: Part
    value: Decimal
    currency: str


def amounts_of(row: Row) -> Iterator[Amount]:
    """The amounts of a row, from left to right: numbers with cents, or with a currency beside them."""
    for match in _AMOUNT.finditer(row.text):
        said = match.groupdict()
        currency = said["before"] or said["after"] or ""
        number = said["number"] or said["enclosed"]
        if number is None and not currency:
            continue
        value = _decimal(number or said["whole"], cents=number is not None)
        if said["enclosed"] or any(said[name] for name in ("minus", "minus2", "minus3")):
            value = -value
        yield Amount(row.part(*match.span()), value, _SIGNS.get(currency, currency))


def currency_of(amounts: Iterable[Amount]) -> str:
    """The currency that most amounts are in; "" where none tells."""
    seen = Counter(amount.currency for amount in amounts if amount.currency)
    return seen.most_common(1)[0][0] if seen else ""


def amount_fields(rows: Iterable[Row]) -> Iterator[Field]:
    """Every amount of a page."""
    for row in rows:
        for amount in amounts_of(row):
            words = amount.part.words
            yield Field(
                name="amounts",
                value=amount.value,
                text=amount.part.text,
                words=words,
                probability=read_surely(words),
                unit=amount.currency,
            )


def _decimal(text: str, *, cents: bool) -> Decimal:
    """A number as it is written, whose last two digits are cents or not."""
    digits = re.sub(r"\D", "", text)
    return Decimal(f"{digits[:-2] or '0'}.{digits[-2:]}") if cents else Decimal(digits)
