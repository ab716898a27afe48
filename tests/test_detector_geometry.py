"""Where detectors put their boxes: print drawn at known places, and networks of known answers."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ocr_plugins.adapters.boxnet import BoxNetDetector, BoxNetOptions
from ocr_plugins.adapters.components import ComponentsDetector, ComponentsOptions
from PIL import Image, ImageDraw, ImageFont

from ocr_plugins import load_manifest, open_engine
from ocr_plugins.document import Page, PageError, Polygon
from ocr_plugins.engine import BaseEngine
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.evaluation import score_texts
from ocr_plugins.image import PageImage
from ocr_plugins.samples import samples_manifest

NETWORKS = Path(__file__).parent / "detector_networks.py"
PROSE = (
    "Of all the lamps in the harbour, only",
    "one was lit that evening; the others",
    "(there were forty) had been taken in",
    "\u201cfor the winter\u201d, as Mr. Gray put it.",
)


class Sheet:
    """A white page to print on, and the boxes of the ink of what was printed."""

    def __init__(self, width: int = 1000, height: int = 700) -> None:
        self.image = Image.new("L", (width, height), 255)
        self.draw = ImageDraw.Draw(self.image)
        self.boxes: list[tuple[float, float, float, float]] = []

    def print(self, x: int, y: int, lines: Sequence[str] = PROSE, size: int = 24, ink: int = 0) -> Sheet:
        font = ImageFont.load_default(size)
        for number, line in enumerate(lines):
            place = (x, y + round(number * 1.4 * size))
            self.draw.text(place, line, ink, font)
            self.boxes.append(self.draw.textbbox(place, line, font))
        return self

    def page(self) -> PageImage:
        return PageImage(pixels=np.array(self.image))


def real(manifest: Path, name: str) -> tuple[str, PageImage]:
    """The text and the picture of one row of a manifest."""
    row = next(row for row in load_manifest(manifest).rows if row.id == name)
    return row.text or "", row.ref().load()


def detect(engine: BaseEngine[Any], image: PageImage) -> Sequence[Polygon]:
    (found,) = engine.find_lines([image])
    assert not isinstance(found, PageError), found
    return found


def components(image: PageImage, **options: Any) -> Sequence[Polygon]:
    return detect(ComponentsDetector(ComponentsOptions(**options)), image)


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two upright boxes."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(across, 0) * max(down, 0)
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other)]
    return shared / (sum(areas) - shared)


def assert_found(found: Sequence[Polygon], boxes: Sequence[Sequence[float]], least: float = 0.6) -> None:
    assert len(found) == len(boxes)
    for polygon, box in zip(found, boxes, strict=True):
        assert overlap(polygon.box, box) > least, (polygon.box, box)


# --- components ---


def test_what_a_detector_gives_is_a_detection() -> None:
    (result,) = open_engine("components").read([Sheet().print(80, 80).page()])
    assert isinstance(result, PageError)
    assert result.kind == "no_text"
    assert result.detected is not None
    assert len(result.detected) == 4


def test_lines_of_print_are_found_where_they_are() -> None:
    sheet = Sheet().print(80, 80).print(80, 300, size=16).print(80, 480, PROSE[:1], size=44)
    assert_found(components(sheet.page()), sheet.boxes)


@pytest.mark.parametrize("lead", [1.0, 1.15])
def test_close_lines_stay_apart(lead: float) -> None:
    sheet = Sheet()
    for number, line in enumerate(
        ("gypsy juggling", "hidden flights", "jumping playfully", "beholds fjords")
    ):
        sheet.print(80, 80 + round(number * lead * 40), [line], size=40)
    assert len(components(sheet.page())) == 4


def test_light_print_on_dark_paper() -> None:
    sheet = Sheet().print(80, 80)
    dark = PageImage(pixels=255 - sheet.page().pixels)
    assert components(dark) == components(sheet.page())
    assert components(dark, polarity="light") == components(sheet.page())


def test_shadow_faint_print_and_colour() -> None:
    sheet = Sheet().print(80, 80)
    pixels = sheet.page().pixels
    shadow = (pixels * np.linspace(0.3, 1, pixels.shape[1])).astype(np.uint8)
    red = np.stack([255 - (255 - pixels) // 3, pixels, pixels], axis=2)
    for changed in (shadow, (200 + pixels // 6).astype(np.uint8), red.astype(np.uint8)):
        assert_found(components(PageImage(pixels=changed)), sheet.boxes)


@pytest.mark.parametrize("degrees", [-4.5, -1.0, 0.3, 2.0, 4.5])
def test_skew(degrees: float) -> None:
    sheet = Sheet().print(80, 80, PROSE * 4)
    turned = sheet.image.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=255)
    found = components(PageImage(pixels=np.array(turned)))
    assert len(found) == 16
    for polygon in found:
        corners = np.array(polygon.points)
        along, down = corners[1] - corners[0], corners[3] - corners[0]
        assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(degrees, abs=0.15)
        # Slanted boxes are no higher than level ones.
        assert np.hypot(*down) < 45
        assert along[0] > 0
        assert down[1] > 0


def test_columns_come_one_after_the_other_below_their_heading() -> None:
    sheet = Sheet(1200, 800)
    sheet.print(200, 40, ["What the lighthouse saw in the winter of that year"], size=32)
    sheet.print(80, 140, PROSE * 3).print(640, 140, PROSE * 3)
    assert_found(components(sheet.page()), sheet.boxes)


def test_rows_of_a_table_come_before_its_columns() -> None:
    sheet = Sheet()
    for row in range(6):
        sheet.print(80, 80 + 60 * row, [f"Item {row}"]).print(500, 80 + 60 * row, [f"{row}7.50"])
    assert_found(components(sheet.page()), sheet.boxes, least=0.5)


def test_rules_frames_pictures_and_dirt_are_no_lines() -> None:
    sheet = Sheet(1000, 900).print(80, 80, PROSE * 2)
    sheet.draw.rectangle((40, 40, 960, 860), outline=0, width=4)
    sheet.draw.line((80, 460, 900, 460), 0, 3)
    sheet.draw.line((700, 60, 700, 440), 0, 3)
    random = np.random.default_rng(1)
    noise = Image.fromarray((random.random((150, 300)) > 0.7).astype(np.uint8) * 255).resize((600, 300), 0)
    sheet.image.paste(noise, (100, 500))
    for x, y in random.integers(0, 880, (300, 2)).tolist():
        sheet.draw.rectangle((x, y, x + 1, y + 1), 0)
    assert_found(components(sheet.page()), sheet.boxes, least=0.5)


def test_underlined_print_is_found() -> None:
    sheet = Sheet().print(80, 80)
    x0, _, x1, y1 = sheet.boxes[1]
    sheet.draw.line((x0, y1, x1, y1 + 2), 0, 3)
    assert_found(components(sheet.page()), sheet.boxes)


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (300, 400), (40, 40, 3)])
def test_nothing_is_found_on_blank_images(shape: tuple[int, ...]) -> None:
    for level in (0, 128, 255):
        assert components(PageImage(pixels=np.full(shape, level, np.uint8))) == ()
    faint = np.random.default_rng(1).integers(240, 250, shape).astype(np.uint8)
    assert components(PageImage(pixels=faint)) == ()


def test_gap_and_speck_are_obeyed() -> None:
    sheet = Sheet().print(80, 80, ["left           right"])
    assert len(components(sheet.page(), gap=1.0)) == 2
    assert len(components(sheet.page(), gap=15.0)) == 1
    mixed = Sheet().print(80, 80).print(80, 300, ["aces we saw no more we use"], size=10)
    assert len(components(mixed.page())) == 5
    assert len(components(mixed.page(), speck=0.6)) == 4


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("corpus", "name", "most"), [("unlv", "1907_035.3B", 0.01), ("oldbooks", "c037", 0.01)]
)
def test_components_on_real_scans(corpora: Path, corpus: str, name: str, most: float) -> None:
    text, image = real(corpora / corpus / "manifest.jsonl", name)
    (page,) = open_engine("tesseract:detector=components").read([image])
    assert isinstance(page, Page)
    error = score_texts(text, page.text).cer_order_free
    assert error is not None
    assert error <= most


# --- boxnet ---


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    python = environment_python("easyocr")
    assert python, "run: ocr-plugins engines install easyocr"
    subprocess.run([python, NETWORKS, folder], check=True)
    return folder


def boxnet(model: Path, **options: Any) -> BoxNetDetector:
    """A detector over one of the small networks, which take levels from 0 to 1."""
    return BoxNetDetector(BoxNetOptions(model=model, mean="0", std="255", **options))


def spotted(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (640, 320)) -> PageImage:
    """A white image with black rectangles: x, y, width, height."""
    pixels = np.full(size[::-1], 255, np.uint8)
    for x, y, width, height in boxes:
        pixels[y : y + height, x : x + width] = 0
    return PageImage(pixels=pixels)


def rounded(polygons: Sequence[Polygon]) -> list[list[tuple[int, int]]]:
    return [[(round(x), round(y)) for x, y in polygon.points] for polygon in polygons]


def upright(x0: int, y0: int, x1: int, y1: int) -> list[tuple[int, int]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


@pytest.mark.parametrize("name", ["east", "east-swapped"])
def test_boxes_of_east(networks: Path, name: str) -> None:
    detector = boxnet(networks / f"{name}.onnx", kind="east")
    # Cells of four pixels; six dark ones beside each other are one text.
    found = detect(detector, spotted((400, 200, 4, 4), (196, 96, 12, 8)))
    assert len(found) == 2
    assert rounded(found[1:]) == [upright(370, 192, 430, 208)]
    x0, y0, x1, y1 = found[0].box
    assert (round(x1 - x0), round(y1 - y0)) == (60, 16)
    assert 196 <= (x0 + x1) / 2 <= 208
    assert 96 <= (y0 + y1) / 2 <= 104


def test_slanted_boxes_of_east(networks: Path) -> None:
    found = detect(boxnet(networks / "east-slanted.onnx", kind="east"), spotted((400, 200, 4, 4)))
    (corners,) = (np.array(polygon.points) for polygon in found)
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    assert np.hypot(*along) == pytest.approx(60, abs=0.5)
    assert np.hypot(*down) == pytest.approx(16, abs=0.5)
    assert np.arctan2(along[1], along[0]) == pytest.approx(-0.2, abs=0.01)
    assert corners.mean(axis=0) == pytest.approx((400, 200), abs=0.5)
    assert down[1] > 0


def test_east_keeps_what_its_thresholds_let_through(networks: Path) -> None:
    apart = spotted((200, 96, 4, 4), (232, 96, 4, 4))
    # Two boxes of 60x16 whose middles are 32 apart share 28 of 92 parts.
    assert len(detect(boxnet(networks / "east.onnx", kind="east", nms=0.35), apart)) == 2
    assert len(detect(boxnet(networks / "east.onnx", kind="east", nms=0.25), apart)) == 1
    grey = PageImage(pixels=np.where(spotted((200, 96, 4, 4)).pixels == 0, 120, 255).astype(np.uint8))
    # A level of 120 of 255 is a darkness of .53, and sigmoid(40 x .53 - 20) is .76.
    assert len(detect(boxnet(networks / "east.onnx", kind="east", score=0.7), grey)) == 1
    assert len(detect(boxnet(networks / "east.onnx", kind="east", score=0.8), grey)) == 0


def test_lines_of_a_probability_map(networks: Path) -> None:
    image = spotted((320, 200, 200, 20), (64, 64, 96, 32), (500, 40, 2, 2))
    # A core of w x h grows by 1.6 wh / (w + h) altogether, half of it on each side.
    grown = [round(1.6 * w * h / (2 * (w + h))) for w, h in ((96, 32), (200, 20))]
    expected = [
        upright(64 - grown[0], 64 - grown[0], 160 + grown[0], 96 + grown[0]),
        upright(320 - grown[1], 200 - grown[1], 520 + grown[1], 220 + grown[1]),
    ]
    found = rounded(detect(boxnet(networks / "db.onnx"), image))
    assert np.abs(np.array(found) - np.array(expected)).max() <= 1
    plain = rounded(detect(boxnet(networks / "db.onnx", unclip=0.0), image))
    assert np.abs(np.array(plain[0]) - np.array(upright(64, 64, 160, 96))).max() <= 1


@pytest.mark.parametrize("degrees", [-80, -30, 30, 60])
def test_slanted_lines_start_at_their_top_left(networks: Path, degrees: int) -> None:
    image = Image.new("L", (640, 640), 255)
    ImageDraw.Draw(image).rectangle((200, 300, 440, 330), 0)
    turned = PageImage(pixels=np.array(image.rotate(-degrees, fillcolor=255)))
    (polygon,) = detect(boxnet(networks / "db.onnx", unclip=0.0), turned)
    corners = np.array(polygon.points)
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(degrees, abs=1.5)
    assert np.hypot(*along) == pytest.approx(240, abs=4)
    # Clockwise: from the right, down is 90 degrees further.
    assert along[0] * down[1] - along[1] * down[0] > 0


def test_large_and_odd_pages_are_fitted_to_the_network(networks: Path) -> None:
    detector = boxnet(networks / "db.onnx", side=320, unclip=0.0)
    (polygon,) = detect(detector, spotted((400, 700, 800, 120), size=(1999, 1201)))
    assert overlap(polygon.box, (400, 700, 1200, 820)) > 0.95
    square = boxnet(networks / "db.onnx", side=256, square=True, unclip=0.0)
    (polygon,) = detect(square, spotted((100, 20, 200, 40), size=(500, 90)))
    assert overlap(polygon.box, (100, 20, 300, 60)) > 0.9


def test_a_network_of_rapidocr_finds_what_rapidocr_finds() -> None:
    spec = importlib.util.find_spec("rapidocr")
    assert spec is not None
    assert spec.origin is not None
    model = Path(spec.origin).parent / "models" / "PP-OCRv6_det_small.onnx"
    detector = BoxNetDetector(BoxNetOptions(model=model, mean="127.5", std="127.5"))
    assert detector.info.weights == {model.name: hashlib.sha256(model.read_bytes()).hexdigest()}
    _, image = real(samples_manifest(), "receipt")
    (theirs,) = open_engine("rapidocr:order=engine").find_lines([image])  # type: ignore[attr-defined]
    ours = detect(detector, image)
    assert len(ours) == pytest.approx(len(theirs), abs=2)
    for polygon in theirs:
        assert max(overlap(polygon.box, found.box) for found in ours) > 0.6


@pytest.mark.parametrize(
    ("name", "options", "kind", "says"),
    [
        (None, {}, "missing_weights", "no network"),
        ("nowhere.onnx", {}, "missing_weights", "nowhere.onnx"),
        ("garbage.onnx", {}, "bad_model", "cannot run"),
        ("notes.txt", {}, "bad_model", "cannot run"),
        ("db.onnx", {"kind": "east"}, "bad_model", "no network of kind=east"),
        ("east.onnx", {"kind": "db"}, "bad_model", "no network of kind=db"),
        ("wide.onnx", {"kind": "db"}, "bad_model", "no network of kind=db"),
    ],
)
def test_what_is_no_such_network_is_said(
    networks: Path, name: str | None, options: dict[str, Any], kind: str, says: str
) -> None:
    for bad in ("garbage.onnx", "notes.txt"):
        networks.joinpath(bad).write_bytes(b"\x08\x07 this is no network")
    detector = BoxNetDetector(BoxNetOptions(model=networks / name if name else None, **options))
    with pytest.raises(EngineUnavailableError) as caught:
        detector.open()
    assert caught.value.kind == kind
    assert says in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["1+2", "dark", "0", "nan", "1+-1+1"])
def test_levels_that_do_not_fit(text: str) -> None:
    with pytest.raises(CallError, match="std="):
        BoxNetOptions(std=text)
