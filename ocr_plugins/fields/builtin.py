"""The extractors that come with the package."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_plugins.document import Page
from ocr_plugins.fields.amounts import Style, amount_fields, amounts_of, currency_of
from ocr_plugins.fields.codes import (
    card_fields,
    check_phone_country,
    email_fields,
    iban_fields,
    phone_fields,
    phonenumbers,
    stdnum,
)
from ocr_plugins.fields.contract import Extractor, ExtractorOptions
from ocr_plugins.fields.dates import Order, date_fields
from ocr_plugins.fields.field import Field
from ocr_plugins.fields.mrz import mrz_fields
from ocr_plugins.fields.people import name_fields, number_fields, numbers_of, read_names
from ocr_plugins.fields.plates import formats_of, plate_fields
from ocr_plugins.fields.receipts import receipt_fields
from ocr_plugins.fields.rows import Row
from ocr_plugins.options import option

_ORDER = "day, month and year as they are written: dmy, mdy, ymd; auto looks at the page"


@dataclass(frozen=True, kw_only=True)
class DateOptions(ExtractorOptions):
    dates: Order = option("auto", _ORDER)


@dataclass(frozen=True, kw_only=True)
class PhoneOptions(ExtractorOptions):
    country: str = option("", "ISO 3166: whose numbers may stand without the country's code")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_phone_country(self.country)


@dataclass(frozen=True, kw_only=True)
class PlateOptions(ExtractorOptions):
    country: str = option("", "ISO 3166, several joined by +; default: all whose plates are known")

    def __post_init__(self) -> None:
        super().__post_init__()
        formats_of(self.country)


@dataclass(frozen=True, kw_only=True)
class NameOptions(ExtractorOptions):
    list: Path | None = option(None, "a text file with a name a line, which are found in any case")


@dataclass(frozen=True, kw_only=True)
class IdOptions(ExtractorOptions):
    country: str = option("", "ISO 3166, several joined by +; default: all whose numbers are known")

    def __post_init__(self) -> None:
        super().__post_init__()
        numbers_of(self.country)


class Receipt(Extractor[DateOptions]):
    name = "receipt"
    help = "vendor, date, total, tax and currency of a receipt or an invoice"
    columns = ("vendor", "date", "total", "tax", "currency")
    options_type = DateOptions

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002 - the contract
        return receipt_fields(rows, self.options.dates, dt.date.today())


class Plate(Extractor[PlateOptions]):
    name = "plate"
    help = "the number of a licence plate, by the formats of countries"
    columns = ("plate",)
    options_type = PlateOptions

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        return plate_fields(rows, self.options.country)


class Mrz(Extractor[ExtractorOptions]):
    name = "mrz"
    help = "the machine-readable zone of passports, identity cards and visas, mended by its check digits"
    columns = tuple(
        f"mrz.{name}"
        for name in (
            "format", "type", "issuer", "number", "surname", "given_names", "nationality", "birth", "sex",
            "expiry", "optional", "optional2",
        )
    )  # fmt: skip
    options_type = ExtractorOptions

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        return mrz_fields(rows, dt.date.today())


class Dates(Extractor[DateOptions]):
    name = "dates"
    help = "every day on a page"
    options_type = DateOptions

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        style = Style.of(rows)
        currency = currency_of(amount for row in rows for amount in amounts_of(row, style))
        return date_fields(rows, self.options.dates, currency, dt.date.today())


class Amounts(Extractor[ExtractorOptions]):
    name = "amounts"
    help = "every sum of money on a page"
    options_type = ExtractorOptions

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        return amount_fields(rows)


class Email(Extractor[ExtractorOptions]):
    name = "email"
    help = "e-mail addresses"
    options_type = ExtractorOptions

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        return email_fields(rows)


class Iban(Extractor[ExtractorOptions]):
    name = "iban"
    help = "bank account numbers, mended by their check digits"
    options_type = ExtractorOptions

    def __init__(self, options: ExtractorOptions) -> None:
        super().__init__(options)
        stdnum(self.name)

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        return iban_fields(rows)


class Card(Extractor[ExtractorOptions]):
    name = "card"
    help = "numbers of payment cards"
    options_type = ExtractorOptions

    def __init__(self, options: ExtractorOptions) -> None:
        super().__init__(options)
        stdnum("luhn")

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        return card_fields(rows)


class Phone(Extractor[PhoneOptions]):
    name = "phone"
    help = "telephone numbers"
    options_type = PhoneOptions

    def __init__(self, options: PhoneOptions) -> None:
        super().__init__(options)
        phonenumbers()

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        return phone_fields(rows, self.options.country)


class Names(Extractor[NameOptions]):
    name = "names"
    help = "names of people: those of a list, and what stands after a title or a label such as Cashier"
    options_type = NameOptions

    def __init__(self, options: NameOptions) -> None:
        super().__init__(options)
        self._known = read_names(options.list) if options.list else ()

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        return name_fields(rows, self._known)


class Id(Extractor[IdOptions]):
    name = "id"
    help = "numbers of people's papers and of tax, by their check digits"
    options_type = IdOptions

    def __init__(self, options: IdOptions) -> None:
        super().__init__(options)
        for name in numbers_of(options.country):
            stdnum(name)

    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:  # noqa: ARG002
        return number_fields(rows, self.options.country)


BUILTIN: tuple[type[Extractor[Any]], ...] = (
    Receipt,
    Plate,
    Mrz,
    Dates,
    Amounts,
    Email,
    Iban,
    Card,
    Phone,
    Names,
    Id,
)
