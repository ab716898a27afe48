"""Models by configuration: Tesseract's traineddata and variables, RapidOCR's versions and files."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr_plugins import open_engine
from ocr_plugins.document import Page
from ocr_plugins.engine import Engine
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.host import prepare_engine
from ocr_plugins.image import PageImage
from ocr_plugins.testing import check_engine, drawn_page

BACKENDS = ("tesserocr", "pytesseract")
PACKAGED = Path(sys.prefix) / "share" / "tessdata" / "eng.traineddata"
TEXT = "Hello world 123"
DIGITS = "tessedit_char_whitelist=0123456789"


def read(spec: str | Engine, image: PageImage | None = None) -> Page:
    engine = open_engine(spec) if isinstance(spec, str) else spec
    (page,) = engine.read([image or drawn_page(TEXT)])
    assert isinstance(page, Page), page
    return page


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refusal(spec: str) -> EngineUnavailableError | CallError:
    """Why an engine does not open: one line that names a way out."""
    with pytest.raises((EngineUnavailableError, CallError)) as caught:
        open_engine(spec)
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    return caught.value


# Tesseract


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_of_any_name(backend: str, tmp_path: Path) -> None:
    shutil.copy(PACKAGED, tmp_path / "my-own.traineddata")
    engine = open_engine(f"tesseract:backend={backend}:model_dir={tmp_path}:model=my-own")
    assert read(engine).text == TEXT
    assert engine.info.weights == {"my-own.traineddata": sha256(PACKAGED)}
    assert engine.info.capabilities.languages == (), "nothing is known of its languages"


@pytest.mark.parametrize("backend", BACKENDS)
def test_another_language(backend: str) -> None:
    found = sorted(Path("/usr/share/tesseract-ocr").glob("*/tessdata/deu.traineddata"))
    assert found, "apt-get install tesseract-ocr-deu"
    engine = open_engine(f"tesseract:backend={backend}:model_dir={found[-1].parent}:lang=de+en")
    assert {"de", "en"} <= {*engine.info.capabilities.languages}
    assert {*engine.info.weights} == {"deu.traineddata", "eng.traineddata"}
    font = ImageFont.truetype("DejaVuSans.ttf", 40)
    canvas = Image.new("L", (700, 140), 255)
    ImageDraw.Draw(canvas).text((50, 40), "Größe und Maß für Öl", 0, font)
    assert read(engine, PageImage(pixels=np.array(canvas))).text == "Größe und Maß für Öl"


@pytest.mark.parametrize("backend", BACKENDS)
def test_variables_change_the_reading_and_the_fingerprint(backend: str) -> None:
    engine = open_engine(f"tesseract:backend={backend}:variables={DIGITS}")
    page = read(engine, drawn_page("90210"))
    assert page.text == "90210"
    assert {*read(engine).text} <= {*"0123456789 \n"}
    plain = prepare_engine(f"tesseract:backend={backend}")
    assert engine.info.fingerprint != plain.info.fingerprint
    # Tesseract gives each word 0 there.
    assert engine.info.capabilities.confidence_kind is None
    assert [word.confidence for word in page.iter_words()] == [None]


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_variables_and_values_with_a_semicolon(backend: str) -> None:
    variables = "load_system_dawg=0;tessedit_char_blacklist=Hd;;preserve_interword_spaces=1"
    assert read(f"tesseract:backend={backend}:variables={variables}").text == "ello worl 123"


def test_contract_with_variables() -> None:
    check_engine("tesseract:variables=tessedit_char_blacklist=|~")


def test_variables_of_one_engine_are_not_those_of_another() -> None:
    """Some belong to Tesseract's process: at 400 pixels no line is one."""
    plain = open_engine("tesseract")
    strange = open_engine("tesseract:variables=textord_min_linesize=400")
    assert read(plain).text == TEXT
    read(strange)
    assert read(plain).text == TEXT
    assert read("tesseract").text == TEXT


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("variables=tessedit_char_whitelis=1", "has no variable 'tessedit_char_whitelis'"),
        ("variables=load_nothing=1", "has no variable 'load_nothing'"),
        ("variables=preserve_interword_spaces=maybe", "does not take 'maybe'"),
        ("variables=textord_min_linesize=small", "does not take 'small'"),
        ("variables=debug", "is not NAME=VALUE"),
        ("variables=user_words_file=words.txt", "leads to a file"),
        ("model=nothing", "nothing.traineddata cannot be read"),
        ("model=broken", "cannot open its model broken"),
    ],
)
def test_what_tesseract_does_not_take(
    backend: str, options: str, message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(PACKAGED, tmp_path)
    (tmp_path / "broken.traineddata").write_bytes(PACKAGED.read_bytes()[:2000])
    assert message in str(refusal(f"tesseract:backend={backend}:model_dir={tmp_path}:{options}"))
    assert "Traceback" not in capfd.readouterr().err


def test_the_users_own_thread_limit_wins() -> None:
    script = """
import os
from ocr_plugins import open_engine
open_engine("tesseract")
print(os.environ["OMP_THREAD_LIMIT"])
"""
    for given, wanted in ({}, "1"), ({"OMP_THREAD_LIMIT": "2"}, "2"):
        kept = {key: value for key, value in os.environ.items() if key != "OMP_THREAD_LIMIT"}
        done = subprocess.run(
            [sys.executable, "-c", script], env=kept | given, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == wanted


# RapidOCR


@pytest.fixture(scope="module")
def wheel() -> Path:
    import rapidocr

    return Path(rapidocr.__file__).parent / "models"


@pytest.fixture(scope="module")
def older(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's recogniser as older ones are: its alphabet in a file beside it."""
    folder = tmp_path_factory.mktemp("older")
    script = """
import sys
from pathlib import Path
import onnx
model = onnx.load(sys.argv[1])
(alphabet,) = [entry.value for entry in model.metadata_props if entry.key == "character"]
del model.metadata_props[:]
onnx.save(model, Path(sys.argv[2], "rec.onnx"))
Path(sys.argv[2], "keys.txt").write_text("\\n".join(alphabet.splitlines()), encoding="utf-8")
Path(sys.argv[2], "few.txt").write_text("a\\nb\\nc", encoding="utf-8")
Path(sys.argv[2], "latin1.txt").write_bytes("ä\\nö".encode("latin-1"))
"""
    python = environment_python("easyocr")
    assert python, "run: ocr-plugins engines install easyocr"
    subprocess.run([python, "-c", script, wheel / "PP-OCRv6_rec_small.onnx", folder], check=True)
    return folder


def test_models_by_path(wheel: Path, tmp_path: Path) -> None:
    detector, recognizer = tmp_path / "det" / "inference.onnx", tmp_path / "rec" / "inference.onnx"
    for path, name in (detector, "PP-OCRv6_det_small.onnx"), (recognizer, "PP-OCRv6_rec_small.onnx"):
        path.parent.mkdir()
        shutil.copy(wheel / name, path)
    engine = open_engine(f"rapidocr:det_model={detector}:rec_model={recognizer}")
    assert engine.info.weights["det_model/inference.onnx"] == sha256(detector)
    assert engine.info.weights["rec_model/inference.onnx"] == sha256(recognizer)
    assert engine.info.capabilities.languages == (), "nothing is known of its languages"
    plain = open_engine("rapidocr")
    assert read(engine).text == read(plain).text == TEXT
    assert engine.info.fingerprint != plain.info.fingerprint


def test_an_alphabet_beside_its_recogniser(older: Path) -> None:
    engine = open_engine(f"rapidocr:rec_model={older}/rec.onnx:rec_keys={older}/keys.txt")
    assert engine.info.weights["rec_keys/keys.txt"] == sha256(older / "keys.txt")
    assert read(engine).text == TEXT


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("rec_model={older}/rec.onnx", "has no alphabet inside: name the file"),
        ("rec_model={older}/rec.onnx:rec_keys={older}/few.txt", "its alphabet has 3"),
        ("rec_model={older}/rec.onnx:rec_keys={older}/latin1.txt", "is not in UTF-8"),
        ("rec_model={older}/rec.onnx:rec_keys={older}/none.txt", "none.txt cannot be read"),
        ("rec_model={wheel}/PP-OCRv6_rec_small.onnx:rec_keys={older}/keys.txt", "leave out rec_keys="),
        ("rec_keys={older}/keys.txt", "rec_keys belongs to a recogniser"),
        ("rec_model={older}/keys.txt", "is no ONNX model"),
        ("rec_model={older}/nothing.onnx", "nothing.onnx cannot be read"),
        ("rec_model={wheel}/PP-OCRv6_det_small.onnx", "is not a recogniser"),
        ("det_model={wheel}/PP-OCRv6_rec_small.onnx", "is not a detector"),
        ("ocr_version=PP-OCRv5:model_type=tiny", "it has model_type=mobile or server"),
        ("ocr_version=PP-OCRv5", "ch_PP-OCRv5_det_mobile.onnx cannot be read"),
        ("ocr_version=PP-OCRv5:lang=ru+fr", "no PP-OCRv5 mobile recogniser for 'ru+fr'"),
        ("lang=ru", "no PP-OCRv6 small recogniser for 'ru'"),
    ],
)
def test_what_rapidocr_does_not_take(options: str, message: str, older: Path, wheel: Path) -> None:
    assert message in str(refusal(f"rapidocr:{options.format(older=older, wheel=wheel)}"))


def test_an_older_version_takes_the_files_of_its_name(wheel: Path, tmp_path: Path) -> None:
    """They are only opened when they are what RapidOCR publishes under that name."""
    for name in ("ch_PP-OCRv5_det_mobile.onnx", "eslav_PP-OCRv5_rec_mobile.onnx"):
        shutil.copy(wheel / "PP-OCRv6_rec_small.onnx", tmp_path / name)
    error = refusal(f"rapidocr:ocr_version=PP-OCRv5:lang=ru:model_dir={tmp_path}")
    assert error.kind == "wrong_hash"
    assert "ch_PP-OCRv5_det_mobile.onnx is not the known one" in str(error)
    detector = f"det_model={wheel}/PP-OCRv6_det_small.onnx"
    error = refusal(f"rapidocr:ocr_version=PP-OCRv5:lang=ru:model_dir={tmp_path}:{detector}")
    assert "eslav_PP-OCRv5_rec_mobile.onnx is not the known one" in str(error)


def test_the_thread_budget_reaches_rapidocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_PLUGINS_THREADS", "1")
    engine: Any = open_engine("rapidocr:order=engine")
    assert engine._reader.cfg.EngineConfig.onnxruntime.intra_op_num_threads == 1
    session = engine._reader.text_rec.session.session
    assert session.get_session_options().intra_op_num_threads == 1
