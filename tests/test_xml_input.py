"""Files that are broken, hostile or of another kind: one line about it, and nothing of what they hold."""

from __future__ import annotations

import codecs
import contextlib
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xml_expected import rich_page

from ocr_plugins.document import Page, Polygon
from ocr_plugins.errors import SourceError
from ocr_plugins.formats.alto import ALTO, page_alto
from ocr_plugins.formats.base import Format
from ocr_plugins.formats.hocr import HOCR, page_hocr
from ocr_plugins.formats.pagexml import PAGE, page_pagexml
from ocr_plugins.formats.xml_input import box, fraction, number, page_numbers, percentage, polygon, sniff

FORMATS = [HOCR, ALTO, PAGE]
every_format = pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.name)

#: A page that says SECRET, in each format; %s stands for attributes of the word.
SAMPLES = {
    "hocr": (
        "<html xmlns='http://www.w3.org/1999/xhtml'><head><title/></head><body>"
        "<div class='ocr_page' title='bbox 0 0 100 50'><span class='ocr_line' title='bbox 1 2 30 40'>"
        "<span class='ocrx_word' title='%s'>SECRET</span></span></div></body></html>"
    ),
    "alto": (
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page WIDTH="100" HEIGHT="50">'
        '<PrintSpace><TextBlock ID="b"><TextLine><String CONTENT="SECRET" %s/></TextLine></TextBlock>'
        "</PrintSpace></Page></Layout></alto>"
    ),
    "page": (
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        '<Page imageFilename="a.png" imageWidth="100" imageHeight="50"><TextRegion id="r"><TextLine id="l">'
        '<Word id="w">%s<Unicode>SECRET</Unicode></TextEquiv></Word></TextLine></TextRegion></Page></PcGts>'
    ),
}
PLAIN = {"hocr": "bbox 1 2 30 40; x_wconf 90", "alto": 'WC=".9"', "page": '<TextEquiv conf=".9">'}


def sample(format_: Format, about: str | None = None) -> str:
    return SAMPLES[format_.name] % (PLAIN[format_.name] if about is None else about)


def read(format_: Format, data: bytes, name: str = "scan.xml") -> list[Page]:
    assert format_.read is not None
    return list(format_.read(data, name))


def refused(format_: Format, data: bytes) -> SourceError:
    """The error, which names the file, tells a way out on one line and nothing of the content."""
    with pytest.raises(SourceError) as caught:
        read(format_, data)
    message = str(caught.value)
    assert message.startswith("scan.xml ")
    assert caught.value.hint
    assert "\n" not in message
    assert "SECRET" not in message
    return caught.value


#: A page that uses what each format has.
FULL = {"hocr": "", "alto": page_alto(rich_page()), "page": page_pagexml(rich_page())}
FULL["hocr"] = f"<html><body>{page_hocr(rich_page(), 1)}</body></html>"


@every_format
def test_the_samples_are_read(format_: Format) -> None:
    (page,) = read(format_, sample(format_).encode())
    assert (page.text, page.source, page.page, page.size) == ("SECRET", "scan.xml", 1, (100, 50))
    assert [word.confidence for word in page.iter_words()] == [0.9]


@every_format
@pytest.mark.parametrize("data", [b"", b"  \n\t ", codecs.BOM_UTF8], ids=["nothing", "spaces", "bom"])
def test_empty(format_: Format, data: bytes) -> None:
    assert refused(format_, data).kind == "bad_xml"


@every_format
@pytest.mark.parametrize(
    "data",
    [b"plain SECRET text", b"\x89PNG\r\n\x1a\nSECRET", b"<a><b>SECRET</a>", b"<SECRET", b"\0\0\0\0", b"{}"],
)
def test_no_xml(format_: Format, data: bytes) -> None:
    assert refused(format_, data).kind == "bad_xml"


@every_format
def test_cut_off_anywhere(format_: Format) -> None:
    data = sample(format_).encode()
    for end in range(1, len(data), 7):
        assert refused(format_, data[:end]).kind == "bad_xml"


@every_format
def test_another_root(format_: Format) -> None:
    others = [sample(other) for other in FORMATS if other is not format_]
    for other in [*others, "<svg><text>SECRET</text></svg>", "<html><body>SECRET</body></html>"]:
        assert refused(format_, other.encode()).kind == f"not_{format_.name}"


def test_a_root_without_a_page_is_refused() -> None:
    assert refused(ALTO, b"<alto><Layout/></alto>").kind == "not_alto"
    assert refused(PAGE, b"<PcGts><Metadata/></PcGts>").kind == "not_page"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "SECRET">{LAUGHS}]>',
    "quadratic": f'<!DOCTYPE x [<!ENTITY l9 "{"SECRET" * 10_000}">]>',
    "external": '<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/hostname">]>',
    "parameter": '<!DOCTYPE x [<!ENTITY % l9 SYSTEM "http://127.0.0.1:9/a.dtd"> %l9;]>',
}


@every_format
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("head", BOMBS.values(), ids=BOMBS)
def test_entities_are_refused(format_: Format, head: str, encoding: str) -> None:
    text = head + sample(format_).replace("SECRET", "&l9;" * 100)
    assert refused(format_, text.encode(encoding)).kind == "xml_entities"


@every_format
def test_huge_depth_is_refused(format_: Format) -> None:
    deep = "<span>" * 100_000 + "</span>" * 100_000
    text = sample(format_).replace("SECRET", deep) if format_ is HOCR else f"<alto>{deep}</alto>"
    assert refused(format_, text.encode()).kind == "bad_xml"


def test_huge_depth_in_html_is_refused() -> None:
    text = "<!DOCTYPE html>" + sample(HOCR).replace("SECRET", "<br>" + "<span>" * 3000)
    assert refused(HOCR, text.encode()).kind == "bad_xml"


@every_format
def test_nothing_is_fetched(format_: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socket(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_socket)
    dtd = tmp_path / "evil.dtd"
    dtd.write_text('<!ENTITY nbsp "LEAKED">')
    for place in (dtd.as_uri(), "http://127.0.0.1:9/evil.dtd"):
        head = f'<!DOCTYPE x PUBLIC "-//X//DTD X//EN" "{place}">'
        (page,) = read(format_, (head + sample(format_)).encode())
        assert page.text == "SECRET"


@every_format
@pytest.mark.parametrize(
    ("encoding", "declared", "word"),
    [
        ("utf-8", "", "Größe"),
        ("utf-8-sig", "", "Größe"),
        ("utf-8-sig", "utf-8", "Größe"),
        ("utf-16", "", "Größe"),
        ("utf-16", "utf-16", "Größe"),
        ("utf-16-be", "utf-16", "Größe"),
        ("iso-8859-1", "iso-8859-1", "Größe"),
        ("windows-1251", "windows-1251", "Слово"),
        ("shift_jis", "Shift_JIS", "日本"),
    ],
)
def test_encodings(format_: Format, encoding: str, declared: str, word: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else ""
    data = (head + sample(format_).replace("SECRET", word)).encode(encoding)
    assert read(format_, data)[0].text == word
    assert sniff(data) == format_.name


@every_format
def test_an_encoding_that_is_none_is_refused(format_: Format) -> None:
    text = '<?xml version="1.0" encoding="SECRET-8"?>' + sample(format_)
    if format_ is HOCR:
        assert read(format_, text.encode())[0].text == "SECRET"
    else:
        assert refused(format_, text.encode()).kind == "bad_xml"


@every_format
def test_space_before_the_declaration(format_: Format) -> None:
    data = b'\n <?xml version="1.0" encoding="utf-8"?>' + sample(format_).encode()
    assert read(format_, data)[0].text == "SECRET"


BAD_PLACES = {
    "hocr": "bbox {0} 2 30 40; x_wconf 90",
    "alto": 'HPOS="{0}" VPOS="2" WIDTH="29" HEIGHT="38" WC="0.9"',
    "page": '<Coords points="{0},2 30,2 30,40 {0},40"/><TextEquiv conf="0.9">',
}


@every_format
@pytest.mark.parametrize("bad", ["x", "", "NaN", "inf", "-inf", "1e999"])
def test_a_bad_place_costs_the_polygon_and_not_the_text(format_: Format, bad: str) -> None:
    (word,) = read(format_, sample(format_, BAD_PLACES[format_.name].format(bad)).encode())[0].iter_words()
    assert (word.text, word.polygon, word.confidence) == ("SECRET", None, 0.9)


@every_format
def test_negative_places_are_kept(format_: Format) -> None:
    (word,) = read(format_, sample(format_, BAD_PLACES[format_.name].format(-5)).encode())[0].iter_words()
    assert word.polygon is not None
    assert word.polygon.box[:2] == (-5, 2)


BAD_CONFIDENCES = {"hocr": "x_wconf {0}", "alto": 'WC="{0}"', "page": '<TextEquiv conf="{0}">'}


@every_format
@pytest.mark.parametrize("bad", ["101", "-1", "NaN", "inf", "x", "", "1e9999999999"])
def test_a_confidence_outside_its_scale_is_dropped(format_: Format, bad: str) -> None:
    text = sample(format_, BAD_CONFIDENCES[format_.name].format(bad))
    (word,) = read(format_, text.encode())[0].iter_words()
    assert (word.text, word.confidence, word.confidence_kind) == ("SECRET", None, None)


@every_format
def test_ids_that_are_given_twice_do_no_harm(format_: Format) -> None:
    text = sample(format_).replace("class='ocr", "id='r' class='ocr").replace("<String", '<String ID="b"')
    text = text.replace('id="w"', 'id="r"').replace('id="l"', 'id="r"')
    assert read(format_, text.encode())[0].text == "SECRET"


STRANGE = [
    "",
    "nan",
    "-1",
    "1e400",
    "0",
    "\ufffd",
    "]]>",
    "&#x1F600;",
    "<a/>",
    " ",
    "x" * 100,
    "%zz",
    "{}",
    ";",
]


@every_format
@given(data=st.data())
def test_files_changed_at_random_are_read_or_refused(format_: Format, data: st.DataObject) -> None:
    text = FULL[format_.name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    changed = text[:start] + data.draw(st.sampled_from(STRANGE) | st.text(max_size=5)) + text[end:]
    with contextlib.suppress(SourceError):
        assert read(format_, changed.encode())


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<alto/>", "alto"),
        (b"<!-- <PcGts> --><?x <html>?><!DOCTYPE alto [<!ELEMENT a ANY>]><a:alto/>", "alto"),
        (b"<PcGts", "page"),
        (b"<HTML><p class=ocr_page>", "hocr"),
        (b"<html><meta name='ocr-system'>", "hocr"),
        (b"<html><p>ocr</p>", None),
        (b"<svg/>", None),
        (b"<!-- alto", None),
        (b"alto", None),
        (b"", None),
        (b"\xff\xfe", None),
        (b"<!--" * 20_000, None),
    ],
)
def test_sniff(data: bytes, expected: str | None) -> None:
    assert sniff(data) == expected


def test_numbers() -> None:
    assert [number(text) for text in ("1.5", " 2 ", "x", "nan", None)] == [1.5, 2, None, None, None]
    assert [fraction(text) for text in ("0", "1", "1.1", "-0.1")] == [0, 1, None, None]
    assert [percentage(text) for text in ("93.7", "100", "100.1", None)] == [0.937, 1, None, None]
    assert polygon("1,2 3,4 5,6") == polygon("1 2 3 4 5 6") == Polygon(((1, 2), (3, 4), (5, 6)))
    assert polygon("1,2 3,4") is polygon("1,2 3,4 5") is polygon("") is polygon(None) is None
    assert box((30, 40, 1, 2)) == Polygon.from_box(1, 2, 30, 40)
    assert box((1, 2, None, 4)) is box((1, 2, 3)) is None


def test_page_numbers_are_told_or_counted() -> None:
    assert page_numbers([3, 7]) == [3, 7]
    assert page_numbers([1, 1]) == page_numbers([None, 5]) == page_numbers([0, 1]) == [1, 2]
    assert page_numbers([1.5]) == [1]
