"""Words of scenes: what they are, and that lines of documents are what they were without them."""

from __future__ import annotations

import hashlib
from itertools import islice

import numpy as np
import pytest

from ocr_plugins.synth import scenes
from ocr_plugins.synth.drawing import Ink
from ocr_plugins.synth.lines import HIGHEST, LOWEST, LineOptions, LineSample, line_maker, lines
from ocr_plugins.synth.profiles import DOCUMENTS, PROFILES
from ocr_plugins.synth.signs import sign
from ocr_plugins.synth.texts import CHARACTERS, SCENE, Texts

SCENES = LineOptions(profiles=("scene",))


def taken(count: int, options: LineOptions = SCENES, seed: int = 5) -> list[LineSample]:
    return list(islice(line_maker(options).stream(seed), count))


def digest(samples: list[LineSample]) -> str:
    found = hashlib.sha256()
    for sample in samples:
        found.update(f"{sample.text} {sample.pixels.shape}".encode() + sample.pixels.tobytes())
    return found.hexdigest()


def test_scenes_come_only_where_they_are_named() -> None:
    assert "scene" not in DOCUMENTS
    assert set(DOCUMENTS) | {"scene"} == set(PROFILES)
    assert digest(taken(40, LineOptions())) == digest(taken(40, LineOptions(profiles=DOCUMENTS)))


def test_words_are_as_promised() -> None:
    samples = taken(200)
    for sample in samples:
        height, width = sample.pixels.shape
        assert sample.pixels.dtype == np.uint8
        assert LOWEST <= height <= HIGHEST
        assert width >= 2
        assert sample.text
        assert " " not in sample.text
        assert set(sample.text) <= set(CHARACTERS)
    assert digest(samples[:20]) == digest(list(islice(lines(5, SCENES, workers=2), 20)))


def test_words_of_scenes_are_in_all_cases_and_numbers() -> None:
    known = Texts(CHARACTERS, SCENE)
    texts = [known.draw(np.random.default_rng([3, number])) for number in range(1500)]
    assert all(len(text) <= 30 and " " not in text for text in texts)
    assert 0.3 < np.mean([text.isupper() for text in texts]) < 0.6
    assert 0.1 < np.mean([text.islower() for text in texts]) < 0.4
    assert 0.05 < np.mean([text.isdigit() for text in texts]) < 0.2
    assert set("abcdefghijklmnopqrstuvwxyz0123456789") <= set("".join(texts).lower())


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "cs", "da", "hu"])
def test_a_sign_is_one_word(language: str) -> None:
    for number in range(300):
        text = sign(np.random.default_rng([9, number]), language)
        assert text == text.strip()
        assert text
        assert " " not in text


def test_words_are_dark_on_light_and_of_many_contrasts() -> None:
    samples = taken(300)
    # Letters cover less than half, so that the mean lies on the ground's side of the middle.
    middles = [np.mean(np.percentile(sample.pixels, [3, 97])) for sample in samples]
    assert np.mean([s.pixels.mean() > middle for s, middle in zip(samples, middles, strict=True)]) > 0.75
    spans = [np.ptp(np.percentile(sample.pixels, [3, 97])) for sample in samples]
    assert np.percentile(spans, 10) < 110
    assert np.percentile(spans, 90) > 180


def test_a_clean_word_is_left_as_it_was_drawn() -> None:
    flat = [len(np.unique(s.pixels)) for s in taken(40, LineOptions(profiles=("scene",), clean=1.0))]
    assert np.mean([count == 2 for count in flat]) > 0.25


@pytest.mark.parametrize("shape", [(4, 4), (20, 300), (120, 30), (60, 900)])
def test_any_shape_of_ink_is_bent_and_cut(shape: tuple[int, int]) -> None:
    text = np.zeros(shape, np.uint8)
    text[shape[0] // 4 : shape[0] // 2 + 1, shape[1] // 4 : shape[1] // 2 + 1] = 255
    for number in range(40):
        rng = np.random.default_rng([4, number])
        ink = scenes.shaped(rng, Ink(text, text, shape[0] / 2, 24), 20, clean=False)
        assert ink.around is not None
        assert ink.around.shape == ink.text.shape
        cover = scenes.cropped(rng, ink)
        assert cover is None or cover.size


def test_nothing_is_cut_out_where_there_is_no_ink() -> None:
    blank = np.zeros((30, 60), np.uint8)
    assert scenes.cropped(np.random.default_rng(1), Ink(blank, None, 20, 24)) is None
