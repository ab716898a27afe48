"""Recurrent attention on numbers: NumPy reads as Keras teaches, and what is drawn is what it says."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ocr_plugins.api import compare
from ocr_plugins.cli import app
from ocr_plugins.document import Page
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.glimpses.canvas import HEIGHT, WIDTH, canvas_of, place_on_canvas
from ocr_plugins.glimpses.drawing import handwritten, house_number, labels_of
from ocr_plugins.glimpses.network import END, FORMAT, LONGEST, PATCH, Network, glimpse
from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.synth.fonts import find_fonts
from ocr_plugins.testing import check_engine

TRAINING = Path(__file__).parents[1] / "scripts" / "train_dram.py"


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, Network, Path]:
    """A network that has learnt nothing yet, as Keras and as NumPy have it, and its file."""
    script = runpy.run_path(str(TRAINING))
    reader = script["Reader"]()
    reader(np.zeros((1, HEIGHT, WIDTH), np.float32))
    network: Network = reader.exported()
    path = tmp_path_factory.mktemp("dram") / "untaught.npz"
    network.save(path)
    return reader, network, path


@pytest.mark.slow
def test_numpy_reads_as_keras_teaches(taught: tuple[object, Network, Path]) -> None:
    reader, network, path = taught
    canvases = np.random.default_rng(1).random((3, HEIGHT, WIDTH)).astype(np.float32)
    expected = np.asarray(reader(canvases))  # type: ignore[operator]
    said = network.scores(canvases)
    assert said.shape == (3, LONGEST, 11)
    assert np.abs(said - expected).max() < 1e-4
    kept = Network.load(path).scores(canvases)
    assert np.abs(kept - said).max() < 0.05, "in half precision"


@pytest.mark.slow
def test_training_goes_on_where_it_stopped(taught: tuple[object, Network, Path], tmp_path: Path) -> None:
    Training = runpy.run_path(str(TRAINING))["Training"]  # noqa: N806 - a class
    rng = np.random.default_rng(2)
    canvases = rng.random((4, HEIGHT, WIDTH)).astype(np.float32)
    labels = np.stack([labels_of(text) for text in ("1", "25", "3", "906")])
    middles = np.tile(np.linspace(-0.5, 0.5, LONGEST, dtype=np.float32), (4, 1))
    first = Training(tmp_path / "a.npz", 10)
    losses = [float(first.learn(canvases, labels, middles)[0]) for _ in range(2)]
    kept = first.keep()
    assert losses[1] < losses[0] * 1.01
    assert np.abs(kept.scores(canvases) - np.asarray(first.reader(canvases))).max() < 0.05
    second = Training(tmp_path / "a.npz", 10)
    assert int(second.step) == 2
    assert np.allclose(np.asarray(second.reader(canvases)), np.asarray(first.reader(canvases)), atol=1e-5)
    assert [float(one) for one in second.learn(canvases, labels, middles)] == pytest.approx(
        [float(one) for one in first.learn(canvases, labels, middles)], abs=1e-4
    )


def test_contract() -> None:
    check_engine("dram", expect_text=False)


@pytest.mark.slow
def test_weights_of_ones_own(taught: tuple[object, Network, Path]) -> None:
    check_engine(f"dram:weights={taught[2]}", expect_text=False)


@pytest.mark.parametrize("draw", ["hands", "houses"])
def test_drawn_numbers_are_read(draw: str) -> None:
    rng, fonts = np.random.default_rng(11), find_fonts()
    numbers = [
        handwritten(rng, LONGEST) if draw == "hands" else house_number(rng, fonts, LONGEST) for _ in range(60)
    ]
    pages = list(
        open_engine("dram").read(PageImage(pixels=number.picture, level="word") for number in numbers)
    )
    right = 0
    for page, number in zip(pages, numbers, strict=True):
        assert isinstance(page, Page)
        right += page.text == number.text
        for word in page.iter_words():
            assert len(word.glyphs) == len(word.text)
            assert 0 <= (word.confidence or 0) <= 1
    assert right >= 45


def test_handwritten_digits_of_mnist(corpora: Path) -> None:
    if not (corpora / "mnist_digits").is_dir():
        pytest.skip("the corpus mnist_digits is not here")
    study = compare(str(corpora / "mnist_digits"), "dram", store=False, workers=min(os.cpu_count() or 1, 2))
    assert 1 - study.table().iloc[0]["wer"] >= 0.95


def test_pages_need_a_detector(tmp_path: Path) -> None:
    Image.new("L", (90, 60), 255).save(tmp_path / "page.png")
    done = CliRunner().invoke(app, ["read", str(tmp_path / "page.png"), "-e", "dram", "--no-store"])
    assert done.exit_code
    assert "'dram' does not read a page: say dram:detector=components" in done.output + str(done.exception)


def test_damaged_weights_are_told(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="cannot be read"):
        open_engine(f"dram:weights={tmp_path / 'missing.npz'}")
    file = tmp_path / "own.npz"
    file.write_bytes(b"nonsense")
    with pytest.raises(EngineUnavailableError, match="no weights of this engine"):
        open_engine(f"dram:weights={file}")
    np.savez(file, format=np.array(FORMAT), **{"where.kernel": np.zeros((3, 4))})
    with pytest.raises(EngineUnavailableError, match="no weights of this engine"):
        open_engine(f"dram:weights={file}")


def test_a_glimpse_sees_where_it_looks() -> None:
    canvas = np.zeros((1, HEIGHT, WIDTH), np.float32)
    canvas[0, 10:14, 90:94] = 1
    centre = np.array(
        [[np.arctanh(2 * 92 / WIDTH - 1), np.arctanh(2 * 12 / HEIGHT - 1), -0.5, -0.5]], np.float32
    )
    seen = glimpse(canvas, centre)
    assert seen.shape == (1, PATCH, PATCH, 1)
    assert seen[0, PATCH // 2, PATCH // 2, 0] > 0.8
    assert glimpse(canvas, centre * np.array([[-1, 1, 1, 1]], np.float32)).max() < 0.01


@pytest.mark.parametrize("light", [False, True])
def test_pictures_become_light_on_dark(light: bool) -> None:
    picture = np.full((40, 60), 230, np.uint8)
    picture[10:30, 25:30] = 20
    canvas = canvas_of(255 - picture if light else picture)
    assert canvas is not None
    assert canvas.shape == (HEIGHT, WIDTH)
    assert 0 <= canvas.min() <= canvas.max() <= 1
    assert canvas.mean() < 0.3
    assert canvas_of(np.full((40, 60, 3), 128, np.uint8)) is None


def test_numbers_are_drawn_with_what_they_say() -> None:
    rng, fonts = np.random.default_rng(3), find_fonts()
    for longest in (1, 5):
        for drawn in (handwritten(rng, longest), house_number(rng, fonts, longest)):
            assert drawn.text.isdigit()
            assert 1 <= len(drawn.text) == len(drawn.middles) <= longest
            assert drawn.picture.dtype == np.uint8
            canvas = canvas_of(drawn.picture)
            assert canvas is not None
            left, _, right, _ = place_on_canvas(drawn.picture.shape)
            for middle in drawn.middles:
                x = int(left + middle * (right - left))
                assert canvas[:, max(x - 5, 0) : x + 6].max() > 0.5, "a digit is where it is said to be"
    labels = labels_of("907")
    assert labels.tolist() == [9, 0, 7, END, -1, -1]
