"""The classical baseline: glyphs cut out and classified one by one, through the contract of all engines."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from ocr_plugins.adapters.hog import SHIPPED, Machine
from ocr_plugins.adapters.hog_glyphs import features, fitted, glyphs_of

from ocr_plugins.api import compare, evaluate
from ocr_plugins.document import Page
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.synth.digits import BOX, SIDE, WAYS, draw_digit
from ocr_plugins.testing import check_engine, drawn_page


def test_contract() -> None:
    check_engine("hog", expect_text=True)


def test_it_reads_clean_print() -> None:
    engine = open_engine("hog")
    (page,) = engine.read([drawn_page("The quick brown fox jumps 12345", "line", 40)])
    assert isinstance(page, Page)
    # Glyph by glyph, some of one shape are taken for one another.
    assert evaluate("the quick brown fox jumps 12345", page.text.casefold()).char_errors in range(4)
    words = list(page.iter_words())
    assert len(words) == 6
    assert all(0 <= (glyph.confidence or 0) <= 1 for word in words for glyph in word.glyphs)


def test_glyphs_of_a_line_stand_from_left_to_right_with_their_dots() -> None:
    found = glyphs_of(drawn_page("iji x", "line", 60).pixels)
    assert len(found) == 4
    assert [glyph.box[0] for glyph in found] == sorted(glyph.box[0] for glyph in found)
    assert found[0].place[0] > found[3].place[0], "the dot belongs to its letter"
    assert features(found).shape == (4, 328)


def test_what_is_no_ink_has_no_glyphs() -> None:
    assert glyphs_of(np.full((40, 200), 255, np.uint8)) == []
    assert glyphs_of(np.zeros((40, 200, 3), np.uint8)) == []


def test_a_glyph_is_fitted_into_its_box() -> None:
    out = fitted(np.full((100, 10), 255, np.uint8))
    assert out.shape == (SIDE, SIDE)
    assert np.flatnonzero(out.any(axis=1)).size == BOX


@pytest.mark.parametrize("digit", range(10))
def test_drawn_digits_are_read_and_are_like_those_of_mnist(digit: int) -> None:
    rng = np.random.default_rng(digit)
    drawn = [draw_digit(rng, digit) for _ in range(40)]
    for picture in drawn:
        assert picture.shape == (SIDE, SIDE)
        assert picture.max() > 120
        rows, columns = np.nonzero(picture > 30)
        assert max(np.ptp(rows), np.ptp(columns)) <= BOX
    engine = open_engine("hog:weights=digits")
    results = list(engine.read(PageImage(pixels=picture, level="word") for picture in drawn))
    right = sum(isinstance(result, Page) and result.text == str(digit) for result in results)
    assert right >= 35


def test_the_same_seed_draws_the_same() -> None:
    one, other = (draw_digit(np.random.default_rng(7), 3) for _ in range(2))
    assert (one == other).all()
    assert set(WAYS) == set(range(10))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nonsense"])
def test_damaged_weights_are_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "own.npz"
    file.write_bytes(content)
    with pytest.raises(EngineUnavailableError, match="no weights of this engine"):
        open_engine(f"hog:weights={file}")
    with pytest.raises(EngineUnavailableError, match="cannot be read"):
        open_engine("hog:weights=missing.npz")
    with pytest.raises(CallError, match="weights=prnt is not allowed"):
        open_engine("hog:weights=prnt")


def test_weights_of_ones_own(tmp_path: Path) -> None:
    machine = Machine.load(SHIPPED["digits"])
    machine.save(tmp_path / "own.npz")
    again = Machine.load(tmp_path / "own.npz")
    assert again.characters == machine.characters == "0123456789"
    assert np.allclose(again.weights, machine.weights)


def test_handwritten_digits_of_mnist(corpora: Path) -> None:
    if not (corpora / "mnist_digits").is_dir():
        pytest.skip("the corpus mnist_digits is not here")
    study = compare(
        str(corpora / "mnist_digits"), "hog:weights=digits", store=False, workers=min(os.cpu_count() or 1, 2)
    )
    assert 1 - study.table().iloc[0]["wer"] >= 0.93
