"""ALTO of other programs, and the rules of the standard that ours keeps."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from lxml import etree
from running import printed
from xml_expected import any_page, patient

from ocr_plugins.document import Glyph, Line, Page, Polygon, Provenance, Region, Word
from ocr_plugins.formats.alto import ALTO, page_alto

V4 = "http://www.loc.gov/standards/alto/ns-v4#"
NAMESPACES = [
    "",
    "http://schema.ccs-gmbh.com/ALTO",
    "http://www.loc.gov/standards/alto/ns-v2#",
    "http://www.loc.gov/standards/alto/ns-v3#",
    V4,
]


def read(text: str | bytes) -> list[Page]:
    assert ALTO.read is not None
    return list(ALTO.read(text.encode() if isinstance(text, str) else text, "scan.xml"))


def in_page(content: str, description: str = "", namespace: str = V4, size: str = "100 50") -> Page:
    """The page that blocks are read as."""
    width, height = size.split()
    (page,) = read(
        f'<alto xmlns="{namespace}"><Description>{description}</Description><Layout>'
        f'<Page PHYSICAL_IMG_NR="1" WIDTH="{width}" HEIGHT="{height}"><PrintSpace>{content}</PrintSpace>'
        "</Page></Layout></alto>"
    )
    return page


def block(*lines: str, about: str = "") -> str:
    return f"<TextBlock {about}>{''.join(f'<TextLine>{line}</TextLine>' for line in lines)}</TextBlock>"


def string(content: str, about: str = "") -> str:
    return f'<String CONTENT="{content}" {about}/>'


def box(*corners: float) -> Polygon:
    return Polygon.from_box(*corners)


def test_tesseracts_own(tmp_path: Path) -> None:
    picture = printed(tmp_path / "scan.png", "The quick brown fox\njumps over it")
    subprocess.run(["tesseract", picture, tmp_path / "out", "alto"], check=True, capture_output=True)
    (page,) = read((tmp_path / "out.xml").read_bytes())
    assert page.text == "The quick brown fox\njumps over it"
    assert page.page == 1
    assert page.size is not None
    for word in page.iter_words():
        assert word.confidence_kind == "alto-wc"
        assert word.polygon is not None
        assert 0 < word.polygon.box[0] < word.polygon.box[2] <= page.size[0]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_any_namespace(namespace: str) -> None:
    page = in_page(block(string("a", 'HPOS="1.5" VPOS="2" WIDTH="3" HEIGHT="4"')), namespace=namespace)
    assert [(word.text, word.polygon) for word in page.iter_words()] == [("a", box(1.5, 2, 4.5, 6))]


@pytest.mark.parametrize(
    ("unit", "settings", "scale", "dpi"),
    [
        ("pixel", "", 1, None),
        ("pixel", "dpi=300", 1, 300),
        ("inch1200", "xdpi:300;ydpi:300", 0.25, 300),
        ("inch1200", "", 1, 1200),
        ("mm10", "resolution = 508", 2, 508),
        ("mm10", "", 1, 254),
        ("mm10", "dpi=0", 1, 254),
    ],
)
def test_units(unit: str, settings: str, scale: float, dpi: float | None) -> None:
    page = in_page(
        block(string("a", 'HPOS="100" VPOS="200" WIDTH="300" HEIGHT="400"')),
        f"<MeasurementUnit>{unit}</MeasurementUnit><OCRProcessing><ocrProcessingStep>"
        f"<processingStepSettings>{settings}</processingStepSettings></ocrProcessingStep></OCRProcessing>",
        size="2400 3200",
    )
    assert page.size == (2400 * scale, 3200 * scale)
    assert page.dpi == dpi
    (word,) = page.iter_words()
    assert word.polygon == box(100 * scale, 200 * scale, 400 * scale, 600 * scale)


def test_hyphens_are_printed_ones() -> None:
    def text(*parts: str) -> str:
        (line,) = in_page(block("".join(parts))).iter_lines()
        assert line.text.endswith(line.words[-1].text)
        return line.text

    part = string("exam", 'SUBS_TYPE="HypPart1" SUBS_CONTENT="example"')
    assert text(string("an"), "<SP/>", part, '<HYP CONTENT="-"/>') == "an exam-"
    assert text(part, '<HYP CONTENT="&#xAD;"/>') == "exam-"
    assert text(part, "<HYP/>") == "exam-"
    assert text(string("exam-"), '<HYP CONTENT="-"/>') == "exam-"
    assert text(part, '<HYP CONTENT="⸗"/>') == "exam⸗"


def test_white_space_is_where_sp_stands_if_it_is_anywhere() -> None:
    a, b, c = string("a"), string("b"), string("c")
    page = in_page(block(a + "<SP/>" + b + c, a + b + c, a + string(" ") + b))
    assert [line.text for line in page.iter_lines()] == ["a bc", "a b c", "a   b"]
    assert len(list(page.iter_words())) == 8


def test_composed_blocks_margins_and_kinds() -> None:
    tags = 'TAGREFS="t2 t1 gone"'
    (page,) = read(
        '<alto><Tags><StructureTag ID="t1" LABEL="heading"/><OtherTag ID="t2" LABEL="x"/></Tags><Layout>'
        f"<Page><BottomMargin>{block(string('7'))}</BottomMargin><PrintSpace><ComposedBlock TYPE='table'>"
        f"<ComposedBlock>{block(string('a'))}</ComposedBlock><Illustration/></ComposedBlock>"
        f"{block(string('b'), about=tags)}</PrintSpace>"
        f"<TopMargin>{block(string('top'))}</TopMargin></Page></Layout></alto>"
    )
    assert [(r.kind, r.text) for r in page.regions] == [
        ("text", "top"),
        ("table", "a"),
        ("heading", "b"),
        ("text", "7"),
    ]


def test_reading_order() -> None:
    blocks = "".join(block(string(name), about=f'ID="{name}"') for name in "abcd")
    (page,) = read(
        '<alto><ReadingOrder><OrderedGroup><ElementRef REF="c"/><UnorderedGroup><ElementRef REF="a gone"/>'
        f"</UnorderedGroup></OrderedGroup></ReadingOrder><Layout><Page><PrintSpace>{blocks}</PrintSpace></Page>"
        "</Layout></alto>"
    )
    assert [region.text for region in page.regions] == ["c", "a", "b", "d"]


def test_several_pages() -> None:
    def numbers(*told: str) -> list[int]:
        pages = "".join(f'<Page PHYSICAL_IMG_NR="{number}"/>' for number in told)
        return [page.page for page in read(f"<alto><Layout>{pages}</Layout></alto>")]

    assert numbers("3", "4") == [3, 4]
    assert numbers("0", "1") == numbers("1", "1") == numbers("x", "9") == [1, 2]


@pytest.mark.parametrize("points", ["1,2 3,4 5.5,6", "1 2 3 4 5.5 6", "1, 2 3, 4 5.5, 6"])
def test_shapes(points: str) -> None:
    shape = f'<Shape><Polygon POINTS="{points}"/></Shape>'
    page = in_page(block(f'<String CONTENT="a">{shape}</String>'))
    assert [word.polygon for word in page.iter_words()] == [Polygon(((1, 2), (3, 4), (5.5, 6)))]


def test_glyphs_and_alternatives_of_others() -> None:
    page = in_page(
        block(
            '<String CONTENT="m"><ALTERNATIVE PURPOSE="modern">n</ALTERNATIVE><Glyph CONTENT="m" GC="0.5">'
            '<Variant CONTENT="rn" VC="0.25"/><Variant CONTENT="x"/></Glyph></String>'
        )
    )
    (word,) = page.iter_words()
    assert word.alternatives == ()
    glyph = Glyph(text="m", confidence=0.5, confidence_kind="alto-wc", alternatives=(("rn", 0.25),))
    assert word.glyphs == (glyph,)


def test_what_is_missing_leaves_the_text() -> None:
    glyph = '<Glyph CONTENT="a"/>'
    page = in_page(f"<TextBlock/>{block('', f'<String>{glyph}</String>', '<SP/><HYP/>')}", size="x -1")
    assert (page.text.split(), page.size) == (["a"], None)


def test_provenance_is_read_back() -> None:
    about = Provenance(engine="tesseract", version="5.3", spec="tesseract:lang=eng\nx", fingerprint="abc")
    page = Page(source="scan.xml", page=1, size=(9, 9), provenance=about)
    assert read(page_alto(page)) == [page]


# The rules of ALTO 4.2 for what is written, told independently of the schema's file, which no package has:
# the order of children, and for each attribute what its value is and whether it has to be there.
NUMBER, SHARE = r"-?\d+(\.\d+)?(e[-+]?\d+)?", r"0(\.\d+)?|1|\d(\.\d+)?e-\d+"
PLACE = dict.fromkeys(["HPOS", "VPOS", "WIDTH", "HEIGHT"], NUMBER)
ID, TAGS = {"ID!": "[a-z]+_[0-9]+"}, {"TAGREFS": r"tag_\d+( tag_\d+)*"}
ANY = "(?s).*"
RULES: dict[str, tuple[str, dict[str, str]]] = {
    "alto": ("Description (Tags )?Layout ", {"SCHEMAVERSION!": "4.2"}),
    "Description": ("MeasurementUnit sourceImageInformation (Processing )+", {}),
    "MeasurementUnit": ("", {}),
    "sourceImageInformation": ("fileName ", {}),
    "fileName": ("", {}),
    "Processing": ("processingCategory (processingStepSettings )?processingSoftware ", ID),
    "processingCategory": ("", {}),
    "processingStepSettings": ("", {}),
    "processingSoftware": ("softwareName softwareVersion ", {}),
    "softwareName": ("", {}),
    "softwareVersion": ("", {}),
    "Tags": ("((LayoutTag |OtherTag ))+", {}),
    "LayoutTag": ("", {**ID, "TYPE": ANY, "LABEL!": ANY}),
    "OtherTag": ("", {**ID, "TYPE": ANY, "LABEL!": ANY}),
    "Layout": ("(Page )+", {}),
    "Page": ("PrintSpace ", {**ID, "PHYSICAL_IMG_NR!": r"\d+", "WIDTH": r"\d+", "HEIGHT": r"\d+"}),
    "PrintSpace": ("(TextBlock )*", PLACE),
    "TextBlock": ("(Shape )?(TextLine )*", {**ID, **PLACE, **TAGS}),
    "TextLine": ("(Shape )?(String (SP )?)+", {**ID, **PLACE, **TAGS}),
    "SP": ("", {}),
    "String": ("(Shape )?(ALTERNATIVE )*(Glyph )*", {**ID, **PLACE, **TAGS, "CONTENT!": ANY, "WC": SHARE}),
    "ALTERNATIVE": ("", {"PURPOSE": ANY}),
    "Glyph": ("(Shape )?(Variant )*", {**PLACE, "CONTENT!": "(?s).", "GC": SHARE}),
    "Variant": ("", {"CONTENT": "(?s).{0,3}", "VC": SHARE}),
    "Shape": ("Polygon ", {}),
    "Polygon": ("", {"POINTS!": rf"{NUMBER},{NUMBER}( {NUMBER},{NUMBER})+"}),
}  # fmt: skip


@patient
@given(page=any_page)
def test_ours_keeps_the_rules_of_the_standard(page: Page) -> None:
    root = etree.fromstring(page_alto(page).encode())
    ids = [element.get("ID") for element in root.iter() if element.get("ID")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        name = etree.QName(element)
        assert name.namespace == V4
        order, attributes = RULES[name.localname]
        names = "".join(f"{etree.QName(child).localname} " for child in element)
        assert re.fullmatch(order, names)
        assert {key[:-1] for key in attributes if key.endswith("!")} <= set(element.keys())
        for key, value in element.items():
            rule = attributes.get(str(key)) or attributes[f"{key}!"]
            assert re.fullmatch(rule, str(value))
        assert set((element.get("TAGREFS") or "").split()) <= set(ids)


def test_ours_is_read_as_it_was_written() -> None:
    glyph = Glyph(text="a", polygon=box(10, 10, 15, 30), confidence=0.5, confidence_kind="g")
    words = [
        Word(text="a", polygon=box(10, 10, 20, 30), confidence=0.9, confidence_kind="c", glyphs=(glyph,)),
        Word(text="b", polygon=Polygon(((30, 12), (50, 10), (50.5, 30))), alternatives=(("6", 0.1),)),
    ]
    line = Line(text="b", polygon=box(1, 1, 9, 9), confidence=0.8, confidence_kind="l")
    regions = (Region(lines=(Line.of_words(words),), kind="table"), Region(lines=(line,)))
    page = Page(source="scan.xml", page=3, size=(100, 80), dpi=299.5, regions=regions)
    assert read(page_alto(page)) == [page]
