"""keras-ocr for real: on real pages with the package's own weights, and with others made here.

Tests cannot have the weights of upstream's project; any of the same shape go through the same code,
and what they read is nonsense, but the library's own.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ocr_plugins.adapters.keras_ocr_recognizer import SHIPPED_SHA256

from ocr_plugins import load_manifest, open_engine
from ocr_plugins.document import Box, Page
from ocr_plugins.engine import Engine
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.host import prepare_engine
from ocr_plugins.image import PageImage
from ocr_plugins.samples import samples_manifest
from ocr_plugins.testing import check_engine, drawn_page
from ocr_plugins.weights import weights_folder

pytestmark = pytest.mark.slow

WORDS = ("quick", "brown", "Fox", "1234")
# Random weights read the same letters everywhere; with a sharper last layer they tell words apart.
MAKE_RECOGNIZER = """
import json, os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import keras_ocr, numpy, tensorflow
tensorflow.keras.utils.set_random_seed(7)
recognizer = keras_ocr.recognition.Recognizer(keras_ocr.recognition.DEFAULT_ALPHABET, weights=None)
last = recognizer.model.get_layer("fc_12")
kernel, bias = last.get_weights()
last.set_weights([60 * kernel, bias])
recognizer.model.save_weights(sys.argv[1])
with open(sys.argv[2], "w") as out:
    json.dump([recognizer.recognize(numpy.load(file)) for file in sys.argv[3:]], out)
"""
FORBID_NETWORK = """
import sys
def forbid(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise RuntimeError("the network was asked")
sys.addaudithook(forbid)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """keras-ocr's environment seen through an empty one: without downloads, and without a network."""
    python = environment_python("keras-ocr")
    assert python, "run: ocr-plugins engines install keras-ocr"
    folder = tmp_path_factory.mktemp("keras") / "environment"
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (real,) = Path(python).parents[1].glob("lib/python*/site-packages")
    packages.joinpath("real.pth").write_text(f"{real}\nimport forbid_network\n", encoding="utf-8")
    packages.joinpath("forbid_network.py").write_text(FORBID_NETWORK, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def words() -> list[PageImage]:
    return [drawn_page(word, "word") for word in WORDS]


@pytest.fixture(scope="module")
def upstream(
    environment: Path, words: list[PageImage], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[str]]:
    """Weights that keras-ocr's own Recognizer saved, and what it reads with them on ``words``."""
    folder = tmp_path_factory.mktemp("upstream")
    weights, texts = folder / "own.h5", folder / "texts.json"
    files = [folder / f"{place}.npy" for place in range(len(words))]
    for file, word in zip(files, words, strict=True):
        np.save(file, word.rgb())
    python = environment / "bin" / "python"
    subprocess.run([python, "-I", "-c", MAKE_RECOGNIZER, weights, texts, *files], check=True)
    return weights, json.loads(texts.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shipped(environment: Path) -> Iterator[Engine]:
    """With the package's own weights."""
    opened = open_engine(f"keras-ocr:env={environment}:scale=1")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reader(environment: Path, upstream: tuple[Path, list[str]]) -> Iterator[Engine]:
    opened = open_engine(f"keras-ocr:env={environment}:scale=1:recognizer={upstream[0]}")
    yield opened
    opened.close()


def test_a_page_is_read_with_the_packages_own_weights(shipped: Engine) -> None:
    row = next(row for row in load_manifest(samples_manifest()).rows if row.id == "receipt")
    (result,) = shipped.read([row.ref().load()])
    assert isinstance(result, Page)
    alphabet = Alphabet(shipped.info.capabilities.alphabet or "")
    wanted = Counter(alphabet.projected(row.text or "").split())
    assert (wanted & Counter(result.text.split())).total() > 0.6 * wanted.total()
    boxes = [line.polygon.box for line in result.lines if line.polygon]
    found = [max(covered(word["box"], box) for box in boxes) for word in row.words]
    assert np.mean(np.array(found) > 0.5) > 0.95
    assert len(boxes) < len(row.words) / 2, "words are joined to lines"
    middles = [(y0 + y1) / 2 for _, y0, _, y1 in boxes]
    height = float(np.median([y1 - y0 for _, y0, _, y1 in boxes]))
    assert all(later > earlier - height for earlier, later in itertools.pairwise(middles)), "in reading order"


@pytest.mark.slow
def test_exact_reads_what_upstream_reads_and_fast_nearly(environment: Path, shipped: Engine) -> None:
    image = next(row for row in load_manifest(samples_manifest()).rows if row.id == "receipt").ref().load()
    assert shipped.info.runtime.startswith("openvino ")
    found = {}
    for runtime in ("upstream", "exact", "fast"):
        try:
            opened = open_engine(f"keras-ocr:env={environment}:scale=1:runtime={runtime}")
        except EngineUnavailableError as error:
            if (runtime, error.kind) == ("fast", "unsupported_runtime"):
                continue
            raise
        (page,) = opened.read([image])
        opened.close()
        assert isinstance(page, Page), page
        found[runtime] = [(word.text, word.polygon, word.confidence) for word in page.iter_words()]
    assert len(found["upstream"]) > 5
    for ours, theirs in zip(found["exact"], found["upstream"], strict=True):
        assert ours[:2] == theirs[:2]
        assert ours[2] == pytest.approx(theirs[2], abs=1e-3)
    if "fast" in found:
        ours, theirs = (Counter(text for text, *_ in found[name]) for name in ("fast", "upstream"))
        assert (ours & theirs).total() > 0.8 * theirs.total()


def covered(word: Box, box: Box) -> float:
    """The share of a word that lies in a box."""
    width = min(word[2], box[2]) - max(word[0], box[0])
    height = min(word[3], box[3]) - max(word[1], box[1])
    return max(width, 0) * max(height, 0) / ((word[2] - word[0]) * (word[3] - word[1]))


def test_words_are_read_as_the_library_reads_them(
    reader: Engine, words: list[PageImage], upstream: tuple[Path, list[str]]
) -> None:
    pages = list(reader.read(words))
    assert all(isinstance(page, Page) for page in pages)
    assert [page.text for page in pages if isinstance(page, Page)] == upstream[1]
    assert len(set(upstream[1])) > 1
    for page in pages:
        assert isinstance(page, Page)
        (line,) = page.lines
        assert line.confidence_kind == reader.info.capabilities.confidence_kind == "ctc-mean"
        assert line.confidence


def test_words_are_put_into_lines_and_given_spaces(reader: Engine) -> None:
    (page,) = reader.read([drawn_page("The quick brown fox\njumps over the dog")])
    assert isinstance(page, Page)
    assert [len(line.words) for line in page.lines] == [4, 4]
    for line in page.lines:
        assert line.text == " ".join(word.text for word in line.words)
        assert set(line.text) <= set(reader.info.capabilities.alphabet or "")
        lefts = [word.polygon.box[0] for word in line.words if word.polygon]
        assert lefts == sorted(lefts)


def test_weights_are_told_by_their_hash(
    reader: Engine, shipped: Engine, upstream: tuple[Path, list[str]]
) -> None:
    digest = hashlib.sha256(upstream[0].read_bytes()).hexdigest()
    assert reader.info.weights["own.h5"] == digest
    assert shipped.info.weights["recognizer.h5"] == SHIPPED_SHA256
    assert reader.info.fingerprint != shipped.info.fingerprint


@pytest.mark.parametrize(
    ("option", "file", "kind", "says"),
    [
        ("recognizer=FOLDER/own.h5", "", "missing_weights", "cannot be read"),
        ("recognizer=FOLDER/own.h5", "own.h5", "wrong_weights", "is not one of keras-ocr's recogniser"),
        ("recognizer=FOLDER/own.pkl", "own.pkl", "wrong_weights", "must end in .h5"),
        ("model_dir=FOLDER", "", "missing_weights", "cannot be read"),
        ("model_dir=FOLDER", "craft_mlt_25k.pth", "wrong_hash", "is not the known one"),
        ("device=cuda", "", "no_device", "no accelerator"),
    ],
)
def test_what_cannot_be_used_is_named(
    environment: Path, tmp_path: Path, option: str, file: str, kind: str, says: str
) -> None:
    if file:
        tmp_path.joinpath(file).write_bytes(b"no weights")
    with pytest.raises(EngineUnavailableError, match=says) as caught:
        open_engine(f"keras-ocr:env={environment}:{option.replace('FOLDER', str(tmp_path))}")
    assert caught.value.kind == kind
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_downloaded_weights_are_taken_only_as_published(environment: Path) -> None:
    file = weights_folder("keras-ocr", environment) / "crnn_kurapan.h5"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"not what was published")
    try:
        with pytest.raises(EngineUnavailableError, match="is not the known one") as caught:
            _ = prepare_engine(f"keras-ocr:env={environment}").info
    finally:
        file.unlink()
    assert caught.value.kind == "wrong_hash"


def test_contract(reader: Engine) -> None:
    """Last in here, because it closes what it is given."""
    check_engine(reader)
