"""The trainer of keras-ocr's recogniser, in its own environment, and the adapter with what it wrote."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from ocr_plugins.adapters import keras_ocr_recognizer

from ocr_plugins import load_manifest, open_engine
from ocr_plugins.document import Page
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.evaluation.scoring import score_texts
from ocr_plugins.host import prepare_engine
from ocr_plugins.synth.lines import LineOptions, lines
from ocr_plugins.synth.output import write_lines

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).parents[1] / "scripts"
TINY = {"width": 48, "filters": [8, 8, 8, 16, 16, 32, 32], "rnn_units": [32, 32], "dropout": 0.0}
SET_ATTRIBUTE = """
import h5py, sys
with h5py.File(sys.argv[1], "r+") as file:
    file.attrs["ocr_plugins_recognizer"] = sys.argv[2]
"""
GIVEN = {
    "version": 1,
    "alphabet": "abc",
    "build_params": {
        "height": 31,
        "width": 96,
        "color": False,
        "filters": [8] * 7,
        "rnn_units": [8, 8],
        "dropout": 0,
        "rnn_steps_to_discard": 2,
        "pool_size": 2,
        "stn": False,
    },
}


@pytest.fixture(scope="module")
def python() -> str:
    found = environment_python("keras-ocr")
    assert found, "run: ocr-plugins engines install keras-ocr"
    return str(found)


@pytest.fixture(scope="module")
def module() -> ModuleType:
    """scripts/keras_ocr_words.py, which needs nothing of keras-ocr for its batches."""
    spec = importlib.util.spec_from_file_location("keras_ocr_words", SCRIPTS / "keras_ocr_words.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    # Its dataclasses look for the module they are of.
    sys.modules["keras_ocr_words"] = found
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 short numbers that are soon learnt, a word without letters, and one without a picture."""
    folder = tmp_path_factory.mktemp("samples")
    options = LineOptions(profiles=("scene",), clean=1.0, characters="0147")
    words = (word for word in lines(3, options) if len(word.text) < 3 and word.pixels.shape[0] > 24)
    write_lines(islice(words, 40), folder)
    with (folder / "manifest.jsonl").open("a", encoding="utf-8") as out:
        first = next(folder.glob("images/*.png"))
        out.write(json.dumps({"id": "signs", "image": f"images/{first.name}", "text": "?!"}) + "\n")
        out.write(json.dumps({"id": "gone", "image": "images/gone.png", "text": "gone"}) + "\n")
    return folder


def trained(python: str, samples: Path, out: Path, *options: object) -> subprocess.CompletedProcess[str]:
    script = SCRIPTS / "train_keras_ocr.py"
    command = [python, script, samples, "--out", out, "--seed", 2, "--batch", 8, "--rate", 0.01]
    command += ["--build", json.dumps(TINY), "--threads", 1, *options]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def twice(python: str, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Weights of a training in two parts, and what the second part printed."""
    out = tmp_path_factory.mktemp("weights") / "tiny.h5"
    assert trained(python, samples, out, "--epochs", 4).returncode == 0
    valid = samples.parent / "valid.jsonl"
    rows = [json.loads(line) for line in (samples / "manifest.jsonl").read_text().splitlines()][:12]
    rows = [row | {"image": str(samples / row["image"]), "level": "word"} for row in rows]
    valid.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = trained(python, samples, out, "--epochs", 120, "--validate", valid)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_a_training_goes_on_where_it_ended(twice: tuple[Path, str]) -> None:
    out, said = twice
    assert "40 words, 2 left out" in said
    assert "going on from step 20\n" in said
    assert "step 600: CER" in said
    assert out.stat().st_size < 500_000


def test_the_adapter_reads_as_the_trainer_measured(
    twice: tuple[Path, str], samples: Path, module: ModuleType
) -> None:
    out, said = twice
    rows = load_manifest(samples.parent / "valid.jsonl").rows
    engine = open_engine(f"keras-ocr:recognizer={out}")
    try:
        assert set(engine.info.weights) == {"craft_mlt_25k.pth", "tiny.h5"}
        pages = list(engine.read([row.ref().load() for row in rows]))
    finally:
        engine.close()
    errors = length = 0
    for row, page in zip(rows, pages, strict=True):
        assert isinstance(page, Page)
        truth = module.normalised(row.text or "", keras_ocr_recognizer.ALPHABET)
        errors += score_texts(truth, page.text).char_errors or 0
        length += len(truth)
    told = re.search(r"CER ([\d.]+)", said)
    assert told is not None
    assert errors / length == pytest.approx(float(told[1]), abs=1e-4)
    assert errors / length < 0.5, "it has learnt something"


def test_a_checkpoint_of_another_training_is_refused(
    python: str, samples: Path, twice: tuple[Path, str]
) -> None:
    done = trained(python, samples, twice[0], "--epochs", 80, "--seed", 3)
    assert done.returncode == 1
    assert "is of another training" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_checkpoint_is_named(
    python: str, samples: Path, twice: tuple[Path, str], tmp_path: Path
) -> None:
    (tmp_path / "last.npz").write_bytes((twice[0].with_suffix(".training") / "last.npz").read_bytes()[:5000])
    done = trained(python, samples, twice[0], "--epochs", 80, "--checkpoint", tmp_path)
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_a_manifest_is_named(python: str, tmp_path: Path) -> None:
    done = trained(python, tmp_path, tmp_path / "own.h5", "--epochs", 1)
    assert done.returncode == 1
    assert "manifest.jsonl cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("attribute", "says"),
    [
        ("no JSON", "is no JSON"),
        ("[]", "is not of version 1"),
        (json.dumps(GIVEN | {"version": 2}), "is not of version 1"),
        (json.dumps(GIVEN | {"alphabet": "aab"}), "has no alphabet of different characters"),
        (json.dumps(GIVEN | {"alphabet": ""}), "has no alphabet"),
        (json.dumps(GIVEN | {"build_params": {}}), "wrong build_params: they are not height, "),
        (
            json.dumps(GIVEN | {"build_params": GIVEN["build_params"] | {"filters": [1, 2]}}),  # type: ignore[operator]
            "filters is no list of 7 whole numbers",
        ),
        (
            json.dumps(GIVEN | {"build_params": GIVEN["build_params"] | {"dropout": float("nan")}}),  # type: ignore[operator]
            "dropout is no number",
        ),
        (
            json.dumps(GIVEN | {"build_params": GIVEN["build_params"] | {"width": 8}}),  # type: ignore[operator]
            "no step is left of the width",
        ),
    ],
)
def test_nonsense_in_the_attribute_is_named(
    python: str, twice: tuple[Path, str], tmp_path: Path, attribute: str, says: str
) -> None:
    file = tmp_path / "own.h5"
    shutil.copy(twice[0], file)
    subprocess.run([python, "-c", SET_ATTRIBUTE, file, attribute], check=True)
    with pytest.raises(EngineUnavailableError, match=says) as caught:
        _ = prepare_engine(f"keras-ocr:recognizer={file}").info
    assert caught.value.kind == "wrong_weights"
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_weights_of_another_model_than_they_say_are_refused(
    python: str, twice: tuple[Path, str], tmp_path: Path
) -> None:
    file = tmp_path / "own.h5"
    shutil.copy(twice[0], file)
    subprocess.run([python, "-c", SET_ATTRIBUTE, file, json.dumps(GIVEN)], check=True)
    with pytest.raises(EngineUnavailableError, match="is not one of keras-ocr's recogniser") as caught:
        open_engine(f"keras-ocr:recognizer={file}")
    assert "\n" not in str(caught.value)


def test_given_weights_go_before_downloaded_and_these_before_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = keras_ocr_recognizer.recognizer_file
    monkeypatch.setattr(keras_ocr_recognizer, "weights_folder", lambda engine: tmp_path / engine)
    monkeypatch.setattr(keras_ocr_recognizer, "SHIPPED", tmp_path / "recognizer.h5")
    monkeypatch.setattr(keras_ocr_recognizer, "SHIPPED_SHA256", "12ab")
    (tmp_path / "recognizer.h5").write_bytes(b"weights")
    shipped = chosen("keras-ocr", None)
    assert (shipped.path.name, shipped.sha256) == ("recognizer.h5", "12ab")
    with pytest.raises(EngineUnavailableError, match="is not the known one"):
        shipped.verified("install it")
    (tmp_path / "keras-ocr").mkdir()
    (tmp_path / "keras-ocr" / "crnn_kurapan.h5").write_bytes(b"others")
    downloaded = chosen("keras-ocr", None)
    assert downloaded.path.name == "crnn_kurapan.h5"
    own = chosen("keras-ocr", tmp_path / "own.h5")
    assert own == keras_ocr_recognizer.RecognizerFile(tmp_path / "own.h5")


@pytest.mark.parametrize(
    ("text", "says", "lost"),
    [
        ("Café!", "cafe", False),
        ("100%", "100", False),
        ("Wouldn't™", "wouldnt", False),
        ("Straße", "strae", True),
        ("øl", "l", True),
        ("?!", "", False),
    ],
)
def test_texts_are_put_into_the_alphabet(module: ModuleType, text: str, says: str, lost: bool) -> None:
    assert module.normalised(text, keras_ocr_recognizer.ALPHABET) == says
    assert module.lost(text, keras_ocr_recognizer.ALPHABET) is lost


def test_batches_are_the_same_whenever_they_are_made(module: ModuleType) -> None:
    rng = np.random.default_rng(1)
    words = module.Words(
        pixels=rng.integers(0, 256, 20 * 31 * 50, np.uint8),
        starts=np.arange(20) * 31 * 50,
        shapes=np.full((20, 2), (31, 50), np.int16),
        labels=np.tile(np.arange(20, dtype=np.int8)[:, None], (1, 9)),
    )
    batches = module.Batches([words, words], 31, 96, 8, seed=4)
    assert batches.epoch == 5
    made = [batches.make(step) for step in range(10)]
    stream = batches.from_step(3, threads=2)
    for step in range(3, 7):
        batch = next(stream)
        assert np.array_equal(batch.images, made[step].images)
        assert np.array_equal(batch.labels, made[step].labels)
    stream.close()
    seen = sorted(batch.labels[place, 0] for batch in made[:5] for place in range(8))
    assert seen == sorted([*range(20), *range(20)]), "an epoch has each word once"
    assert not np.array_equal(made[0].labels, made[5].labels), "in another order each time"
    for batch in made:
        assert batch.images.shape == (8, 31, 96, 1)
        assert batch.images.min() >= 0
        assert batch.images.max() <= 1
        assert batch.lengths.tolist() == [[9]] * 8
