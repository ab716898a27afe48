"""Engines that cannot give every character: what they say of the rest, and where they abstain."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_ensemble_alignment import text_only

from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.vote import Vote, vote
from ocr_plugins.ensemble.voters import choose_voters
from ocr_plugins.ensemble.voting import Confidence, Majority, Method
from ocr_plugins.evaluation.graphemes import graphemes

SMALL = Alphabet(string.digits + string.ascii_lowercase + " ")
BOUND = {"small": SMALL}


@pytest.mark.parametrize(
    ("text", "fuller", "dressed"),
    [
        ("hello world", "Hello, World!", "Hello, World!"),
        ("hallo world", "Hello, World!", "Hallo, World!"),
        ("no 12", "No. 12", "No. 12"),
        ("the fox", "The quick fox.", "The fox."),
        ("hello", "", "hello"),
        ("", "Hello", ""),
        ("cafe", "Caf\u00e9", "Caf\u00e9"),
        ("hello1", "Hello!", "Hello1"),
    ],
)
def test_a_bounded_reading_takes_over_what_it_lacks(text: str, fuller: str, dressed: str) -> None:
    assert SMALL.dressed(text, fuller)[0] == dressed


@given(st.text("ab1 ", max_size=20), st.text("AaBb1 .,-", max_size=20))
def test_what_it_can_say_it_still_says(text: str, fuller: str) -> None:
    dressed, places = SMALL.dressed(text, fuller)
    assert SMALL.projected(dressed) == text
    assert len(places) == len(text) + 1
    assert places[-1] == len(dressed)
    assert (places[1:] > places[:-1]).all() or not text


def voted(method: Method, **texts: str) -> Vote:
    found = vote({label: text_only(text) for label, text in texts.items()}, method, BOUND)
    assert isinstance(found, Vote)
    return found


@pytest.mark.parametrize("method", [Majority(), Confidence(lambda *_: 0.9)])
def test_it_decides_on_letters_and_not_on_case_or_points(method: Method) -> None:
    found = voted(
        method,
        one="Dear Sir, the qulck fox jumps",
        two="Dear Sir. the quick fox jumps",
        small="dear sir the quick fox jumps",
    )
    assert found.page.text == "Dear Sir. the quick fox jumps"
    # Which of the two points it is, it cannot tell: each of the others has half.
    sir = next(word for word in found.words if word.text == "Sir.")
    assert sir.scores["Sir,"] == pytest.approx(sir.scores["Sir."])
    quick = next(word for word in found.words if word.text == "quick")
    assert quick.scores["quick"] > quick.scores["qulck"]


def test_it_is_no_outlier_for_what_it_lacks_and_stands_last() -> None:
    texts = {"small": "dear sir the fox", "one": "DEAR SIR, THE FOX!", "two": "DEAR SIR, THE F0X!"}
    voters = choose_voters({label: text_only(text) for label, text in texts.items()}, BOUND)
    assert not voters.dropped
    assert list(voters.pages)[-1] == "small"
    assert voters.standing["small"] > 0.8


def test_alone_it_says_what_it_can() -> None:
    assert voted(Majority(), small="dear sir").page.text == "dear sir"
    twice = vote(
        {"small": text_only("dear sir"), "other": text_only("dear s1r")},
        Majority(),
        {"small": SMALL, "other": SMALL},
    )
    assert isinstance(twice, Vote)
    assert twice.page.text == "dear sir"


LETTERS = st.sampled_from(["a", "b", "x", "A", "!", "a\u0301", "A\u0308", "x\u0301"])


@given(st.text("abx", max_size=8), st.lists(LETTERS, max_size=8).map("".join))
def test_no_letter_gets_anothers_marks(text: str, fuller: str) -> None:
    dressed, _ = SMALL.dressed(text, fuller)
    marked = {cluster for cluster in graphemes(dressed) if len(cluster) > 1}
    assert marked <= set(graphemes(fuller))
