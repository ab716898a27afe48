"""Words in doubt, what people said of them, and where it is used again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from running import told

from ocr_plugins import samples
from ocr_plugins.airflow.answers import MANIFEST, Answers, undo
from ocr_plugins.airflow.batches import Limits
from ocr_plugins.airflow.places import Place
from ocr_plugins.airflow.planning import plan
from ocr_plugins.airflow.readings import Reference, references_in, study_of
from ocr_plugins.airflow.reviewing import Review, ask, review_file, settle
from ocr_plugins.airflow.work import Reader, hold_votes, read_batch
from ocr_plugins.document import Page
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.manifest import load_manifest
from ocr_plugins.spec import parse_specs

SAMPLES = Path(samples.__file__).parent
RUN, LATER = "runs/d/r1", "runs/d/r2"
PARROTS = "a=parrot,b=parrot:tail=x,c=parrot:tail=y"


@pytest.fixture
def results(here: Path) -> Place:
    return Place(str(here / "place"))


def votes_of(place: Place, folder: Path, engines: str = PARROTS) -> list[Reference]:
    (batch,) = plan(place, [str(folder)], parse_specs(engines), Limits()).batches
    readings = [
        one
        for spec in parse_specs(engines)
        for one in read_batch(
            place, batch, batch.load(place), Reader(specs=(spec,), workers=0), lambda _: None
        )
    ]
    return hold_votes(place, readings, parse_specs("vote:method=majority"))


def asked(place: Place, votes: list[Reference], run: str = RUN, words: int = 20) -> Review:
    return ask(place, run, "review", -1, votes, words=words, below=0.9)


def texts(place: Place, references: tuple[Reference, ...]) -> dict[str, str]:
    found = {}
    for reference in references:
        batch = reference.of_batch.load(place)
        study = study_of(place, batch, [reference], get_convention("default"))
        for name, page in study.runs[0].results.items():
            assert isinstance(page, Page)
            found[Path(name).stem] = page.text
    return found


def test_doubtful_words_are_asked_and_the_answer_stands_in_the_results(results: Place, here: Path) -> None:
    told(here / "in" / "one.png", "the ca")
    told(here / "in" / "two.png", "a do")
    votes = votes_of(results, here / "in")
    review = asked(results, votes)
    assert {one.word.readings["b"] for one in review.questions} == {"cax", "dox"}
    assert Review.load(results, review_file(RUN, "review", -1)) == review
    number = next(n for n, one in enumerate(review.questions, 1) if one.word.readings["a"] == "ca")
    settled = settle(results, RUN, review, {number: "cat"}, by="boss", at="2026-01-02T03:04:05")
    assert settled.counts() == {"asked": 2, "answered": 1, "known": 0}
    assert texts(results, settled.references) == {
        "one": "the cat",
        "two": texts(results, tuple(votes))["two"],
    }
    (reference,) = settled.references
    assert reference.engine == "reviewed"
    assert reference.file != votes[0].file
    assert references_in([reference.to_dict()]) == [reference]


def test_what_nobody_answers_stays_as_the_vote_has_it(results: Place, here: Path) -> None:
    told(here / "in" / "one.png", "the ca")
    votes = votes_of(results, here / "in")
    settled = settle(results, RUN, asked(results, votes), {})
    assert texts(results, settled.references) == texts(results, tuple(votes))
    assert not list(Answers(results))
    assert asked(results, votes, LATER).questions


def test_an_answer_is_used_where_the_same_readings_meet(results: Place, here: Path) -> None:
    told(here / "in" / "one.png", "the ca")
    review = asked(results, votes_of(results, here / "in"))
    settle(results, RUN, review, {1: "cat"}, by="boss")
    told(here / "more" / "three.png", "my ca")
    later = asked(results, votes_of(results, here / "more"), LATER)
    assert not later.questions
    assert [text for _, text in later.known] == ["cat"]
    settled = settle(results, LATER, later, {})
    assert texts(results, settled.references) == {"three": "my cat"}
    assert settled.counts() == {"asked": 0, "answered": 0, "known": 1}


def test_an_answer_that_is_taken_back_is_asked_for_again(results: Place, here: Path) -> None:
    told(here / "in" / "one.png", "the ca")
    votes = votes_of(results, here / "in")
    settle(results, RUN, asked(results, votes), {1: "cat"}, by="boss")
    (answer,) = Answers(results)
    assert undo(results, answer.key, answer.asked, "boss")
    assert not undo(results, answer.key, "nosuch", "boss")
    assert [one.undone for one in Answers(results)] == ["boss"]
    assert len(asked(results, votes, LATER).questions) == 1


def test_answers_that_differ_settle_nothing(results: Place, here: Path) -> None:
    told(here / "in" / "one.png", "the ca")
    told(here / "in" / "two.png", "my ca")
    votes = votes_of(results, here / "in")
    settle(results, RUN, asked(results, votes), {1: "cat", 2: "car"}, by="boss")
    assert len(asked(results, votes, LATER).questions) == 2


@pytest.mark.parametrize(
    ("answer", "text"),
    [("cat", "cat"), (" the  cat ", "the cat"), ("#1", "ca"), ("#2", "cax"), ("#0", ""), ("\\#1", "#1")],
)
def test_answers_are_text_or_choices(results: Place, here: Path, answer: str, text: str) -> None:
    told(here / "in" / "one.png", "the ca")
    review = asked(results, votes_of(results, here / "in", "a=parrot,d=parrot,b=parrot:tail=x"))
    assert review.questions[0].word.choices == ["ca", "cax"]
    settled = settle(results, RUN, review, {1: answer})
    assert texts(results, settled.references) == {"one": f"the {text}".strip()}


@pytest.mark.parametrize("answer", ["", "  ", "#7"])
def test_what_is_no_answer_changes_nothing(results: Place, here: Path, answer: str) -> None:
    told(here / "in" / "one.png", "the ca")
    review = asked(results, votes_of(results, here / "in"))
    assert settle(results, RUN, review, {1: answer}).counts()["answered"] == 0


def test_words_have_pictures_and_become_ground_truth(results: Place, here: Path) -> None:
    from PIL import Image

    shutil.copy(SAMPLES / "receipt.jpg", here / "receipt.jpg")
    review = asked(results, votes_of(results, here / "receipt.jpg", "tesseract,crnn"))
    assert review.questions
    for question in review.questions:
        files = here / "place" / question.picture, here / "place" / question.alone
        with Image.open(files[0]) as picture, Image.open(files[1]) as alone:
            assert picture.width > alone.width
    settle(results, RUN, review, {1: "gift", 2: "#0"}, by="boss", at="now")
    (line,) = load_manifest(here / "place" / MANIFEST).rows
    assert (line.text, line.level, Path(line.path).is_file()) == ("gift", "word", True)
    for answer in Answers(results):
        undo(results, answer.key, answer.asked, "boss")
    assert (here / "place" / MANIFEST).read_text() == ""


def test_no_more_words_than_wanted_are_asked_for(results: Place, here: Path) -> None:
    for number in range(5):
        told(here / "in" / f"{number}.png", f"word{number}")
    assert len(asked(results, votes_of(results, here / "in"), words=3).questions) == 3


def test_wrong_calls(results: Place, here: Path) -> None:
    told(here / "in" / "one.png", "the ca")
    votes = votes_of(results, here / "in")
    with pytest.raises(CallError, match="no vote"):
        ask(results, RUN, "review", -1, [], words=3, below=0.5)
    for words, below in ((0, 0.5), (3, 0.0), (3, 1.5)):
        with pytest.raises(CallError, match="ask nothing"):
            ask(results, RUN, "review", -1, votes, words=words, below=below)
    with pytest.raises(CallError, match="nothing was asked"):
        Review.load(results, review_file(RUN, "other", -1))
