"""Pages are treated before and after an engine reads them, and what it finds lies on the original."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image
from stripes_engine import StripeFinder

from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import CallError
from ocr_plugins.host import open_engine, prepare_engine
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options
from ocr_plugins.pixels import Pixels
from ocr_plugins.preprocess import Pipeline, Prepared, Step, parse_steps
from ocr_plugins.preprocess.geometry import turned
from ocr_plugins.preprocess.orientation import quarter_turned
from ocr_plugins.source import PageRef, enumerate_pages
from ocr_plugins.testing import check_engine, drawn_page
from ocr_plugins.treatment import TreatedEngine, Treatment

TEXT = """The parish council met on Tuesday evening to discuss
the plans for a new bridge over the river, which many
people had hoped would be finished before the spring.
Nobody could say why the builders had stopped digging,
but the chairman thought that the ground was too soft.
They agreed to look for another place a little farther
down the valley, behind the old mill, when the floods
had gone, and then went home through the falling rain."""


@dataclass(frozen=True, kw_only=True)
class Refuse(Step):
    """A step that fails on pages that begin with a given grey."""

    name: ClassVar[str] = "refuse"
    help: ClassVar[str] = "fails"

    def apply(self, pixels: Pixels) -> Prepared:
        if pixels[0, 0] == 99:
            raise RuntimeError("words of the page")
        return Prepared.in_place(pixels)


def striped(first: int = 255, name: str = "") -> PageImage:
    pixels = np.full((60, 50), 255, np.uint8)
    pixels[20:30, 5:45] = 100
    pixels[0, 0] = first
    return PageImage(pixels=pixels, source=name or "page", id=name or None)


def test_a_page_on_its_head_is_read_and_its_words_lie_where_they_were() -> None:
    upright = drawn_page(TEXT, size=24)
    slanted = turned(quarter_turned(upright.pixels, 2).pixels, 0.03)
    with_engine = open_engine("tesseract:pre=orient+deskew")
    page = next(iter(with_engine.read([PageImage(pixels=slanted.pixels, dpi=150.0)])))
    plain = next(iter(open_engine("tesseract").read([upright])))
    assert isinstance(page, Page)
    assert isinstance(plain, Page)
    assert page.text == plain.text
    assert (page.size, page.dpi) == (slanted.pixels.shape[::-1], 150.0)
    there = quarter_turned(upright.pixels, 2).transform.inverse()
    near = []
    for word, known in zip(page.iter_words(), plain.iter_words(), strict=True):
        assert word.polygon is not None
        assert known.polygon is not None
        expected = slanted.transform.inverse().points(there.points(known.polygon.points))
        near.append(np.allclose(word.polygon.points, expected, atol=4))
    # Tesseract draws the boxes of a word or two otherwise on a page that was turned.
    assert np.mean(near) > 0.95
    assert page.provenance is not None
    assert page.provenance.preprocessed == ("orient", "deskew")
    assert page.provenance.preprocessing[0].startswith("orient(")


def test_each_treatment_has_a_fingerprint_of_its_own() -> None:
    specs = [
        "",
        ":pre=grey",
        ":pre=pad",
        ":pre=pad(width=9)",
        ":order=rows",
        ":hyphens=join",
        ":pre=grey+pad",
    ]
    prints = [prepare_engine(f"tesseract{one}").info.fingerprint for one in specs]
    assert len(set(prints)) == len(specs)
    for same in (":pre=none", ":order=auto", ":hyphens=keep"):
        assert prepare_engine(f"tesseract{same}").info.fingerprint == prints[0]


def test_contract() -> None:
    check_engine("tesseract:pre=auto+pad:order=auto:hyphens=join")


def test_a_step_that_fails_costs_its_page_alone() -> None:
    engine = TreatedEngine(StripeFinder(Options()), Treatment(Pipeline((Refuse(),))), "stripes")
    greys = [99, 255, 99, 99, 255, 99]
    results = list(engine.read(striped(grey, f"p{n}") for n, grey in enumerate(greys)))
    assert [result.id for result in results] == [f"p{n}" for n in range(6)]
    assert all(isinstance(result, PageError) for result in results)
    kinds = [result.kind for result in results if isinstance(result, PageError)]
    assert kinds == ["preprocessing_failed" if grey == 99 else "no_text" for grey in greys]
    assert "words of the page" not in str(results[0])


def test_detections_are_told_on_the_original() -> None:
    steps = parse_steps("pad(width=10)")
    (found,) = TreatedEngine(StripeFinder(Options()), Treatment(steps), "stripes").read([striped()])
    assert isinstance(found, PageError)
    assert found.detected is not None
    assert [polygon.box for polygon in found.detected] == [(5, 20, 45, 30)]


def test_hyphens_are_joined_on_request() -> None:
    page = drawn_page("We walked over the moun-\ntains and back again")
    kept, joined = (
        next(iter(open_engine(f"tesseract:hyphens={how}").read([page]))) for how in ("keep", "join")
    )
    assert isinstance(kept, Page)
    assert isinstance(joined, Page)
    assert "moun-\ntains" in kept.text
    assert "mountains\nand back" in joined.text


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("tesseract:pre=deskw", "did you mean deskew"),
        ("tesseract:order=columns", "choose engine, rows, auto"),
        (r"tesseract:detector=components\:pre=deskew", "give them to the engine itself"),
    ],
)
def test_wrong_treatments_are_named(spec: str, words: str) -> None:
    with pytest.raises(CallError, match=words):
        prepare_engine(spec)


def test_an_orientation_that_lies_is_seen_through(tmp_path: Path) -> None:
    """A camera that was held flat may note any orientation; the page's own letters tell better."""
    upright = Image.fromarray(drawn_page(TEXT, size=24).pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.save(tmp_path / "page.jpg", quality=95, exif=exif)
    (image,) = enumerate_pages(tmp_path / "page.jpg")
    assert isinstance(image, PageRef)
    page = next(iter(open_engine("tesseract:pre=orient").read([image.load()])))
    assert isinstance(page, Page)
    assert page.size == upright.size[::-1], "coordinates are those after what the file says"
    assert page.text.startswith("The parish council met on Tuesday")
    first = next(page.iter_words())
    assert first.polygon is not None
    (x0, y0), (x1, y1) = first.polygon.points[:2]
    assert abs(x1 - x0) < abs(y1 - y0), "the words run down the image as it was given"
