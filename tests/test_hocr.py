"""hOCR of other programs, and what ours looks like to them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from running import printed
from xml_expected import rich_page

from ocr_plugins.document import Line, Page, Polygon, Word
from ocr_plugins.formats.base import Sheet
from ocr_plugins.formats.hocr import HOCR

XHTML = "{http://www.w3.org/1999/xhtml}"


def read(text: str | bytes) -> list[Page]:
    assert HOCR.read is not None
    return list(HOCR.read(text.encode() if isinstance(text, str) else text, "scan.hocr"))


def in_page(content: str, title: str = "bbox 0 0 100 50") -> Page:
    """The page that a body's content is read as."""
    div = f"<div class='ocr_page' title='{title}'>{content}</div>"
    (page,) = read(f"<html><head><title>x</title></head><body>{div}</body></html>")
    return page


def written(page: Page, folder: Path) -> bytes:
    assert HOCR.open is not None
    writer = HOCR.open(folder / "page.hocr")
    writer.add(Sheet(page=page))
    writer.close()
    return (folder / "page.hocr").read_bytes()


def box(*corners: float) -> Polygon:
    return Polygon.from_box(*corners)


@pytest.mark.parametrize("settings", [[], ["-c", "hocr_char_boxes=1"], ["-c", "lstm_choice_mode=2"]])
def test_tesseracts_own(tmp_path: Path, settings: list[str]) -> None:
    picture = printed(tmp_path / "scan.png", "The quick brown fox\njumps over it")
    command = ["tesseract", str(picture), str(tmp_path / "out"), "--dpi", "150", *settings, "hocr"]
    subprocess.run(command, check=True, capture_output=True)
    (page,) = read((tmp_path / "out.hocr").read_bytes())
    assert page.text == "The quick brown fox\njumps over it"
    assert page.size is not None
    assert page.dpi == 150
    words = list(page.iter_words())
    assert all(w.confidence_kind == "hocr-wconf" and w.confidence and w.confidence > 0.5 for w in words)
    assert all(w.polygon and w.polygon.box[2] <= page.size[0] for w in words)
    assert [len(w.glyphs) == len(w.text) for w in words] == [bool(settings)] * len(words)
    if "lstm_choice_mode=2" in settings:
        assert any(glyph.alternatives for word in words for glyph in word.glyphs)
    elif settings:
        assert all(glyph.polygon and glyph.confidence for word in words for glyph in word.glyphs)


def test_lines_without_words() -> None:
    page = in_page(
        "<div class='ocr_carea' title='bbox 0 0 100 40'><p class='ocr_par'>"
        "<span class='ocr_line' title='bbox 1 2 30 10'>One line</span><br>"
        "<span class='ocrx_line' title='bbox 1 12 30 20'>and\n another</span></p></div>"
    )
    assert page.text == "One line\nand another"
    assert [line.words for line in page.iter_lines()] == [(), ()]
    assert page.regions[0].lines[1].polygon == box(1, 12, 30, 20)


def test_headers_captions_and_floats_are_lines_or_regions() -> None:
    page = in_page(
        "<span class='ocr_header' title='bbox 1 2 3 4'><span class='ocrx_word'>Head</span></span>"
        "<div class='ocr_textfloat' title='bbox 5 6 70 80'><span class='ocr_line'>in a float</span></div>"
        "<p class='ocr_caption'>a caption</p><div class='ocr_table'><span class='ocr_line'>cell</span></div>"
    )
    assert page.text == "Head\n\nin a float\n\na caption\n\ncell"
    assert [(region.kind, region.polygon) for region in page.regions] == [
        ("text", None),
        ("text", box(5, 6, 70, 80)),
        ("text", None),
        ("table", None),
    ]


def test_titles_of_all_sorts() -> None:
    page = in_page(
        "<span class=ocr_line title=\"baseline 0 -1;bbox 1 2 30 10 ; x_font 'a;b'\">a</span>"
        "<span class=ocr_line title='x_font &quot;it&apos;s; bbox 9 9 9 9&quot;; bbox 1,2,30,10'>b</span>"
        "<span class=ocr_line title=''>c</span><span class=ocr_line title=';;bbox'>d</span>"
        "<span class=ocr_line title='bbox 1 2 30'>e</span>",
        title="image &quot;a b; c.png&quot;; bbox 0 0 640 480; ppageno 4; scan_res 200 200",
    )
    assert (page.size, page.page, page.dpi) == ((640, 480), 5, 200)
    assert [line.polygon for line in page.lines] == [box(1, 2, 30, 10)] * 2 + [None] * 3
    assert page.text == "a\nb\nc\nd\ne"


def test_html_that_is_no_xml() -> None:
    page = read(
        '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n'
        "<HTML><HEAD><meta name=ocr-system content=x><meta charset=utf-8><BODY>"
        "<DIV class=ocr_page title='bbox 0 0 9 9'><span class=ocr_line>caf&eacute;&nbsp;&lt;au&gt; lait"
        "</DIV></BODY></HTML>"
    )[0]
    assert page.text == "café\xa0<au> lait"


def test_entities_of_xhtml_need_no_dtd() -> None:
    page = read(
        '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd">'
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><div class="ocr_page">'
        '<span class="ocr_line">caf&eacute; &amp; lait</span></div></body></html>'
    )[0]
    assert page.text == "café & lait"


def test_several_pages() -> None:
    def pages(*titles: str) -> list[tuple[int, str]]:
        divs = "".join(
            f"<div class='ocr_page' title='{t}'><span class='ocr_line'>{t}</span></div>" for t in titles
        )
        return [(page.page, page.text) for page in read(f"<html><body>{divs}</body></html>")]

    assert pages("ppageno 0", "ppageno 3") == [(1, "ppageno 0"), (4, "ppageno 3")]
    assert pages("ppageno 0", "ppageno 0") == [(1, "ppageno 0"), (2, "ppageno 0")]
    assert pages("a", "b") == [(1, "a"), (2, "b")]


def word(text: str) -> str:
    return f"<span class='ocrx_word'>{text}</span>"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"<p class='ocr_par'>{word('no')} {word('line')}</p>", "no line"),
        (f"{word('no')} {word('paragraph')}", "no paragraph"),
        ("<p class='ocr_par'>no words</p><p class='ocr_par'>at all</p>", "no words\nat all"),
        ("only text", "only text"),
        (f"<span class='ocr_line'>{word('日')}{word('本')}</span>", "日本"),
        (f"<span class='ocr_line'>{word('a')}{word(' ')}{word('b')}</span>", "a b"),
        ("<span class='ocr_line'>a<br/>b</span>", "a b"),
        ("<span class='ocr_line'><span class='ocr_line'>nested</span> lines</span>", "nested lines"),
        (f"<span class='ocr_line'>{word('<strong>bold</strong> ')}</span>", "bold"),
    ],
)
def test_what_is_missing_leaves_the_text(content: str, text: str) -> None:
    assert in_page(content).text == text


def test_without_a_page_the_file_is_one() -> None:
    (page,) = read("<html><body><span class='ocr_line'>a</span><span class='ocr_line'>b</span></body></html>")
    assert (page.text, page.size, page.page) == ("a\nb", None, 1)
    assert read("<span class='ocr_line'>a</span>")[0].text == "a"


def test_lines_outside_of_areas_are_regions_of_their_own() -> None:
    page = in_page(
        "<span class='ocr_line'>a</span><div class='ocr_carea'><span class='ocr_line'>b</span></div>"
        "<span class='ocr_line'>c</span>"
    )
    assert [region.text for region in page.regions] == ["a", "b", "c"]


def test_characters_confidences_are_not_the_words() -> None:
    page = in_page(
        "<div class='ocrx_block' title='bbox 0 0 9 9; poly 0 0 9 0 9 9'><span class='ocr_line' "
        "title='bbox 1 2 3 4; x_bboxes 1 2 3 4 5 6 7 8'><span class='ocrx_word' title='bbox 1 2 3 4; "
        "x_confs 0.98; poly 1 2 3 2 3 4'>a</span><span class='ocrx_word' title='x_confs 99 98'>b</span>"
        "</span><br/></div>"
    )
    (region,) = page.regions
    assert region.polygon == Polygon(((0, 0), (9, 0), (9, 9)))
    first, second = page.iter_words()
    assert (first.polygon, first.confidence) == (Polygon(((1, 2), (3, 2), (3, 4))), None)
    assert (second.polygon, second.confidence) == (None, None)


def test_alternatives_as_the_specification_has_them() -> None:
    page = in_page(
        "<span class='ocr_line'><span class='ocrx_word'><span class='alternatives'>"
        "<ins class='alt' title='x_confs 60'>hello</ins><del class='alt' title='x_confs 30'>hallo</del>"
        "<del class='alt' title='nlp 2.3'>hullo</del></span></span></span>"
    )
    (word,) = page.iter_words()
    assert (page.text, word.text, word.alternatives) == ("hello", "hello", (("hallo", 0.3),))


def test_a_polygon_that_another_program_moved_is_theirs(tmp_path: Path) -> None:
    word = Word(text="a", polygon=box(10.25, 10, 30, 20))
    page = Page(source="scan.hocr", page=1, size=(90, 90), lines=(Line.of_words([word]),))
    data = written(page, tmp_path)
    assert read(data) == [page]
    moved = read(data.replace(b"bbox 10 10 30 20", b"bbox 12 10 30 20"))[0]
    assert [w.polygon for w in moved.iter_words()] == [box(12, 10, 30, 20)]


@pytest.fixture
def rich() -> Page:
    return rich_page()


def test_ours_is_what_the_specification_says(rich: Page, tmp_path: Path) -> None:
    data = written(rich, tmp_path)
    assert read(data) == [replace(rich, source="scan.hocr")]
    root = etree.fromstring(data)
    metas = {meta.get("name"): meta.get("content") for meta in root.iter(XHTML + "meta")}
    capabilities = set((metas["ocr-capabilities"] or "").split())
    used = {name for element in root.iter() for name in (element.get("class") or "").split()}
    assert used - {"alternatives", "alt"} <= capabilities
    assert "ocrp_poly" in capabilities
    assert (metas["ocr-system"] or "").startswith("ocr-plugins ")
    inside = {"ocr_carea": "ocr_page", "ocr_par": "ocr_page", "ocr_line": "ocr_par", "ocrx_word": "ocr_line"}
    for element in root.iter():
        name = element.get("class")
        if name in inside:
            assert [a.get("class") for a in element.iterancestors()].count(inside[name]) == 1
        for part in (element.get("title") or "").split("; "):
            if part.startswith(("bbox ", "x_bboxes ", "poly ", "scan_res ", "ppageno ")):
                assert all(value.isdigit() for value in part.split()[1:])
    assert {e.tag for e in root.iter() if e.get("class") == "ocr_par"} == {XHTML + "p"}


def test_ours_is_shown_as_html_too(rich: Page, tmp_path: Path) -> None:
    html = etree.HTML(written(rich, tmp_path).partition(b"?>")[2])
    lines = html.xpath("//*[@class='ocr_line']")
    shown = [" ".join(line.xpath("string(.)").split()) for line in lines]
    assert shown == ['Hée <&">x;y', "no words"]
