"""The weights file: what onnxruntime reads is what Keras reads, and nothing is lost in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from crnn_toys import TOY

from ocr_plugins.crnn.export import TOLERANCE, export, read_weights
from ocr_plugins.crnn.files import write_whole
from ocr_plugins.crnn.finetune import trained_model
from ocr_plugins.crnn.model import build, named_weights
from ocr_plugins.crnn.model_file import read_facts
from ocr_plugins.crnn.runtime import Network
from ocr_plugins.errors import CallError, EngineUnavailableError


def disturbed(head: str):
    """A network whose batch normalisation does something, as after a training."""
    model = build(TOY, "small", head)
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if "moving_variance" in weight.path:
            weight.assign(rng.uniform(0.5, 2, weight.shape))
        elif weight.path.split("/")[-1] in ("gamma", "beta", "bias", "moving_mean"):
            weight.assign(rng.normal(0.3, 0.5, weight.shape))
    return model


@pytest.mark.parametrize("head", ["ctc", "attention"])
def test_onnxruntime_reads_as_keras_does(tmp_path: Path, head: str) -> None:
    model, path = disturbed(head), tmp_path / "toy.onnx"
    off = export(model, TOY, path, size="small", head=head, name="toy", card={"data": "none"})
    assert off < TOLERANCE
    found = read_weights(path)
    for name, wanted in named_weights(model).items():
        np.testing.assert_array_equal(found[name], wanted)
    assert set(found) == set(named_weights(model))


def test_the_runtime_opens_what_was_exported(tmp_path: Path) -> None:
    model, path = disturbed("ctc"), tmp_path / "toy.onnx"
    export(model, TOY, path, size="small", head="ctc", name="toy", card={"data": {"source": "none"}})
    facts = read_facts(path)
    assert (facts.alphabet, facts.height, facts.stride) == (TOY.characters, 40, 4)
    assert (facts.name, facts.size, facts.card) == ("toy", "small", {"data": {"source": "none"}})
    lines = [np.random.default_rng(i).integers(0, 256, (40, 37 + 50 * i), np.uint8) for i in range(3)]
    for line, log_probs in zip(lines, Network(path).log_probs(lines), strict=True):
        logits = model([line[None], np.array([line.shape[1]], np.int32)], training=False)
        exact = np.asarray(logits)[0]
        exact = exact - np.log(np.exp(exact).sum(axis=-1, keepdims=True))
        np.testing.assert_allclose(log_probs, exact, atol=1e-4)
    again, _ = trained_model(path)
    for name, wanted in named_weights(model).items():
        np.testing.assert_array_equal(named_weights(again.model)[name], wanted)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(b"\x08\x08no model")
    for path in (other, tmp_path / "none.onnx"):
        with pytest.raises(EngineUnavailableError):
            trained_model(path)


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "weights.onnx"
    write_whole(path, b"good")
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from ocr_plugins.crnn.files import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "write_whole(Path(sys.argv[1]), bytes(100_000))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert "cannot be written (File too large)" in done.stderr
    assert path.read_bytes() == b"good"
    assert [file.name for file in tmp_path.iterdir()] == ["weights.onnx"]


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CallError, match="cannot be written"):
        write_whole(tmp_path / "file" / "x.onnx", b"")
