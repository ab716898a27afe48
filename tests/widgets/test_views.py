"""Pages as the widget shows them: what stands where, how sure everybody is, and the ground truth's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocr_plugins.widgets.standing import Standing
from ocr_plugins.widgets.views import Viewer

from ocr_plugins.api import compare, run_engines
from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.document import Line, Page, Polygon, Word
from ocr_plugins.ensemble.voters import choose_voters
from ocr_plugins.ensemble.voting import Majority
from ocr_plugins.runs import Study
from ocr_plugins.source import text_ref


def page(*lines: str, placed: bool = True) -> Page:
    """A reading; its words stand where a letter is 10 pixels wide."""
    rows = []
    for number, text in enumerate(lines):
        words, x = [], 0
        for word in text.split():
            box = Polygon.from_box(x, 40 * number, x + 10 * len(word), 40 * number + 24) if placed else None
            words.append(Word(text=word, polygon=box))
            x += 10 * len(word) + 10
        if words:
            rows.append(Line.of_words(words))
    return Page(source="made up", page=1, size=(2000, 2000), lines=tuple(rows))


def standing(truth: str, *readings: Page) -> tuple[list[str], list[list[str | None]]]:
    """The pieces of a truth, and what stands in each cell of the readings."""
    voters = choose_voters({str(number): one for number, one in enumerate(readings)})
    lines = voters.align()
    decisions = [Majority().decide(line, voters) for line in lines]
    found = Standing.of(Item(ref=text_ref("x"), truth=truth), lines, decisions)

    def at(line: int, place: int) -> str | None:
        where = found.at((line, place))
        return None if where is None else "".join(found.pieces[where[0] : where[0] + where[1]])

    return found.pieces, [
        [at(number, place) for place in range(len(line.cells))] for number, line in enumerate(lines)
    ]


@pytest.mark.parametrize("placed", [True, False])
def test_each_cell_has_its_part_of_the_truth(placed: bool) -> None:
    reading = page("the quik brown", "fox", placed=placed)
    pieces, cells = standing("the quick brown\nfox jumps", reading)
    assert "".join(pieces) == "the quick brown fox jumps"
    assert cells[0] == ["the ", "quick ", "brown "]
    assert cells[1][0] in ("fox ", "fox jumps")


def test_a_word_that_was_read_as_two_is_parted_where_they_are() -> None:
    pieces, cells = standing("some bluebird here", page("some blue bird here"))
    assert "".join(pieces) == "some bluebird here"
    assert cells == [["some ", "blue", "bird ", "here"]]


def test_words_that_were_read_as_one_stand_together() -> None:
    _, cells = standing("some blue bird here", page("some bluebird here"))
    assert cells == [["some ", "blue bird ", "here"]]


def test_where_others_have_more_nothing_is_true() -> None:
    _, cells = standing("a b", page("a x b"))
    assert cells == [["a ", "", "b"]]


@given(
    truth=st.lists(st.text("abcde ", min_size=1, max_size=12), min_size=1, max_size=5),
    one=st.lists(st.text("abcde ", max_size=12), max_size=5),
    other=st.lists(st.text("abcde ", max_size=12), max_size=5),
    placed=st.booleans(),
)
def test_the_pieces_are_the_truth_and_nothing_stands_twice(
    truth: list[str], one: list[str], other: list[str], placed: bool
) -> None:
    readings = {str(n): page(*lines, placed=placed) for n, lines in enumerate((one, other))}
    voters = choose_voters(readings)
    lines = voters.align()
    decisions = [Majority().decide(line, voters) for line in lines]
    found = Standing.of(Item(ref=text_ref("x"), truth="\n".join(truth)), lines, decisions)
    assert "".join(found.pieces).split() == " ".join(truth).split()
    taken: set[int] = set()
    for place in found.ranges:
        first, count = found.at(place) or (0, 0)
        mine = set(range(first, first + count))
        assert mine <= set(range(len(found.pieces)))
        assert not mine & taken
        taken |= mine


def views(study: Study) -> list[dict[str, Any]]:
    viewer = Viewer(study)
    return [dict(viewer.view(item, "key", (10, 10))) for item in study.corpus.items]


def test_a_view_holds_the_studys_own_vote_and_scores(sheet: Path, tmp_path: Path) -> None:
    truths = tmp_path / "truths"
    truths.mkdir()
    (truths / "sheet.txt").write_text("Tamarack Joinery\nTotal due 12.50 please", encoding="utf-8")
    study = compare(sheet, "tesseract,rapidocr,crnn,vote", truth=truths)
    (view,) = views(study)
    vote = study.runs[-1]
    (voted,) = vote.results.values()
    assert isinstance(voted, Page)
    taken = [[cell["learned"]["text"] for cell in line] for line in view["lines"]]
    assert "\n".join(" ".join(filter(None, line)) for line in taken) == voted.text
    assert "".join(view["truth"]).split() == ["Tamarack", "Joinery", "Total", "due", "12.50", "please"]
    assert [engine["label"] for engine in view["engines"]] == ["tesseract", "rapidocr", "crnn"]
    for engine in view["engines"]:
        (read,) = next(run for run in study.runs if run.label == engine["label"]).results.values()
        assert isinstance(read, Page)
        assert engine["text"] == read.text
        assert len(view["layers"][engine["label"]]) == 4 * len(list(read.iter_words()))
    ids = [cell["id"] for line in view["lines"] for cell in line]
    assert len(set(ids)) == len(ids)


def test_an_engine_that_fails_says_why_and_the_others_are_shown(sheet: Path) -> None:
    study = run_engines(sheet, "tesseract,broken=crnn:weights=/nowhere.onnx")
    (view,) = views(study)
    errors = {engine["label"]: engine["error"] for engine in view["engines"]}
    assert errors["tesseract"] is None
    assert "nowhere.onnx" in errors["broken"]
    assert view["voters"] == ["tesseract"]


def test_nothing_read_is_a_view_without_lines() -> None:
    item = Item(ref=text_ref("x"), truth="something")
    from ocr_plugins.evaluation import get_convention

    study = Study(corpus=Corpus(items=(item,)), convention=get_convention())
    (view,) = views(study)
    assert (view["lines"], view["voters"]) == ([], [])
    assert "".join(view["truth"]) == "something"
