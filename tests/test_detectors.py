"""Detectors that come without a recogniser: connected components, and networks given as a file."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr_plugins.document import Page, PageError, Polygon
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.evaluation import get_convention, page_text, score_texts
from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.manifest import ManifestRow, load_manifest
from ocr_plugins.samples import samples_manifest
from ocr_plugins.testing import check_engine, drawn_page

TEXT = "The first line of all\nA second one below it\nand the third, which ends."
EAST = Path(__file__).with_name("east_network.py")


def sample(name: str) -> ManifestRow:
    return next(row for row in load_manifest(samples_manifest()).rows if row.id == name)


def found(spec: str, *images: PageImage) -> list[Sequence[Polygon]]:
    engine = open_engine(spec)
    try:
        results = list(engine.read(images))
    finally:
        engine.close()
    polygons = []
    for result in results:
        assert isinstance(result, PageError)
        assert result.detected is not None, result
        polygons.append(result.detected)
    return polygons


@pytest.fixture(scope="module")
def db_network() -> Path:
    spec = importlib.util.find_spec("rapidocr")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models" / "PP-OCRv6_det_small.onnx"


@pytest.fixture(scope="module")
def east(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return east_network(tmp_path_factory.mktemp("east") / "east.onnx", 8, 40, 12, 20, 0)


def east_network(path: Path, *geometry: float) -> Path:
    python = environment_python("easyocr")
    assert python, "run: ocr-plugins engines install easyocr"
    subprocess.run([python, EAST, path, *map(str, geometry)], check=True)
    return path


def test_components_keep_the_contract() -> None:
    check_engine("components")


@pytest.mark.parametrize("name", ["letter", "receipt", "article"])
def test_a_recogniser_reads_the_lines_of_components(name: str) -> None:
    """Nothing is lost beside Tesseract's own layout, columns included."""
    row = sample(name)
    engine = open_engine("tesseract:detector=components")
    (page,) = engine.read([row.ref().load()])
    engine.close()
    assert isinstance(page, Page)
    score = score_texts(row.text or "", page_text(page), get_convention("default"))
    assert score.cer_order_free < 0.05
    assert score.cer < 0.05


def test_one_polygon_a_line_from_top_to_bottom() -> None:
    page = drawn_page(TEXT)
    turned = Image.fromarray(page.pixels).rotate(3, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    slanted = PageImage(pixels=np.array(turned))
    light = PageImage(pixels=255 - page.pixels)
    for polygons in found("components", page, slanted, light):
        assert len(polygons) == 3
        tops = [polygon.box[1] for polygon in polygons]
        assert tops == sorted(tops)


def test_where_there_is_no_text_nothing_is_found() -> None:
    rng = np.random.default_rng(4)
    blank = PageImage(pixels=np.full((300, 200), 240, np.uint8))
    dark = PageImage(pixels=np.zeros((300, 200, 3), np.uint8))
    grain = PageImage(pixels=rng.integers(225, 256, (300, 200), np.uint8))
    assert [list(polygons) for polygons in found("components", blank, dark, grain)] == [[], [], []]


def test_a_db_network_by_path(db_network: Path) -> None:
    check_engine(f"boxnet:model={db_network}")
    (polygons,) = found(f"boxnet:model={db_network}", drawn_page(TEXT))
    assert len(polygons) == 3


def test_its_lines_can_be_read(db_network: Path) -> None:
    engine = open_engine(rf"tesseract:detector=boxnet\:model={db_network}")
    (page,) = engine.read([drawn_page(TEXT)])
    engine.close()
    assert isinstance(page, Page)
    assert page.text == TEXT
    assert f"boxnet/{db_network.name}" in engine.info.weights


@pytest.mark.parametrize("place", [(100, 60), (40, 20)])
def test_an_east_network_by_path(east: Path, place: tuple[int, int]) -> None:
    pixels = np.full((128, 192), 255, np.uint8)
    x, y = place
    pixels[y : y + 4, x : x + 4] = 0
    (polygons,) = found(f"boxnet:kind=east:model={east}", PageImage(pixels=pixels))
    (polygon,) = polygons
    assert polygon.box == pytest.approx((x - 20, y - 8, x + 40, y + 12), abs=1)


def test_boxes_of_east_may_be_turned(tmp_path: Path) -> None:
    network = east_network(tmp_path / "turned.onnx", 6, 40, 6, 40, 0.2)
    pixels = np.full((160, 224), 255, np.uint8)
    pixels[80:84, 100:104] = 0
    (polygons,) = found(f"boxnet:kind=east:model={network}", PageImage(pixels=pixels))
    (first, second, *_) = polygons[0].points
    assert np.hypot(second[0] - first[0], second[1] - first[1]) == pytest.approx(80, abs=2)
    assert abs(np.arctan2(second[1] - first[1], second[0] - first[0])) == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ("", EngineUnavailableError, "has no network: give model="),
        (":model=/nowhere.onnx", EngineUnavailableError, "/nowhere.onnx cannot be read"),
        (":model={text}", EngineUnavailableError, "OpenCV cannot run"),
        (":model={east}", EngineUnavailableError, "is no network of kind=db"),
        (":model={db}:kind=east", EngineUnavailableError, "is no network of kind=east"),
        (":model={db}:mean=1+2", CallError, "give one number, or three"),
        (":model={db}:std=0", CallError, "give one number, or three"),
    ],
)
def test_networks_that_do_not_fit(
    options: str, error: type[Exception], words: str, east: Path, db_network: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("this is no network")
    with pytest.raises(error, match=words):
        open_engine("boxnet" + options.format(text=text, east=east, db=db_network))
