"""Redaction: nothing personal is left, in pixels, text, names and bytes; and pages that fail say so."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from ocr_plugins.api import redact, run_engines
from ocr_plugins.cli import app
from ocr_plugins.document import Line, Page, Polygon, Word
from ocr_plugins.errors import CallError
from ocr_plugins.fields import Extractor, ExtractorOptions, Field
from ocr_plugins.formats import chosen_formats
from ocr_plugins.redaction import RedactedDocument, RedactedPage, Traces, find_redactors, painted
from ocr_plugins.redaction.blanking import BLANK
from ocr_plugins.redaction.personal import signs_of

LETTER = (
    "INVOICE 2024-118",
    "Mr Oswald Pemberton",
    "Mail: oswald.p@example.com",
    "Phone: +44 20 7946 0958",
    "Account: GB82 WEST 1234 5698 7654 32",
    "Card: 4111 1111 1111 1111",
    "SSN: 536-90-4399",
    "Total due: 88.20 EUR",
)
SECRETS = ("Oswald", "Pemberton", "oswald.p@example.com", "7946 0958", "GB82WEST", "4111 1111", "536-90-4399")
KEPT = ("INVOICE", "Total", "88.20")


def letter(path: Path, lines: Iterable[str] = LETTER, size: int = 34) -> Path:
    font = ImageFont.load_default(size)
    page = Image.new("L", (1000, 90 + 62 * len(list(lines))), 255)
    draw = ImageDraw.Draw(page)
    for number, text in enumerate(lines):
        draw.text((60, 40 + 62 * number), text, 0, font)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path, dpi=(150, 150))
    return path


def page_of(*lines: str, places: bool = True) -> Page:
    made = []
    for row, text in enumerate(lines):
        words, x = [], 0
        for part in text.split():
            box = Polygon.from_box(x, 30 * row, x + 10 * len(part), 30 * row + 20) if places else None
            words.append(Word(text=part, polygon=box))
            x += 10 * (len(part) + 1)
        made.append(Line.of_words(words))
    return Page(source="a.png", page=1, size=(2000, 30 * len(lines) + 1), lines=tuple(made))


def redacted(what: str, *pages: Mapping[str, Page]) -> tuple[list[RedactedPage], Traces]:
    document = RedactedDocument(pages, find_redactors(what))
    return document.pages, document.traces


def left_of(what: str, *readings: Page) -> list[str]:
    (page,), _ = redacted(what, {str(n): reading for n, reading in enumerate(readings)})
    assert page.error is None
    return [reading.text for reading in page.readings.values()]


def every_byte(folder: Path) -> dict[str, bytes]:
    """All files, and all that is packed in them: streams of PDF files, text of pictures' chunks."""
    found = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        found[str(file)] = str(file.name).encode() + file.read_bytes()
        if file.suffix == ".pdf":
            with pikepdf.open(file) as pdf:
                for number, thing in enumerate(pdf.objects):
                    if isinstance(thing, pikepdf.Stream):
                        found[f"{file}#{number}"] = thing.read_raw_bytes() + b"\n" + _unpacked(thing)
                    else:
                        found[f"{file}#{number}"] = thing.unparse(resolved=True)
    return found


def _unpacked(stream: pikepdf.Stream) -> bytes:
    try:
        return stream.read_bytes()
    except (pikepdf.PdfError, zlib.error):
        return b""


def check_nothing_is_left(folder: Path, secrets: Iterable[str]) -> None:
    files = every_byte(folder)
    assert files
    for secret in secrets:
        forms = {secret, secret.lower(), secret.upper(), signs_of(secret), secret.replace(" ", "")}
        for form in forms:
            for encoded in (form.encode(), form.encode("utf-16-be"), form.encode().hex().encode()):
                for name, data in files.items():
                    assert encoded not in data, f"{secret!r} is in {name}"


# --- one page, in several readings ---


def test_what_is_personal_is_blank_and_the_rest_stays() -> None:
    (text,) = left_of("personal", page_of(*LETTER))
    for secret in SECRETS:
        assert signs_of(secret) not in signs_of(text)
    for kept in KEPT:
        assert kept in text
    assert BLANK in text


def test_what_one_engine_finds_is_blank_in_all_readings() -> None:
    right, misread = page_of("write to a.b@example.com now"), page_of("write to a.bAexample.eom now")
    assert left_of("email", misread, right) == [f"write to {BLANK} now"] * 2


def test_a_line_of_one_engine_is_painted_as_the_words_of_another() -> None:
    words = page_of("write to a.b@example.com now")
    line = Page(
        source="a.png",
        page=1,
        size=words.size,
        lines=(Line(text="write to a.b@example.com now", polygon=Polygon.from_box(0, 0, 280, 20)),),
    )
    (page,), _ = redacted("email", {"words": words, "line": line})
    assert [page.readings["words"].text, page.readings["line"].text] == [f"write to {BLANK} now", BLANK]
    assert [round(place.polygon.box[0]) for place in page.places] == [90]


def test_names_are_blank_wherever_they_stand_in_the_document() -> None:
    said = "and PEMBERTON went; Pembertons, long pemberton; McPemberton; he is not long gone with Mr.Li"
    pages, traces = redacted(
        "names", {"a": page_of("Mr Oswald Pemberton"), "b": page_of("MR LONG")}, {"a": page_of(said)}
    )
    left = pages[1].readings["a"].text
    assert left == f"and {BLANK} went; {BLANK} long {BLANK} {BLANK} he is not long gone with {BLANK}"
    for name in ("scan-pemberton-3", "JPemberton", "PEMBERTON.old", "oswald_1"):
        assert traces.are_in(name)
    assert not traces.are_in("scan-3")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("iban", "Pay to GB82 WEST 1234 5698 7654 99 please"),  # check digits do not fit
        ("card", "Card 4111 1111 1111 1112"),
        ("card", "Card 41ll 1111 1111 1112"),
        ("card", "Card 4111-1111 1111.1l12"),
        ("card", "Card 411111111111l111"),
        ("iban", "DE89 37O4 0044 O532 0l30 00"),
        ("phone", "Tel: +44 2O 7946 0958"),
        ("phone", "Tel: 020 7946 O958"),
        ("phone", "Fax 01.23.45.67.89"),
        ("id", "NRIC: 850101-14-5523"),
        ("email", "Mail oswald©example.com"),
        ("phone", "Tel: 020 7946 0958"),
        ("id", "Passport No: K1234567Z"),
        ("iban", "Straße GBB2 WEST 1234 5698 7654 32"),
        ("iban", "Straße GB82 WEST 1234 5698 7654 99"),
        ("id", "Straße SSN 536-9O-4399"),
        ("card", "Card 2223 0000 4841 0012"),
        ("mrz", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<"),
        ("mrz", "L898902C36UTO74081Z2F12O4159ZE184226B((((10"),
    ],
)
def test_what_is_misread_is_blank_by_its_form(what: str, text: str) -> None:
    (left,) = left_of(what, page_of(text))
    assert not any(
        part in left for part in text.split()[1:] if any(mark.isdigit() or mark in "<©" for mark in part)
    )


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("id", "Tax 188.20 EUR"),
        ("id", "TAX 10.00 110.00"),
        ("id", "Tax 6% 0.51 total 9.00"),
        ("phone", "Tel: SOLD OUT"),
        ("names", "SR TOTAL 9.00"),
        ("card", "9556001234567 1 4.00"),
        ("personal", "4.00 12.50 16.50 100.00"),
        ("personal", "Total Sales Inclusive GST@6% 52.40"),
        ("personal", "Invoice # OR18051002160395"),
        ("personal", "SC03 12345678 _______ 4549131234567"),
        ("phone:country=MY", "GST 33.40 2.00 1.76"),
        ("personal", "GST 6% +0.51 9.00 8.49"),
        ("personal", "(GST) (6%) BARCODE 9556001234567 SUMMER CUP 48X230ML"),
        ("mrz", "THANK YOU FOR SHOPPING AT OUR MARKET"),
        ("personal", "QTY UOM U.PRICE AMT AMT INC. TAX CODE"),
    ],
)
def test_what_is_not_personal_stays(what: str, text: str) -> None:
    assert left_of(what, page_of(text)) == [text]


@pytest.mark.parametrize(
    ("zone", "above"),
    [
        # A passport's second row that begins like a first one; the rows of an identity card, one misread.
        ("C01X00T478D<<64O8125F2702283<<<<<<<<<<<<<<<4", "C01X00T47 12/08/1964"),
        ("I‹UTOD231458907<<<<<<<<<<<<<<<", "D23145890"),
        ("ERIKSSON<<ANNA<MARIA<<<<<<<<<<", "ANNA Maria ERIKSSON"),
        ("ALDERTON<<ANNA<MARIA<<<<<<<<<<", "Alderton"),
    ],
)
def test_rows_of_zones_tell_what_stands_above_them(zone: str, above: str) -> None:
    (left,) = left_of("mrz", page_of(above, zone))
    assert set(left.split()) == {BLANK}


def test_a_zone_that_is_misread_tells_what_stands_above_it() -> None:
    (left,) = left_of(
        "mrz",
        page_of(
            "ERIKSSON 12/08/1974",
            "P‹UTOERIKSSON‹‹ANNA‹MARIA‹‹‹‹‹‹‹‹‹‹‹‹‹‹‹‹‹‹‹",
            "L898902C36UTO7408122F12O4159ZE184226BK((((10",
        ),
    )
    assert left.splitlines()[0] == f"{BLANK} {BLANK}"


def test_what_is_on_the_zone_of_a_passport_is_blank_above_it() -> None:
    (left,) = left_of(
        "mrz",
        page_of(
            "Surname ERIKSSON born 12 AUG 1974",
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
        ),
    )
    assert left.splitlines()[0] == f"Surname {BLANK} born {BLANK} {BLANK} {BLANK}"
    assert set(left.splitlines()[1:]) == {BLANK}


def test_other_readings_and_letters_are_left_out() -> None:
    word = Word(text="x", polygon=Polygon.from_box(0, 0, 9, 9), alternatives=(("Pemberton", 0.4),))
    line = Line(text="x Pemberton", words=(word,), alternatives=(("Pemberton", 0.5),))
    page = Page(source="a", page=1, size=(50, 50), lines=(line,))
    (left,), _ = redacted("names", {"a": page})
    assert "Pemberton" not in str(left.readings["a"].to_dict())


def test_a_word_without_a_place_withholds_the_page() -> None:
    (page,), _ = redacted("email", {"a": page_of("a.b@example.com", places=False)})
    assert page.error is not None
    assert page.error.kind == "not_redacted"


def test_what_has_no_place_is_blank_where_anything_is() -> None:
    vlm = page_of("M. Osvald Penberton paid", places=False)
    (page,), _ = redacted("names", {"a": page_of("Mr Oswald Pemberton paid"), "vlm": vlm})
    assert page.error is None
    assert page.readings["vlm"].text == f"{BLANK} {BLANK} {BLANK} {BLANK}"
    assert (
        left_of("names", page_of("nobody paid"), page_of("nobody paid", places=False)) == ["nobody paid"] * 2
    )


def test_a_line_without_a_place_may_say_a_name_that_others_place() -> None:
    """Rightly read too; where it says one more often than all that tell where, one was not seen."""
    line = Page(source="a.png", page=1, size=(2000, 61), lines=(Line(text="Mr Oswald Pemberton paid"),))
    placed = page_of("Mr Oswald Pemberton paid")
    (page,), _ = redacted("names", {"a": placed, "vlm": line})
    assert page.error is None
    assert page.readings["vlm"].text == BLANK
    twice = Page(
        source="a.png",
        page=1,
        size=(2000, 61),
        lines=(*line.lines, Line(text="and Pemberton left")),
    )
    (page,), _ = redacted("names", {"a": placed, "vlm": twice})
    assert page.error is not None


def test_listed_names_are_found_in_small_letters_and_short_ones(tmp_path: Path) -> None:
    names = tmp_path / "staff.txt"
    names.write_text("\ufeffanna wendelberg\nLi\n", encoding="utf-8")
    (left,) = left_of(f"names:list={names}", page_of("anna wendelberg", "Wendelberg met Li, li stays"))
    assert left == f"{BLANK} {BLANK}\n{BLANK} met {BLANK} {BLANK} stays"


def turned(text: str, x: float, y: float) -> Line:
    """A line that rises to the right by half its length, as on a page that lies aslant."""
    long = 12.0 * len(text)
    polygon = Polygon(((x, y), (x + long, y - long / 2), (x + long + 8, y - long / 2 + 18), (x + 8, y + 18)))
    return Line(text=text, polygon=polygon)


def test_what_lies_beside_a_slanted_place_is_not_painted() -> None:
    """But within the rectangle around it: found in the painted picture, it is painted too."""
    first = Page(
        source="a.png", page=1, size=(900, 900),
        lines=(turned("GB82 WEST 1234 5698 7654 32", 50, 500), turned("c d at example com", 60, 540)),
    )  # fmt: skip
    document = RedactedDocument([{"a": first}], find_redactors("iban,email"))
    (place,) = document.pages[0].places
    again = Page(source="a.png", page=1, size=(900, 900), lines=(turned("c.d@example.com", 60, 540),))
    box = again.lines[0].polygon.box  # type: ignore[union-attr]
    around = place.polygon.box
    assert around[0] < box[0] < box[2] < around[2]
    assert document.look_again({0: {"a": again}}) == {0}
    assert document.look_again({0: {"a": again}}) == set()


def test_what_a_later_page_tells_is_looked_for_in_what_was_seen_before() -> None:
    document = RedactedDocument(
        [{"a": page_of("Penberlon paid")}, {"a": page_of("nothing here")}], find_redactors("names")
    )
    seen = {0: {"a": page_of("Pemberton paid")}, 1: {"a": page_of("Mr Pemberton here")}}
    assert document.look_again(seen) == {0, 1}


class _Wordless(Extractor[ExtractorOptions]):
    name = "wordless"
    help = "tells no words"
    options_type = ExtractorOptions

    def extract(self, page: Page, rows: object) -> list[Field]:
        return [Field(name="wordless", value="x", text="x", words=(), probability=1.0)]


def test_an_extractor_that_tells_no_words_withholds_the_page() -> None:
    (page,) = RedactedDocument([{"a": page_of("x y")}], [_Wordless(ExtractorOptions())]).pages
    assert page.error is not None


def test_what_is_seen_in_painted_pictures_is_taken_out_and_stays_so() -> None:
    document = RedactedDocument(
        [{"a": page_of("Mr Oswald paid a.b@exampIe,com now")}], find_redactors("names,email")
    )
    assert [place.kind for place in document.pages[0].places] == ["names", "email"]
    again = page_of("Mr ███ paid 555 c.d@example.com")
    assert document.look_again({0: {"a": again}}) == {0}
    places = set(document.pages[0].places)
    assert document.look_again({0: {"a": page_of("Mr ███ paid ███ now")}}) == set()
    # An engine that sees letters in the paint has seen none.
    assert document.look_again({0: {"a": page_of("Mr Oswald paid")}}) == set()
    # A whole line that holds a painted place is more than that.
    line = Line(text="Mr ███ paid x.y@example.com", polygon=Polygon.from_box(0, 0, 340, 20))
    whole = Page(source="a.png", page=1, size=(2000, 31), lines=(line,))
    assert document.look_again({0: {"a": whole}}) == {0}
    assert places < set(document.pages[0].places)
    assert document.pages[0].readings["a"].text.count(BLANK) >= 4


class _Broken(Extractor[ExtractorOptions]):
    name = "broken"
    help = "fails"
    options_type = ExtractorOptions

    def extract(self, page: Page, rows: object) -> list[Field]:
        raise RuntimeError(page.text)


def test_an_extractor_that_fails_withholds_the_page() -> None:
    (page,) = RedactedDocument([{"a": page_of("secret")}], [_Broken(ExtractorOptions())]).pages
    assert page.error is not None
    assert "secret" not in str(page.error)


def test_wrong_wishes_are_told() -> None:
    with pytest.raises(CallError, match="nothing to redact"):
        find_redactors(" , ")
    with pytest.raises(CallError, match="did you mean phone"):
        find_redactors("personal,phon")
    assert next(one.name for one in find_redactors("phone:country=MY,personal")) == "phone"
    assert len(find_redactors("personal")) == len(find_redactors("personal,phone"))


@pytest.mark.parametrize("shape", [(60, 80), (60, 80, 3)])
def test_places_are_painted_black_and_the_picture_stays_whole(shape: tuple[int, ...]) -> None:
    pixels = np.full(shape, 200, np.uint8)
    turned = Polygon(((20, 20), (50, 30), (47, 40), (17, 30)))
    out = painted(pixels, [turned, Polygon.from_box(60, 5, 70, 12)])
    assert out.shape == pixels.shape
    assert pixels.min() == 200
    assert not out[30, 35].any()
    assert not out[5:12, 60:70].any()
    assert (out[50:] == 200).all()


# --- whole runs with real engines ---


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A letter called by a name on it, and what the command made of it: (folder, what was said)."""
    folder = tmp_path_factory.mktemp("redacted")
    scan = letter(folder / "in" / "pemberton.png")
    out = folder / "out"
    formats = "text,markdown,hocr,alto,page,tsv,json,jsonl,pdf"
    engines = "tesseract,rapidocr,crnn,vote"
    result = CliRunner().invoke(
        app,
        ["read", str(scan), "-e", engines, "--redact", "personal", "-f", formats, "--out", str(out),
         "--fields", "receipt", "--no-store"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return scan, out


def test_nothing_is_left_in_any_byte(shown: tuple[Path, Path]) -> None:
    _, out = shown
    check_nothing_is_left(out, SECRETS)


def test_what_is_not_personal_is_there(shown: tuple[Path, Path]) -> None:
    _, out = shown
    (text,) = out.glob("vote/*.txt")
    assert all(kept in text.read_text() for kept in KEPT)
    assert sorted(path.name for path in out.glob("vote/page*"))
    assert not (out / "votes.jsonl").exists()
    with (out / "fields.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["total"] == "88.20"
    with (out / "redacted" / "redactions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["what"] for row in rows} >= {"names", "email", "phone", "iban", "card"}


@pytest.mark.parametrize("engine", ["tesseract", "rapidocr", "crnn"])
def test_no_engine_reads_it_from_the_picture_or_the_pdf(shown: tuple[Path, Path], engine: str) -> None:
    _, out = shown
    check_unread(out, engine)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["easyocr", "keras-ocr"])
def test_nor_do_the_slow_ones(shown: tuple[Path, Path], engine: str) -> None:
    _, out = shown
    check_unread(out, engine)


def check_unread(out: Path, engine: str) -> None:
    inputs = [*out.glob("redacted/*.png"), *out.glob("vote/*.pdf")]
    assert len(inputs) == 2
    study = run_engines(inputs, engine, store=False)
    (run,) = study.runs
    assert run.error is None
    for result in run.results.values():
        assert isinstance(result, Page)
        assert "invoice" in signs_of(result.text)
        for secret in SECRETS:
            assert signs_of(secret) not in signs_of(result.text)


def test_pages_of_a_pdf_become_one_pdf_and_know_of_each_other(tmp_path: Path) -> None:
    scans = [
        letter(tmp_path / "1.png", ["Mr Oswald Pemberton", "first page"]),
        letter(tmp_path / "2.png", ["PEMBERTON again", "second page"]),
    ]
    pdf = tmp_path / "two.pdf"
    first, second = (Image.open(scan) for scan in scans)
    first.save(pdf, save_all=True, append_images=[second], resolution=150)
    study = redact(
        pdf,
        "tesseract",
        "names",
        out=tmp_path / "out",
        formats=chosen_formats(["pdf", "text"]),
        dpi=150,
        store=False,
    )
    assert not study.failed
    (made,) = (tmp_path / "out" / "tesseract").glob("*.pdf")
    with pikepdf.open(made) as found:
        assert len(found.pages) == 2
    assert len(list((tmp_path / "out" / "redacted").glob("*.png"))) == 2
    check_nothing_is_left(tmp_path / "out", ["Pemberton", "Oswald"])
    texts = "".join(path.read_text() for path in (tmp_path / "out" / "tesseract").glob("*.txt"))
    assert "first page" in texts
    assert "second page" in texts


def test_an_input_that_cannot_be_read_is_an_error_beside_the_others(tmp_path: Path) -> None:
    letter(tmp_path / "in" / "a.png", ["Mail: a.b@example.com"])
    (tmp_path / "in" / "b.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    result = CliRunner().invoke(
        app, ["read", str(tmp_path / "in"), "--redact", "email", "--out", str(out), "--no-store"]
    )
    assert result.exit_code == 1
    records = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert sorted(bool(record.get("error")) for record in records) == [False, True]
    check_nothing_is_left(out, ["a.b@example.com"])


def test_what_is_withheld_is_not_called_by_what_was_found(tmp_path: Path) -> None:
    letter(tmp_path / "in" / "a.png", ["Mr Oswald Pemberton"])
    (tmp_path / "in" / "pemberton.png").write_bytes(b"no picture")
    letter(tmp_path / "in" / "Oswald-2.png", ["nobody is on this page"])
    study = redact(tmp_path / "in", "tesseract", "names", out=tmp_path / "out", store=False)
    assert len(study.corpus.items) == 2
    assert len(study.corpus.errors) == 1
    check_nothing_is_left(tmp_path / "out", ["Pemberton", "Oswald"])


def test_pages_and_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    scans = [letter(tmp_path / f"{n}.png", [f"page {n} of two"]) for n in (1, 2)]
    folder = tmp_path / "in"
    letter(folder / "scan.2.png", ["a picture by itself"])
    first, second = (Image.open(scan) for scan in scans)
    first.save(folder / "scan.pdf", save_all=True, append_images=[second], resolution=150)
    study = redact(folder, "tesseract", out=tmp_path / "out", dpi=150, store=False)
    texts = [run.results[item.id].text for run in study.runs for item in study.corpus.items]  # type: ignore[union-attr]
    for item, text in zip(study.corpus.items, texts, strict=True):
        (page,) = run_engines([item.ref.load().pixels], "tesseract", store=False).runs[0].results.values()
        assert isinstance(page, Page)
        assert page.text == text


def test_an_empty_page_goes_through(tmp_path: Path) -> None:
    letter(tmp_path / "a.png", [""])
    study = redact(tmp_path / "a.png", "tesseract", out=tmp_path / "out", store=False)
    assert not study.failed
    assert (tmp_path / "out" / "redacted" / "a.png").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--redact", "personal"], "--redact writes pictures"),
        (["--redact", "phon", "--out", "new"], "did you mean phone"),
        (["--redact", "personal", "--out", "."], "is not empty"),
        (
            ["--redact", "personal", "--out", "new", "-e", "tesseract:hyphens=join"],
            "joins words of two lines",
        ),
        (["--redact", "names:list=missing.txt", "--out", "new"], "missing.txt cannot be read"),
    ],
)
def test_wrong_calls_are_told_before_anything_is_read(here: Path, arguments: list[str], said: str) -> None:
    letter(here / "a.png", ["Mail: a.b@example.com"])
    result = CliRunner().invoke(app, ["read", "a.png", *arguments])
    assert said in f"{result.output}{result.exception}"
    assert not (here / "new").exists()


def test_a_list_of_names(tmp_path: Path) -> None:
    names = tmp_path / "staff.txt"
    names.write_text("Oswald Pemberton\n")
    listed: Mapping[str, str] = {"what": f"names:list={names}"}
    (left,) = left_of(listed["what"], page_of("signed OSWALD PEMBERTON here"))
    assert left == f"signed {BLANK} {BLANK} here"
