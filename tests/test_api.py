"""The Python API does what its docstrings say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from running import manifest, printed, results, told

import ocr_plugins
from ocr_plugins.errors import CallError, EngineUnavailableError, ManifestError
from ocr_plugins.runs import EngineRun, Watcher
from ocr_plugins.testing import drawn_page


def test_read_takes_what_a_user_has(here: Path) -> None:
    """A path, a Path, bytes, an array, a Pillow image and a PageImage: one page, one reading."""
    path = printed(here / "page.png", "plain words")
    image = drawn_page("plain words")
    several: list[Any] = [
        str(path), path, path.read_bytes(), image.pixels, Image.fromarray(image.pixels), image,
    ]  # fmt: skip
    readings = ocr_plugins.read(several)
    assert [page.text for page in readings] == ["plain words"] * 6
    assert len({page.id for page in readings}) == 6
    assert [page.id for page in readings][2:5] == ["bytes-3", "array-4", "image-5"]
    assert [page.text for page in ocr_plugins.read(image.pixels, "tesseract:psm=6")] == ["plain words"]


def test_an_error_stands_where_its_input_stood(here: Path) -> None:
    told(here / "a.png", "eins")
    told(here / "b.png", "zwei")
    (here / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    readings = ocr_plugins.read(["gone.png", "a.png", "bad.png", "b.png", 7], "parrot")
    assert [result.source for result in readings] == ["gone.png", "a.png", "bad.png", "b.png", "input-5"]
    assert [isinstance(r, ocr_plugins.PageError) for r in readings] == [True, False, True, False, True]
    assert (len(readings.pages), len(readings.errors)) == (2, 3)
    assert readings.text == "eins\n\nzwei"
    assert repr(readings) == "Readings(2 pages, 3 errors)"
    assert readings[1].text == "eins"


def test_readings_as_a_table(here: Path) -> None:
    told(here / "a.png", "eins")
    frame = ocr_plugins.read(["a.png", "gone.png"], "parrot").to_frame()
    assert frame.dtypes.astype(str).to_dict() == {
        "id": "string", "source": "string", "page": "Int64", "text": "string", "seconds": "float64",
        "error": "string",
    }  # fmt: skip
    assert frame["text"].to_list()[0] == "eins"
    assert frame["page"].isna().to_list() == [False, True]
    assert "gone.png does not exist" in frame["error"][1]
    none = ocr_plugins.read([], "parrot").to_frame()
    assert (len(none), list(none.columns)) == (0, list(frame.columns))


def test_read_raises_what_it_says(here: Path) -> None:
    told(here / "a.png")
    for engine in ("nosuch", "parrot:nosuch=1", "parrot:delay=x"):
        with pytest.raises(CallError):
            ocr_plugins.read("a.png", engine)
    with pytest.raises(CallError, match="list of pages"):
        ocr_plugins.read("a.png", "parrot", pages="zero")
    with pytest.raises(EngineUnavailableError, match="'fr'"):
        ocr_plugins.read("a.png", "parrot", lang="fr")


def test_folders_and_page_ranges(here: Path) -> None:
    told(here / "in" / "deep" / "a.png")
    frames = [Image.new("L", (9, 9)) for _ in range(5)]
    frames[0].save(here / "in" / "scan.tiff", save_all=True, append_images=frames[1:])
    shallow = ocr_plugins.read("in", "null", pages="2,4-")
    assert [page.page for page in shallow] == [2, 4, 5]
    deep = ocr_plugins.read(here.glob("in"), "null", recursive=True)
    assert len(deep) == 6


def test_compare(here: Path) -> None:
    told(here / "a.png", "abcx")
    heard: list[str] = []

    class Ears(Watcher):
        def page_done(self, run: EngineRun | None, result: Any) -> None:
            heard.append(f"{run.label if run else None} {result.id}")

    study = ocr_plugins.compare(
        manifest(here / "m.jsonl", a="abcd"), ["parrot", "nothing=null"], out="o", watcher=Ears()
    )
    assert study.table()["cer"].to_dict() == {"parrot": 0.25, "nothing": 1.0}
    assert heard == ["parrot a", "nothing a"]
    assert [record["text"] for record in results(here / "o")] == ["abcx", ""]
    assert json.loads((here / "o/summary.json").read_text())["engines"]["parrot"]["cer"] == 0.25
    assert (here / "o/report.html").exists()


def test_compare_goes_on_without_an_engine(here: Path) -> None:
    told(here / "a.png", "x")
    study = ocr_plugins.compare("a.png", "bad=parrot:fault=load,parrot")
    assert study.failed
    assert [run.error and run.error.kind for run in study.runs] == ["load_failed", None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"engines": "nosuch"},
        {"engines": []},
        {"convention": "mine"},
        {"truth": "gone"},
        {"limit": 0},
        {"dpi": -1},
        {"out": "a.png"},
    ],
)
def test_compare_raises_before_it_reads(wrong: dict[str, Any], here: Path) -> None:
    told(here / "a.png")

    class Deaf(Watcher):
        def page_done(self, run: EngineRun | None, result: Any) -> None:
            raise AssertionError("a page was read")

    with pytest.raises(CallError) as caught:
        ocr_plugins.compare("a.png", **{"engines": "null", "watcher": Deaf(), **wrong})
    assert caught.value.hint


def test_evaluate() -> None:
    score = ocr_plugins.evaluate("the truth", "the trvth")
    assert (score.cer, score.wer, score.word_f1) == (pytest.approx(1 / 9), 0.5, 0.5)
    assert ocr_plugins.evaluate("“a”", '"a"').cer == 0
    assert ocr_plugins.evaluate("“a”", '"a"', convention="ocrd").cer != 0
    with pytest.raises(CallError, match="mine"):
        ocr_plugins.evaluate("a", "a", convention="mine")


def test_open_engine() -> None:
    engine = ocr_plugins.open_engine("null", lang="de")
    try:
        (page,) = engine.read([drawn_page("x")])
    finally:
        engine.close()
    assert isinstance(page, ocr_plugins.Page)
    assert page.provenance is not None
    assert (page.provenance.engine, page.provenance.spec) == ("null", "null:lang=de")


def test_load_manifest(here: Path) -> None:
    told(here / "a.png")
    loaded = ocr_plugins.load_manifest(manifest(here / "manifest.jsonl", a="x"))
    assert [(row.id, row.text) for row in loaded.rows] == [("a", "x")]
    assert ocr_plugins.load_manifest(here).sha256 == loaded.sha256
    with pytest.raises(ManifestError, match=r"gone\.jsonl does not exist"):
        ocr_plugins.load_manifest("gone.jsonl")
    assert issubclass(ManifestError, ocr_plugins.OcrError)


def test_an_array_that_is_no_image_is_an_error(here: Path) -> None:
    (result,) = ocr_plugins.read(np.zeros((2, 3, 4, 5)), "null")
    assert isinstance(result, ocr_plugins.PageError)
    assert result.page is None
