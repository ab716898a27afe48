"""PAGE XML of other programs, and what ours looks like."""

from __future__ import annotations

import pytest
from lxml import etree
from xml_expected import rich_page

from ocr_plugins.document import Line, Page, Polygon, Region
from ocr_plugins.formats.pagexml import PAGE, page_pagexml

V2019 = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"


def read(text: str) -> list[Page]:
    assert PAGE.read is not None
    return list(PAGE.read(text.encode(), "scan.xml"))


def in_page(content: str, namespace: str = V2019, about: str = "") -> Page:
    """The page that regions are read as."""
    (page,) = read(
        f'<PcGts xmlns="{namespace}"><Metadata/><Page imageFilename="a.png" imageWidth="100" imageHeight="50"'
        f" {about}>{content}</Page></PcGts>"
    )
    return page


def equiv(text: str, about: str = "") -> str:
    return f"<TextEquiv {about}><Unicode>{text}</Unicode></TextEquiv>"


def region(name: str, *lines: str, about: str = "", inside: str = "") -> str:
    return f'<TextRegion id="{name}" {about}>{inside}{"".join(lines)}</TextRegion>'


def line(text: str, custom: str = "") -> str:
    return f'<TextLine custom="{custom}">{equiv(text)}</TextLine>'


@pytest.mark.parametrize("year", ["2010-03-19", "2013-07-15", "2016-07-15", "2017-07-15", "2018-07-15", ""])
def test_any_namespace(year: str) -> None:
    namespace = V2019.replace("2019-07-15", year) if year else ""
    page = in_page(region("r", line("a")), namespace)
    assert (page.text, page.size, page.dpi) == ("a", (100, 50), None)


def test_coordinates_of_2010() -> None:
    points = '<Point x="1" y="2"/><Point x="3" y="4"/><Point x="5" y="6"/>'
    page = in_page(region("r", f"<Coords>{points}</Coords>", line("a")))
    assert page.regions[0].polygon == Polygon(((1, 2), (3, 4), (5, 6)))
    bad = points.replace('"4"', '"x"')
    assert in_page(region("r", f"<Coords>{bad}</Coords>", line("a"))).regions[0].polygon is None


@pytest.mark.parametrize("coords", ["", "<Coords/>", '<Coords points=""/>', '<Coords points="1,2 3,4"/>'])
def test_missing_coordinates_leave_the_text(coords: str) -> None:
    page = in_page(region("r", f"<TextLine>{coords}{equiv('a')}</TextLine>"))
    assert page.regions == (Region(lines=(Line(text="a"),)),)


def test_lines_without_words_and_words_without_lines_text() -> None:
    def word(text: str) -> str:
        return f"<Word>{equiv(text)}</Word>"

    page = in_page(
        region(
            "r",
            line("own text"),
            f"<TextLine>{word('two')}{word(' ')}{word('words')}</TextLine>",
            f"<TextLine>{word('10')}{word('%')}{equiv('10%')}</TextLine>",
            f"<TextLine><Word><Glyph>{equiv('a')}</Glyph><Glyph>{equiv('b')}</Glyph></Word></TextLine>",
        )
    )
    assert page.text == "own text\ntwo words\n10%\nab"
    assert [len(found.words) for found in page.iter_lines()] == [0, 2, 2, 1]


def test_a_region_with_text_alone_has_its_lines() -> None:
    page = in_page(region("r", equiv("one\n\n two ")) + region("s", line("three"), equiv("three")))
    assert [tuple(found.text for found in r.lines) for r in page.regions] == [("one", "two"), ("three",)]


def test_several_texts() -> None:
    def first(*texts: str) -> Line:
        return next(in_page(region("r", f"<TextLine>{''.join(texts)}</TextLine>")).iter_lines())

    found = first(
        equiv("c", 'conf=".1"'), equiv("b", 'index="2" conf="0.25"'), equiv("a", 'index="1" conf="0.5"')
    )
    assert (found.text, found.confidence, found.confidence_kind) == ("a", 0.5, "page-conf")
    assert found.alternatives == (("b", 0.25), ("c", 0.1))
    assert first(equiv("x"), equiv("y")).text == "x"
    assert first(equiv("x"), equiv("y")).alternatives == ()
    assert first("<TextEquiv><PlainText>p</PlainText><Unicode>u</Unicode></TextEquiv>").text == "u"
    assert first("<TextEquiv><PlainText>p</PlainText><Unicode/></TextEquiv>").text == "p"
    assert first("<TextEquiv/>").text == ""


def references(*names: str) -> str:
    return "".join(f'<RegionRefIndexed index="{i}" regionRef="{name}"/>' for i, name in enumerate(names))


def test_reading_order() -> None:
    nested = region("d", line("d")) + "<TableRegion id='t'>" + region("e", line("e")) + "</TableRegion>"
    regions = "".join(region(name, line(name)) for name in "abc") + nested
    order = (
        f'<ReadingOrder><OrderedGroup id="g"><OrderedGroupIndexed index="1" id="h">{references("b", "a")}'
        '</OrderedGroupIndexed><RegionRefIndexed index="0" regionRef="t"/>'
        '<RegionRefIndexed index="2" regionRef="gone"/></OrderedGroup></ReadingOrder>'
    )
    page = in_page(order + regions)
    assert [found.text for found in page.regions] == ["e", "b", "a", "c", "d"]
    assert page.regions[0].kind == "table"
    custom = "".join(
        region(n, line(n), about=f'custom="readingOrder {{index:{i};}}"') for n, i in [("x", 1), ("y", 0)]
    )
    assert in_page(custom).text == "y\n\nx"


def test_lines_in_the_order_of_transkribus() -> None:
    page = in_page(
        region(
            "r",
            line("b", "readingOrder {index:1;} textStyle {fontSize:9.0;}"),
            line("a", "structure {type:heading;} readingOrder {index: 0;}"),
        )
    )
    assert page.text == "a\nb"


def test_regions_within_regions() -> None:
    inner = region("i", line("inner"), about='type="caption"')
    holder = region("h", equiv("outer inner"), inside=region("o", line("outer")) + inner)
    page = in_page(holder + region("k", line("own"), inside=inner))
    assert [(found.kind, found.text) for found in page.regions] == [
        ("text", "outer"),
        ("caption", "inner"),
        ("text", "own"),
        ("caption", "inner"),
    ]


@pytest.mark.parametrize(
    ("about", "dpi"),
    [
        ('imageXResolution="300"', 300),
        ('imageXResolution="300" imageResolutionUnit="PPI"', 300),
        ('imageXResolution="100" imageResolutionUnit="PPCM"', 254),
        ('imageXResolution="100" imageResolutionUnit="other"', None),
        ('imageXResolution="0"', None),
        ('imageXResolution="x"', None),
    ],
)
def test_resolution(about: str, dpi: float | None) -> None:
    assert in_page("", about=about).dpi == dpi


@pytest.fixture
def rich() -> Page:
    return rich_page()


def test_ours_is_read_as_it_was_written(rich: Page) -> None:
    assert read(page_pagexml(rich)) == [rich]


def test_coordinates_are_whole_and_exact_ones_kept_until_another_program_moves_them(rich: Page) -> None:
    text = page_pagexml(rich)
    assert '<Coords points="30,0 50,10 51,30"/>' in text
    (moved,) = read(text.replace('"30,0 50,10 51,30"', '"30,0 50,10 60,30"'))
    assert [w.polygon for w in moved.iter_words()][1] == Polygon(((30, 0), (50, 10), (60, 30)))


def test_regions_stand_in_reading_order(rich: Page) -> None:
    root = etree.fromstring(page_pagexml(rich).encode())
    spaces = {"p": V2019}
    refs = root.xpath("//p:RegionRefIndexed/@regionRef", namespaces=spaces)
    assert refs == root.xpath("//p:TextRegion/@id", namespaces=spaces)
    assert root.xpath("//p:TextRegion/@type", namespaces=spaces) == ["heading"]


def test_the_same_page_gives_the_same_file(rich: Page) -> None:
    assert page_pagexml(rich) == page_pagexml(rich)
