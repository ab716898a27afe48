"""The engine crnn with a small network: pages, lines and words, options, and weights that are not there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ocr_plugins.adapters import crnn
from ocr_plugins.adapters.crnn import CrnnEngine, CrnnOptions
from tiny_crnn import ALPHABET, build, picture

from ocr_plugins import compare
from ocr_plugins.crnn import model_file
from ocr_plugins.document import Line, Page
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.language_model import LanguageModel
from ocr_plugins.samples import samples_manifest
from ocr_plugins.testing import check_engine, drawn_page

TEXT = "ddd d dd d"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("weights") / "tiny.onnx")


@pytest.fixture
def engine(weights: Path) -> Iterator[CrnnEngine]:
    opened = CrnnEngine(CrnnOptions(weights=weights)).open()
    yield opened
    opened.close()


def one(engine: CrnnEngine, image: PageImage) -> Page:
    (result,) = engine.read([image])
    assert isinstance(result, Page)
    return result


def test_the_contract(weights: Path) -> None:
    check_engine(CrnnEngine(CrnnOptions(weights=weights)).open(), expect_text=False)


@pytest.mark.parametrize("options", [{}, {"decoder": "beam", "beam": 4}])
@pytest.mark.parametrize("level", ["line", "word"])
def test_a_line_is_read_with_its_words(weights: Path, level: Any, options: dict[str, Any]) -> None:
    engine = CrnnEngine(CrnnOptions(weights=weights, **options)).open()
    (line,) = one(engine, PageImage(pixels=picture(TEXT, scale=2), level=level)).lines
    assert line.text == TEXT
    assert [word.text for word in line.words] == TEXT.split()
    lefts = [word.polygon.box[0] for word in line.words if word.polygon]
    assert lefts == sorted(lefts)
    assert line.confidence == min(word.confidence or 0 for word in line.words)
    assert line.confidence_kind == engine.info.capabilities.confidence_kind == "ctc-word"
    engine.close()


def test_colours_and_light_on_dark_make_no_difference(engine: CrnnEngine) -> None:
    plain = picture(TEXT, scale=2)
    red = np.stack([plain, plain // 2 + 127, plain // 2 + 127], axis=2)
    for pixels in (plain, red.astype(np.uint8), 255 - plain):
        assert one(engine, PageImage(pixels=pixels, level="line")).text == TEXT


def test_pages_give_lines_in_order_with_boxes_where_they_stand(engine: CrnnEngine) -> None:
    page = drawn_page("The first line of three\nThe second one below\nAnd the third")
    found = one(engine, page)
    assert found.size == page.size
    tops = [line.polygon.box[1] for line in found.iter_lines() if line.polygon]
    assert tops == sorted(tops)
    for line in found.iter_lines():
        assert line.polygon is not None
        x0, y0, x1, y1 = line.polygon.box
        for word in line.words:
            assert word.polygon is not None
            left, top, right, bottom = word.polygon.box
            assert x0 - 1 <= left < right <= x1 + 1
            assert (top, bottom) == (y0, y1)


def test_what_is_read_of_a_page_does_not_depend_on_its_batch(engine: CrnnEngine) -> None:
    pages = [drawn_page(f"Page {number}\nwith two lines" * (1 + number % 2)) for number in range(5)]
    together = [content(result) for result in engine.read(pages)]
    assert together == [content(one(engine, page)) for page in pages]


def content(result: Any) -> tuple[Line, ...]:
    assert isinstance(result, Page)
    return tuple(result.iter_lines())


def test_a_language_model_takes_part(weights: Path, tmp_path: Path) -> None:
    LanguageModel.from_words({"dad": 1.0}).save(tmp_path / "words.npz")
    options = CrnnOptions(weights=weights, decoder="beam", lm=tmp_path / "words.npz")
    engine = CrnnEngine(options).open()
    assert one(engine, PageImage(pixels=picture(TEXT, scale=2), level="line")).text == TEXT
    assert set(engine.info.weights) == {"tiny.onnx", "words.npz"}
    engine.close()
    with pytest.raises(CallError, match="needs decoder=beam"):
        CrnnOptions(weights=weights, lm=tmp_path / "words.npz")


def test_who_it_is_follows_the_weights_and_what_decides(weights: Path, tmp_path: Path) -> None:
    info = CrnnEngine(CrnnOptions(weights=weights)).info
    assert info.weights == {"tiny.onnx": hashlib.sha256(weights.read_bytes()).hexdigest()}
    assert info.capabilities.alphabet == "".join(sorted(ALPHABET))
    assert str(weights) not in json.dumps(info.to_dict())

    def fingerprint(path: Path = weights, **options: Any) -> str:
        return CrnnEngine(CrnnOptions(weights=path, **options)).info.fingerprint

    moved = build(tmp_path / "tiny.onnx")
    other = build(tmp_path / "other" / "tiny.onnx", {"name": "other"})
    assert fingerprint(moved) == fingerprint(beam=5) == fingerprint()
    assert len({fingerprint(), fingerprint(other), fingerprint(decoder="beam")}) == 3


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="cannot be read") as caught:
        CrnnEngine(CrnnOptions(weights=tmp_path / "none.onnx")).open()
    assert "train crnn" in caught.value.hint


def test_the_shipped_weights_must_be_the_known_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = build(tmp_path / "standard.onnx")
    for module in (crnn, model_file):
        monkeypatch.setattr(module, "SHIPPED", altered)
    with pytest.raises(EngineUnavailableError, match="not the known one") as caught:
        CrnnEngine(CrnnOptions()).open()
    assert "install ocr-plugins again" in caught.value.hint


def test_the_shipped_weights_read_print() -> None:
    (run,) = compare(samples_manifest(), "crnn").runs
    for sample, most in {"letter": 0.02, "typescript": 0.03, "line": 0.05}.items():
        assert (run.scores[sample].cer or 0) < most, sample
