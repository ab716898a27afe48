"""Searchable PDF: pictures stay what they are, and pdftotext finds each word at its place."""

from __future__ import annotations

import ctypes
import html
import io
import math
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pikepdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from pictures import assembled, encoded, pdf
from PIL import Image
from strategies import pages as any_pages
from test_pdf import encrypted_pdf

from ocr_plugins.document import Line, Page, PageError, Polygon, Provenance, Word
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.formats.base import Sheet
from ocr_plugins.formats.pdf import PDF, PdfWriter
from ocr_plugins.formats.pdf_text_layer import visual_order
from ocr_plugins.source import PageRef, enumerate_pages

DPI = 300
SIZE = (1200, 900)


class Found(NamedTuple):
    text: str
    box: tuple[float, float, float, float]


def word(text: str, *box: float) -> Word:
    return Word(text=text, polygon=Polygon.from_box(*box))


def page_of(*words: Word, size: tuple[int, int] = SIZE, dpi: float | None = DPI, **more: Any) -> Page:
    """A page with a line a word."""
    about = {"source": "scan.png", "page": 1, "size": size, "dpi": dpi, **more}
    return Page(**about, lines=tuple(Line.of_words([each]) for each in words))


WORDS = (
    word("Upper", 100, 100, 260, 150),
    word("left", 300, 104, 390, 148),
    word("gyp", 740, 800, 850, 860),
)


def refs_of(source: Any, **options: Any) -> list[PageRef]:
    found = list(enumerate_pages(source, **options))
    assert not [ref for ref in found if isinstance(ref, PageError)]
    return [ref for ref in found if isinstance(ref, PageRef)]


def written(path: Path, *sheets: Sheet, **options: Any) -> Path:
    writer = PdfWriter(path, **options)
    for sheet in sheets:
        writer.add(sheet)
    writer.close()
    return path


def picture(size: tuple[int, int] = SIZE, mode: str = "L") -> Image.Image:
    """Smooth, so that JPEG changes little, and different in each corner."""
    ramp = Image.fromarray(np.linspace(60, 250, size[0] * size[1]).reshape(size[::-1]).astype(np.uint8))
    ramp.paste(0, (0, 0, size[0] // 4, size[1] // 8))
    if mode == "L":
        return ramp
    return Image.merge("RGB", (ramp, ramp.rotate(180), ramp)).convert(mode)


def text_of(path: Path, *options: str) -> str:
    done = subprocess.run(["pdftotext", *options, path, "-"], capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.decode()


def found_in(path: Path, *options: str, dpi: float = DPI) -> list[Found]:
    """The words that pdftotext finds, in pixels."""
    pattern = r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>'
    return [
        Found(html.unescape(text), tuple(float(side) * dpi / 72 for side in box))  # type: ignore[arg-type]
        for *box, text in re.findall(pattern, text_of(path, "-bbox", *options))
    ]


def assert_in_place(found: list[Found], words: tuple[Word, ...]) -> None:
    assert sorted(each.text for each in found) == sorted(each.text for each in words)
    boxes = {each.text: each.box for each in found}
    for each in words:
        assert each.polygon is not None
        assert boxes[each.text] == pytest.approx(each.polygon.box, abs=2)


def rendered(path: Path, number: int = 1, dpi: float = DPI) -> np.ndarray[Any, Any]:
    return refs_of(path, dpi=dpi)[number - 1].load().pixels


class Held(NamedTuple):
    filter: str
    data: bytes
    has_mask: bool


def images_of(path: Path) -> list[Held]:
    """The images of a file, one a page."""
    with pikepdf.open(path) as document:
        images = [image for page in document.pages for image in page.Resources.XObject.as_dict().values()]
        return [
            Held(
                str(
                    next(iter(each.Filter.as_list()))
                    if isinstance(each.Filter, pikepdf.Array)
                    else each.Filter
                ),
                each.read_raw_bytes(),
                "/SMask" in each,
            )
            for each in images
        ]


def test_words_are_found_at_their_places(tmp_path: Path) -> None:
    (ref,) = refs_of(picture())
    path = written(tmp_path / "new" / "out.pdf", Sheet(page=page_of(*WORDS), ref=ref))
    assert_in_place(found_in(path), WORDS)
    assert (rendered(path) == ref.load().pixels).all()


@pytest.mark.parametrize("angle", [-90, -30, 5, 30, 90, 180])
def test_rotated_words_stand_along_their_baseline(tmp_path: Path, angle: int) -> None:
    turn = np.exp(1j * math.radians(angle))
    corners = [600 + 450j + turn * corner for corner in (-150 - 30j, 150 - 30j, 150 + 30j, -150 + 30j)]
    polygon = Polygon(tuple((corner.real, corner.imag) for corner in corners))
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(Word(text="Turned", polygon=polygon))))
    if angle % 90 in (0, 5):  # at others, pdftotext takes the letters for several lines
        assert [each.text for each in found_in(path)] == ["Turned"]
    document = pypdfium2.PdfDocument(path)
    text = document[0].get_textpage()
    assert text.get_text_range().strip() == "Turned"
    origins = []
    for letter in range(6):
        x, y = ctypes.c_double(), ctypes.c_double()
        pypdfium2.raw.FPDFText_GetCharOrigin(text, letter, x, y)
        origins.append(complex(x.value, 216 - y.value) * DPI / 72)
    document.close()
    expected = [corners[3] + (corners[2] - corners[3]) * letter / 6 for letter in range(6)]
    assert np.abs(np.array(origins) - expected).max() < 1


def test_words_of_a_line_keep_their_order(tmp_path: Path) -> None:
    first = (word("an", 100, 115, 140, 140), word("Egg", 155, 100, 220, 150), word("x", 235, 116, 255, 140))
    second = (word("up", 100, 176, 140, 200), word("The", 155, 160, 220, 190), word("no", 235, 175, 275, 190))
    page = Page(source="a", page=1, size=SIZE, dpi=DPI, lines=(Line.of_words(first), Line.of_words(second)))
    path = written(tmp_path / "out.pdf", Sheet(page=page))
    assert text_of(path).split() == ["an", "Egg", "x", "up", "The", "no"]
    boxes = {each.text: each.box for each in found_in(path)}
    for each in (*first, *second):
        assert each.polygon is not None
        left, _, right, bottom = each.polygon.box
        assert (boxes[each.text][0], *boxes[each.text][2:]) == pytest.approx((left, right, bottom), abs=2)


def test_polygons_with_many_points_give_their_smallest_rectangle(tmp_path: Path) -> None:
    polygon = Polygon(((100, 100), (200, 98), (300, 100), (300, 160), (200, 160), (100, 160)))
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(Word(text="Curved", polygon=polygon))))
    assert_in_place(found_in(path), (word("Curved", 100, 98, 300, 160),))


def test_words_without_a_place(tmp_path: Path) -> None:
    lines = (
        Line(text="no place at all"),
        Line(text="One three words", polygon=Polygon.from_box(100, 300, 700, 340)),
        Line.of_words([Word(text="none"), Word(text="either")]),
        Line.of_words([Word(text="half"), word("placed", 100, 500, 300, 540)]),
    )
    page = Page(source="a.txt", page=1, size=SIZE, lines=lines)
    found = found_in(written(tmp_path / "out.pdf", Sheet(page=page)))
    assert {each.text for each in found} == {each for line in lines for each in line.text.split()}
    boxes = {each.text: each.box for each in found}
    assert boxes["One"][0] == pytest.approx(100, abs=2)
    assert boxes["words"][2] == pytest.approx(700, abs=2)
    assert boxes["One"][2] < boxes["three"][0] < boxes["three"][2] < boxes["words"][0]
    assert boxes["place"][1] < boxes["either"][1]
    assert boxes["half"][2] < boxes["placed"][0]
    assert boxes["placed"][2] == pytest.approx(300, abs=2)


def test_chinese_columns_run_down(tmp_path: Path) -> None:
    column = word("春夏秋冬", 500, 100, 540, 260)
    found = found_in(written(tmp_path / "out.pdf", Sheet(page=page_of(column))))
    assert_in_place(found, (column,))


@pytest.mark.parametrize(
    "text",
    ["ﬁne", "eﬃcient", "Ελληνικά", "Привет", "漢字かな", "😀👍🏽", "𝔘", "naïve", "‘q’", "हिन्दी", "ไทย"],
)
def test_text_of_many_scripts_is_found(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(word(text, 100, 100, 400, 150))))
    assert text_of(path).strip() == text


@pytest.mark.parametrize("text", ["שלום", "שָׁלוֹם", "مرحبا", "מחיר123", "abcשלום", "12.5₪שלום"])
def test_right_to_left_words_are_found(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(word(text, 100, 100, 400, 150))))
    # pdftotext marks the direction; where it mixes scripts in a word, the order is its own.
    plain = re.sub("[\u200e\u200f\u202a-\u202e]", "", text_of(path)).strip()
    assert text == plain or sorted(text) == sorted(plain)
    letters = max(re.findall("[^a-z0-9.₪]+", text), key=len)
    assert letters in plain


def test_right_to_left_lines_begin_at_the_right(tmp_path: Path) -> None:
    line = Line(text="ראשון שני", polygon=Polygon.from_box(100, 100, 500, 150))
    path = written(tmp_path / "out.pdf", Sheet(page=Page(source="a", page=1, size=SIZE, lines=(line,))))
    assert re.sub("[\u202a-\u202e]", "", text_of(path)).strip() == line.text


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("plain", "plain"),
        ("אב", "בא"),
        ("אב12.5", "12.5בא"),
        ("a(אב)", "a(בא)"),
        ("(אב)", "(בא)"),
        ("...", "..."),
    ],
)
def test_visual_order(text: str, drawn: str) -> None:
    assert visual_order(text) == drawn


def test_control_characters_are_dropped(tmp_path: Path) -> None:
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(word("a\x00b\x1b\ufffe", 100, 100, 200, 150))))
    assert text_of(path).strip() == "ab"


def test_more_unusual_characters_than_there_are_codes(tmp_path: Path) -> None:
    letters = "".join(chr(0x20000 + i) for i in range(2050))
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(word(letters, 0, 100, 1200, 120))))
    document = pypdfium2.PdfDocument(path)
    assert document[0].get_textpage().get_text_range().strip() == letters[:2048] + "\ufffd\ufffd"
    document.close()


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_goes_in_as_it_is(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "scan.jpg"
    picture(mode=mode).save(file, dpi=(DPI, DPI))
    (ref,) = refs_of(file)
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(*WORDS), ref=ref))
    (image,) = images_of(path)
    assert image.data == file.read_bytes()
    # How CMYK looks is the renderer's business, but black is not white.
    assert np.abs(rendered(path).astype(int) - ref.load().pixels).mean() < (60 if mode == "CMYK" else 2)
    assert_in_place(found_in(path), WORDS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = encoded(picture((900, 1200)), "JPEG", exif=exif, quality=95, dpi=(DPI, DPI))
    (ref,) = refs_of(data)
    upright = ref.load()
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(*WORDS, size=upright.size), ref=ref))
    (image,) = images_of(path)
    assert image.data == data
    shown = rendered(path)
    assert shown.shape == upright.pixels.shape
    assert np.abs(shown.astype(int) - upright.pixels).mean() < 2
    assert_in_place(found_in(path), WORDS)


def test_pages_of_a_black_and_white_tiff(tmp_path: Path) -> None:
    first, second = (picture().point(lambda v, t=t: 255 if v > t else 0, mode="1") for t in (100, 200))
    file = tmp_path / "fax.tif"
    first.save(file, save_all=True, append_images=[second], compression="group4", dpi=(DPI, DPI))
    refs = refs_of(file)
    texts = [word("first", 100, 500, 300, 540)], [word("second", 100, 500, 300, 540)]
    sheets = [
        Sheet(page=page_of(*text, page=ref.page), ref=ref) for text, ref in zip(texts, refs, strict=True)
    ]
    path = written(tmp_path / "out.pdf", *sheets)
    assert [each.text for each in found_in(path)] == ["first", "second"]
    assert [image.filter for image in images_of(path)] == ["/CCITTFaxDecode"] * 2
    for ref in refs:
        assert (rendered(path, ref.page) == ref.load().pixels).all()


def _kinds() -> dict[str, Any]:
    grey, colour = picture(), picture(mode="RGB")
    clear = colour.copy()
    clear.putalpha(grey)
    deep = np.asarray(grey).astype(np.uint16) * 257
    jp2 = encoded(colour, "JPEG2000")
    return {
        "grey png": encoded(grey, "PNG"),
        "colour png": encoded(colour, "PNG"),
        "palette png": encoded(colour.quantize(16), "PNG"),
        "black and white png": encoded(grey.point(lambda v: 255 if v > 99 else 0, mode="1"), "PNG"),
        "16-bit png": encoded(Image.fromarray(deep), "PNG"),
        "clear png": encoded(clear, "PNG"),
        "clear colour": encoded(grey, "PNG", transparency=0),
        "webp": encoded(colour, "WEBP", lossless=True),
        "tiff": encoded(colour, "TIFF"),
        "jpeg 2000": jp2,
        "array": np.asarray(colour),
        "pillow": clear,
    }


@pytest.mark.parametrize("kind", _kinds())
def test_pictures_go_in_without_loss(tmp_path: Path, kind: str) -> None:
    (ref,) = refs_of(_kinds()[kind])
    image = ref.load()
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(*WORDS, dpi=None), ref=ref))
    # 1200 px as the narrow side of a sheet would be less than the least guess.
    width = 1200 / 900 * 900 / max(100, 900 / 8.27) * 72
    with pikepdf.open(path) as document:
        assert float(document.pages[0].MediaBox[2]) == pytest.approx(width, abs=0.01)
    assert not images_of(path)[0].has_mask
    shown = rendered(path, dpi=900 / 8.27)
    assert shown.shape == image.pixels.shape
    assert np.abs(shown.astype(int) - image.pixels).max() <= (1 if "16-bit" in kind else 0)


def test_jpeg_on_request(tmp_path: Path) -> None:
    for kind, expected in (("grey png", "/DCTDecode"), ("black and white png", "/CCITTFaxDecode")):
        (ref,) = refs_of(_kinds()[kind])
        path = written(tmp_path / "out.pdf", Sheet(page=page_of(), ref=ref), jpeg_quality=60)
        assert [image.filter for image in images_of(path)] == [expected]


@pytest.mark.parametrize(
    ("size", "dpi", "points"),
    [
        ((2550, 3300), 300, (612, 792)),
        ((2480, 3508), None, (595.2, 841.92)),
        ((20000, 4000), 70, (14400, 2880)),
        ((8, 4), 2400, (6, 3)),
        ((4, 20000), 300, (3, 14400)),
    ],
)
def test_size_without_a_picture(
    tmp_path: Path, size: tuple[int, int], dpi: float | None, points: tuple[float, float]
) -> None:
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(size=size, dpi=dpi)))
    with pikepdf.open(path) as document:
        box = [float(side) for side in document.pages[0].MediaBox]
        assert box == pytest.approx([0, 0, *points], abs=0.0011)
        assert "/Contents" not in document.pages[0]


def test_size_of_the_picture_where_the_page_has_none(tmp_path: Path) -> None:
    for source in (picture(), pdf((288, 216))):
        (ref,) = refs_of(source)
        page = Page(source="a.txt", page=1, size=None, dpi=DPI, lines=page_of(*WORDS).lines)
        assert_in_place(found_in(written(tmp_path / "out.pdf", Sheet(page=page, ref=ref))), WORDS)


def crooked_pdf(rotate: int, unit: float = 1) -> bytes:
    draw = b"1 0 0 1 9 9 cm 1 0 0 rg 20 40 100 30 re f q"  # a q too many, and a matrix that stays
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[-50 20 400 500]/CropBox[10 30 310 255]>>",
        b"<</Type/Page/Parent 2 0 R/Rotate %d/UserUnit %g/Contents 4 0 R>>" % (rotate, unit),
        b"<</Length %d>>stream\n%s\nendstream" % (len(draw), draw),
    ]
    return assembled(objects)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_pdf_pages_with_boxes_and_rotation(tmp_path: Path, rotate: int) -> None:
    (ref,) = refs_of(crooked_pdf(rotate))
    image = ref.load()
    width, _ = image.size
    words = (word("Upper", 100, 100, 260, 150), word("right", width - 300, 400, width - 100, 450))
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(*words, size=image.size), ref=ref))
    assert_in_place(found_in(path, "-cropbox"), words)
    assert (rendered(path) == image.pixels).all()
    with pikepdf.open(path) as document:
        assert [int(side) for side in document.pages[0].CropBox] == [10, 30, 310, 255]


def test_user_unit_stays(tmp_path: Path) -> None:
    (ref,) = refs_of(crooked_pdf(0, unit=2))
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(WORDS[0], size=ref.load().size), ref=ref))
    with pikepdf.open(path) as document:
        assert document.pages[0].UserUnit == 2
    document = pypdfium2.PdfDocument(path)
    textpage = document[0].get_textpage()
    assert textpage.get_text_range().strip() == "Upper"
    left, bottom, *_ = textpage.get_charbox(0, loose=True)
    assert (left, bottom) == pytest.approx((10 + 100 * 72 / DPI, 255 - 150 * 72 / DPI), abs=0.5)
    document.close()


BORN = b"BT /F 12 Tf 20 50 Td (born digital) Tj ET 1 0 0 rg 0 0 9 9 re f"


def born_pdf(*texts: bytes) -> bytes:
    """Pages with visible text, an outline to each and a link on the first to the last."""
    count = len(texts)
    kids = b" ".join(b"%d 0 R" % (5 + 2 * i) for i in range(count))
    items = 5 + 2 * count
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Outlines 4 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d/Resources<</Font<</F 3 0 R>>>>/MediaBox[0 0 288 144]>>"
        % (kids, count),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>" % (items, items + count - 1, count),
    ]
    for i, text in enumerate(texts):
        link = b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://example.org)>>>>]"
        objects.append(b"<</Type/Page/Parent 2 0 R/Contents %d 0 R%s>>" % (6 + 2 * i, link))
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(text), text))
    for i in range(count):
        following = b"/Next %d 0 R" % (items + i + 1) if i + 1 < count else b""
        before = b"/Prev %d 0 R" % (items + i - 1) if i else b""
        objects.append(
            b"<</Title(t%d)/Parent 4 0 R/Dest[%d 0 R/Fit]%s%s>>" % (i, 5 + 2 * i, following, before)
        )
    objects.append(b"<</Title(A title)/Author(An author)/CreationDate(D:20200102030405Z)>>")
    return assembled(objects, b"/Info %d 0 R" % len(objects))


def test_existing_text_is_asked_for(tmp_path: Path) -> None:
    (ref,) = refs_of(born_pdf(BORN))
    sheet = Sheet(page=page_of(word("read", 100, 100, 200, 150), size=(1200, 600)), ref=ref)
    writer = PdfWriter(tmp_path / "out.pdf")
    with pytest.raises(SourceError, match=r"bytes-1 has text already: .*--existing-text") as caught:
        writer.add(sheet)
    assert caught.value.kind == "has_text"
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_existing_text_is_kept(tmp_path: Path) -> None:
    (ref,) = refs_of(born_pdf(BORN))
    sheet = Sheet(page=page_of(word("read", 100, 100, 200, 150), size=(1200, 600)), ref=ref)
    path = written(tmp_path / "out.pdf", sheet, existing_text="keep")
    assert text_of(path).split() == ["born", "digital"]
    with pikepdf.open(path) as document:
        assert document.pages[0].Contents.read_bytes() == BORN


def test_existing_text_is_replaced(tmp_path: Path) -> None:
    (ref,) = refs_of(born_pdf(BORN, b"0 0 9 9 re f"))[:1]
    sheet = Sheet(page=page_of(word("read", 100, 100, 200, 150), size=(1200, 600)), ref=ref)
    path = written(tmp_path / "out.pdf", sheet, existing_text="replace")
    assert_in_place(found_in(path), (word("read", 100, 100, 200, 150),))
    assert (rendered(path) == ref.load().pixels).all()


def test_a_replaced_page_that_is_rotated(tmp_path: Path) -> None:
    data = io.BytesIO()
    with pikepdf.open(io.BytesIO(born_pdf(BORN))) as document:
        document.pages[0].Rotate = 90
        document.pages[0].CropBox = [10, 5, 280, 140]
        document.save(data)
    (ref,) = refs_of(data.getvalue())
    image = ref.load()
    sheet = Sheet(page=page_of(word("read", 100, 100, 200, 150), size=image.size), ref=ref)
    path = written(tmp_path / "out.pdf", sheet, existing_text="replace")
    assert_in_place(found_in(path), (word("read", 100, 100, 200, 150),))
    assert (rendered(path) == image.pixels).all()


def test_a_whole_pdf_keeps_what_belongs_to_it(tmp_path: Path) -> None:
    blank = b"0 1 0 rg 0 0 9 9 re f"
    refs = refs_of(born_pdf(blank, blank, BORN))
    sheets = [
        Sheet(page=page_of(word(f"read{ref.page}", 100, 100, 200, 150), size=(1200, 600)), ref=ref)
        for ref in refs
    ]
    path = written(tmp_path / "out.pdf", *sheets, existing_text="keep")
    assert text_of(path).split() == ["read1", "read2", "born", "digital"]
    with pikepdf.open(path) as document:
        with document.open_outline() as outline:
            assert [item.title for item in outline.root] == ["t0", "t1", "t2"]
        assert str(document.docinfo["/Title"]) == "A title"
        assert str(document.docinfo["/Author"]) == "An author"
        assert str(document.docinfo["/CreationDate"]).startswith("D:20200102030405")
        assert str(document.docinfo["/Producer"]).startswith("ocr-plugins ")


def test_odd_metadata_is_no_obstacle(tmp_path: Path) -> None:
    data = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(288, 216))
        document.docinfo["/CreationDate"] = pikepdf.String("yesterday")
        document.docinfo["/Title"] = pikepdf.Name.Odd
        document.Root.Metadata = document.make_stream(b"<x:xmpmeta broken")
        document.save(data)
    file = Path(str(tmp_path / "scan\udce9.pdf"))
    file.write_bytes(data.getvalue())
    (ref,) = refs_of(file)
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(*WORDS), ref=ref))
    assert_in_place(found_in(path), WORDS)


def test_pages_that_are_not_taken_leave_nothing(tmp_path: Path) -> None:
    refs = refs_of(born_pdf(b"0 0 1 1 re f", b"0 0 2 2 re f", b"0 0 3 3 re f"))
    sheets = [Sheet(page=page_of(WORDS[0], size=(1200, 600)), ref=ref) for ref in (refs[0], refs[2], refs[0])]
    path = written(tmp_path / "out.pdf", *sheets)
    assert [each.text for each in found_in(path)] == ["Upper"] * 3
    with pikepdf.open(path) as document:
        drawn = [page.Contents[1].read_bytes() for page in document.pages]
        assert drawn == [b"0 0 1 1 re f", b"0 0 3 3 re f", b"0 0 1 1 re f"]
        streams = [item.read_bytes() for item in document.objects if isinstance(item, pikepdf.Stream)]
        assert b"0 0 2 2 re f" not in streams


def test_pages_from_everywhere_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "a~.pdf"
    file.write_bytes(pdf((288, 216), (288, 216)))
    sources = [refs_of(picture())[0], *refs_of(file), refs_of(picture(mode="RGB"))[0], None]
    names = ["one", "two", "three", "four", "five"]
    sheets = [
        Sheet(page=page_of(word(name, 100, 100, 200, 150)), ref=ref)
        for name, ref in zip(names, sources, strict=True)
    ]
    path = written(tmp_path / "out.pdf", *sheets)
    assert [each.text for each in found_in(path)] == names


@pytest.mark.parametrize("password", [b"secret", b""])
def test_encrypted_source(tmp_path: Path, password: bytes) -> None:
    file = tmp_path / "locked.pdf"
    file.write_bytes(encrypted_pdf(password))
    ref = PageRef(id="locked.pdf", source="locked.pdf", origin=file)
    assert error_of(tmp_path, ref) == ("encrypted", True)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (pdf((72, 72))[:60], "corrupt"),
        (encoded(picture(), "PNG")[:300], "truncated"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "truncated"),
        (b"no picture", "not_an_image"),
    ],
)
def test_damaged_source(tmp_path: Path, data: bytes, kind: str) -> None:
    file = tmp_path / "bad.bin"
    file.write_bytes(data)
    assert error_of(tmp_path, PageRef(id="bad.bin", source="bad.bin", origin=file)) == (kind, True)


def test_source_that_is_gone(tmp_path: Path) -> None:
    ref = PageRef(id="gone.jpg", source="gone.jpg", origin=tmp_path / "gone.jpg")
    assert error_of(tmp_path, ref) == ("not_found", True)


def error_of(folder: Path, ref: PageRef) -> tuple[str, bool]:
    """The kind of error a page raises, which is not in the way of the next one."""
    writer = PdfWriter(folder / "out.pdf")
    with pytest.raises(SourceError) as caught:
        writer.add(Sheet(page=page_of(*WORDS), ref=ref))
    writer.add(Sheet(page=page_of(word("next", 100, 100, 200, 150))))
    writer.close()
    assert [each.text for each in found_in(folder / "out.pdf")] == ["next"]
    return caught.value.kind, ref.source in caught.value.message


def test_many_pages_share_one_font(tmp_path: Path) -> None:
    refs = refs_of([picture((64, 48))] * 70)
    sheets = [
        Sheet(page=page_of(word(f"p{i}", 4, 4, 40, 20), size=(64, 48)), ref=ref) for i, ref in enumerate(refs)
    ]
    path = written(tmp_path / "out.pdf", *sheets)
    assert text_of(path).split() == [f"p{i}" for i in range(70)]
    with pikepdf.open(path) as document:
        fonts = [page.Resources.Font.OcrPluginsText.objgen for page in document.pages]
        assert len(set(fonts)) == 1
        programs = [
            item for item in document.objects if isinstance(item, pikepdf.Stream) and "/Length1" in item
        ]
        assert len(programs) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_file_without_text_has_no_font(tmp_path: Path) -> None:
    (ref,) = refs_of(picture())
    empty = page_of(word(" \x00", 1, 1, 20, 20))
    path = written(tmp_path / "out.pdf", Sheet(page=page_of(), ref=ref), Sheet(page=empty, ref=ref))
    assert text_of(path).strip() == ""
    with pikepdf.open(path) as document:
        assert not [page for page in document.pages if "/Font" in page.Resources]


def test_same_pages_same_bytes(tmp_path: Path) -> None:
    (ref,) = refs_of(picture())
    (copy,) = refs_of(pdf((288, 216)))
    made = []
    for name in ("a", "b"):
        sheets = Sheet(page=page_of(*WORDS), ref=ref), Sheet(page=page_of(word("😀", 9, 9, 90, 90)), ref=copy)
        made.append(written(tmp_path / name / "out.pdf", *sheets).read_bytes())
    assert made[0] == made[1]
    assert b"Date" not in made[0]


def test_title_and_language(tmp_path: Path) -> None:
    how = Provenance(engine="e", spec="e", fingerprint="f", version="1", options={"lang": "de+fr"})
    page = page_of(WORDS[0], source="in/Brief.png", provenance=how)
    with pikepdf.open(written(tmp_path / "out.pdf", Sheet(page=page))) as document:
        assert str(document.docinfo["/Title"]) == "Brief.png"
        assert str(document.Root.Lang) == "de"
    sheets = Sheet(page=page), Sheet(page=page_of(source="other.png"))
    with pikepdf.open(written(tmp_path / "out.pdf", *sheets, language="en-GB")) as document:
        assert str(document.docinfo["/Title"]) == "out"
        assert str(document.Root.Lang) == "en-GB"


def test_title_of_any_characters(tmp_path: Path) -> None:
    page = page_of(source="a\x00b\x1f<&>\udce9\U0001f600")
    with pikepdf.open(written(tmp_path / "out.pdf", Sheet(page=page))) as document:
        assert "<&>" in str(document.docinfo["/Title"])


def test_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.pdf"
    writer = PdfWriter(path)
    writer.add(Sheet(page=page_of(*WORDS)))
    assert [file.name for file in tmp_path.iterdir()] == [".out.pdf.part"]
    writer.discard()
    assert list(tmp_path.iterdir()) == []
    PdfWriter(path).close()
    assert list(tmp_path.iterdir()) == []
    written(path, Sheet(page=page_of(*WORDS)))
    assert list(tmp_path.iterdir()) == [path]


def test_killed_run_leaves_a_hidden_folder_for_the_next_to_remove(tmp_path: Path) -> None:
    path = tmp_path / "out.pdf"
    code = (
        "import sys, time; from pathlib import Path; from ocr_plugins.document import Page\n"
        "from ocr_plugins.formats.base import Sheet; from ocr_plugins.formats.pdf import PdfWriter\n"
        "writer = PdfWriter(Path(sys.argv[1]))\n"
        "writer.add(Sheet(page=Page(source='a', page=1, size=(90, 90))))\n"
        "print('added', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"added\n"
        process.send_signal(signal.SIGKILL)
    assert [file.name for file in tmp_path.iterdir()] == [".out.pdf.part"]
    written(path, Sheet(page=page_of(*WORDS)))
    assert list(tmp_path.iterdir()) == [path]


def test_settings_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CallError, match="choose one of refuse, keep, replace"):
        PdfWriter(tmp_path / "out.pdf", existing_text="drop")  # type: ignore[arg-type]
    with pytest.raises(CallError, match="from 1 to 100"):
        PdfWriter(tmp_path / "out.pdf", jpeg_quality=0)
    with pytest.raises(CallError, match="no Unicode"):
        PdfWriter(tmp_path / "scan\udce9.pdf")
    monkeypatch.setitem(sys.modules, "img2pdf", None)
    assert PDF.open is not None
    with pytest.raises(CallError, match=r"needs img2pdf, .*ocr-plugins\[pdf\]"):
        PDF.open(tmp_path / "out.pdf")


@given(page=any_pages)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_page_makes_a_file(tmp_path: Path, page: Page) -> None:
    if page.size is None:
        with pytest.raises(SourceError, match="has no size"):
            PdfWriter(tmp_path / "out.pdf").add(Sheet(page=page))
        return
    path = written(tmp_path / "out.pdf", Sheet(page=page))
    with pikepdf.open(path) as document:
        assert document.check_pdf_syntax() == []
        assert len(document.pages) == 1
    path.unlink()
