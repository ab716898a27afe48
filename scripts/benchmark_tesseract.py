"""Tesseract's adapter against pytesseract in a loop: pages with two workers, and crops of words."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmark_report import CORPORA, Report, by_turns, read_all, rows_of

from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage

WORDS = 120


def pytesseract_config() -> str:
    return f'--tessdata-dir "{Path(sys.prefix) / "share" / "tessdata"}"'


def plainly(images: list[PageImage], config: str) -> None:
    import pytesseract
    from PIL import Image

    for image in images:
        pytesseract.image_to_data(Image.fromarray(image.pixels), config=config)


def tesseract(report: Report, pages: int) -> None:
    each = max(pages // len(CORPORA), 1)
    images = [row.ref().load() for corpus in CORPORA for row in rows_of(corpus, each)]
    engine = open_engine("tesseract:workers=2:threads=1")
    read_all(engine, images[:2])
    ours, theirs = by_turns(
        lambda: read_all(engine, images), lambda: plainly(images, pytesseract_config()), rounds=3
    )
    engine.close()
    print(f"\nTesseract, {len(images)} pages: two workers {ours:.1f} s, pytesseract in a loop {theirs:.1f} s")
    report.found["tesseract_pages"] = {"two workers": ours, "pytesseract": theirs}
    report.judge("tesseract, pages with two workers, times as fast as pytesseract", theirs / ours, 2.5)


def words(report: Report) -> None:
    images = [row.ref().load() for row in rows_of("iiit5k_words", WORDS)]
    times = {}
    for workers, must in ((1, 12.0), (2, 20.0)):
        engine = open_engine(f"tesseract:workers={workers}:threads=1")
        read_all(engine, images)
        ours, theirs = by_turns(
            lambda engine=engine: read_all(engine, images),
            lambda: plainly(images, f"{pytesseract_config()} --psm 8"),
            rounds=3,
        )
        engine.close()
        times[f"{workers} workers"] = {"ours": len(images) / ours, "pytesseract": len(images) / theirs}
        rates = len(images) / ours, len(images) / theirs
        print(f"\nWord crops a second, {workers} worker(s): {rates[0]:.0f}, pytesseract {rates[1]:.1f}")
        report.judge(
            f"tesseract, word crops, {workers} worker(s), times as fast as pytesseract", theirs / ours, must
        )
    report.found["words"] = times
