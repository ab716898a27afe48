"""What is taken out of a reading: a typed value, the words that it came from, and how sure it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ocr_plugins.document import Box, Word, enclosing

#: What a field holds: a text or a code in its normal form, a day, or a sum of money.
Value = str | dt.date | Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a page.

    Args:
        name: what it is: ``total``, ``date``, ``mrz.surname``.
        value: in its normal form: a day, an amount, a code in capitals without spaces, or a text.
        text: as it was read.
        words: that it came from, in reading order.
        probability: that the value is right, in [0, 1].
        unit: an amount's currency, ISO 4217; "" where none is told.
        others: values that it may be too, each with its probability, likeliest first.
        notes: what is doubtful about it, or what was mended: ``total differs from its parts``.

    Raises:
        ValueError: a probability outside [0, 1], or a value of another type.
    """

    name: str
    value: Value
    text: str
    words: tuple[Word, ...]
    probability: float
    unit: str = ""
    others: tuple[tuple[Value, float], ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if type(self.value) not in _TYPES:
            raise ValueError(
                f"a field's value is a text, a day or a Decimal, got {type(self.value).__name__}"
            )
        # As a model gives them they may be NumPy's, which JSON does not take.
        object.__setattr__(self, "probability", float(self.probability))
        object.__setattr__(self, "others", tuple((value, float(sure)) for value, sure in self.others))
        for probability in (self.probability, *(sure for _, sure in self.others)):
            if not 0.0 <= probability <= 1.0:
                raise ValueError(f"a field's probability must lie in [0, 1], got {probability!r}")

    @property
    def shown(self) -> str:
        """The value as text: days as ISO 8601, amounts with a point."""
        return shown(self.value)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The words' enclosing rectangles, of those that have a place."""
        return tuple(word.polygon.box for word in self.words if word.polygon)

    @property
    def box(self) -> Box | None:
        """The rectangle around all of its words; None where none has a place."""
        around = enclosing([word.polygon for word in self.words])
        return around.box if around else None

    def to_dict(self) -> dict[str, Any]:
        """A JSON object. Words are told by their boxes: their text is the field's."""
        return {
            "name": self.name,
            "value": self.shown,
            "type": _TYPES[type(self.value)],
            "text": self.text,
            "probability": self.probability,
            "unit": self.unit,
            "boxes": [list(box) for box in self.boxes],
            "others": [[shown(value), sure] for value, sure in self.others],
            "notes": list(self.notes),
        }


# Confidences that are probabilities by themselves.
_PROBABILITIES = ("vote-learned",)
_TYPES: Mapping[type, str] = {str: "text", dt.date: "date", Decimal: "amount"}


def shown(value: Value) -> str:
    """A value as text: days as ISO 8601, amounts with a point."""
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def read_surely(words: Sequence[Word]) -> float:
    """The probability that words are right, by what calibration or the learned vote says; 1 where none does.

    It is that of the least sure one: words of one line are right or wrong together.
    """
    known = (word.confidence if word.confidence_kind in _PROBABILITIES else word.calibrated for word in words)
    return min((sure for sure in known if sure is not None), default=1.0)
