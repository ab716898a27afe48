"""Plain text, tables of words and Markdown: written, read back, and held against the real programs."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from PIL import Image
from strategies import pages

from ocr_plugins.document import Line, Page, Polygon, Region, Word
from ocr_plugins.errors import SourceError
from ocr_plugins.formats.base import Format, Sheet
from ocr_plugins.formats.markdown import MARKDOWN, escaped
from ocr_plugins.formats.text import TEXT, page_text
from ocr_plugins.formats.tsv import COLUMNS, CONFIDENCE, TSV
from ocr_plugins.testing import drawn_page


def written(form: Format, path: Path, *given_pages: Page) -> Path:
    assert form.open
    writer = form.open(path)
    for page in given_pages:
        writer.add(Sheet(page=page))
    writer.close()
    return path


def read(form: Format, data: bytes) -> list[Page]:
    assert form.read
    return list(form.read(data, "a file"))


def page_of(*regions: Region) -> Page:
    return Page(source="scan.png", page=1, size=(400, 300), regions=regions)


def region(kind: str, *texts: str) -> Region:
    return Region(kind=kind, lines=tuple(Line(text=text) for text in texts))


@pytest.fixture(scope="module")
def tesseract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the real program wrote of three pages, the second of them blank."""
    folder = tmp_path_factory.mktemp("tesseract")
    page = Image.fromarray(drawn_page("Hello world\nSecond line\n\nNext paragraph").pixels)
    blank = Image.fromarray(np.full((200, 300), 255, np.uint8))
    page.save(folder / "in.tif", save_all=True, append_images=[blank, page], dpi=(150, 150))
    subprocess.run(["tesseract", "in.tif", "out", "txt", "tsv"], cwd=folder, check=True, capture_output=True)
    return folder


# --- text ---


def test_tesseracts_text(tesseract: Path) -> None:
    first, blank, third = read(TEXT, (tesseract / "out.txt").read_bytes())
    assert first.text == third.text == "Hello world\nSecond line\n\nNext paragraph"
    assert (first.page, blank.page, third.page) == (1, 2, 3)
    assert (first.source, first.size, blank.lines, blank.regions) == ("a file", None, (), ())
    assert all(line.polygon is None and not line.words for line in first.iter_lines())


def test_texts_of_other_systems() -> None:
    for data in (
        "Grüße\r\nzwei\r\n".encode(),
        b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe\rzwei",
        "\ufeffGrüße\nzwei\f".encode("utf-16-le"),
    ):
        (page,) = read(TEXT, data)
        assert [line.text for line in page.lines] == ["Grüße", "zwei"]
    (empty,) = read(TEXT, b"")
    assert empty.text == ""


@pytest.mark.parametrize("form", [TEXT, TSV])
@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0", b"a\0b", b"\xe4"])
def test_what_is_no_text(form: Format, data: bytes) -> None:
    with pytest.raises(SourceError, match="a file is not") as caught:
        read(form, data)
    assert caught.value.kind == "not_text"


@given(pages)
def test_text_comes_back(tmp_path_factory: pytest.TempPathFactory, page: Page) -> None:
    path = written(TEXT, tmp_path_factory.mktemp("text") / "p.txt", page)
    (back,) = read(TEXT, path.read_bytes())
    assert path.read_bytes() == page_text(page).encode()
    assert back.text.split() == page.text.replace("\0", " ").split()


# --- TSV ---


def plain(text: str) -> str:
    """Without control characters and ends of lines, which a table cannot hold."""
    return " ".join(re.sub(r"[\x00-\x1f\x85\u2028\u2029]", " ", text).split())


def rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text("utf-8").removesuffix("\n").split("\n")]


def test_tesseracts_table(tesseract: Path, tmp_path: Path) -> None:
    theirs = tesseract / "out.tsv"
    first, blank, third = read(TSV, theirs.read_bytes())
    assert first.text == third.text == "Hello world\nSecond line\n\nNext paragraph"
    assert (blank.size, blank.page, blank.text) == ((300, 200), 2, "")
    word = next(first.iter_words())
    assert word.confidence is not None
    assert word.confidence > 0.5
    assert word.confidence_kind == CONFIDENCE
    assert len(first.regions) > 1
    assert all(line.polygon for line in first.iter_lines())
    ours = written(TSV, tmp_path / "ours.tsv", first, blank, third)
    assert rows(ours) == [[*row[:10], _padded(row), *row[11:]] for row in rows(theirs)]


def _padded(row: list[str]) -> str:
    """A confidence as Tesseract writes it, with as many digits as it always has."""
    return f"{float(row[10]):.6f}" if row[0] == "5" else row[10]


def test_a_table(tmp_path: Path) -> None:
    word = Word(
        text='a\tb\n"c', polygon=Polygon.from_box(1.4, 2.6, 10, 20), confidence=0.5, confidence_kind="x"
    )
    line = Line(text="whole line", polygon=Polygon(((5, 30), (60, 35), (60, 45), (5, 40))))
    page = Page(source="s", page=7, size=(100, 50), lines=(Line.of_words([word]), line, Line(text="")))
    found = rows(written(TSV, tmp_path / "t.tsv", page))
    assert found[0] == list(COLUMNS)
    assert [row[0] for row in found[1:]] == list("12345454")
    assert found[5] == [*map(str, (5, 1, 1, 1, 1, 1, 1, 3, 9, 17)), "50.000000", 'a b "c']
    assert found[7] == [*map(str, (5, 1, 1, 1, 2, 1, 5, 30, 55, 15, -1)), "whole line"]
    assert found[8][6:] == ["0", "0", "0", "0", "-1", ""]


@settings(max_examples=50)
@given(st.lists(pages, min_size=1, max_size=3))
def test_tables_come_back(tmp_path_factory: pytest.TempPathFactory, drawn: list[Page]) -> None:
    path = written(TSV, tmp_path_factory.mktemp("tsv") / "p.tsv", *drawn)
    back = read(TSV, path.read_bytes())
    assert [page.page for page in back] == list(range(1, len(drawn) + 1))
    for page, again in zip(drawn, back, strict=True):
        assert again.size == page.size
        told = [word for word in page.iter_words() if plain(word.text)]
        found = list(again.iter_words())
        assert [plain(word.text) for word in found] == [plain(word.text) for word in told]
        for word, same in zip(told, found, strict=True):
            assert (same.confidence is None) == (word.confidence is None)
            assert same.confidence == pytest.approx(word.confidence, abs=1e-6)
            if same.polygon and word.polygon:
                assert same.polygon.box == pytest.approx(word.polygon.box, abs=0.51)
    again = written(TSV, path.with_name("again.tsv"), *back)
    assert read(TSV, again.read_bytes()) == back


HEAD = "\t".join(COLUMNS)
WORD = "5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t{}\t{}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a file is not a table as Tesseract writes it"),
        ("a\tb\n1\t2", "a file is not a table"),
        (f"{HEAD}\n{WORD.format('x', 'secret')}", "line 2 of a file is not as"),
        (f"{HEAD}\n5\t1", "line 2 of a file is not as"),
        (f"{HEAD}\n\n{WORD.format('nan', 'secret')}", "line 3 of a file has a number that cannot be"),
    ],
)
def test_what_is_no_table(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read(TSV, text.encode())
    assert "secret" not in str(caught.value)


def test_tables_of_other_versions() -> None:
    text = f"{HEAD}\r\n" + WORD.format("96", "Hi") + "\r\n5\t1\t1\t1\t1\t2\t1\t2\t3\t4\t-1\r\n"
    (page,) = read(TSV, text.encode())
    (word,) = page.iter_words()
    assert (word.text, word.confidence, page.size) == ("Hi", 0.96, None)
    assert read(TSV, HEAD.encode()) == []


# --- Markdown ---


class _Text(HTMLParser):
    """The text of HTML, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def shown(markdown: str) -> _Text:
    parser = _Text()
    parser.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))
    parser.close()
    return parser


def marked(page: Page, folder: Path) -> str:
    path = written(MARKDOWN, folder / "p.md", page)
    return path.read_text("utf-8")


LOOKS_LIKE_MARKUP = [
    *("*a*", "__b__", "# c", "c #", "## d ##", "1. e", "2) f", "12", "1", "-", "- g", "---", "===", "> h"),
    *(
        "| i | j |",
        "--- | ---",
        "<b>k</b>",
        "<!-- l -->",
        "&amp; m",
        "[n](o)",
        "![p](q)",
        "`r`",
        "```",
        "~~~",
    ),
    *(
        "~~s~~",
        "\\t",
        "u\\",
        "    v",
        "+ w",
        "* x",
        "[y]: z",
        "1.5 mm",
        "-5",
        "#5",
        "a & b",
        "$1$",
        "\\#",
        "a  \nb",
    ),
]

hard_texts = st.lists(
    st.sampled_from([*"*_#1.|<>-+=~`[]()!&\\ $:ab", "amp;", "---", "# ", "2) ", "\n", "\u2028", "\x01"]),
    max_size=9,
).map("".join)


@pytest.mark.parametrize("kind", ["text", "heading", "title", "list", "table"])
def test_markup_on_a_page_stays_what_it_is(tmp_path: Path, kind: str) -> None:
    for text in LOOKS_LIKE_MARKUP:
        tags = {"heading": ["h2"], "title": ["h1"], "list": ["ul", "li", "p"]}.get(kind, ["p"])
        seen = shown(marked(page_of(region(kind, text)), tmp_path))
        item = kind == "list" and text[:2] in ("- ", "* ")
        assert seen.text.split() == (text[2:] if item else text).split(), text
        assert [tag for tag in seen.tags if tag != "p"] == [tag for tag in tags if tag != "p"], text


@given(
    st.lists(st.lists(hard_texts, max_size=3), max_size=3), st.sampled_from(["text", "heading", "table", ""])
)
@example([["a", "# b"], ["c"]], "text")
@example([["a", "---", "b"]], "")
def test_any_text_is_shown_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[list[str]], kind: str
) -> None:
    if kind:
        page = page_of(*(region(kind, *texts) for texts in drawn))
    else:
        lines = tuple(Line(text=text) for texts in drawn for text in texts)
        page = Page(source="s", page=1, size=None, lines=lines)
    seen = shown(marked(page, tmp_path_factory.mktemp("md")))
    assert seen.text.split() == page.text.replace("\x01", " ").split()
    assert set(seen.tags) <= {"p", "h2", "br"}


def test_paragraphs_headings_and_lists(tmp_path: Path) -> None:
    page = page_of(
        region("title", "A", "report"),
        region("heading", "1. Aims"),
        region("text", "One line", "and its end."),
        region("text", " "),
        region("list", "\u2022 first", "goes on", "\u2022 second"),
        region("list", "milk", "3. eggs"),
    )
    assert marked(page, tmp_path) == (
        "# A report\n\n## 1\\. Aims\n\nOne line and its end.\n\n- first goes on\n- second\n\n"
        "- milk\n- 3\\. eggs\n"
    )
    seen = shown(marked(page, tmp_path))
    assert [tag for tag in seen.tags if tag != "p"] == ["h1", "h2", "ul", "li", "li", "li", "li"]


def test_lines_of_a_page_without_regions_are_kept(tmp_path: Path) -> None:
    page = Page(
        source="s", page=1, size=None, lines=(Line(text="Total 1.00"), Line(text=""), Line(text="- 5"))
    )
    assert marked(page, tmp_path) == "Total 1.00\\\n\\- 5\n"


def test_ordinary_text_is_not_cluttered() -> None:
    for text in ("On 3. May it was -5 to +5 (#1), 50% = half.", "1.5 mm", "A & B: e-mail me!", "2024"):
        assert escaped(text) == text


def cell(text: str, x: float, y: float) -> Word:
    return Word(text=text, polygon=Polygon.from_box(x, y, x + 9 * len(text), y + 12))


def test_tables(tmp_path: Path) -> None:
    lines = (
        Line.of_words([cell("Item", 0, 0), cell("Price", 150, 0)]),
        Line.of_words([cell("Two", 0, 20), cell("eggs", 32, 20), cell("1|2", 160, 22)]),
        Line.of_words([cell("9", 155, 41)]),
        Line.of_words([cell("Milk", 0, 40)]),
    )
    assert marked(page_of(Region(kind="table", lines=lines)), tmp_path) == (
        "| Item | Price |\n| --- | --- |\n| Two eggs | 1\\|2 |\n| Milk | 9 |\n"
    )
    assert marked(page_of(Region(lines=lines)), tmp_path).count("\n") == 1, "only regions that say so"
    no_boxes = region("table", "a b", "c d")
    assert marked(page_of(no_boxes), tmp_path) == "a b\\\nc d\n"
    one_column = Region(
        kind="table", lines=(Line.of_words([cell("a", 0, 0)]), Line.of_words([cell("b", 0, 20)]))
    )
    assert marked(page_of(one_column), tmp_path) == "a\\\nb\n"
    seen = shown(marked(page_of(Region(kind="table", lines=lines)), tmp_path))
    assert (seen.tags.count("th"), seen.tags.count("td")) == (2, 4)


def test_pages_are_set_apart(tmp_path: Path) -> None:
    page = page_of(region("text", "a"))
    path = written(MARKDOWN, tmp_path / "p.md", page, page_of(), page)
    assert path.read_text("utf-8") == ("a\n\n---\n\n<!-- page 2 -->\n\n---\n\n<!-- page 3 -->\n\na\n")
    seen = shown(path.read_text("utf-8"))
    assert seen.tags == ["p", "hr", "hr", "p"]
    assert MARKDOWN.read is None
