"""Receipts, sums, days and codes as different countries write them."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from field_pages import found, page_of, uncut, values
from typer.testing import CliRunner

from ocr_plugins.analysing import analyse
from ocr_plugins.analysis.extracted import extractors_for
from ocr_plugins.cli import app
from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.document import Line, Page
from ocr_plugins.engine import Capabilities, EngineInfo
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.fields import Extractor, ExtractorOptions, Field, extract_fields, find_extractors
from ocr_plugins.fields.scoring import FieldScore, is_right, score_fields
from ocr_plugins.fields.table import columns_of, row_of
from ocr_plugins.manifest import ManifestRow
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.source import PageRef, text_ref
from ocr_plugins.spec import parse_spec


@pytest.mark.parametrize(
    ("receipt", "expected"),
    [
        # The currency's own letters say nothing of what an amount is.
        ("A 10.00|B 5.00|TOTAL|RM 15.00|CASH|RM 20.00|CHANGE|RM 5.00", "15.00"),
        ("A 10,00|B 5,00|SUMME|EUR 15,00|BAR|EUR 20,00|RÜCKGELD|EUR 5,00", "15.00"),
        # A tax is no total, though its row says the word.
        ("Milk $3.00|Total for 1 items $3.00|GST INCLUDED IN TOTAL $0.27", "3.00"),
        ("A 10.00|B 5.00|Total 15.00|Total VAT incl. 2.50", "15.00"),
        ("A 3.00|B 4.00|TOTAL $7.00|EFT $7.00|GST INCLUDED IN TOTAL $0.64", "7.00"),
        # What was given back, and what vouchers paid.
        ("Shirt 20.00|Return Jeans -25.00|TOTAL -5.00|REFUND VISA -5.00", "-5.00"),
        ("Coffee 4.00|Voucher -4.00|TOTAL 0.00|Thank you", "0.00"),
        ("PUMP 4|GALLONS 12.001|PRICE/GAL $3.459|FUEL SALE $41.51|CREDIT $41.51", "41.51"),
        ("Rs 1,23,456.00|Total ₹1,23,456.00|GST ₹1,000.00", "123456.00"),
        # Other words that look like currencies.
        ("RM 204|Room 90.00|Total 90.00", "90.00"),
        ("RON 95|Fuel 41.00|Sum 41.00", "41.00"),
        ("Consulting 100.00|Net total 100.00|VAT 20% 20.00|Total 120.00", "120.00"),
        ("Subtotal 30.00|Tax 2.70|Total 32.70|Tip 6.00|Amount Due 38.70", "38.70"),
        ("Subtotal 87.80|10% Srv Chg 8.78|GST @6% 5.81|Total: 102.39|0.01|Total 102.40", "102.40"),
        ("Total (Inclusive of GST): 31.02|Rounding Adj: -0.02|TOTAL: 31.00|Served 31.00", "31.00"),
        ("Sub total 26.60|Serv. Charge 2.66|GST 1.76|Total 31.02|CASH 31.02", "31.02"),
    ],
)
def test_totals(receipt: str, expected: str) -> None:
    (total,) = (field for field in found("receipt", *receipt.split("|")) if field.name == "total")
    assert total.shown == expected
    assert total.probability > 0.7
    assert not total.notes


@pytest.mark.parametrize(
    ("receipt", "expected", "notes"),
    [
        ("SUMME EUR 16,48|MWST A 19,0% 8,39 1,60 9,99", "1.60", ()),
        ("Tax 6% of 100.00 6.00|Total 106.00", "6.00", ()),
        ("Net 100.00|VAT Amount 20.00|Total 120.00", "20.00", ()),
        ("Widget 50.00|Sales Tax 4.00|Total 54.00", "4.00", ()),
        (
            "SUMME EUR 16,48|MWST A 19,0% 8,39 1,60 9,99|MWST B 7,0% 6,07 0,42 6,49",
            "2.02",
            ("the sum of 2 taxes",),
        ),
        ("Subtotal 100.00|GST 5% 5.00|PST 7% 7.00|Total 112.00", "12.00", ("the sum of 2 taxes",)),
        ("Subtotal 100.00|CGST 9% 9.00|SGST 9% 9.00|Total 118.00", "18.00", ("the sum of 2 taxes",)),
    ],
)
def test_taxes(receipt: str, expected: str, notes: tuple[str, ...]) -> None:
    fields = {field.name: field for field in found("receipt", *receipt.split("|"))}
    assert fields["tax"].shown == expected
    assert fields["tax"].notes == notes
    assert not fields["total"].notes


@pytest.mark.parametrize(
    ("lines", "currency", "day"),
    [
        (("Total $5.00", "03/04/2024"), "USD", dt.date(2024, 3, 4)),
        (("ABN 88 000 014 675", "Total $5.00", "03/04/2024"), "AUD", dt.date(2024, 4, 3)),
        (("HST 13% $0.65", "Total $5.65", "03/04/2024"), "CAD", dt.date(2024, 4, 3)),
        (("GST $0.45", "Total $5.00", "03/04/2024"), None, dt.date(2024, 4, 3)),
        (("Total CA$5.00", "03/04/2024"), "CAD", dt.date(2024, 4, 3)),
        (("TRY 2 FOR 1", "Total 5.00"), None, None),
        (("Item Amount(RM)", "A 5.00", "Total due 5.00"), "MYR", None),
        (("Total due (USD) 1,884.43", "03/04/2024"), "USD", dt.date(2024, 3, 4)),
    ],
)
def test_a_bare_dollar_is_that_of_the_pages_country(
    lines: tuple[str, ...], currency: str | None, day: dt.date | None
) -> None:
    fields = values(found("receipt", *lines))
    assert fields.get("currency") == currency
    assert fields.get("date") == day


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1 Beratung 10 100,00 1.000,00", ["100.00", "1000.00"]),
        ("10 000,00 €", ["10000.00"]),
        ("10 000.00 €", []),
        ("1\u00a0234,50\u00a0€", ["1234.50"]),
        ("RM  15.00", ["15.00"]),
        ("₹1,23,456.78", ["123456.78"]),
        ("3.459 EUR/L, 30.12 EUR", ["30.12"]),
    ],
)
def test_sums(line: str, expected: list[str]) -> None:
    whole = uncut(line)
    fields = extract_fields(whole, find_extractors("amounts")).fields
    assert [field.shown for field in fields] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("am 12.03. 14 Uhr", []),
        ("12.03. 14", ["2014-03-12"]),
        ("1er mars 2024", ["2024-03-01"]),
        ("Mar-14-2024", ["2024-03-14"]),
        ("5. Ma\u0308rz 2024", ["2024-03-05"]),
        ("le 14\u00a0mars\u00a02024", ["2024-03-14"]),
    ],
)
def test_days(line: str, expected: list[str]) -> None:
    whole = uncut(line)
    assert [field.shown for field in extract_fields(whole, find_extractors("dates")).fields] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("o'brien@example.com", ["o'brien@example.com"]),
        ("'ann@x.com'", ["ann@x.com"]),
        ("sales&co@x.com", ["sales&co@x.com"]),
        ("john . doe@x.com", ["john.doe@x.com"]),
        ("contact ann@example.com.Thank you", ["ann@example.com"]),
        ("info@shop.deTel 12", ["info@shop.de"]),
        ("12345@163.com", ["12345@163.com"]),
        ("2 @ 3.EA", []),
    ],
)
def test_addresses(line: str, expected: list[str]) -> None:
    assert [field.value for field in found("email", line)] == expected


def test_account_numbers_beside_one_another_and_beside_cards() -> None:
    right, misread = "DE89 3704 0044 0532 0130 00", "GB82 WEST 1234 5698 7654 3Z"
    fields = found("iban,card", f"{right} {misread}")
    assert [(field.name, field.value) for field in fields] == [
        ("iban", "DE89370400440532013000"),
        ("iban", "GB82WEST12345698765432"),
    ]
    assert fields[1].notes
    # Its last digits alone would be a card's.
    (field,) = found("iban,card", "DE44 5001 0517 5407 3249 31")
    assert field.name == "iban"
    for space in ("\u00a0", "\t"):
        whole = uncut(right.replace(" ", space))
        assert len(extract_fields(whole, find_extractors("iban")).fields) == 1


def test_zones_whose_first_letter_is_misread() -> None:
    rows = (
        "1<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    )
    for first in "1lI":
        fields = values(found("mrz", first + rows[0][1:], *rows[1:]))
        assert fields["mrz.number"] == "D23145890"
        assert fields["mrz.type"] == "I"


def test_a_long_number_is_not_told_again() -> None:
    rows = (
        "IDBEL590123456<78909<<<<<<<<<<",
        "8502016F3005039BEL<<<<<<<<<<<<",
        "SPECIMEN<<ANNA<<<<<<<<<<<<<<<<",
    )
    fields = values(found("mrz", *rows))
    assert "mrz.optional" not in fields


@pytest.mark.parametrize(
    ("value", "expected", "right"),
    [
        ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00", True),
        ("+4930901820", "+49 30 901820", True),
        ("AB123CD", "AB-123-CD", True),
        ("AB123CD", "AB-124-CD", False),
        ("a1@b.co", "a1@bc.o", False),
        ("ACME Ltd", "acme ltd.", True),
        (Decimal(45000), "45.000", True),
        (Decimal("-5.00"), "-5", True),
        (Decimal(1234), "1,234", True),
        (Decimal("1234.50"), "1.234,5", True),
        (Decimal(2), "²", False),
    ],
)
def test_what_stands_there_may_be_written_otherwise(value: Any, expected: str, right: bool) -> None:
    assert is_right(Field(name="x", value=value, text="", words=(), probability=1.0), expected) is right


class Ill(Extractor[ExtractorOptions]):
    """An extractor whose model is not there."""

    name = "ill"
    help = "nothing"
    options_type = ExtractorOptions

    def __init__(self, options: ExtractorOptions) -> None:
        super().__init__(options)
        raise RuntimeError("the model file is missing")

    def extract(self, page: Any, rows: Any) -> Any:
        return ()


class Half(Extractor[ExtractorOptions]):
    name = "half"

    def extract(self, page: Any, rows: Any) -> Any:
        return ()


class Numeric(Half):
    """One that gives NumPy's numbers, as a model has them."""

    name = "numeric"
    help = "a number"
    options_type = ExtractorOptions

    def extract(self, page: Any, rows: Any) -> Any:
        sure = np.float32(0.5)
        yield Field(name="numeric", value="1", text="1", words=(), probability=sure, others=(("2", sure),))


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        importlib.metadata.EntryPoint(name.lower(), f"{__name__}:{name}", "ocr_plugins.extractors")
        for name in ("Ill", "Half", "Numeric")
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)


@pytest.mark.usefixtures("strangers")
def test_ill_extractors_are_named_and_take_nothing_else_down() -> None:
    with pytest.raises(CallError, match=r"extractor 'half' .* is broken"):
        find_extractors("half")
    with pytest.raises(CallError, match="extractor 'ill' cannot be had"):
        find_extractors("ill")
    told = json.loads(CliRunner().invoke(app, ["fields", "--json"]).stdout)
    assert "is broken" in told["half"]["help"]
    assert told["numeric"]["help"] == "a number"
    item = Item(
        ref=PageRef(id="a", source="a", origin=None), fields={"ill": "x", "half": "y", "numeric": "1"}
    )
    assert [extractor.name for extractor in extractors_for([item])] == ["numeric"]


def test_columns_of_fields_are_none_of_the_page() -> None:
    extractors = find_extractors("id")
    page = page_of("Passport No: 123456789")
    row = row_of(page, "tesseract", extract_fields(page, extractors))
    assert row["id"] == page.id
    assert row["id_value"] == "123456789"
    assert {*row} <= {*columns_of(extractors)}
    assert len({*columns_of(extractors)}) == len(columns_of(extractors))


def test_of_several_on_a_page_one_is_right() -> None:
    page = page_of("info@acme.de", "sales@acme.de")
    found_there = extract_fields(page, find_extractors("email"))
    for text, right in (("sales@acme.de", 1), ("nobody@acme.de", 0)):
        assert score_fields({"email": text}, found_there) == {"email": FieldScore(1, 1, right)}


def test_a_manifest_may_tell_numbers() -> None:
    told = {"total": 9.0, "date": None, "tax": True}
    row = ManifestRow(id="a", image="", path="", text="", line=1, extra={"fields": told})
    assert row.fields == {"total": "9.0"}
    assert is_right(Field(name="total", value=Decimal("9.00"), text="", words=(), probability=1.0), "9.0")


def test_what_read_a_part_of_the_pages_is_not_set_beside_the_others() -> None:
    items = tuple(
        Item(ref=text_ref(name, "page"), truth="Total 9.00", fields={"total": "9.00"}) for name in "ab"
    )
    read = {
        item.id: Page(source=item.id, page=1, size=None, lines=(Line(text="Total 9.00"),)) for item in items
    }
    info = EngineInfo(name="x", version="1", spec="x", options={}, weights={}, capabilities=Capabilities())
    whole = EngineRun(spec=parse_spec("whole"), info=info, results=read)
    part = EngineRun(spec=parse_spec("part"), info=info, results={"a": read["a"]})
    study = Study(corpus=Corpus(items=items), convention=get_convention("default"), runs=[whole, part])
    table = analyse(study).extracted
    assert table["engine"].unique().tolist() == ["whole"]
    assert table["recall"].tolist() == [1.0]


@pytest.mark.usefixtures("strangers")
def test_a_models_numbers_are_written() -> None:
    (field,) = found("numeric", "x")
    assert json.loads(json.dumps(field.to_dict()))["probability"] == 0.5


def test_a_comma_in_a_path_has_a_backslash() -> None:
    with pytest.raises(CallError, match=r"list of names /none/a,b.txt cannot be read"):
        find_extractors(r"names:list=/none/a\,b.txt,email")


@pytest.mark.parametrize("spec", ["receipt:dmy", "iban:"])
def test_what_is_said_of_a_wrong_option_names_the_extractor(spec: str) -> None:
    with pytest.raises(CallError, match=f"of extractor '{spec}' is not key=value: write NAME:key=value"):
        find_extractors(spec)
