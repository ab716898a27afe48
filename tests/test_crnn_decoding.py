"""CTC decoding: greedy and by beam, with confidences, alternatives and places that can be checked by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_plugins.crnn.decoding import Decoder, aligned, beam_search, greedy, probability
from ocr_plugins.language_model import LanguageModel

ALPHABET = tuple(" abc")


def logs(*rows: list[float]) -> np.ndarray:
    """Probabilities by step of the blank, the space, a, b and c."""
    chances = np.array(rows, np.float32) + 1e-9
    return np.log(chances / chances.sum(axis=1, keepdims=True))


def sure(path: str) -> np.ndarray:
    """Steps that are sure of one class each; ``-`` is the blank."""
    return logs(*([0.96 if mark == other else 0.01 for other in "- abc"] for mark in path))


def collapsed(path: tuple[int, ...]) -> list[int]:
    return [label for label, _ in itertools.groupby(path) if label]


def summed(log_probs: np.ndarray) -> dict[tuple[int, ...], float]:
    """Every text with its probability, from all paths one by one."""
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        chance = math.exp(sum(log_probs[step, label] for step, label in enumerate(path)))
        key = tuple(collapsed(path))
        found[key] = found.get(key, 0.0) + chance
    return found


@st.composite
def small_probabilities(draw: st.DrawFn) -> np.ndarray:
    steps = draw(st.integers(1, 5))
    rows = draw(
        st.lists(st.lists(st.floats(0.02, 1.0), min_size=3, max_size=3), min_size=steps, max_size=steps)
    )
    return logs(*rows)


@given(small_probabilities())
@settings(max_examples=40, deadline=None)
def test_probabilities_are_those_of_all_paths(log_probs: np.ndarray) -> None:
    every = summed(log_probs)
    for classes, chance in every.items():
        if len(classes) <= len(log_probs):
            assert probability(log_probs, classes) == pytest.approx(chance, rel=1e-4)
    assert sum(every.values()) == pytest.approx(1.0, rel=1e-4)


@given(small_probabilities())
@settings(max_examples=40, deadline=None)
def test_a_wide_beam_finds_the_likeliest_text(log_probs: np.ndarray) -> None:
    every = summed(log_probs)
    classes, score = beam_search(log_probs, 200)[0]
    assert every[tuple(classes)] == pytest.approx(max(every.values()), rel=1e-3)
    assert math.exp(score) == pytest.approx(every[tuple(classes)], rel=1e-3)


@given(small_probabilities())
@settings(max_examples=40, deadline=None)
def test_alignment_is_the_best_path_of_its_text(log_probs: np.ndarray) -> None:
    classes, _ = beam_search(log_probs, 8)[0]
    runs = aligned(log_probs, classes)
    assert [label for label, _, _ in runs] == classes
    assert all(start < stop for _, start, stop in runs)
    assert all(one[2] <= other[1] for one, other in itertools.pairwise(runs))


def test_greedy_collapses_repeats_and_keeps_doubled_letters() -> None:
    assert greedy(sure("aab-b--c")) == [(2, 0, 2), (3, 2, 3), (3, 4, 5), (4, 7, 8)]
    assert greedy(sure("---")) == []


@pytest.mark.parametrize("beam", [1, 8])
def test_words_with_places_half_way_through_the_spaces(beam: int) -> None:
    words = Decoder(ALPHABET, beam=beam).words(sure("-ab-  -cc-"))
    assert [word.text for word in words] == ["ab", "c"]
    assert [(word.start, word.stop) for word in words] == [(0.0, 5.0), (5.0, 10.0)]
    assert all(word.confidence > 0.8 for word in words)


@pytest.mark.parametrize("beam", [1, 8])
@pytest.mark.parametrize("path", ["", "   ", "---"])
def test_where_nothing_is_read_there_are_no_words(beam: int, path: str) -> None:
    log_probs = sure(path) if path else np.zeros((0, 5), np.float32)
    assert Decoder(ALPHABET, beam=beam).words(log_probs) == []


def test_confidence_and_alternatives_share_the_probability() -> None:
    (word,) = Decoder(ALPHABET).words(logs([0, 0, 1, 0, 0], [0, 0, 0, 0.7, 0.3]))
    assert (word.text, word.confidence) == ("ab", pytest.approx(0.7, abs=1e-3))
    assert word.alternatives == (("ac", pytest.approx(0.3, abs=1e-3)),)


def test_a_space_before_a_word_takes_nothing_of_its_confidence() -> None:
    (word,) = Decoder(ALPHABET).words(logs([0.55, 0.45, 0, 0, 0], [0, 0, 1, 0, 0], [0.6, 0.4, 0, 0, 0]))
    assert (word.text, word.confidence) == ("a", pytest.approx(1.0, abs=1e-3))


def test_the_beam_sums_over_alignments_where_greedy_does_not() -> None:
    log_probs = logs([0.55, 0, 0.45, 0, 0], [0.55, 0, 0.45, 0, 0])
    assert Decoder(ALPHABET).words(log_probs) == []
    assert [word.text for word in Decoder(ALPHABET, beam=4).words(log_probs)] == ["a"]


@pytest.mark.parametrize("blank", [0.0, -1e-6, -0.01])
def test_blanks_however_sure_part_doubled_letters(blank: float) -> None:
    letter = np.log(np.array([5e-4, 1e-9, 0.9995, 1e-9, 1e-9], np.float32))
    nothing = np.array([blank, -90, -90, -90, -90], np.float32)
    log_probs = np.stack([nothing, letter, nothing, nothing, letter, nothing])

    [(first, likely), *_] = beam_search(log_probs, 5)

    assert first == [2, 2]
    assert likely == pytest.approx(math.log(probability(log_probs, [2, 2])), abs=1e-3)


def test_a_language_model_decides_between_like_shapes() -> None:
    model = LanguageModel.from_words({"bac": 0.9, "cab": 0.1})
    # The last letter is b or c, and the network cannot tell.
    log_probs = logs([0, 0, 0, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0.51, 0.49])
    assert Decoder(ALPHABET, beam=4).words(log_probs)[0].text == "bab"
    assert Decoder(ALPHABET, beam=4, model=model, weight=0.5).words(log_probs)[0].text == "bac"


def test_impossible_steps_and_other_classes() -> None:
    impossible = np.full((3, 5), -np.inf, np.float32)
    impossible[:, 2] = 0.0
    assert [word.text for word in Decoder(ALPHABET, beam=4).words(impossible)] == ["a"]
    with pytest.raises(ValueError, match="5 classes"):
        Decoder(ALPHABET).words(np.zeros((3, 9), np.float32))
    with pytest.raises(ValueError, match="do not fit"):
        aligned(sure("a-"), [2, 2, 2])


def test_an_attention_decoder_writes_up_to_its_end_mark() -> None:
    words = Decoder(ALPHABET, attention=True).words(sure("ab cc-a"))
    assert [word.text for word in words] == ["ab", "cc"]
    assert [word.confidence for word in words] == [pytest.approx(0.96**2, rel=1e-3)] * 2
    assert Decoder(ALPHABET, attention=True).words(sure("-ab")) == []
