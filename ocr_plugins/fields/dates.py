"""Days: written in numbers or with the month's name, in the order that the page is written in.

A day that can be read in two ways, such as 03/04/2018, says so: what else the page shows decides, else what
is usual.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ocr_plugins.fields.field import Field, read_surely
from ocr_plugins.fields.rows import Part, Row

#: Day, month and year in the order that they are written in; ``auto`` looks at the page.
Order = Literal["auto", "dmy", "mdy", "ymd"]

# The months' names and what they are shortened to, in seven languages.
_MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january janvier enero ene gennaio gen januari janeiro",
            "feb februar february février fevrier févr fev febrero febbraio februari fevereiro",
            "mar märz maerz mrz march mars marzo maart mrt março marco",
            "apr april avril avr abril abr aprile",
            "may mai mayo maggio mag mei maio",
            "jun juni june juin junio giugno giu junho",
            "jul juli july juillet juil julio luglio lug julho",
            "aug august août aout agosto ago augustus",
            "sep sept september septembre septiembre settembre set setembro",
            "oct okt oktober october octobre octubre ottobre ott outubro out",
            "nov november novembre noviembre novembro",
            "dec dez dezember december décembre decembre déc diciembre dic dicembre dezembro",
        ),
        start=1,
    )
    for written in names.split()
    # Accents stand as a part of their letters, or behind them.
    for name in {written, unicodedata.normalize("NFD", written)}
}
_MONTH = "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True))
_YEAR = r"(?:19|20)\d{2}"
# Two digits of a year after a month's name stand close, or after a space where the name is no other word.
_SHORT = (
    r"(?:(?<=[-/.'’a-zA-Z])|(?<=jan )|(?<=feb )|(?<=apr )|(?<=jun )|(?<=jul )|(?<=aug )|(?<=sep )|(?<=oct )|"
    r"(?<=okt )|(?<=nov )|(?<=dec )|(?<=dez ))\d{2}(?![.,:]\d)"
)
_DATE = re.compile(
    rf"(?<![\w/.-])(?:"
    rf"(?P<day1>\d{{1,2}})(?:st|nd|rd|th|er|\.)?[ ./-]{{0,2}}(?:de |of )?(?P<month1>{_MONTH})[., '’/-]{{0,3}}"
    rf"(?:de )?(?P<year1>{_YEAR}|{_SHORT})"
    rf"|(?P<month2>{_MONTH})[. /-]{{1,2}}(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?[,/-]? ?"
    rf"(?P<year2>{_YEAR}|['’]\d{{2}})"
    rf"|(?P<year3>{_YEAR})(?P<apart3>[-./ ])(?P<month3>\d{{1,2}})(?P=apart3)(?P<day3>\d{{1,2}})"
    rf"|(?P<first>\d{{1,2}}) ?(?P<apart4>[-./]) ?(?P<second>\d{{1,2}}) ?(?P=apart4) ?"
    rf"(?P<third>{_YEAR}|\d{{2}})"
    # A time may follow without a space.
    r")(?:(?=T\d|-\d{1,2}:)|(?![\w/-]|[.:]\d| (?:Uhr|h)\b))",
    re.IGNORECASE,
)
# Two digits of a year are of the hundred years that end so many after now.
_AHEAD = 5
# How often a page's day is written in the order that its other days or its currency tell.
_USUAL = 0.9


@dataclass(frozen=True, slots=True)
class Date:
    """A day that stands on a page.

    Args:
        readings: order -> the day, of the orders in which there is one.
        is_numeric: whether its month is in digits and its year at the end, so that it tells of an order.
    """

    part: Part
    readings: Mapping[str, dt.date]
    is_numeric: bool

    def read(self, order: str) -> dt.date:
        """The day in that order, else in the most usual one that gives a day."""
        return self.readings.get(order) or next(iter(self.readings.values()))

    def others(self, order: str) -> list[dt.date]:
        """The days that it is in other orders; a year stands first only where all do."""
        usual = {day for name, day in self.readings.items() if name != "ymd"}
        return sorted(usual - {self.read(order)})


def dates_of(row: Row, today: dt.date) -> Iterator[Date]:
    """The days of a row, from left to right; numbers that make no day in any order are none.

    Args:
        today: what two digits of a year are told by.
    """
    for match in _DATE.finditer(row.text):
        if readings := _readings(match, today):
            yield Date(row.part(*match.span()), readings, match["first"] is not None)


def order_of(dates: Iterable[Date], wanted: Order, currency: str = "") -> str:
    """The order of day, month and year on a page.

    Args:
        wanted: what it is, unless ``auto``.
        currency: of the page's amounts, ISO 4217: where dollars of the United States are paid, the month
            comes first.
    """
    if wanted != "auto":
        return wanted
    plain = Counter(next(iter(date.readings)) for date in dates if date.is_numeric and not _is_open(date))
    if plain:
        return plain.most_common(1)[0][0]
    return "mdy" if currency == "USD" else "dmy"


def date_field(date: Date, order: str, *, told: bool, name: str = "date", share: float = 1.0) -> Field:
    """A day as a field.

    Args:
        order: of the page.
        told: whether the user has told the order, so that there is no doubt about it.
        share: the probability that this is the day that is asked for, if it is read rightly.
    """
    others = [] if told else date.others(order)
    sure = share * read_surely(date.part.words)
    right = sure * _USUAL if others else sure
    return Field(
        name=name,
        value=date.read(order),
        text=date.part.text,
        words=date.part.words,
        probability=right,
        others=tuple((other, (sure - right) / len(others)) for other in others),
        notes=("day and month may be the other way round",) if others else (),
    )


def date_fields(rows: Sequence[Row], order: Order, currency: str, today: dt.date) -> Iterator[Field]:
    """Every day of a page. Arguments as `order_of` and `dates_of` take them."""
    found = [date for row in rows for date in dates_of(row, today)]
    decided = order_of(found, order, currency)
    for date in found:
        yield date_field(date, decided, told=order != "auto", name="dates")


def _is_open(date: Date) -> bool:
    """Whether day and month may be the other way round."""
    return {"dmy", "mdy"} <= {*date.readings}


def _readings(match: re.Match[str], today: dt.date) -> dict[str, dt.date]:
    said = match.groupdict()
    for place, order in (("1", "dmy"), ("2", "mdy"), ("3", "ymd")):
        if said[f"day{place}"]:
            month = said[f"month{place}"]
            # Other letters than these are taken for them where case says nothing.
            number = int(month) if month.isdigit() else _MONTHS.get(month.lower(), 0)
            day = _day(said[f"year{place}"].strip("'’"), number, said[f"day{place}"], today)
            return {order: day} if day else {}
    numbers = (said["first"], said["second"], said["third"])
    readings = {}
    # With points between, the month never comes first.
    for order in ("dmy", "ymd") if said["apart4"] == "." else ("dmy", "mdy", "ymd"):
        named = dict(zip(order, numbers, strict=True))
        if len(named["d"]) <= 2 and len(named["y"]) in (2, 4):
            day = _day(named["y"], int(named["m"]), named["d"], today)
            if day:
                readings[order] = day
    return readings


def _day(year: str, month: int, day: str, today: dt.date) -> dt.date | None:
    number = int(year)
    if len(year) == 2:
        number += 100 * ((today.year + _AHEAD - number) // 100)
    try:
        return dt.date(number, month, int(day))
    except ValueError:
        return None
