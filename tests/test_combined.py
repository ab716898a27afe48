"""Any detector's lines can feed any recogniser: a pair is an engine with a fingerprint of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stripes_engine as stripes
from PIL import Image, ImageDraw
from running import register

from ocr_plugins.combined import cut_out
from ocr_plugins.document import Page, PageError, Polygon
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.host import open_engine, prepare_engine
from ocr_plugins.image import PageImage
from ocr_plugins.testing import check_engine


@pytest.fixture(autouse=True)
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"stripes": "stripes_engine:StripeFinder", "greys": "stripes_engine:GreyReader"}
    monkeypatch.syspath_prepend(register(tmp_path / "plugins", **names))


def page(*greys: int, name: str = "page") -> PageImage:
    pixels = np.full((20 * max(len(greys), 1), 100), 255, np.uint8)
    for number, grey in enumerate(greys):
        pixels[20 * number + 10 : 20 * number + 20, 10:90] = grey
    return PageImage(pixels=pixels, source=name, id=name, dpi=200.0)


def unsearchable(name: str = "page") -> PageImage:
    pixels = np.full((20, 100), stripes.NO_SEARCH, np.uint8)
    return PageImage(pixels=pixels, source=name, id=name)


@pytest.fixture(params=[0, 1], ids=["in process", "in workers"])
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    opened = open_engine("greys", workers=request.param)
    yield opened
    opened.close()


def greys_of(result: Page | PageError) -> list[int]:
    assert isinstance(result, Page), result
    return [int(line.words[0].text) for line in result.iter_lines()]


def test_pages_of_any_number_of_lines_come_back_in_order(engine: Any) -> None:
    rng = random.Random(2)
    told = [[rng.randrange(20, 250) for _ in range(rng.choice([0, 0, 1, 2, 5, 9]))] for _ in range(25)]
    results = list(engine.read(page(*greys, name=str(n)) for n, greys in enumerate(told)))
    assert [greys_of(result) for result in results] == told
    assert [result.id for result in results] == [str(n) for n in range(25)]


def test_geometry_and_provenance(engine: Any) -> None:
    (result,) = engine.read([page(40, 50)])
    assert isinstance(result, Page)
    line = next(iter(result.iter_lines()))
    assert line.polygon == Polygon.from_box(10, 10, 90, 20)
    assert [word.polygon for word in line.words] == [
        Polygon.from_box(10, 10, 50, 20),
        Polygon.from_box(50, 10, 90, 20),
    ]
    assert (line.confidence, line.confidence_kind, result.dpi) == (0.5, "certainty", 200.0)
    assert result.provenance is not None
    assert result.provenance.options["detector"]["name"] == "stripes"
    assert result.provenance.fingerprint == engine.info.fingerprint


def test_a_fault_of_either_costs_its_page_alone(engine: Any) -> None:
    images = [page(30), unsearchable("a"), page(40), page(50, stripes.NO_READING, 60, name="b"), page(70)]
    first, unfound, second, unread, last = engine.read(images)
    assert [greys_of(result) for result in (first, second, last)] == [[30], [40], [70]]
    for result, name, engine_name in [(unfound, "a", "stripes"), (unread, "b", "greys")]:
        assert isinstance(result, PageError)
        assert (result.source, result.id, result.level, result.kind) == (name, name, "page", "engine_failed")
        assert engine_name in result.message


def test_lines_go_straight_to_the_recogniser(engine: Any) -> None:
    line = PageImage(pixels=np.full((10, 30), 99, np.uint8), level="line", id="line")
    results = list(engine.read([line, page(30), line, line, page(), line]))
    assert [greys_of(result) for result in results] == [[99], [30], [99], [99], [], [99]]
    assert [result.level for result in results] == ["line", "page", "line", "line", "page", "line"]


def test_a_detector_alone_gives_polygons_and_no_reading() -> None:
    for workers in (0, 1):
        engine = open_engine("stripes", workers=workers)
        found, failed = engine.read([page(30, 40), unsearchable()])
        engine.close()
        assert isinstance(found, PageError)
        assert found.kind == "no_text"
        assert found.detected == (Polygon.from_box(10, 10, 90, 20), Polygon.from_box(10, 30, 90, 40))
        assert "reads none" in found.message
        assert isinstance(failed, PageError)
        assert failed.detected is None
        assert PageError.from_dict(found.to_dict()) == found


def test_a_pair_has_a_fingerprint_of_its_own() -> None:
    fingerprints = {
        prepare_engine(spec).info.fingerprint
        for spec in ("greys", "tesseract", "tesseract:detector=stripes", "tesseract:detector=rapidocr")
    }
    assert len(fingerprints) == 4
    plain = prepare_engine("tesseract:detector=rapidocr").info
    other = prepare_engine(r"tesseract:detector=rapidocr\:max_side=1000").info
    assert plain.fingerprint != other.fingerprint
    assert other.spec == r"tesseract:detector=rapidocr\:max_side=1000"


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("stripes:detector=stripes", CallError, "'stripes' reads no single lines"),
        ("greys:detector=null", CallError, "'null' finds no lines"),
        ("greys:detector=nobody", CallError, "there is no engine 'nobody'"),
        ("greys:detector=stripes\\:colour=red", CallError, "has no option 'colour'"),
    ],
)
def test_pairs_that_do_not_fit(spec: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prepare_engine(spec)


def test_a_recogniser_of_words_takes_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripes.GreyReader, "identify", lambda self: _of_words(identify(self)))
    with pytest.raises(EngineUnavailableError, match="does not read a line"):
        open_engine("greys")


identify = stripes.GreyReader.identify


def _of_words(info: Any) -> Any:
    from dataclasses import replace

    return replace(info, capabilities=replace(info.capabilities, takes=("word",)))


def test_a_slanted_line_is_cut_out_level() -> None:
    picture = Image.new("L", (300, 200), 255)
    corners = [(50.0, 100.0), (240.0, 50.0), (250.0, 88.0), (60.0, 138.0)]
    ImageDraw.Draw(picture).polygon(corners, fill=0)
    cut = cut_out(np.array(picture), Polygon(tuple(corners)))
    assert cut.shape == (39, 196)
    assert (cut < 128).mean() > 0.97


def test_a_line_that_reaches_beyond_the_page() -> None:
    pixels = np.zeros((50, 60), np.uint8)
    assert cut_out(pixels, Polygon.from_box(-5, -5, 20, 10)).shape == (10, 20)
    assert cut_out(pixels, Polygon.from_box(40.4, 40.4, 99, 99)).shape == (10, 20)
    assert cut_out(pixels, Polygon.from_box(70, 70, 80, 80)).shape == (1, 1)


@pytest.mark.parametrize("spec", ["stripes", "greys", "tesseract:detector=rapidocr"])
def test_detectors_and_pairs_keep_the_contract(spec: str) -> None:
    check_engine(spec, expect_text=spec.startswith("tesseract"))
