"""The character model: what it prefers, what it leaves alone, and its file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ocr_plugins.errors import CallError
from ocr_plugins.language_model import LanguageModel

WORDS = {"the": 50.0, "then": 10.0, "than": 8.0, "lighthouse": 1.0, "hat": 2.0, "they": 5.0}


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return LanguageModel.from_words(WORDS)


def best(model: LanguageModel, text: str, characters: str) -> str:
    return max(characters, key=lambda mark: model.score(text, mark))


def test_it_prefers_what_the_words_go_on_with(model: LanguageModel) -> None:
    assert best(model, "see th", "abcdef") == "e"
    assert best(model, "lightho", "abouv") == "u"
    assert best(model, "The light", "hbk") == "h"


def test_probabilities_follow_the_counts(model: LanguageModel) -> None:
    # All of these words but two begin with t.
    expected = sum(often for word, often in WORDS.items() if word[0] == "t") / sum(WORDS.values())
    assert model.score("", "t") == pytest.approx(math.log(expected), abs=0.03)
    assert model.score("a word, ", "T") == model.score("", "t")


def test_a_word_ends_where_words_end(model: LanguageModel) -> None:
    assert model.score("the", " ") > model.score("th", " ")
    assert model.score("lighthouse", ".") > model.score("lighthous", ".")


def test_digits_and_signs_are_not_guessed(model: LanguageModel) -> None:
    scores = {model.score(text, mark) for text in ("", "19", "No. 4", "- ") for mark in "0189-.%"}
    assert len(scores) == 1


def test_the_unknown_stays_possible(model: LanguageModel) -> None:
    assert -15 < model.score("xqz", "ß") < model.score("th", "e") <= 0


def test_the_file_gives_the_same_scores(model: LanguageModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model.npz")
    again = LanguageModel.load(tmp_path / "model.npz")
    assert again.order == model.order == 6
    for text in ("", "th", "lighthou", "zz", "5", "the "):
        for mark in "abeht 5.":
            assert again.score(text, mark) == model.score(text, mark)


def test_fewer_n_grams_make_a_smaller_model_that_still_works() -> None:
    small = LanguageModel.from_words(WORDS, order=3, most=20)
    assert small.order == 3
    assert best(small, "t", "hzq") == "h"


def test_other_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no model")
    np.savez(tmp_path / "other.npz", format=np.array("something else"))
    np.savez(tmp_path / "pickled.npz", format=np.array([{}], dtype=object))
    for name in ("text.npz", "other.npz", "pickled.npz"):
        with pytest.raises(CallError, match="no language model"):
            LanguageModel.load(tmp_path / name)
    with pytest.raises(CallError, match="cannot be read"):
        LanguageModel.load(tmp_path / "none.npz")
