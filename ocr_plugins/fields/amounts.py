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
    "R$": "BRL", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "S$": "SGD",
    "HK$": "HKD", "NT$": "TWD", "RM": "MYR", "rm": "MYR", "Rp": "IDR", "Rs": "INR", "Rs.": "INR",
    "kr": "SEK", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "Fr.": "CHF", "SFr.": "CHF", "₩": "KRW",
}  # fmt: skip
_CODES = (
    "AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR",
    "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY",
    "TWD", "USD", "VND", "ZAR",
)  # fmt: skip
# What tells whose dollar a bare one is; a tax that several countries have tells no more than that it is not
# that of the United States.
_DOLLARS = (
    ("AUD", re.compile(r"(?<!\w)(?:ABN|A\.B\.N\.|Australia)(?!\w)", re.IGNORECASE)),
    ("CAD", re.compile(r"(?<!\w)(?:HST|PST|QST|TPS|TVQ|Canada)(?!\w)", re.IGNORECASE)),
    ("", re.compile(r"(?<!\w)GST(?!\w)", re.IGNORECASE)),
)
_CURRENCY = "|".join(re.escape(name) for name in sorted((*_SIGNS, *_CODES), key=len, reverse=True))
# Thousands stand apart by a sign, by a space that does not break, or before a decimal comma by any: where a
# point follows, what stands before a plain space is a quantity.
_APART = r"'’\u00a0\u202f"
# In India what stands before the last three digits is in pairs.
_PAIRS = r"\d{1,2}(?:,\d{2})+,\d{3}"
_POINT = rf"(?:\d{{1,3}}(?:[,{_APART}]\d{{3}})+|{_PAIRS}|\d+)\.\d{{2}}"
_WHOLE = rf"\d{{1,3}}(?:[.,{_APART}]\d{{3}})+|{_PAIRS}|\d+"
# Letters that tell a tax follow amounts without a space.
_TAX_CODE = r"(?:[A-Z*#]|SR|ZR|ZRE|TX)"


def _amount(spaced: bool) -> re.Pattern[str]:
    """An amount, before whose decimal comma a plain space may part thousands, or not."""
    comma = rf"\d{{1,3}}(?:[.{' ' if spaced else ''}{_APART}]\d{{3}})+,\d{{2}}|\d+,\d{{2}}"
    return re.compile(
        # Nothing of a number before it; words that a reading has run into it are none.
        rf"(?:(?<![\w.,/%'’-])|(?<=[A-Za-z]{{3}}))(?!(?<=\d[.,] )\d{{3}}[.,]\d\d)"
        rf"(?:\((?P<enclosed>{_POINT}|{comma})\)"
        rf"|(?P<minus>[-−])?(?:(?P<before>{_CURRENCY}) {{0,2}})?(?P<minus2>[-−])?"
        rf"(?:(?P<number>{_POINT}|{comma})|(?P<whole>{_WHOLE})(?! ?[.,] ?\d))"
        rf"(?:{_TAX_CODE}(?!\w)| {{0,2}}(?P<after>{_CURRENCY})(?!\w)(?! ?\d))?(?P<minus3>-(?!\w))?)"
        r"(?![\w%/]|[.,-]\d| ?%)"
    )


# As headings of columns have it: Amount (RM).
_ENCLOSED_CURRENCY = re.compile(rf"[(\[]({_CURRENCY})[)\]]")
_SPACED, _CLOSE = _amount(spaced=True), _amount(spaced=False)
_POINT_BEFORE_COMMA = re.compile(r"(?<!\d)\d{1,3}\.\d{3},\d\d(?!\d)")
_CENTS = re.compile(r"\d([.,])\d\d(?![\d.,])")


@dataclass(frozen=True, slots=True)
class Style:
    """How a page writes sums of money.

    Args:
        spaced: whether plain spaces may part thousands.
        decimal: the sign before cents; "" where none tells.
        dollar: ISO 4217 of a bare $; "" where that is in doubt.
    """

    spaced: bool = True
    decimal: str = ""
    dollar: str = "USD"

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Style:
        text = "\n".join(row.text for row in rows)
        signs = Counter(_CENTS.findall(text))
        return cls(
            spaced=not _POINT_BEFORE_COMMA.search(text),
            decimal=max(signs, key=lambda sign: signs[sign]) if signs else "",
            dollar=next((name for name, pattern in _DOLLARS if pattern.search(text)), "USD"),
        )


_ANY_STYLE = Style()


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of a row.

    Args:
        currency: ISO 4217; "" where none stands beside it, or a dollar of nobody knows where.
        sign: of the currency as it is written; "" where there is none.
        has_cents: whether it is written with them.
    """

    part: Part
    value: Decimal
    currency: str
    sign: str
    has_cents: bool


def amounts_of(row: Row, style: Style = _ANY_STYLE) -> Iterator[Amount]:
    """The amounts of a row, from left to right: numbers with cents, or with a currency beside them.

    Args:
        style: of the page that the row is of.
    """
    for match in (_SPACED if style.spaced else _CLOSE).finditer(row.text):
        said = match.groupdict()
        sign = said["before"] or said["after"] or ""
        number, whole = said["number"] or said["enclosed"], said["whole"]
        if number is None and (not sign or _is_price_of_a_part(whole, style)):
            continue
        # What is left of a number that was cut in two.
        if number is not None and number.startswith("00"):
            continue
        value = _decimal(number or whole, cents=number is not None)
        if said["enclosed"] or any(said[name] for name in ("minus", "minus2", "minus3")):
            value = -value
        currency = style.dollar if sign == "$" else _SIGNS.get(sign, sign)
        yield Amount(row.part(*match.span()), value, currency, sign, number is not None)


def currency_of(amounts: Iterable[Amount]) -> str:
    """The currency that most amounts are in; "" where none tells."""
    seen = Counter(amount.currency for amount in amounts if amount.currency)
    return seen.most_common(1)[0][0] if seen else ""


def headed_currency(rows: Iterable[Row]) -> tuple[str, Part] | None:
    """The currency that stands in brackets, as in the heading of a column, and where; the first there is."""
    for row in rows:
        for part in row.find(_ENCLOSED_CURRENCY, 1):
            if part.text != "$":
                return _SIGNS.get(part.text, part.text), part
    return None


def amount_fields(rows: Iterable[Row]) -> Iterator[Field]:
    """Every amount of a page."""
    rows = tuple(rows)
    style = Style.of(rows)
    for row in rows:
        for amount in amounts_of(row, style):
            words = amount.part.words
            yield Field(
                name="amounts",
                value=amount.value,
                text=amount.part.text,
                words=words,
                probability=read_surely(words),
                unit=amount.currency,
            )


def values_of(text: str) -> list[Decimal]:
    """What a number without a currency may come to: its last sign parts decimals, or thousands."""
    found = re.fullmatch(r"\s*([-−]?)\s*([0-9]+(?:[., '’\u00a0\u202f][0-9]+)*)\s*", text)
    if not found:
        return []
    parts = re.split(r"[., '’\u00a0\u202f]", found[2])
    digits = "".join(parts)
    values = []
    if all(len(part) == 3 for part in parts[1:]):
        values.append(Decimal(digits))
    if len(parts) > 1 and found[2][-len(parts[-1]) - 1] in ".,":
        values.append(Decimal(f"{digits[: -len(parts[-1])]}.{parts[-1]}"))
    return [-value if found[1] else value for value in values]


def _is_price_of_a_part(whole: str, style: Style) -> bool:
    """Whether three digits stand behind the page's decimal sign: of a litre, a kilowatt hour."""
    return bool(re.fullmatch(r"\d{1,3}[.,]\d{3}", whole)) and whole[-4] == style.decimal


def _decimal(text: str, *, cents: bool) -> Decimal:
    """A number as it is written, whose last two digits are cents or not."""
    digits = re.sub(r"\D", "", text)
    return Decimal(f"{digits[:-2] or '0'}.{digits[-2:]}") if cents else Decimal(digits)
