"""Synthetic lines: reproducible, and what they say is what is drawn."""

from __future__ import annotations

import string
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from ocr_plugins import read
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation.scoring import score_texts
from ocr_plugins.synth import camera, paper
from ocr_plugins.synth.degrading import MODES, degrade
from ocr_plugins.synth.lines import HIGHEST, LOWEST, LineOptions, LineSample, line_maker, lines
from ocr_plugins.synth.profiles import PROFILES

_ENGLISH = string.ascii_letters + string.digits + " .,;:!?()-"


def taken(count: int, **arguments: int) -> list[LineSample]:
    stream: Iterator[LineSample] = lines(5, **arguments)
    return list(islice(stream, count))


def alike(some: list[LineSample], others: list[LineSample]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(one.text == other.text and np.array_equal(one.pixels, other.pixels) for one, other in pairs)


def test_lines_are_as_promised() -> None:
    for sample in taken(200):
        height, width = sample.pixels.shape
        assert sample.pixels.dtype == np.uint8
        assert LOWEST <= height <= HIGHEST
        assert width >= 3
        assert sample.text == " ".join(sample.text.split())
        assert sample.text


def test_a_sample_depends_on_its_number_alone() -> None:
    first = taken(12)
    assert alike(first, taken(12))
    assert alike(first[8:], taken(4, start=8))
    assert not alike(first[:1], first[1:2])


def test_processes_draw_the_same_in_the_same_order() -> None:
    stream = lines(5, workers=2, start=3)
    found = list(islice(stream, 70))
    stream.close()  # type: ignore[attr-defined]
    assert alike(found, taken(70, start=3))


def test_text_is_dark_on_light() -> None:
    light = [np.median(sample.pixels) > sample.pixels.min() + 20 for sample in taken(100)]
    assert np.mean(light) > 0.95


def test_two_levels_and_greys_are_both_frequent() -> None:
    levels = [len(np.unique(sample.pixels)) for sample in taken(150)]
    assert 0.25 < np.mean([count == 2 for count in levels]) < 0.75


@pytest.mark.parametrize("profile", PROFILES)
def test_each_kind_of_document_draws(profile: str) -> None:
    maker = line_maker(LineOptions(profiles=(profile,)))
    assert all(sample.text for sample in islice(maker.stream(1), 5))


def test_nothing_but_given_characters_is_drawn() -> None:
    maker = line_maker(LineOptions(characters="0123456789.,- "))
    assert all(set(sample.text) <= set("0123456789.,- ") for sample in islice(maker.stream(1), 30))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("shape", [(30, 200), (1, 1), (16, 9000), (700, 300)])
def test_every_mode_takes_every_shape(mode: str, strength: float, shape: tuple[int, int]) -> None:
    cover = np.zeros(shape, np.uint8)
    cover[shape[0] // 3 : shape[0] // 2 + 1, shape[1] // 4 : shape[1] // 2 + 1] = 255
    for seed in range(8):
        pixels = degrade(np.random.default_rng(seed), cover, 24, mode, strength)
        assert pixels.shape == shape
        assert pixels.dtype == np.uint8


def test_blank_and_full_pages_stay_so() -> None:
    rng = np.random.default_rng(1)
    assert camera.bilevel(rng, np.zeros((20, 40), np.float32), 20, 0).min() == 255
    assert camera.bilevel(rng, np.ones((20, 40), np.float32), 20, 0).max() == 0


@pytest.mark.parametrize("grain", paper.GRAINS)
def test_noise_is_normed(grain: float) -> None:
    found = paper.noise(np.random.default_rng(2), (150, 2500), grain)
    assert abs(found.mean()) < 0.1
    assert 0.85 < found.std() < 1.15


@pytest.mark.parametrize(
    "wrong",
    [{"characters": " "}, {"clean": 1.5}, {"clean": -0.1}, {"strength": 3}, {"profiles": ("poster",)}],
)
def test_wrong_options_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(CallError, match=r".+: .+"):
        LineOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"workers": -1}, {"start": -2}])
def test_negative_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(CallError, match="from 0 up"):
        lines(**({"seed": 1} | wrong))


def test_what_is_drawn_is_what_it_says() -> None:
    """Large clean lines of plain English print, read by Tesseract."""
    options = LineOptions(characters=_ENGLISH, profiles=("book", "journal"), clean=1.0)
    clean = (s for s in lines(3, options) if s.pixels.shape[0] >= 34 and len(s.text) >= 25)
    samples = list(islice(clean, 25))
    padded = [np.pad(sample.pixels, 20, constant_values=255) for sample in samples]
    pages = read(padded, "tesseract:psm=7", workers=0, store=False).pages
    scores = [score_texts(sample.text, page.text) for sample, page in zip(samples, pages, strict=True)]
    assert sum(score.char_errors or 0 for score in scores) < 0.05 * sum(score.char_length for score in scores)
