"""Texts of synthetic lines."""

from __future__ import annotations

import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_plugins.synth import texts
from ocr_plugins.synth.texts import CHARACTERS, Texts, with_character

WEIGHTS = [texts.BOOK, texts.REPORT, texts.LETTER, texts.FORM, texts.RECEIPT]


def drawn(count: int, characters: str = CHARACTERS, weights: dict[str, float] = texts.REPORT) -> list[str]:
    known = Texts(characters, weights)
    return [known.draw(np.random.default_rng([7, number])) for number in range(count)]


@pytest.mark.parametrize("weights", WEIGHTS)
def test_lines_are_as_ground_truth_is_written(weights: dict[str, float]) -> None:
    for line in drawn(300, weights=weights):
        assert line
        assert line == " ".join(line.split())
        assert unicodedata.is_normalized("NFC", line)
        assert set(line) <= set(CHARACTERS)
        assert len(line) <= 130


def test_every_character_occurs() -> None:
    found = Counter("".join(drawn(6000)))
    assert {character for character in CHARACTERS if not found[character]} == set()


@pytest.mark.parametrize("characters", ["0123456789", "abcdefghijklmnopqrstuvwxyz ", "x", "ABC é"])
def test_a_small_alphabet_is_kept_to(characters: str) -> None:
    for line in drawn(80, characters):
        assert set(line) <= set(characters) | {" "}
        assert line.strip()


def test_most_lines_are_as_long_as_in_documents() -> None:
    lengths = np.array([len(line) for line in drawn(1500)])
    assert 35 < np.median(lengths) < 60
    assert (lengths <= 12).mean() > 0.08
    assert lengths.max() > 85


def test_same_seed_same_texts() -> None:
    assert drawn(50) == drawn(50)


@given(
    st.sampled_from(CHARACTERS.strip()), st.integers(0, 2**32), st.sampled_from(["", "one", "Two words 3"])
)
@settings(max_examples=150)
def test_a_wanted_character_is_put_in(character: str, seed: int, text: str) -> None:
    if character == " ":
        return
    assert character in with_character(np.random.default_rng(seed), text, character)
