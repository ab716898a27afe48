"""Fields: what is found in rows of text, what it is worth, and what is said of what is in doubt."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.metadata
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from field_pages import found, page_of, uncut, values
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from ocr_plugins.api import study
from ocr_plugins.cli import app
from ocr_plugins.document import Line, Page, Polygon, Word
from ocr_plugins.errors import CallError
from ocr_plugins.fields import Extractor, ExtractorOptions, Field, extract_fields, find_extractors
from ocr_plugins.fields.codes import ALIKE, mended
from ocr_plugins.fields.mrz import check_digit
from ocr_plugins.fields.rows import Row, rows_of
from ocr_plugins.fields.scoring import FieldScore, score_fields

# --- rows ---


@given(st.lists(st.text("abcü ", min_size=1).map(str.strip).filter(bool), min_size=1, max_size=8), st.data())
def test_words_of_a_row_are_those_that_a_part_lies_in(texts: list[str], data: st.DataObject) -> None:
    row = Row.of(Line.of_words([Word(text=text) for text in texts]))
    start = data.draw(st.integers(0, len(row.text) - 1))
    end = data.draw(st.integers(start + 1, len(row.text)))
    spans = [(first, first + len(text)) for first, text in zip(row.starts, texts, strict=True)]
    expected = [text for (a, b), text in zip(spans, texts, strict=True) if a < end and b > start]
    # A part that begins with the space after a word begins with that word.
    words = [word.text for word in row.words_at(start, end)]
    assert words[-len(expected) :] == expected if expected else len(words) <= 1
    assert len(words) <= len(expected) + 1
    assert row.text == " ".join(texts)


def test_what_stands_side_by_side_is_a_row() -> None:
    right = [Line(text="9.00", polygon=Polygon.from_box(500, 0, 560, 20))]
    left = [Line(text="TOTAL", polygon=Polygon.from_box(0, 2, 90, 22))]
    page = Page(source="a", page=1, size=(600, 30), lines=tuple(right + left))
    assert [row.text for row in rows_of(page)] == ["TOTAL 9.00"]


# --- amounts and dates ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TOTAL 1,234.50", ["1234.50"]),
        ("Summe 1.234,50 EUR", ["1234.50 EUR"]),
        ("€ 5", ["5 EUR"]),
        ("RM12.30 and -4.20", ["12.30 MYR", "-4.20"]),
        ("Total 3 150.00", ["150.00"]),
        ("1 234,00 zł", ["1234.00 PLN"]),
        ("TOTAL - £11.40, 12.50-", ["11.40 GBP", "-12.50"]),
        ("TOTAL (RM 11.40)", ["11.40 MYR"]),
        ("RM 5 .00 RM 12. 50", []),
        ("3 RM 45.00", ["45.00 MYR"]),
        ("1’234.50", ["1234.50"]),
        ("1, 234.50", []),
        ("TOTAL12.50 rm9.00 8.49SR 7.00A", ["12.50", "9.00 MYR", "8.49", "7.00"]),
        ("6% of 12 pieces, 25.01.2018, 192.168.10.20", []),
        ("0.51", ["0.51"]),
        ("1'200.00 CHF", ["1200.00 CHF"]),
        ("(12.00)", ["-12.00"]),
        ("A12.50 12.50KG 3/4.50", []),
    ],
)
def test_amounts(text: str, expected: list[str]) -> None:
    assert [f"{field.value} {field.unit}".strip() for field in found("amounts", text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25/01/2018 1:22:56PM", ["2018-01-25"]),
        ("2018-01-25", ["2018-01-25"]),
        ("28-04-18", ["2018-04-28"]),
        ("4 May 1998 and May 5, 1999", ["1998-05-04", "1999-05-05"]),
        ("12. März 2020", ["2020-03-12"]),
        ("3 de mayo de 2021", ["2021-05-03"]),
        ("15JAN2019", ["2019-01-15"]),
        ("2018-01-25T10:22:00 and 26/01/2018-13:22", ["2018-01-25", "2018-01-26"]),
        ("Jan 5 '19, 30 DEC 17", ["2019-01-05", "2017-12-30"]),
        ("2 SET 25,00, 5 mar 24,99, 1 out 20, 12 Dec 10:30, at 10.30.15", []),
        ("12 Auguſt 1998", []),
        ("31/02/2018, 12345/01/2018, 1.2.3.4, 25/01", []),
        ("01/02/99", ["1999-02-01"]),
    ],
)
def test_dates(text: str, expected: list[str]) -> None:
    assert [field.shown for field in found("dates", text)] == expected


def test_a_day_with_two_readings_says_so() -> None:
    (field,) = found("dates", "03/04/2018")
    assert field.value == dt.date(2018, 4, 3)
    ((other, share),) = field.others
    assert other == dt.date(2018, 3, 4)
    assert 0 < share < field.probability < 1
    assert field.notes == ("day and month may be the other way round",)
    (told,) = found("dates:dates=mdy", "03/04/2018")
    assert (told.value, told.others, told.notes, told.probability) == (dt.date(2018, 3, 4), (), (), 1.0)
    assert found("dates:dates=ymd", "18-01-05")[0].value == dt.date(2018, 1, 5)


def test_a_page_tells_the_order_of_its_days() -> None:
    american = found("dates", "03/04/2018", "03/25/2018")
    assert [field.value for field in american] == [dt.date(2018, 3, 4), dt.date(2018, 3, 25)]
    dollars = found("dates", "03/04/2018", "Total $5.00", "2018-12-01")
    assert dollars[0].value == dt.date(2018, 3, 4), "a year that stands first tells nothing of the others"


# --- codes ---


def test_emails() -> None:
    fields = found(
        "email",
        "write to Ann.Lee+x@example.co.uk or bob @ example. org",
        "ann@example.com. Thank you",
        "no@where, @b.c, Dinner @ Joe. Thanks",
    )
    assert [field.value for field in fields] == [
        "ann.lee+x@example.co.uk",
        "bob@example.org",
        "ann@example.com",
    ]


def test_ibans_are_checked_and_mended() -> None:
    (plain,) = found("iban", "IBAN: DE89 3704 0044 0532 0130 00 BIC: X", sure=0.3)
    assert plain.value == "DE89370400440532013000"
    assert plain.probability == 0.99, "its check digits say more than the words' calibration"
    (put_right,) = found("iban", "IBAN: DE89 37O4 0044 0532 0130 00")
    assert put_right.value == plain.value
    assert put_right.probability < 1
    assert put_right.notes == ("mended by its check digits from DE8937O400440532013000",)
    assert [word.text for word in plain.words][-1] == "00", "what follows is no part of it"
    assert found("iban", "DE89 3704 0044 0532 0130 01") == ()
    several = found("iban", "PAID TO DE89 3704 0044 0532 0130 00, BILL TO GB82 WEST 1234 5698 7654 32")
    assert [field.value for field in several] == ["DE89370400440532013000", "GB82WEST12345698765432"]


def test_cards_pass_luhn_and_begin_like_one() -> None:
    fields = found(
        "card", "Visa 4111 1111 1111 1111 12/25", "4111 1111 1111 1112", "EAN 4006381333931", "79927398713"
    )
    assert [field.value for field in fields] == ["4111111111111111"]


def test_phones() -> None:
    assert [f.value for f in found("phone", "Tel +49 30 901820, 030 901820")] == ["+4930901820"]
    assert [f.value for f in found("phone:country=de", "Tel 030 901820")] == ["+4930901820"]


@given(st.text("0O1I5S8BAX", min_size=1, max_size=6), st.text("0O1I5S8BAX", min_size=1, max_size=6))
def test_mending_exchanges_one_character_for_one_that_looks_alike(text: str, right: str) -> None:
    differ = [(a, b) for a, b in zip(text, right, strict=False) if a != b]
    alike = len(text) == len(right) and len(differ) == 1 and differ[0][1] in ALIKE.get(differ[0][0], "")
    assert mended(text, lambda one: one == right) == ((right,) if alike or text == right else ())


@pytest.mark.parametrize(
    ("module", "extractor"),
    [
        ("stdnum.iban", "iban"),
        ("stdnum.luhn", "card"),
        ("stdnum.us.ssn", "id:country=us"),
        ("phonenumbers", "phone"),
    ],
)
def test_a_missing_package_is_named_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, module: str, extractor: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(CallError, match=r"which is not installed: pip install 'ocr-plugins\[fields\]'"):
        find_extractors(extractor)


# --- people ---


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Dear Mrs. Jane van Dyke, thank you", ["Jane van Dyke"]),
        ("Cashier: HOCK", ["HOCK"]),
        ("Name:Ann Lee", ["Ann Lee"]),
        ("a new name", []),
        ("Dear Sir or Madam", []),
        ("PRODUCT NAME PRICE QTY", []),
        ("Company Name: ACME TRADING", []),
        ("Server Room Light", []),
    ],
)
def test_names_follow_titles_and_labels(line: str, expected: list[str]) -> None:
    assert [field.value for field in found("names", line)] == expected


def test_names_of_a_list_are_found_though_misread(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# of the files\nThomas Whitmore\n\nLee Ann  Oakes # once\n", encoding="utf-8")
    extractors = f"names:list={names}"
    fields = found(extractors, "for THOMAS WHITM0RE, and Mrs. Lee Ann Oakes.", "Thomas Edison")
    assert [field.value for field in fields] == ["THOMAS WHITM0RE", "Lee Ann Oakes"]
    assert fields[0].probability < fields[1].probability
    whole = uncut("for Lee Ann Oakes, here")
    (field,) = extract_fields(whole, find_extractors(extractors)).fields
    assert field.value == "Lee Ann Oakes"
    for text, message in ((None, "cannot be read"), ("# none\n", "holds no name")):
        names.unlink(missing_ok=True)
        if text is not None:
            names.write_text(text)
        with pytest.raises(CallError, match=message):
            find_extractors(extractors)


def test_numbers_of_papers() -> None:
    assert [f.value for f in found("id:country=us", "SSN 536-90-4399, 12-3456789")] == ["536904399"]
    assert [f.value for f in found("id:country=es+br", "DNI 54362315-K", "CPF 390.533.447-05")] == [
        "54362315K",
        "39053344705",
    ]
    assert found("id:country=es", "54362315-Z", "2024-03-14") == ()
    assert found("id", "order 536-90-4399") == ()
    assert [f.value for f in found("id", "Social security no. 536-90-4399")] == ["536904399"]


# --- machine-readable zones: the examples of ICAO Doc 9303 ---

PASSPORT = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
CARD = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
SMALL = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
VISA = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<")


@pytest.mark.parametrize(
    ("rows", "format_", "number", "nationality"),
    [
        (PASSPORT, "TD3", "L898902C3", "UTO"),
        (CARD, "TD1", "D23145890", "UTO"),
        (SMALL, "TD2", "D23145890", "UTO"),
        (VISA, "MRV-A", "L8988901C", "XXX"),
    ],
)
def test_zones(rows: tuple[str, ...], format_: str, number: str, nationality: str) -> None:
    fields = values(found("mrz", "REPUBLIC OF UTOPIA", *rows, "signature"))
    assert fields["mrz.format"] == format_
    assert fields["mrz.number"] == number
    assert fields["mrz.nationality"] == nationality
    assert (fields["mrz.surname"], fields["mrz.given_names"]) == ("ERIKSSON", "ANNA MARIA")
    assert isinstance(fields["mrz.birth"], dt.date)
    assert fields["mrz.sex"] == "F"


def test_check_digits() -> None:
    assert [check_digit(text) for text in ("520727", "AB2134<<<", "L898902C3")] == ["3", "5", "6"]


@pytest.mark.parametrize("given_name", ["NICOLE", "JAMES", "MICHELLE", "CHARLES", "LEE"])
def test_names_keep_their_last_letters(given_name: str) -> None:
    first = f"P<UTOKELLS<<{given_name}".ljust(44, "<")
    fields = values(found("mrz", first, PASSPORT[1]))
    assert (fields["mrz.surname"], fields["mrz.given_names"]) == ("KELLS", given_name)
    misread = values(found("mrz", first[:-6] + "<KC<LS", PASSPORT[1]))
    assert misread["mrz.given_names"] == given_name


def test_a_zone_is_mended_by_its_check_digits() -> None:
    first, second = PASSPORT
    spoiled = second.replace("L898902C36", "L8989O2C36").replace("7408122", "74O8I22")
    rows = (first.replace("<<<<", "««"), f"{spoiled[:20]} {spoiled[20:]}")
    fields = {field.name: field for field in found("mrz", *rows)}
    assert fields["mrz.number"].value == "L898902C3"
    assert fields["mrz.number"].notes == ("mended by its check digit",)
    assert fields["mrz.birth"].value == dt.date(1974, 8, 12)


def test_what_may_be_mended_wrongly_says_so() -> None:
    first, second = PASSPORT
    for place, right in enumerate("L898902C3"):
        for wrong in "0123456789":
            if right.isdigit() and wrong != right:
                misread = second[:place] + wrong + second[place + 1 :]
                number = next(f for f in found("mrz", first, misread) if f.name == "mrz.number")
                assert number.value == "L898902C3" or (number.probability < 0.8 and number.notes)
    fields = {f.name: f for f in found("mrz", first, second.replace("7408122", "7408112"))}
    assert fields["mrz.birth"].value == dt.date(1974, 8, 11)
    assert fields["mrz.birth"].notes == ("its check digit does not fit",)


def test_a_long_number_goes_on_in_the_optional_part() -> None:
    digit = check_digit("5901234567890")
    number, rest = "590123456", f"7890{digit}"
    rows = (f"IDBEL{number}<{rest}".ljust(30, "<"), CARD[1], CARD[2])
    field = next(field for field in found("mrz", *rows) if field.name == "mrz.number")
    assert (field.value, field.notes) == ("5901234567890", ())


def test_prose_is_no_zone() -> None:
    lines = ("PLEASE KEEP THIS RECEIPT FOR YOUR RECORDS", "AND CALL US AT 0123456789 IF IN DOUBT OK")
    assert found("mrz", *lines, *lines) == ()


def test_a_wrong_check_digit_is_told() -> None:
    first, second = PASSPORT
    fields = {field.name: field for field in found("mrz", first, second.replace("L898902C36", "L898902C37"))}
    assert fields["mrz.number"].value == "L898902C3"
    assert fields["mrz.number"].notes == ("its check digit does not fit",)
    assert fields["mrz.number"].probability < 0.5 < fields["mrz.birth"].probability


# --- plates ---


@pytest.mark.parametrize(
    ("country", "lines", "expected"),
    [
        ("br", ("BRASIL", "JGZ-3298"), "JGZ3298"),
        ("br", ("JGZ 32O8",), "JGZ3208"),
        ("br", ("J6Z3298",), "JGZ3298"),
        ("fr", ("AA-123-AA",), "AA123AA"),
        ("us", ("NEW JERSEY", "GARDEN STATE", "ABC 1234"), "ABC1234"),
        # What seals and bolts are read as, and the country's letters on the band beside the number.
        ("us", ("OCA=069",), "OCA069"),
        ("us", ("*LW1257",), "LW1257"),
        ("de", ("BSE:5579",), "BSE5579"),
        ("hr", ("HZA-834CO",), "ZA834CO"),
        ("hr", ("HRZA 834-CO",), "ZA834CO"),
        ("gb", ("GBAB12CDE",), "AB12CDE"),
        ("cz", ("CZ1AB2345",), "1AB2345"),
        ("cz", ("CZIAB2345",), "1AB2345"),
        ("", ("nothing", "at all"), None),
    ],
)
def test_plates(country: str, lines: tuple[str, ...], expected: str | None) -> None:
    spec = f"plate:country={country}" if country else "plate"
    assert values(found(spec, *lines)).get("plate") == expected


@pytest.mark.parametrize(
    ("text", "others", "expected"),
    [
        ("JQ23298", (("JGZ3298", 0.3),), "JGZ3298"),
        ("JGZ3298", (("JQZ3298", 0.02),), "JGZ3298"),
        ("JGZ3298", (("JGZ3298", 0.6), ("JQZ3298", 0.3)), "JGZ3298"),
        # A is hardly ever a 4, what else was thought of rather.
        ("JGZ329A", (("JGZ3298", 0.05),), "JGZ3298"),
    ],
)
def test_alternatives_of_a_word_are_looked_at(text: str, others: Any, expected: str) -> None:
    """As a vote gives them, without the word itself, and as others do."""
    word = Word(text=text, alternatives=others)
    page = Page(source="a", page=1, size=(9, 9), lines=(Line.of_words([word]),))
    (field,) = extract_fields(page, find_extractors("plate:country=br")).fields
    assert field.value == expected
    assert field.others


def test_a_line_that_is_not_cut_into_words_has_plates_too() -> None:
    page = Page(source="a", page=1, size=(9, 9), lines=(Line(text="NEW JERSEY ABC 1234"),))
    (field,) = extract_fields(page, find_extractors("plate:country=us")).fields
    assert field.value == "ABC1234"


@pytest.mark.parametrize(
    "line",
    [
        "Receipt 10:22PM", "TOTAL 12.50 RM", "12.50", "closed 10:22:45", "10 :22PM", "TOTAL 1234",
        "12-05-18", "2024-01-15", "1'234'567",
    ],
)  # fmt: skip
def test_what_is_no_plate_is_none(line: str) -> None:
    assert values(found("plate", line)).get("plate") is None


@pytest.mark.parametrize("line", ["ROOM 1234", "BOOM 1234", "HOUSE 123"])
def test_letters_are_not_taken_from_words(line: str) -> None:
    assert values(found("plate:country=br+hu", line)).get("plate") is None


@pytest.mark.parametrize("text", ["A1B2C", "555-1234"])
def test_any_letters_and_digits_are_hardly_a_plate(text: str) -> None:
    (field,) = found("plate:country=us", text)
    assert field.probability <= 0.5


def test_what_is_known_of_a_word_counts_once() -> None:
    """A number is as probable as its word, but for there being none; as what it was mended from is not."""
    options = find_extractors("plate:country=br")

    def probability(word: Word) -> float:
        page = Page(source="a", page=1, size=(9, 9), lines=(Line.of_words([word]),))
        (field,) = extract_fields(page, options).fields
        assert field.value == "JGZ3298"
        return field.probability

    known = Word(text="JGZ3298", confidence=0.8, confidence_kind="vote-learned")
    assert 0.7 < probability(known) < 0.8
    wrong = replace(known, text="J6Z3298", alternatives=(("JGZ3298", 0.2),))
    assert 0.2 < probability(wrong) < 0.95
    other = replace(known, text="JQ23298", confidence=0.3, alternatives=(("JGZ3298", 0.65),))
    assert probability(other) > 0.65


# --- receipts ---

RECEIPT = (
    "FRESH CORNER MARKET LTD",
    "12 High Street, Oldtown",
    "Tel 01234 567890",
    "RECEIPT",
    "Date: 14/03/2024 10:22",
    "Bread 2.40",
    "Cheese 7.10",
    "Subtotal 9.50",
    "VAT 20% 1.90",
    "TOTAL £11.40",
    "CASH 20.00",
    "CHANGE 8.60",
)


def test_a_receipt() -> None:
    fields = found("receipt", *RECEIPT)
    assert values(fields) == {
        "vendor": "FRESH CORNER MARKET LTD",
        "date": dt.date(2024, 3, 14),
        "total": Decimal("11.40"),
        "tax": Decimal("1.90"),
        "currency": "GBP",
    }
    total = next(field for field in fields if field.name == "total")
    assert total.unit == "GBP"
    assert total.notes == ()
    assert [word.text for word in total.words] == ["£11.40"]
    assert total.box is not None
    assert 0.5 < total.probability < 1
    assert total.others
    assert Decimal("11.40") not in {other for other, _ in total.others}


def test_a_total_that_does_not_add_up_is_told_and_not_mended() -> None:
    lines = [line.replace("£11.40", "£11.90") for line in RECEIPT]
    total = next(field for field in found("receipt", *lines) if field.name == "total")
    assert total.value == Decimal("11.90")
    assert total.notes == ("subtotal and tax come to 11.40",)


def test_words_in_doubt_make_fields_doubtful() -> None:
    sure, unsure = (
        {field.name: field.probability for field in found("receipt", *RECEIPT, sure=share)}
        for share in (1.0, 0.5)
    )
    assert {name: unsure[name] / sure[name] for name in sure} == pytest.approx(dict.fromkeys(sure, 0.5))


@pytest.mark.parametrize("extractors", ["receipt,plate,mrz,dates,amounts,email,iban,card,phone,names,id"])
@pytest.mark.parametrize("lines", [(), ("",), ("---", "..."), ("a" * 5000,), ("1" * 400, "<" * 400)])
def test_pages_without_fields_have_none(extractors: str, lines: tuple[str, ...]) -> None:
    assert found(extractors, *lines) in (
        (),
        *((field,) for field in found(extractors, *lines) if field.name == "vendor"),
    )


def test_fields_are_scored_by_what_they_mean() -> None:
    found = extract_fields(page_of(*RECEIPT), find_extractors("receipt"))
    right = {
        "vendor": "Fresh  corner market ltd.",
        "date": "14 March 2024",
        "total": "GBP 11.40",
        "tax": "1.90",
    }
    assert {name: one.f1 for name, one in score_fields(right, found).items()} == dict.fromkeys(right, 1.0)
    wrong = {"vendor": "Fresh Corner", "date": "15/03/2024", "total": "11.04", "plate": "AB123"}
    scores = score_fields(wrong, found)
    assert [(one.found, one.right) for one in scores.values()] == [(1, 0), (1, 0), (1, 0), (0, 0)]
    together = sum(scores.values(), score_fields(right, found)["total"])
    assert (together.precision, together.recall) == (1 / 4, 1 / 5)
    assert together.f1 == pytest.approx(2 / 9)
    assert score_fields(right, None)["total"].f1 == 0.0
    assert FieldScore().f1 is None


@pytest.mark.parametrize(
    "name",
    ["TESCO", "COSTCO", "7-ELEVEN", "365 MARKET", "3M SHOP", "99 SPEED MART S/B (519537-X)", "STUDIO 54"],
)
def test_vendors_keep_their_names(name: str) -> None:
    lines = (f"{name} 2034" if name.isalpha() else name, *RECEIPT[1:])
    assert values(found("receipt", *lines))["vendor"] == name.partition(" (")[0]


# --- extractors ---


class Shout(Extractor[ExtractorOptions]):
    name = "shout"
    help = "words in capitals"
    options_type = ExtractorOptions

    def extract(self, page: Page, rows: Sequence[Row]) -> list[Field]:
        if "FAIL" in page.text:
            raise RuntimeError(page.text)
        if "NONE" in page.text:
            return [None]  # type: ignore[list-item]
        if "STRANGE" in page.text:
            return [Field(name="strange", value="x", text="x", words=(), probability=1.0)]
        return [
            Field(name="shout", value=word.text, text=word.text, words=(word,), probability=1.0)
            for row in rows
            for word in row.words
            if word.text.isupper()
        ]


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        importlib.metadata.EntryPoint("shout", f"{__name__}:Shout", "ocr_plugins.extractors"),
        importlib.metadata.EntryPoint("broken", "no.such.module:Thing", "ocr_plugins.extractors"),
        importlib.metadata.EntryPoint("wrong", "decimal:Decimal", "ocr_plugins.extractors"),
        importlib.metadata.EntryPoint("receipt", f"{__name__}:Shout", "ocr_plugins.extractors"),
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)


@pytest.mark.usefixtures("others")
def test_others_extractors_take_part() -> None:
    fields = found("shout,receipt", *RECEIPT[:1])
    assert [field.value for field in fields if field.name == "shout"] == RECEIPT[0].split()
    assert "vendor" in values(fields), "ours keeps its name"


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("name", ["broken", "wrong"])
def test_a_broken_extractor_is_named_and_takes_nothing_else_down(name: str) -> None:
    with pytest.raises(CallError, match=f"extractor '{name}' .* is broken"):
        find_extractors(name)
    assert find_extractors("shout")


@pytest.mark.usefixtures("others")
def test_one_that_fails_costs_its_own_fields_and_quotes_nothing() -> None:
    for text, error in (("FAIL", "RuntimeError"), ("NONE", "AttributeError")):
        result = extract_fields(page_of(text, "a@b.org"), find_extractors("shout,email"))
        assert [field.name for field in result.fields] == ["email"]
        assert result.errors == (f"extractor 'shout' failed ({error})",)


@pytest.mark.usefixtures("others")
def test_a_field_that_is_no_column_is_told() -> None:
    result = extract_fields(page_of("STRANGE", "a@b.org"), find_extractors("shout,email"))
    assert [field.name for field in result.fields] == ["email"]
    assert result.errors == ("extractor 'shout' gave a field that is no column of it: strange",)


# --- the command line ---


def scanned(folder: Path, **texts: str) -> Path:
    """A folder of images, beside one of texts that a program has read in them."""
    for name in ("scans", "texts"):
        (folder / name).mkdir()
    for name, text in texts.items():
        Image.new("L", (90, 60), 255).save(folder / "scans" / f"{name}.png")
        (folder / "texts" / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder / "scans"


def test_a_folder_of_receipts_becomes_a_table(tmp_path: Path) -> None:
    scans = scanned(
        tmp_path, one="\n".join(RECEIPT), two="\n".join(RECEIPT).replace("11.40", "12.40"), empty=""
    )
    (scans / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    engine = f"files:path={tmp_path / 'texts'}"
    call = ["read", str(scans), "--engine", engine, "--fields", "receipt,email", "--out", str(out), "-q"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 1, done.output
    with (out / "fields.csv").open(encoding="utf-8") as file:
        rows = {Path(row["source"]).stem: row for row in csv.DictReader(file)}
    totals = {name: row["total"] for name, row in rows.items()}
    assert totals == {"one": "11.40", "two": "12.40", "empty": "", "broken": ""}
    assert rows["two"]["notes"] == "total: subtotal and tax come to 11.40"
    assert rows["broken"]["error"]
    assert 0.5 < float(rows["one"]["total_probability"]) <= 1
    records = [json.loads(line) for line in (out / "fields.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {field["name"] for record in records for field in record["fields"]} >= {"vendor", "date", "total"}


def test_a_wrong_call_leaves_what_was_written(tmp_path: Path) -> None:
    scans, out = scanned(tmp_path, one="\n".join(RECEIPT)), tmp_path / "out"
    call = ["read", str(scans), "--fields", "receipt", "--out", str(out), "-q", "--engine"]
    assert CliRunner().invoke(app, [*call, f"files:path={tmp_path / 'texts'}"]).exit_code == 0
    before = (out / "fields.csv").read_bytes()
    for _ in range(2):
        assert CliRunner().invoke(app, [*call, "tessract"]).exit_code
    assert (out / "fields.csv").read_bytes() == before


def test_without_a_folder_the_table_is_printed(tmp_path: Path) -> None:
    scans = scanned(tmp_path, one="\n".join(RECEIPT))
    call = ["read", str(scans), "--engine", f"files:path={tmp_path / 'texts'}", "--fields", "receipt", "-q"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    (row,) = csv.DictReader(done.stdout.splitlines())
    assert row["date"] == "2024-03-14"
    wrong = CliRunner().invoke(app, [*call, "--json"])
    assert "--fields and --json both write to stdout" in str(wrong.exception)


@pytest.mark.usefixtures("others")
def test_extractors_are_listed() -> None:
    done = CliRunner().invoke(app, ["fields", "--json"])
    told = json.loads(done.stdout)
    assert told["receipt"]["fields"] == ["vendor", "date", "total", "tax", "currency"]
    assert "is broken" in told["broken"]["help"]
    assert told["plate"]["options"]["country"]["default"] == ""


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "no extractor was named"),
        ("a=receipt", "extractors have no label"),
        ("receipt,receipt:dates=dmy", "extractor 'receipt' stands twice"),
        ("phone:country=zz", "no telephone numbers of 'zz' are known"),
        ("recept", "there is no extractor 'recept': did you mean receipt"),
        ("receipt:date=dmy", "extractor 'receipt' has no option 'date': did you mean dates"),
        ("receipt:dates=x", "extractor 'receipt': dates=x is not allowed: choose auto, dmy, mdy, ymd"),
        ("plate:country=zz", "no plates of 'zz' are known"),
    ],
)
def test_wrong_calls(spec: str, message: str) -> None:
    with pytest.raises(CallError, match=message):
        find_extractors(spec)


@pytest.mark.parametrize("value", [3.5, dt.datetime(2024, 1, 1), None])
def test_values_are_checked(value: Any) -> None:
    with pytest.raises(ValueError, match="a text, a day or a Decimal"):
        Field(name="a", value=value, text="b", words=(), probability=1.0)


@pytest.mark.parametrize("probability", [-0.1, 1.1])
def test_probabilities_are_checked(probability: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        Field(name="a", value="b", text="b", words=(), probability=probability)


def test_a_field_as_json() -> None:
    total = next(field for field in found("receipt", *RECEIPT) if field.name == "total")
    record = total.to_dict()
    assert record["value"] == "11.40"
    assert record["type"] == "amount"
    assert record["unit"] == "GBP"
    assert record["boxes"] == [[60, 270, 120, 290]]


# --- in studies ---


def test_a_study_says_how_well_fields_are_taken_out(tmp_path: Path) -> None:
    texts = {"a": "ACME LTD\nDate 25/01/2018\nTotal 9.00", "b": "OTHER SHOP\nDate 26/01/2018\nTotal 12.50"}
    said = {
        "a": {"company": "ACME LTD", "date": "25/01/2018", "total": "9.00"},
        "b": {"total": "12.55", "odd": 1},
    }
    rows = [{"id": name, "text": text, "fields": said[name]} for name, text in texts.items()]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text)
    found = study(manifest, f"typed=files:path={tmp_path}:format=text", out=tmp_path / "out", store=False)
    table = found.extracted.set_index("field")
    assert list(table.index) == ["vendor", "date", "total", "all"]
    assert table.loc["total", ["expected", "found", "right"]].tolist() == [2, 2, 1]
    assert table.loc["all", "f1"] == 0.75
    assert "Fields taken out" in (tmp_path / "out" / "report.html").read_text()
    assert (tmp_path / "out" / "tables" / "extracted.csv").exists()


def test_a_study_without_fields_has_none_and_wrong_ones_are_told(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(json.dumps({"id": "a", "text": "one", "fields": ["total"]}) + "\n")
    (tmp_path / "a.txt").write_text("one")
    engine = f"files:path={tmp_path}:format=text"
    assert study(manifest, engine, store=False).extracted.empty
    with pytest.raises(CallError, match="did you mean receipt"):
        study(manifest, engine, fields="reciept", store=False)
