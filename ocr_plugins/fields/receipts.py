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
from ocr_plugins.fields.amounts import Amount, Style, amounts_of, currency_of, headed_currency
from ocr_plugins.fields.dates import Order, date_field, dates_of, order_of
from ocr_plugins.fields.field import Field, read_surely
from ocr_plugins.fields.receipt_words import (
    ADDRESS,
    CHANGE,
    COMPANY,
    DATE,
    EXTRA,
    OTHER_DATE,
    PAID,
    PARTIAL,
    ROUNDING,
    SUBTOTAL,
    SURELY,
    TAX,
    TAX_IN_TOTAL,
    TAXED,
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
_CENT = Decimal("0.011")
# The points of a page's not having the field.
_NONE = -1.0
# Other values that a field tells of.
_OTHERS = 3
_NUMBER = re.compile(r"\d[\d.,]*")
# How many things a total is of says nothing against it.
_COUNT = re.compile(r"(?<!\w)\d{1,3} ?(?:items?|artikel|articles?)(?!\w)", re.IGNORECASE)
_RATE = re.compile(r"(\d{1,2}(?:[.,]\d{1,2})?) ?%")
# Codes of taxes and currencies are shorter than what says of which kind an amount is.
_LABEL = re.compile(r"[^\W\d_]{3}")
# Of the currencies that stand beside most amounts of a page, those that are its own; of bare dollars.
_CURRENCY_SHARE, _DOLLARS_SHARE = 0.95, 0.8
# Currencies that are written without cents.
_NO_CENTS = ("JPY", "KRW", "IDR", "VND", "HUF", "TWD")
# Of so many amounts all sums are tried.
_ADDED = 6


@dataclass(frozen=True, slots=True)
class _Sum:
    """An amount of a page, what is written beside it, and how far down it stands: 0 to 1."""

    amount: Amount
    label: str
    depth: float
    place: int

    @property
    def value(self) -> Decimal:
        return self.amount.value

    def says(self, pattern: re.Pattern[str]) -> bool:
        return bool(pattern.search(self.label))

    @property
    def is_part(self) -> bool:
        return self.says(SUBTOTAL) or self.says(PARTIAL)

    @property
    def is_tax(self) -> bool:
        return self.says(TAX_IN_TOTAL) or (self.says(TAX) and not self.says(TOTAL))


def receipt_fields(rows: Sequence[Row], order: Order, today: dt.date) -> Iterator[Field]:
    """Vendor, date, total, tax and currency of a page, as far as they are there.

    Args:
        order: of day, month and year.
        today: what two digits of a year are told by.
    """
    sums = _sums(rows, Style.of(rows))
    currency = currency_of(one.amount for one in sums)
    headed = None if currency else headed_currency(rows)
    if headed:
        currency = headed[0]
    yield from _vendor(rows)
    yield from _date(rows, order, currency, today)
    total = _field("total", _total_points(sums), currency)
    if total is not None:
        yield _doubted(total, sums)
    taxes = _taxes_by_row(sums)
    tax = _field("tax", _tax_points(sums, total, taxes), currency)
    if tax is not None:
        yield _added_up(tax, sums, total, taxes)
    if currency:
        beside = [one.amount for one in sums if one.amount.currency == currency]
        words = headed[1].words if headed else beside[0].part.words
        bare = not headed and all(amount.sign == "$" for amount in beside)
        sure = (_DOLLARS_SHARE if bare else _CURRENCY_SHARE) * read_surely(words)
        yield Field(name="currency", value=currency, text=currency, words=words, probability=sure)


def _sums(rows: Sequence[Row], style: Style) -> list[_Sum]:
    """The amounts of a page; one without a word beside it belongs to the row above that has no amount."""
    found: list[_Sum] = []
    above = ""
    for place, row in enumerate(rows):
        amounts = list(amounts_of(row, style))
        label = _NUMBER.sub(" ", _COUNT.sub(" ", row.text))
        if not _LABEL.search(_beside(row, amounts)):
            label = f"{above} {label}"
        depth = place / max(len(rows) - 1, 1)
        found.extend(_Sum(amount, label, depth, place) for amount in amounts)
        above = "" if amounts else row.text
    often = Counter(one.amount.currency for one in found)
    return [one for one in found if not _is_word(one, often)]


def _beside(row: Row, amounts: Iterable[Amount]) -> str:
    """What a row says besides its amounts."""
    marks = list(row.text)
    for amount in amounts:
        marks[amount.part.start : amount.part.end] = " " * (amount.part.end - amount.part.start)
    return "".join(marks)


def _is_word(one: _Sum, often: Mapping[str, int]) -> bool:
    """Whether what looks like a currency is another word, as in RON 95 or TRY 2 FOR 1."""
    amount = one.amount
    alone = often[amount.currency] == 1 and amount.currency not in _NO_CENTS
    return alone and not amount.has_cents and amount.sign.isalpha() and not one.says(TOTAL)


def _total_points(sums: Sequence[_Sum]) -> list[tuple[_Sum, float]]:
    often = Counter(one.value for one in sums)
    # What was handed over and what came back are seldom the total; their difference is.
    paid = {one.value for one in sums if one.says(PAID)}
    change = {one.value for one in sums if one.says(CHANGE)}
    differences = {given - back for given in paid for back in change}
    taxes = {one.value for one in sums if one.is_tax and one.value > 0}
    together = {part.value + tax for part in sums if part.says(SUBTOTAL) for tax in _added(taxes)}
    most = max((one.value for one in sums if not one.says(PAID) and not one.says(CHANGE)), default=Decimal(0))
    rounded_by = {one.value for one in sums if one.says(ROUNDING) and not one.says(TOTAL)}
    rounded = {one.value + off for one in sums if one.says(TOTAL) for off in rounded_by}
    totals = {one.value for one in sums if one.says(TOTAL) and not one.is_tax}
    # Of two totals that a tax lies between, the smaller is without it.
    before_tax = {value for value in totals if any(value + tax in totals for tax in taxes)}
    before_rounding = {value for value in totals if any(off and value + off in totals for off in rounded_by)}
    plain = [one.value for one in sums if one.says(TOTAL) and not one.says(TAX) and not one.is_part]
    highest = max(plain, default=Decimal(0))
    found = []
    for one in sums:
        points = one.depth + 0.7 * math.log(often[one.value])
        # A total of the tax, beside one of all.
        is_tax = one.is_tax or (one.says(TAX) and 2 * one.value < highest)
        if one.says(TOTAL) and not is_tax:
            points += 4.0 if one.says(SURELY) else 3.0
        points -= 3.0 * one.is_part + 2.0 * (one.value in before_tax | before_rounding)
        points -= 3.0 * (one.says(CHANGE) or is_tax)
        points -= 0.5 * one.says(PAID) + 3.0 * (one.value in rounded_by)
        points += 1.5 * (one.value in rounded)
        points += 2.0 * (one.value in differences) + 1.0 * (one.value in together) + 1.0 * (one.value == most)
        # What was given back has a total too, and what was paid with vouchers one of nothing.
        is_other = one.is_part or is_tax or one.says(CHANGE) or one.says(ROUNDING)
        if one.value > 0 or (one.says(TOTAL) and not is_other):
            found.append((one, points))
    return found


def _added(values: Iterable[Decimal]) -> set[Decimal]:
    """All sums of some of these."""
    found: set[Decimal] = set()
    for value in sorted(values, reverse=True)[:_ADDED]:
        found |= {value, *(value + one for one in found)}
    return found


def _taxes_by_row(sums: Sequence[_Sum]) -> dict[int, _Sum]:
    """Of rows that tell a tax with what it is of, the tax: net and tax come to gross, or its rate fits."""
    rows: dict[int, list[_Sum]] = {}
    for one in sums:
        if one.says(TAX) and one.value > 0:
            rows.setdefault(one.place, []).append(one)
    found = {}
    for place, row in rows.items():
        values = {one.value for one in row}
        rates = [Decimal(rate.replace(",", ".")) for rate in _RATE.findall(row[0].amount.part.row.text)]
        for one in row:
            parts = any(
                one.value < net and abs(one.value + net - gross) < _CENT for net in values for gross in values
            )
            if parts or any(_is_rate_of(one.value, whole, rate) for whole in values for rate in rates):
                found[place] = one
    return found


def _is_rate_of(tax: Decimal, whole: Decimal, rate: Decimal) -> bool:
    """Whether a tax has that rate, in percent, of an amount before it, or of one with it."""
    of_net, of_gross = whole * rate / 100, whole * rate / (100 + rate)
    return tax != whole and min(abs(tax - of_net), abs(tax - of_gross)) <= _CENT


def _tax_points(
    sums: Sequence[_Sum], total: Field | None, taxes: Mapping[int, _Sum]
) -> list[tuple[_Sum, float]]:
    """Of the amounts beside a tax's name, those that are a small part of the total."""
    often = Counter(one.value for one in sums)
    whole = sum((one.value for one in taxes.values()), Decimal(0))
    found = []
    for one in sums:
        small = total is None or not isinstance(total.value, Decimal) or 2 * one.value < total.value
        if one.says(TAX) and one.value > 0 and small:
            points = one.depth + 0.7 * math.log(often[one.value]) + 0.5 * one.says(TOTAL)
            known = taxes.get(one.place)
            points += 0.0 if known is None else 2.0 if one.value == known.value else -2.0
            points += 2.0 * (len(taxes) > 1 and one.value == whole)
            surely = one.says(TAXED) and not one.says(TAX_IN_TOTAL)
            found.append((one, points - 2.0 * surely - 2.0 * one.is_part))
    return found


def _added_up(tax: Field, sums: Sequence[_Sum], total: Field | None, taxes: Mapping[int, _Sum]) -> Field:
    """The sum of several taxes, where the page tells each and not what they come to."""
    by_row = {one.place: one for one in sums if one.is_tax and one.value > 0} | dict(taxes)
    alone = list(by_row.values())
    subtotals = [one.value for one in sums if one.says(SUBTOTAL)]
    whole = sum((one.value for one in alone), Decimal(0))
    if not (total is not None and any(part + whole == total.value for part in subtotals)):
        alone = list(taxes.values())
        whole = sum((one.value for one in alone), Decimal(0))
        # The same tax may be told twice.
        if len({one.value for one in alone}) < len(alone):
            return tax
    if len(alone) < 2 or tax.value not in {one.value for one in alone}:
        return tax
    return replace(
        tax,
        value=whole,
        text=" + ".join(one.amount.part.text for one in alone),
        words=tuple(word for one in alone for word in one.amount.part.words),
        others=(),
        notes=(*tax.notes, f"the sum of {len(alone)} taxes"),
    )


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
    taxes = [one.value for one in sums if one.is_tax]
    if not parts or not taxes or not isinstance(total.value, Decimal):
        return total
    value = total.value
    added = [*taxes, *(one.value for one in sums if one.says(EXTRA) or one.says(ROUNDING))]
    # Of prices that hold their tax, the subtotal is the total.
    if any(abs(part + more - value) <= _ROUNDED for part in parts for more in (Decimal(0), *_added(added))):
        return total
    come_to = [*parts, *(part + tax for part in parts for tax in taxes)]
    nearest = min(come_to, key=lambda one: abs(one - value))
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
