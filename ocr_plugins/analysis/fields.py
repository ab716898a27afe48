"""How many dates, amounts, codes and names were read exactly.

For who takes data out of documents a field is right or wrong, whatever the error rate of the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

_MONTHS = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    "Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
#: Kinds of fields, in the order in which they are looked for: what is a date is no code.
PATTERNS: Mapping[str, re.Pattern[str]] = {
    "date": re.compile(
        r"(?<![\w/.-])(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})"
        rf"|(?:{_MONTHS})\.? \d{{1,2}},? \d{{4}}|\d{{1,2}} (?:{_MONTHS})\.?,? \d{{4}})(?![\w/-])",
        re.IGNORECASE,
    ),
    "amount": re.compile(
        r"(?<![\w.,/-])(?:[$€£] ?\d{1,3}(?:[,.' ]\d{3})*(?:[.,]\d{2})?|[$€£] ?\d+(?:[.,]\d{2})?"
        r"|\d{1,3}(?:,\d{3})*\.\d{2}|\d{1,3}(?:\.\d{3})*,\d{2}|\d+\.\d{2})(?![\w/-]|[.,]\d)"
    ),
    "code": re.compile(
        r"(?<![\w./-])(?=[A-Z/-]*\d)[A-Z0-9](?:[A-Z0-9]|[/-](?=[A-Z0-9])){4,}(?![\w/-]|[.,]\d)"
    ),
    "name": re.compile(r"(?<![\w-])[A-Z][a-z]+(?: [A-Z]\.)? [A-Z][a-z]+(?: [A-Z][a-z]+)?(?![\w-])"),
}


@dataclass(frozen=True, slots=True)
class Fields:
    """How many fields of a kind there are, and how many of them a reading has."""

    total: int
    right: int

    @property
    def share(self) -> float | None:
        """The share that was read exactly, 0 to 1; None where there are none."""
        return self.right / self.total if self.total else None

    def __add__(self, other: Fields) -> Fields:
        return Fields(self.total + other.total, self.right + other.right)


def find_fields(text: str) -> dict[str, Counter[str]]:
    """The fields of a text by kind, white space folded, and how often each occurs."""
    left = " ".join(text.split())
    found: dict[str, Counter[str]] = {}
    for kind, pattern in PATTERNS.items():
        found[kind] = Counter(match.group() for match in pattern.finditer(left))
        left = pattern.sub("\n", left)
    return found


def read_fields(truth: str, reading: str, *, casefold: bool = False) -> dict[str, Fields]:
    """How many of the truth's fields a reading has, by kind, wherever they stand.

    Args:
        truth: ground truth of a page.
        reading: what was read; "" for a page that failed.
        casefold: whether case is no difference.
    """
    seen = " ".join(reading.split())
    flags = re.IGNORECASE if casefold else 0
    counted = {}
    for kind, fields in find_fields(truth).items():
        right = sum(
            min(often, len(re.findall(rf"(?<!\w){re.escape(field)}(?!\w)", seen, flags)))
            for field, often in fields.items()
        )
        counted[kind] = Fields(fields.total(), right)
    return counted
