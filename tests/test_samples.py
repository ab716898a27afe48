"""The sample documents that ship with the package: whole, consistent and readable."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import tesserocr
from PIL import Image
from rapidfuzz.distance import Levenshtein

from ocr_plugins.samples import samples_manifest

MANIFEST = samples_manifest()
RECORDS: list[dict[str, Any]] = [
    json.loads(line) for line in MANIFEST.read_text(encoding="utf-8").splitlines()
]
PAGES = {"letter", "receipt", "invoice", "form", "article", "typescript", "screenshot", "photo"}

each_sample = pytest.mark.parametrize("record", RECORDS, ids=[r["id"] for r in RECORDS])


def test_ids_are_unique() -> None:
    ids = [record["id"] for record in RECORDS]
    assert len(ids) == len(set(ids))


def test_all_kinds_of_documents_are_there() -> None:
    levels = {record["domain"]: record["level"] for record in RECORDS}
    assert levels == {**dict.fromkeys(PAGES, "page"), "line": "line", "scene": "word"}


def test_samples_stay_small() -> None:
    files = [path for path in MANIFEST.parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 2_000_000


@each_sample
def test_record_describes_its_image(record: dict[str, Any]) -> None:
    assert record["lang"] == "en"
    assert record["license"] == "Apache-2.0"
    assert record["group"] == record["id"]
    with Image.open(MANIFEST.parent / record["image"]) as image:
        image.load()
        width, height = image.size
        if "dpi" in record:
            assert image.info["dpi"] == pytest.approx((record["dpi"],) * 2, abs=0.1)
    for word in record["words"]:
        x0, y0, x1, y1 = word["box"]
        assert 0 <= x0 < x1 <= width, word
        assert 0 <= y0 < y1 <= height, word


@each_sample
def test_words_are_the_tokens_of_the_text(record: dict[str, Any]) -> None:
    assert Counter(word["text"] for word in record["words"]) == Counter(record["text"].split())
    assert all(line and line == " ".join(line.split()) for line in record["text"].split("\n"))


@each_sample
def test_boxes_hold_ink(record: dict[str, Any]) -> None:
    """A box that has slipped off its word covers paper of one shade."""
    with Image.open(MANIFEST.parent / record["image"]) as image:
        grey = image.convert("L")
    for word in record["words"]:
        dark, light = grey.crop(word["box"]).getextrema()
        assert light - dark > 40, word


def test_two_page_pdf_opens() -> None:
    extras = MANIFEST.parent / "extras"
    document = pypdfium2.PdfDocument(extras / "two_pages.pdf")
    try:
        assert len(document) == 2
    finally:
        document.close()
    assert len((extras / "two_pages.txt").read_text(encoding="utf-8").split("\f")) == 2


def test_tesseract_reads_the_letter() -> None:
    tessdata = Path(sys.prefix) / "share" / "tessdata"
    record = next(record for record in RECORDS if record["id"] == "letter")
    with (
        Image.open(MANIFEST.parent / record["image"]) as image,
        tesserocr.PyTessBaseAPI(path=str(tessdata), lang="eng", psm=tesserocr.PSM.AUTO) as tesseract,
    ):
        tesseract.SetImage(image)
        lines = [" ".join(line.split()) for line in tesseract.GetUTF8Text().splitlines()]
    read = "\n".join(line for line in lines if line)
    assert Levenshtein.distance(record["text"], read) / len(record["text"]) < 0.03
