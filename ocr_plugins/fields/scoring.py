"""How many fields are right: what was taken out of pages against what stands on them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ocr_plugins.document import Line
from ocr_plugins.fields.amounts import amounts_of, values_of
from ocr_plugins.fields.dates import Order, dates_of
from ocr_plugins.fields.extracting import PageFields
from ocr_plugins.fields.field import Field, Value
from ocr_plugins.fields.rows import Row


@dataclass(frozen=True, slots=True)
class FieldScore:
    """Fields of one name, or of several: how many there are, were found, and were found rightly."""

    expected: int = 0
    found: int = 0
    right: int = 0

    def __add__(self, other: FieldScore) -> FieldScore:
        return FieldScore(self.expected + other.expected, self.found + other.found, self.right + other.right)

    @property
    def precision(self) -> float | None:
        """The share of those found that are right; None where none was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """The share of those expected that were found rightly; None where none is expected."""
        return self.right / self.expected if self.expected else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both, 0 to 1; None where none is expected and none was found."""
        both = self.expected + self.found
        return 2 * self.right / both if both else None


def score_fields(
    expected: Mapping[str, str], found: PageFields | None, *, order: Order = "dmy"
) -> dict[str, FieldScore]:
    """The score of each expected field of a page, by name; others that were found are not looked at.

    Of those that a page may have several of, one has to be right.

    Args:
        expected: name -> what stands on the page. Days and amounts are compared by their value, codes by
            their letters and digits, texts without regard to case, white space and punctuation at their ends.
        found: None for a page that could not be read.
        order: of day, month and year in ``expected``.
    """
    scores = {}
    for name, text in expected.items():
        fields = [field for field in found.fields if field.name == name] if found else []
        right = any(is_right(field, text, order) for field in fields)
        scores[name] = FieldScore(1, int(bool(fields)), int(right))
    return scores


def is_right(field: Field, expected: str, order: Order = "dmy") -> bool:
    """Whether a field has the value that a text says, whose days are written in an order."""
    if isinstance(field.value, str):
        same = _plain(field.value) == _plain(expected)
        return same or (_is_code(field.value) and _marks(field.value) == _marks(expected))
    return field.value in _said(expected, type(field.value), order)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .,:;-")


def _is_code(text: str) -> bool:
    """Whether spaces and signs mean nothing in it: an account number, not an address or a name."""
    return any(mark.isdigit() for mark in text) and not re.search(r"[\s@]", text)


def _marks(text: str) -> str:
    return "".join(mark for mark in text.casefold() if mark.isalnum())


def _said(text: str, kind: type[Value], order: Order) -> Sequence[Value]:
    """The values of a kind that stand in a text."""
    row = Row.of(Line(text=text))
    if kind is Decimal:
        return [amount.value for amount in amounts_of(row)] + values_of(text)
    return [date.read(order) for date in dates_of(row, dt.date.today())]
