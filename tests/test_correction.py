"""Correction: doubtful words alone, no codes and names; each change says what it was, and goes back."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_plugins.api import run_engines
from ocr_plugins.correction import Corrector, Words, corrected, open_corrector, open_words, taken_back
from ocr_plugins.correction.misreading import distance
from ocr_plugins.document import Glyph, Line, Page, Region, Word
from ocr_plugins.errors import CallError
from ocr_plugins.host import open_engine
from ocr_plugins.testing import drawn_page

SURE, DOUBTFUL = 0.99, 0.4


@pytest.fixture(scope="module")
def english() -> Corrector:
    return open_corrector("en")


def page_of(*texts: str, sure: float = DOUBTFUL) -> Page:
    words = [Word(text=text, calibrated=sure) for text in texts]
    return Page(source="a.png", page=1, size=(100, 100), lines=(Line.of_words(words),))


def after(corrector: Corrector, *texts: str, sure: float = DOUBTFUL) -> str:
    return corrected(page_of(*texts, sure=sure), corrector, lambda word: word.calibrated or 0.0).text


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("governrnent", "government"),
        ("tbrough", "through"),
        ("(becaose", "(because"),
        ("Tbrough,", "Through,"),
        ("GOVERNRNENT", "GOVERNMENT"),
        ("inforrnation.", "information."),
    ],
)
def test_a_doubtful_word_that_is_none_becomes_the_nearest(english: Corrector, read: str, right: str) -> None:
    assert after(english, read) == right


@pytest.mark.parametrize(
    "read",
    ["A1B2C3", "12,50", "1998", "x.y@example.com", "http://tbe.example", "McGovrn", "NATOX", "Wendelberg",
     "tbe", "because", "Xqzvw", "re-tbink", "governrnent-", "§§§", "ﬁnanceX9",
     "@governrnent", "#becaose", "$becaose", "governrnent\u2010"],
)  # fmt: skip
def test_codes_numbers_names_and_words_stay(english: Corrector, read: str) -> None:
    assert after(english, read) == read


def test_what_an_engine_is_sure_of_stays(english: Corrector) -> None:
    assert after(english, "governrnent", sure=SURE) == "governrnent"


def test_what_stands_twice_on_a_page_stays(english: Corrector) -> None:
    assert after(english, "Tbrough", "and", "tbrough") == "Tbrough and tbrough"


def test_another_reading_counts_for_more_than_what_is_near() -> None:
    words = Words({"house": 1e-4, "horse": 1e-4, "mouse": 1e-4}, "three")
    corrector = Corrector(words=words, least=0.8)
    choice = corrector.choose("honse", 0.4, [("horse", 0.35)], ())
    assert choice is not None
    assert (choice.text, choice.reason) == ("horse", "another reading has it")
    assert corrector.choose("honse", 0.4, [], ()) is None or distance("house", "honse") < distance(
        "horse", "honse"
    )


def test_another_reading_that_is_quite_another_word_is_none(english: Corrector) -> None:
    for other in ("G", "the", "elephant"):
        assert english.choose("NTGUILTY", 0.3, [(other, 0.5)], ()) is None


def test_the_case_of_another_reading_does_not_matter(english: Corrector) -> None:
    for read, other in (("Governrnent", "Government"), ("GOVERNRNENT", "GOVERNMENT")):
        choice = english.choose(read, 0.5, [(other, 0.3)], ())
        assert choice is not None
        assert choice.text == other


def test_names_of_a_list_stay(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("\ufeffTbrough, Anna\nO'Becaose\n", encoding="utf-8")
    corrector = open_corrector("en", names)
    assert after(corrector, "Tbrough", "o’becaose", "governrnent") == "Tbrough o’becaose government"
    assert corrector.name != open_corrector("en").name


def test_what_goes_on_in_the_next_line_stays(english: Corrector) -> None:
    lines = (Line.of_words([Word(text=text)]) for text in ("self\u2011", "governrnent", "becaose"))
    page = Page(source="a", page=1, size=None, lines=tuple(lines))
    assert corrected(page, english, lambda _: DOUBTFUL).text.split()[1:] == ["governrnent", "because"]


def test_what_was_read_comes_back_as_a_whole(english: Corrector) -> None:
    glyphs = tuple(Glyph(text=mark) for mark in "becaose")
    word = Word(text="becaose", glyphs=glyphs, alternatives=(("because", 0.3), ("becaase", 0.1)))
    line = Line(text="the  becaose", words=(Word(text="the"), word), alternatives=(("the because", 0.3),))
    page = Page(source="a", page=1, size=None, lines=(line,))
    better = corrected(page, english, lambda _: DOUBTFUL)
    assert better.text == "the  because"
    assert taken_back(Page.from_dict(json.loads(json.dumps(better.to_dict())))) == page


def test_each_change_says_what_it_was_and_goes_back(english: Corrector) -> None:
    page = page_of("the", "governrnent", "said")
    regions = Page(source="a", page=1, size=None, regions=(Region(lines=page.lines),))
    for one in (page, regions):
        better = corrected(one, english, lambda _: DOUBTFUL)
        assert better.text == "the government said"
        _, word, _ = better.iter_words()
        assert word.correction is not None
        assert word.correction.was == "governrnent"
        assert word.correction.reason
        assert 0.9 <= word.correction.probability <= 1.0
        back = Page.from_dict(json.loads(json.dumps(better.to_dict())))
        assert back == better
        assert taken_back(back) == one
        assert taken_back(back, lambda word: False) == better


@given(
    st.lists(
        st.text(min_size=1).filter(lambda text: not set(text) & set(" \n\r\t") and text.strip()), max_size=5
    )
)
def test_whatever_was_read_can_be_had_again(texts: list[str]) -> None:
    try:
        page = page_of(*texts)
    except ValueError:
        return  # half a surrogate pair is no text
    better = corrected(page, open_corrector("en"), lambda _: 0.0)
    assert [word.text for word in taken_back(better).iter_words()] == [
        word.text for word in page.iter_words()
    ]


def test_lines_that_are_not_their_words_stay(english: Corrector) -> None:
    line = Line(text="governrnentsaid", words=(Word(text="governrnent"), Word(text="said")))
    page = Page(source="a", page=1, size=None, lines=(line,))
    assert corrected(page, english, lambda _: 0.0) == page
    empty = Page(source="a", page=1, size=None)
    assert corrected(empty, english, lambda _: 0.0) == empty


def test_letters_that_look_alike_are_near() -> None:
    assert distance("modern", "modern") == 0
    assert distance("modern", "modem") < distance("modern", "modexn") < distance("modern", "mxdexn")
    assert distance("home", "horne") == distance("horne", "home")


def test_a_list_of_words(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("Zwickmühle 20\nSchraube 5\n\n", encoding="utf-8")
    assert after(open_corrector(str(file)), "Zwickmühlo", "scbraube") == "Zwickmühle schraube"
    # Edited, it is another; without counts it says of no word that it is usual, and names may be none.
    file.write_text("Zwickmu\u0308hle\nSchraube\n", encoding="utf-8")
    assert after(open_corrector(str(file)), "Zwickmühlo", "scbraube") == "Zwickmühlo schraube"
    assert "zwickmühle" in open_words(str(file))
    german = open_words("de")
    assert "straße" in german
    assert "Straße" in german


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe\x00", "no UTF-8"),
        (b"word many\n", "line 1"),
        (b" \n", "holds no word"),
        (b"word -3\n", "line 1"),
        (b"word inf\nother 3\n", "line 1"),
        (b"a 1e-320\nb 1e10\n", "line 1"),
    ],
)
def test_bad_lists_are_told(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "words.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CallError, match=said):
        open_corrector(str(file))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("tesseract:correct=xx", "no list of words for language 'xx'"),
        ("tesseract:keep=names.txt", "keep= needs correct="),
        ("tesseract:correct=en:keep=missing.txt", "missing.txt cannot be read"),
    ],
)
def test_wrong_wishes_are_told(spec: str, said: str) -> None:
    with pytest.raises(CallError, match=said):
        open_engine(spec)
    vote = f"tesseract,vote:{spec.partition(':')[2]}"
    with pytest.raises(CallError, match=said):
        run_engines([drawn_page("word").pixels], vote)


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "symspellpy", None)
    with pytest.raises(CallError, match=r"symspellpy.*ocr-plugins\[correct\]"):
        open_corrector("en")


def test_it_is_in_the_fingerprint_and_off_by_default() -> None:
    plain, better = open_engine("tesseract"), open_engine("tesseract:correct=en")
    assert plain.info.fingerprint != better.info.fingerprint
    assert "wordfreq" in better.info.options["correct"]
    assert "correct" not in plain.info.options


def test_engines_and_votes_take_it() -> None:
    page = drawn_page("The government said\nnothing at all.")
    study = run_engines([page.pixels], "tesseract:correct=en,rapidocr,vote:correct=en", store=False)
    assert not study.failed
    for run in study.runs:
        (result,) = run.results.values()
        assert isinstance(result, Page)
        assert "government said" in result.text
