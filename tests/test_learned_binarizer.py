"""The learned binariser: what it takes away, what it keeps, and when it refuses."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_plugins.decode import decode
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.preprocess import learned
from ocr_plugins.preprocess.learned import WEIGHTS, WEIGHTS_SHA256, binarise, enhance
from ocr_plugins.samples import samples_manifest
from ocr_plugins.weights import sha256_of


@pytest.fixture
def fresh() -> Iterator[None]:
    """The network is opened anew, and afterwards too."""
    learned._session.cache_clear()
    yield
    learned._session.cache_clear()


def letter() -> np.ndarray:
    """Clean print, uint8 (h, w)."""
    pixels, _ = decode(samples_manifest().parent / "letter.png", "letter.png")
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, np.uint8)


def shaded(page: np.ndarray) -> np.ndarray:
    """Under a lamp at one corner, with grain: the paper far from it is darker than ink beside it."""
    y, x = np.mgrid[0 : 1 : page.shape[0] * 1j, 0 : 1 : page.shape[1] * 1j]
    ink_is_dark_grey = 80 + page * (175 / 255)
    grain = np.random.default_rng(5).normal(0, 4, page.shape)
    return np.clip(ink_is_dark_grey * (1 - 0.38 * (x + y)) + grain, 0, 255).astype(np.uint8)


def by_otsu(page: np.ndarray) -> np.ndarray:
    _, binary = cv2.threshold(page, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return np.asarray(binary, np.uint8)


def agreement(found: np.ndarray, truth: np.ndarray) -> float:
    """F-measure of black pixels."""
    return float(2 * ((found < 128) & (truth < 128)).sum() / ((found < 128).sum() + (truth < 128).sum()))


def test_the_weights_are_the_known_ones_and_small() -> None:
    assert sha256_of(WEIGHTS) == WEIGHTS_SHA256
    assert WEIGHTS.stat().st_size < 1_000_000
    assert WEIGHTS_SHA256 in WEIGHTS.with_suffix(".md").read_text(encoding="utf-8")


def test_uneven_light_goes_and_the_ink_stays() -> None:
    page = letter()
    dark = shaded(page)
    assert agreement(by_otsu(dark), by_otsu(page)) < 0.3
    assert agreement(binarise(dark), by_otsu(page)) > 0.88


def test_clean_print_in_two_levels_stays_as_it_is() -> None:
    page = by_otsu(letter())
    assert agreement(binarise(page), page) > 0.97


def test_what_shows_through_goes() -> None:
    page = letter()
    behind = cv2.GaussianBlur(page[:, ::-1], (0, 0), 2)
    through = np.minimum(page, 160 + behind * (95 / 255)).astype(np.uint8)
    assert agreement(binarise(through), by_otsu(page)) > 0.88


@pytest.mark.parametrize("level", [0, 90, 200, 255])
def test_a_page_of_one_colour_has_no_ink(level: int) -> None:
    assert (binarise(np.full((300, 500), level, np.uint8)) == 255).all()


@settings(max_examples=15)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_any_size_gives_black_and_white_of_that_size(height: int, width: int, seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    binary = binarise(grey)
    assert binary.shape == grey.shape
    assert binary.dtype == np.uint8
    assert set(np.unique(binary)) <= {0, 255}


def test_rows_of_pixels_that_do_not_lie_side_by_side() -> None:
    page = letter()[200:400]
    both = np.stack([page, page], axis=2)
    assert (enhance(both[:, :, 0]) == enhance(page)).all()


@pytest.mark.parametrize("shape", [(1024, 1024), (1025, 300), (300, 1921), (1400, 1100)])
def test_tiles_leave_no_trace(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    page = np.resize(shaded(letter()), shape)
    tiled = enhance(page).astype(int)
    monkeypatch.setattr(learned, "_TILE", 4096)
    whole = enhance(page).astype(int)
    assert np.abs(tiled - whole).mean() < 0.05
    assert ((tiled < 128) != (whole < 128)).mean() < 1e-4


def test_altered_weights_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    path = tmp_path / "binarizer.onnx"
    path.write_bytes(WEIGHTS.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(learned, "WEIGHTS", path)
    with pytest.raises(EngineUnavailableError, match="not the known one") as caught:
        binarise(letter())
    assert caught.value.kind == "wrong_hash"
