"""What a receipt or an invoice says: vendor, date, total, tax and currency.

Each amount, day and row of the page gets points for what stands beside it, where it stands and what it agrees
with; the one with the most is the field, and its probability is its share of all (a softmax over the points).
Nothing is mended: where subtotal and tax do not come to the total, the total says so.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from ocr_plugins.document import Word
from ocr_plugins.fields.amounts import Amount, amounts_of, currency_of
from ocr_plugins.fields.dates import Order, date_field, dates_of, order_of
from ocr_plugins.fields.field import Field, read_surely
from ocr_plugins.fields.receipt_words import (
    ADDRESS,
    CHANGE,
    COMPANY,
    DATE,
    OTHER_DATE,
    PAID,
    PARTIAL,
    ROUNDING,
    SUBTOTAL,
    SURELY,
    TAX,
    TITLE,
    TOTAL,
)
from ocr_plugins.fields.rows import Row

ValueT = TypeVar("ValueT")

# What stands around a vendor's name on its row: signs and long codes before it, registrations after it.
_BEFORE_NAME = re.compile(r"[\W_]*(?:#\d+\s+|\d{4,}\s+)?[\W_]*")
_AFTER_NAME = re.compile(
    r"\s*(?:[(\[{]?\s*(?<!\w)(?:co(?:mpany)?\.?|roc|gst|reg\w*|no\.?|brn|vat)\b[\s.:]*"
    r"(?:reg\w*|no\.?|id)?[\s.:]*[#:(]*\s*)?(?<!\w)[(\[{]?\d{4,}[\d\s-]*[-–]?\s*[A-Z]?[)\]}]?\W*$",
    re.IGNORECASE,
)
# Names stand in the first rows.
_NAME_ROWS = 8
_LETTERS = 3
# Cents may be rounded away.
_ROUNDED = Decimal("0.05")
# The points of a page's not having the field.
_NONE = -1.0
# Other values that a field tells of.
_OTHERS = 3
_NUMBER = re.compile(r"\d[\d.,]*")
# Of the currencies that stand beside most amounts of a page, those that are its own.
_CURRENCY_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class _Sum:
    """An amount of a page, what is written beside it, and how far down it stands: 0 to 1."""

    amount: Amount
    label: str
    depth: float

    @property
    def value(self) -> Decimal:
        return self.amount.value

    def says(self, pattern: re.Pattern[str]) -> bool:
        return bool(pattern.search(self.label))

    @property
    def is_part(self) -> bool:
        return self.says(SUBTOTAL) or self.says(PARTIAL)


def receipt_fields(rows: Sequence[Row], order: Order, today: dt.date) -> Iterator[Field]:
    """Vendor, date, total, tax and currency of a page, as far as they are there.

    Args:
        order: of day, month and year.
        today: what two digits of a year are told by.
    """
    sums = _sums(rows)
    currency = currency_of(one.amount for one in sums)
    yield from _vendor(rows)
    yield from _date(rows, order, currency, today)
    total = _field("total", _total_points(sums), currency)
    if total is not None:
        yield _doubted(total, sums)
    tax = _field("tax", _tax_points(sums, total), currency)
    if tax is not None:
        yield tax
    if currency:
        words = next(one.amount.part.words for one in sums if one.amount.currency == currency)
        sure = _CURRENCY_SHARE * read_surely(words)
        yield Field(name="currency", value=currency, text=currency, words=words, probability=sure)


def _sums(rows: Sequence[Row]) -> list[_Sum]:
    """The amounts of a page; one without a word beside it belongs to the row above that has no amount."""
    found: list[_Sum] = []
    above = ""
    for place, row in enumerate(rows):
        amounts = list(amounts_of(row))
        label = _NUMBER.sub(" ", row.text)
        if not any(mark.isalpha() for mark in label):
            label = above
        depth = place / max(len(rows) - 1, 1)
        found.extend(_Sum(amount, label, depth) for amount in amounts)
        above = "" if amounts else row.text
    return found


def _total_points(sums: Sequence[_Sum]) -> list[tuple[_Sum, float]]:
    often = Counter(one.value for one in sums)
    # What was handed over and what came back are seldom the total; their difference is.
    paid = {one.value for one in sums if one.says(PAID)}
    change = {one.value for one in sums if one.says(CHANGE)}
    differences = {given - back for given in paid for back in change}
    together = {
        part.value + tax.value for part in sums if part.says(SUBTOTAL) for tax in sums if tax.says(TAX)
    }  # fmt: skip
    most = max((one.value for one in sums if not one.says(PAID) and not one.says(CHANGE)), default=Decimal(0))
    rounded_by = {one.value for one in sums if one.says(ROUNDING) and not one.says(TOTAL)}
    rounded = {one.value + off for one in sums if one.says(TOTAL) for off in rounded_by}
    found = []
    for one in sums:
        points = one.depth + 0.7 * math.log(often[one.value])
        if one.says(TOTAL):
            points += 4.0 if one.says(SURELY) else 3.0
        points -= 3.0 * one.is_part
        points -= 3.0 * (one.says(CHANGE) or (one.says(TAX) and not one.says(TOTAL)))
        points -= 0.5 * one.says(PAID) + 3.0 * (one.value in rounded_by)
        points += 1.5 * (one.value in rounded)
        points += 2.0 * (one.value in differences) + 1.0 * (one.value in together) + 1.0 * (one.value == most)
        if one.value > 0:
            found.append((one, points))
    return found


def _tax_points(sums: Sequence[_Sum], total: Field | None) -> list[tuple[_Sum, float]]:
    """Of the amounts beside a tax's name, those that are a small part of the total."""
    often = Counter(one.value for one in sums)
    found = []
    for one in sums:
        small = total is None or not isinstance(total.value, Decimal) or 2 * one.value < total.value
        if one.says(TAX) and one.value > 0 and small:
            points = one.depth + 0.7 * math.log(often[one.value]) + 0.5 * one.says(TOTAL)
            found.append((one, points - 2.0 * one.says(SURELY) - 2.0 * one.is_part))
    return found


def _field(name: str, scored: Sequence[tuple[_Sum, float]], currency: str) -> Field | None:
    """The amount with the most points; None where there is none."""
    if not scored:
        return None
    best, _ = max(scored, key=lambda pair: pair[1])
    shares = _shares((one.value, points) for one, points in scored)
    words = best.amount.part.words
    sure = read_surely(words)
    others = sorted((value for value in shares if value != best.value), key=lambda value: -shares[value])
    return Field(
        name=name,
        value=best.value,
        text=best.amount.part.text,
        words=words,
        probability=sure * shares[best.value],
        unit=best.amount.currency or currency,
        others=tuple((value, sure * shares[value]) for value in others[:_OTHERS]),
    )


def _shares(scored: Iterable[tuple[ValueT, float]]) -> Mapping[ValueT, float]:
    """What each value has of all, by the most points that it got; some is left for none of them."""
    most: dict[ValueT, float] = {}
    for value, points in scored:
        most[value] = max(most.get(value, -math.inf), points)
    weights = {value: math.exp(points) for value, points in most.items()}
    whole = sum(weights.values()) + math.exp(_NONE)
    return {value: weight / whole for value, weight in weights.items()}


def _doubted(total: Field, sums: Sequence[_Sum]) -> Field:
    """The total, with a note where what it is made up of comes to something else."""
    parts = [one.value for one in sums if one.says(SUBTOTAL)]
    taxes = [one.value for one in sums if one.says(TAX) and not one.says(TOTAL)]
    if not parts or not taxes or not isinstance(total.value, Decimal):
        return total
    value = total.value
    # Of prices that hold their tax, the subtotal is the total.
    come_to = [*parts, *(part + tax for part in parts for tax in taxes)]
    nearest = min(come_to, key=lambda one: abs(one - value))
    if abs(nearest - value) <= _ROUNDED:
        return total
    return replace(total, notes=(*total.notes, f"subtotal and tax come to {nearest}"))


def _date(rows: Sequence[Row], order: Order, currency: str, today: dt.date) -> Iterator[Field]:
    found = [(place, date) for place, row in enumerate(rows) for date in dates_of(row, today)]
    if not found:
        return
    decided = order_of([date for _, date in found], order, currency)
    often = Counter(date.read(decided) for _, date in found)
    scored = []
    for place, date in found:
        value = date.read(decided)
        points = 1.0 - place / max(len(rows) - 1, 1) + 0.7 * math.log(often[value])
        text = date.part.row.text
        points += 1.5 * bool(DATE.search(text)) - 2.0 * bool(OTHER_DATE.search(text))
        scored.append((date, points - 2.0 * (value > today)))
    best, _ = max(scored, key=lambda pair: pair[1])
    shares = _shares((date.read(decided), points) for date, points in scored)
    yield date_field(best, decided, told=order != "auto", share=shares[best.read(decided)])


@dataclass(frozen=True, slots=True)
class _Name:
    """What may be a vendor's name: a row without what stands around it."""

    text: str
    words: tuple[Word, ...]

    @property
    def is_form(self) -> bool:
        """Whether it says nothing but of which form a company is."""
        return sum(mark.isalpha() for mark in COMPANY.sub("", self.text)) < _LETTERS

    def after(self, other: _Name) -> _Name:
        return _Name(f"{other.text} {self.text}", (*other.words, *self.words))


def _vendor(rows: Sequence[Row]) -> Iterator[Field]:
    heights = sorted(_height(row) for row in rows)
    usual = heights[len(heights) // 2] if heights else 0.0
    scored: list[tuple[_Name, float]] = []
    above: _Name | None = None
    for place, row in enumerate(rows[:_NAME_ROWS]):
        name = _name(row)
        letters = sum(mark.isalpha() for mark in name.text)
        if letters < _LETTERS:
            above = None
            continue
        length = len(name.text)
        points = 2.0 - 0.6 * place + 2.0 * bool(COMPANY.search(name.text))
        points -= 3.0 * bool(TITLE.search(name.text)) + 2.0 * bool(ADDRESS.search(name.text))
        points -= 3.0 * sum(mark.isdigit() for mark in name.text) / length + 2.0 * (letters < length / 2)
        if usual:
            points += min(_height(row) / usual - 1, 1.5)
        scored.append((name.after(above) if above and name.is_form else name, points))
        above = name
    if not scored:
        return
    best, _ = max(scored, key=lambda pair: pair[1])
    share = _shares((name.text, points) for name, points in scored)[best.text]
    sure = share * read_surely(best.words)
    yield Field(name="vendor", value=best.text, text=best.text, words=best.words, probability=sure)


def _name(row: Row) -> _Name:
    before = _BEFORE_NAME.match(row.text)
    start = before.end() if before else 0
    text = _AFTER_NAME.sub("", row.text[start:]).rstrip(" ,:;-*|")
    return _Name(text, row.words_at(start, start + len(text)))


def _height(row: Row) -> float:
    return row.box[3] - row.box[1] if row.box else 0.0
