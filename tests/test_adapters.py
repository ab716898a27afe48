"""Every adapter keeps the contract, and every real engine reads what it should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocr_plugins import load_manifest, open_engine
from ocr_plugins.document import Page
from ocr_plugins.engine import Detector, Engine, Recognizer
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.evaluation import get_convention, score_page
from ocr_plugins.host import prepare_engine
from ocr_plugins.samples import samples_manifest
from ocr_plugins.testing import check_engine, drawn_page

REAL = ("tesseract", "tesseract:backend=pytesseract", "rapidocr", "easyocr")


@pytest.fixture(scope="module", params=REAL)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    opened = open_engine(request.param)
    yield opened
    opened.close()


def test_contract(engine: Engine) -> None:
    check_engine(engine)


def test_contract_of_the_null_engine() -> None:
    check_engine("null", expect_text=False)


def test_the_contract_test_finds_what_is_broken() -> None:
    with pytest.raises(AssertionError, match="finds text"):
        check_engine("null")


@pytest.mark.parametrize(
    ("engine", "sample", "most"),
    [
        ("tesseract", "letter", 0.02),
        ("tesseract", "article", 0.02),
        ("tesseract", "line", 0.05),
        ("tesseract:backend=pytesseract", "letter", 0.03),
        ("rapidocr", "letter", 0.05),
        ("rapidocr", "receipt", 0.12),
        ("rapidocr", "scene", 0.01),
        ("easyocr", "letter", 0.08),
        ("easyocr", "line", 0.1),
    ],
    indirect=["engine"],
)
def test_golden_readings(engine: Engine, sample: str, most: float) -> None:
    row = next(row for row in load_manifest(samples_manifest()).rows if row.id == sample)
    (page,) = engine.read([row.ref().load()])
    assert isinstance(page, Page)
    score = score_page(row.text, page, get_convention("default"))
    assert score.cer is not None
    assert score.cer <= most, page.text


def test_words_lie_where_the_print_is(engine: Engine) -> None:
    """The one dark word of a page must lie in a box of its own, in the image's pixels."""
    image = drawn_page("placed", size=40)
    (page,) = engine.read([image])
    assert isinstance(page, Page)
    word = next(iter(page.iter_words()))
    assert word.polygon is not None
    x0, y0, x1, y1 = word.polygon.box
    ys, xs = (image.pixels < 128).nonzero()
    slack = 20
    assert abs(x0 - xs.min()) < slack
    assert abs(x1 - xs.max()) < slack
    assert abs(y0 - ys.min()) < slack
    assert abs(y1 - ys.max()) < slack


def test_detector_and_recognizer_read_what_the_engine_reads() -> None:
    """A line found by one engine can be cut out and read by another."""
    finder, reader = (prepare_engine(f"{name}:order=engine") for name in ("rapidocr", "tesseract"))
    assert isinstance(finder, Detector)
    assert isinstance(reader, Recognizer)
    finder.open()  # type: ignore[attr-defined] # a Detector that is a BaseEngine too
    reader.open()  # type: ignore[attr-defined]
    image = drawn_page("The quick brown fox\njumps over the dog")
    (polygons,) = finder.detect([image])
    texts = []
    for polygon in polygons:
        x0, y0, x1, y1 = map(int, polygon.box)
        crop = type(image)(pixels=image.pixels[y0 - 4 : y1 + 4, x0 - 4 : x1 + 4], level="line")
        texts.append(reader.recognize([crop])[0].text)
    assert texts == ["The quick brown fox", "jumps over the dog"]


def test_easyocr_runs_in_an_environment_of_its_own() -> None:
    assert environment_python("easyocr"), "run: ocr-plugins engines install easyocr"
    assert type(prepare_engine("easyocr:order=engine")).__name__ == "HostedEngine"
    assert "torch" not in sys.modules


@pytest.mark.parametrize("name", ["easyocr", "rapidocr"])
def test_altered_and_missing_weights_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="cannot be read") as caught:
        open_engine(f"{name}:model_dir={tmp_path}")
    assert caught.value.kind == "missing_weights"
    for file in open_engine(name).info.weights:
        (tmp_path / file).write_bytes(b"not a model")
    with pytest.raises(EngineUnavailableError, match="is not the known one") as caught:
        open_engine(f"{name}:model_dir={tmp_path}")
    assert caught.value.kind == "wrong_hash"
    assert str(tmp_path) in str(caught.value)


def test_an_altered_packaged_model_of_tesseract_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = tmp_path / "share" / "tessdata"
    packaged.mkdir(parents=True)
    (packaged / "eng.traineddata").write_bytes(b"not a model")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(EngineUnavailableError, match="is not the known one"):
        open_engine("tesseract")


def test_a_folder_without_models_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=str(tmp_path)):
        open_engine(f"tesseract:model_dir={tmp_path}")


@pytest.mark.parametrize(
    ("spec", "error", "kind"),
    [
        ("tesseract:lang=de", EngineUnavailableError, "unsupported_language"),
        ("easyocr:lang=fr", EngineUnavailableError, "missing_weights"),
        ("rapidocr:device=cuda", EngineUnavailableError, "unsupported_device"),
        ("tesseract:psm=99", CallError, "bad_option"),
        ("tesseract:pms=6", CallError, "unknown_option"),
        ("tesserakt", CallError, "unknown_engine"),
    ],
)
def test_what_cannot_be_is_said_before_the_run(spec: str, error: Any, kind: str) -> None:
    with pytest.raises(error) as caught:
        open_engine(spec)
    assert caught.value.kind == kind
    assert caught.value.hint


def test_options_change_the_reading_and_the_fingerprint() -> None:
    plain, sparse = open_engine("tesseract"), open_engine("tesseract:psm=6")
    assert plain.info.fingerprint != sparse.info.fingerprint
    assert plain.info.fingerprint == open_engine("tesseract:psm=3").info.fingerprint


def test_psm_is_obeyed() -> None:
    """Two columns side by side: as one block they are read across, by layout analysis one by one."""
    left, right = drawn_page("alpha beta\ngamma delta"), drawn_page("one two\nthree four")
    import numpy as np

    height = max(left.pixels.shape[0], right.pixels.shape[0])
    gap = np.full((height, 300), 255, np.uint8)
    columns = [
        np.pad(p.pixels, ((0, height - p.pixels.shape[0]), (0, 0)), constant_values=255)
        for p in (left, right)
    ]
    image = type(left)(pixels=np.hstack([columns[0], gap, columns[1]]))
    (across,) = open_engine("tesseract:psm=6").read([image])
    assert isinstance(across, Page)
    assert across.text.splitlines()[0] == "alpha beta one two"


def test_nothing_is_fetched_while_reading() -> None:
    """An audit hook forbids every connection; in-process engines must read all the same."""
    script = """
import sys
def forbid(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise RuntimeError("the network was asked")
sys.addaudithook(forbid)
from ocr_plugins.testing import drawn_page
from ocr_plugins import open_engine
for name in ("tesseract", "rapidocr"):
    (page,) = open_engine(name).read([drawn_page("offline")])
    assert page.text == "offline", page
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_pickled_weights_cannot_run_code(tmp_path: Path) -> None:
    """What the EasyOCR adapter sets makes PyTorch refuse a pickle that would run something."""
    script = f"""
import os, pathlib
class Evil:
    def __reduce__(self):
        return pathlib.Path.touch, (pathlib.Path({str(tmp_path / "ran")!r}),)
import torch
torch.save(Evil(), {str(tmp_path / "evil.pth")!r})
os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
try:
    torch.load({str(tmp_path / "evil.pth")!r}, weights_only=False)
except Exception as error:
    print(type(error).__name__)
"""
    python = environment_python("easyocr")
    assert python, "run: ocr-plugins engines install easyocr"
    done = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True)
    assert not (tmp_path / "ran").exists()
    assert done.stdout.strip()


def test_the_adapter_of_the_documentation(tmp_path: Path) -> None:
    """The example must be complete, of 40 lines, and keep the contract."""
    assert shutil.which("ocrad"), "apt-get install ocrad"
    text = Path(__file__).parents[1].joinpath("docs", "ADAPTERS.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 42
    register(tmp_path, "ocrad_adapter", code, "ocrad = ocrad_adapter:OcradEngine")
    check = "from ocr_plugins.testing import check_engine; check_engine('ocrad')"
    run(tmp_path, sys.executable, "-c", check)


def test_a_broken_adapter_takes_nothing_else_down(tmp_path: Path) -> None:
    register(tmp_path, "broken_adapter", "raise RuntimeError('oh no')", "brokenone = broken_adapter:Nothing")
    listed = run(tmp_path, sys.executable, "-m", "ocr_plugins", "engines").stdout
    assert "brokenone" in listed
    assert "RuntimeError: oh no" in " ".join(listed.split())
    assert "ready" in listed


def register(folder: Path, module: str, code: str, entry_point: str) -> None:
    """An installed distribution with one adapter, in ``folder``."""
    folder.joinpath(f"{module}.py").write_text(code, encoding="utf-8")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    info.joinpath("entry_points.txt").write_text(f"[ocr_plugins.engines]\n{entry_point}\n")


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done
