"""hOCR, ALTO and PAGE XML: what was written comes back, and what is not theirs is refused."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from xml_expected import Change, any_page, held, in_alto, in_hocr, in_page, patient

from ocr_plugins.document import Line, Page, Polygon, Region, Word
from ocr_plugins.errors import SourceError
from ocr_plugins.formats.alto import ALTO
from ocr_plugins.formats.base import Format, Sheet
from ocr_plugins.formats.hocr import HOCR
from ocr_plugins.formats.pagexml import PAGE
from ocr_plugins.formats.xml_input import sniff
from ocr_plugins.formats.xml_output import check_coordinates, percent, spaces, whole

FORMATS = [HOCR, ALTO, PAGE]
every_format = pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.name)
CHANGES: dict[str, Change] = {"hocr": in_hocr, "alto": in_alto, "page": in_page}


def written(format_: Format, *some: Page, folder: Path) -> bytes:
    path = folder / f"page{format_.ending}"
    assert format_.open is not None
    writer = format_.open(path)
    for page in some:
        writer.add(Sheet(page=page))
    writer.close()
    return path.read_bytes()


def read(format_: Format, data: bytes, name: str = "file") -> list[Page]:
    assert format_.read is not None
    return list(format_.read(data, name))


def schema() -> etree.XMLSchema:
    """PAGE's own, as the OCR-D project ships it; the package is not imported."""
    found = importlib.util.find_spec("ocrd_validators")
    assert found is not None
    assert found.submodule_search_locations
    return etree.XMLSchema(etree.parse(Path(found.submodule_search_locations[0]) / "page.xsd"))


@every_format
@patient
@given(page=any_page)
def test_what_a_format_can_hold_comes_back(
    format_: Format, page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = written(format_, page, folder=tmp_path_factory.mktemp("written"))
    assert read(format_, data, "its name") == [held(page, CHANGES[format_.name], "its name")]
    assert sniff(data) == format_.name


@patient
@given(page=any_page)
def test_pagexml_is_valid(page: Page, tmp_path_factory: pytest.TempPathFactory) -> None:
    data = written(PAGE, page, folder=tmp_path_factory.mktemp("written"))
    schema().assertValid(etree.fromstring(data))


def box(*corners: float) -> Polygon:
    return Polygon.from_box(*corners)


def page_of(*lines: Line, size: tuple[int, int] | None = (300, 200)) -> Page:
    return Page(source="scan.png", page=1, size=size, lines=lines)


@pytest.mark.parametrize("format_", [ALTO, PAGE], ids=lambda f: f.name)
def test_a_page_without_any_coordinates_is_refused(format_: Format, tmp_path: Path) -> None:
    page = page_of(Line.of_words([Word(text="SECRET")]), size=None)
    with pytest.raises(SourceError, match=f"{format_.name} needs coordinates") as caught:
        written(format_, page, folder=tmp_path)
    assert caught.value.kind == "no_coordinates"
    assert "SECRET" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_hocr_needs_no_coordinates(tmp_path: Path) -> None:
    page = page_of(Line.of_words([Word(text="a"), Word(text="b")]), size=None)
    assert read(HOCR, written(HOCR, page, folder=tmp_path), "scan.png") == [page]


@every_format
def test_a_page_without_a_size_keeps_its_places(format_: Format, tmp_path: Path) -> None:
    page = page_of(Line.of_words([Word(text="a", polygon=box(5, 6, 70, 80))]), size=None)
    assert read(format_, written(format_, page, folder=tmp_path), "scan.png") == [page]


@every_format
def test_places_are_inferred_for_others_and_not_for_us(format_: Format, tmp_path: Path) -> None:
    word = Word(text="a", polygon=box(5, 6, 70, 80))
    page = Page(
        source="scan.png", page=1, size=(90, 90), regions=(Region(lines=(Line(text="a", words=(word,)),)),)
    )
    data = written(format_, page, folder=tmp_path)
    assert (
        len(
            re.findall(
                rb'bbox 5 6 70 80|HPOS="5" VPOS="6" WIDTH="65" HEIGHT="74"|"5,6 70,6 70,80 5,80"', data
            )
        )
        == 3
    )
    assert read(format_, data, "scan.png") == [page]


@pytest.mark.parametrize("format_", [ALTO, PAGE], ids=lambda f: f.name)
def test_a_second_page_is_refused(format_: Format, tmp_path: Path) -> None:
    page = page_of(Line(text="a"))
    assert format_.open is not None
    writer = format_.open(tmp_path / "page.xml")
    writer.add(Sheet(page=page))
    with pytest.raises(SourceError) as caught:
        writer.add(Sheet(page=replace(page, page=2)))
    writer.close()
    assert caught.value.kind == "one_page_only"
    assert read(format_, (tmp_path / "page.xml").read_bytes(), "scan.png") == [page]


def test_hocr_holds_many_pages(tmp_path: Path) -> None:
    some = [replace(page_of(Line(text=str(n))), page=n) for n in (1, 2, 5)]
    assert read(HOCR, written(HOCR, *some, folder=tmp_path), "scan.png") == some


def test_control_characters_become_replacement_characters(tmp_path: Path) -> None:
    page = page_of(Line.of_words([Word(text="a\x00b\x1bc\ufffe", polygon=box(1, 1, 9, 9))]))
    for format_ in FORMATS:
        (back,) = read(format_, written(format_, page, folder=tmp_path))
        assert back.text == "a\ufffdb\ufffdc\ufffd"


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("a b", ["a", "b"], [False, True]),
        ("ab", ["a", "b"], [False, False]),
        ("a bc", ["a", "b", "c"], [False, True, False]),
        ("other", ["a", "b"], [True, True]),
        ("a b more", ["a", "b"], [True, True]),
        ("", [], []),
    ],
)
def test_spaces_between_words(text: str, words: list[str], expected: list[bool]) -> None:
    assert spaces(Line(text=text, words=tuple(Word(text=w) for w in words))) == expected


def test_coordinates_are_rounded_half_up_and_not_below_zero() -> None:
    assert whole(Polygon(((-3, 0.5), (1.5, 1.49), (2, 2.5)))) == Polygon(((0, 1), (2, 1), (2, 3)))


@given(st.floats(0, 1))
def test_percentages_come_back(probability: float) -> None:
    from ocr_plugins.formats.xml_input import percentage

    assert percentage(percent(probability)) == probability


def test_extent_is_the_size_or_what_is_around_all() -> None:
    line = Line(text="a", polygon=box(10, 20, 30, 40))
    assert check_coordinates(page_of(line), "alto") == box(0, 0, 300, 200)
    assert check_coordinates(page_of(line, size=None), "alto") == box(10, 20, 30, 40)


WORDS = {
    "hocr": (
        "<html xmlns='http://www.w3.org/1999/xhtml'><body><div class='ocr_page'>",
        "<span class='ocr_line'>",
        "<span class='ocrx_word' title='bbox 1 2 3 4; x_wconf 90'>w</span> ",
        "</span>",
        "</div></body></html>",
    ),
    "alto": (
        "<alto><Layout><Page><PrintSpace><TextBlock>",
        "<TextLine>",
        '<String CONTENT="w" WC="0.9" HPOS="1" VPOS="2" WIDTH="2" HEIGHT="2"/><SP/>',
        "</TextLine>",
        "</TextBlock></PrintSpace></Page></Layout></alto>",
    ),
    "page": (
        "<PcGts><Page><TextRegion>",
        "<TextLine>",
        '<Word><Coords points="1,2 3,2 3,4"/><TextEquiv conf="0.9"><Unicode>w</Unicode></TextEquiv></Word>',
        "</TextLine>",
        "</TextRegion></Page></PcGts>",
    ),
}


@every_format
@pytest.mark.parametrize("lines", [1, 5_000])
def test_fifty_thousand_words(format_: Format, lines: int) -> None:
    head, start, word, end, tail = WORDS[format_.name]
    data = head + (start + word * (50_000 // lines) + end) * lines + tail
    (page,) = read(format_, data.encode())
    assert len(list(page.iter_lines())) == lines
    assert len(page.text.split()) == 50_000
    assert all(word.confidence == 0.9 for word in page.iter_words())
