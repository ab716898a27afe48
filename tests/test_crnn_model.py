"""The network: padding, sizes, and the batches it is given."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from crnn_steps import steps
from crnn_toys import TOY, ToyLines, picture, toy_manifest
from PIL import Image

from ocr_plugins.crnn.alphabet import LATIN
from ocr_plugins.crnn.augmentation import augmented
from ocr_plugins.crnn.batches import Batches, Position
from ocr_plugins.crnn.model import HEIGHT, SIZES, build
from ocr_plugins.crnn.normalise import MOST_WIDTH
from ocr_plugins.crnn.sources import Mixture, TrueLines, true_lines
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, ManifestError
from ocr_plugins.synth.lines import LineSample


@pytest.fixture(scope="module")
def small() -> Any:
    return build(TOY, "small")


@pytest.mark.parametrize("width", [61, 16, 1])
def test_padding_changes_nothing(small: Any, width: int) -> None:
    rng = np.random.default_rng(0)
    line = np.full((1, HEIGHT, 120), 255, np.uint8)
    line[:, :, :width] = rng.integers(0, 256, (1, HEIGHT, width))
    widths, steps = np.array([width], np.int32), -(-width // 4)
    alone = np.asarray(small([line[:, :, :width], widths], training=False))
    padded = np.asarray(small([line, widths], training=False))
    assert alone.shape == (1, steps, TOY.size)
    np.testing.assert_allclose(alone, padded[:, :steps], atol=1e-6)


def test_the_standard_model_is_small_enough_to_ship() -> None:
    assert build(LATIN, "standard").count_params() < 1_000_000
    assert list(SIZES) == ["small", "standard", "large"]


@pytest.mark.parametrize("head", ["ctc", "attention"])
def test_pytorch_trains_the_same_network(head: str, tmp_path: Path) -> None:
    # Keras is of this environment, PyTorch of EasyOCR's.
    python = environment_python("easyocr")
    assert python, "run: ocr-plugins engines install easyocr"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    script = Path(__file__).with_name("crnn_steps.py")
    command = [sys.executable, str(script), head, str(tmp_path / "torch.npz"), packages]
    # The limit is what Tesseract is run with; PyTorch by itself would wait for a second thread for ever.
    given = {**os.environ, "KERAS_BACKEND": "torch", "OMP_THREAD_LIMIT": "1"}
    subprocess.run(command, check=True, env=given, timeout=300)
    with np.load(tmp_path / "torch.npz") as torch:
        for name, array in steps(head).items():
            np.testing.assert_allclose(torch[name], array, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.parametrize(
    ("options", "named"),
    [({"size": "huge"}, "huge"), ({"head": "crf"}, "crf"), ({"precision": "int4"}, "int4")],
)
def test_an_unknown_choice_is_named(options: dict[str, str], named: str) -> None:
    with pytest.raises(CallError, match=named):
        build(TOY, **options)


def test_batches_hold_every_line_once_and_go_on_where_they_were() -> None:
    batches = Batches(ToyLines(3), TOY, columns=1024, window=64)
    found = list(itertools.islice(batches.stream(Position()), 12))
    again = list(itertools.islice(batches.stream(found[4].after), 7))
    for one, other in zip(found[5:], again, strict=True):
        np.testing.assert_array_equal(one.lines, other.lines)
        np.testing.assert_array_equal(one.targets, other.targets)
    first = [batch for batch in found if batch.after.window == 0]
    texts = []
    for batch in [*first, found[len(first)]]:
        for row in range(batch.count):
            length = batch.targets[row, 0]
            texts.append(TOY.decode(batch.targets[row, 2 : 2 + length]))
            assert batch.widths[row] <= batch.lines.shape[2]
    assert sorted(texts) == sorted(s.text for s in itertools.islice(ToyLines(3).stream(), 64))


class _Given:
    name = "given"

    def __init__(self, *samples: LineSample) -> None:
        self._samples = samples

    def stream(self, start: int = 0):
        for number in itertools.count(start):
            yield self._samples[number % len(self._samples)]


def test_what_cannot_be_learnt_is_counted_and_left_out() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (36, 9000), np.uint8)
    source = _Given(
        LineSample(picture("abc"), "abc"),
        LineSample(noise, "abc"),
        LineSample(picture("ab"), "ж"),
        LineSample(picture("a"), "abcdabcdabcd" * 9),
        LineSample(np.zeros((1, 1), np.uint8), "a"),
        LineSample(picture("ab"), " "),
    )
    batches = Batches(source, TOY, columns=1024, window=6)
    batch = next(batches.stream(Position()))
    assert batch.count >= 1
    assert batches.dropped[f"wider than {MOST_WIDTH} px"] == 1
    assert batches.dropped["characters outside the alphabet"] == 1
    assert batches.dropped["too many characters for its width"] >= 1
    assert batches.dropped["without text or a readable picture"] == 2
    assert batches.missing == {"ж": 1}


def test_a_source_without_a_usable_line_is_an_error_that_says_why() -> None:
    batches = Batches(_Given(LineSample(picture("ab"), "жук")), TOY, window=4)
    with pytest.raises(CallError, match=r"outside the alphabet.*U\+0436"):
        next(batches.stream(Position()))


def test_a_mixture_keeps_its_proportions_and_can_begin_anywhere() -> None:
    mixture = Mixture([(ToyLines(1), 3), (ToyLines(2), 1)])
    whole = list(itertools.islice(mixture.stream(), 40))
    late = list(itertools.islice(mixture.stream(13), 27))
    assert [s.text for s in whole[13:]] == [s.text for s in late]
    ones = [s.text for s in itertools.islice(ToyLines(1).stream(), 30)]
    twos = iter([s.text for s in itertools.islice(ToyLines(2).stream(), 10)])
    rest = iter(ones)
    expected_first, left = next(rest), 0
    for sample in whole:
        if sample.text == expected_first:
            expected_first, left = next(rest, ""), left + 1
        else:
            assert sample.text == next(twos)
    assert left == 30


def test_lines_of_manifests_rows_and_boxes(tmp_path: Path) -> None:
    page = np.full((100, 200), 255, np.uint8)
    page[10:46, 5 : 5 + picture("abcd").shape[1]] = picture("abcd")
    Image.fromarray(page).convert("RGB").save(tmp_path / "p.png")
    row = {"id": "p", "image": "p.png", "text": "abcd", "level": "page"}
    box = [5, 10, 5 + picture("abcd").shape[1], 46]
    path = tmp_path / "pages.jsonl"
    path.write_text(json.dumps(row | {"lines": [{"text": "  abcd ", "box": box}, {"text": "", "box": box}]}))
    lines = true_lines([path, toy_manifest(tmp_path / "toys", 3)])
    assert lines[0].text == "abcd"
    assert len(lines) == 4
    source = TrueLines(lines[:1], 0, augment=False)
    np.testing.assert_array_equal(next(source.stream()).pixels, picture("abcd"))
    late = [s.text for s in itertools.islice(TrueLines(lines, 0).stream(), 5, 9)]
    assert late == [s.text for s in itertools.islice(TrueLines(lines, 0).stream(5), 4)]
    path.write_text(json.dumps(row))
    with pytest.raises(ManifestError, match="without the places of its lines"):
        true_lines([path])
    path.write_text("")
    with pytest.raises(ManifestError, match="empty"):
        true_lines([path])
    path.write_text(json.dumps(row | {"level": "line", "text": " "}))
    with pytest.raises(ManifestError, match="no line with text"):
        true_lines([path])


@pytest.mark.parametrize("shape", [(1, 1), (36, 98), (20, 900), (64, 5)])
def test_augmentation_changes_a_line_mildly(shape: tuple[int, int]) -> None:
    line = np.full(shape, 220, np.uint8)
    line[shape[0] // 3 : shape[0] // 2] = 20
    for seed in range(8):
        changed = augmented(line, np.random.default_rng(seed))
        assert changed.dtype == np.uint8
        assert changed.shape[0] == shape[0]
        np.testing.assert_array_equal(changed, augmented(line, np.random.default_rng(seed)))
