"""Real engines on real documents, where those are: they are not part of this repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocr_plugins import compare

pytestmark = pytest.mark.corpora


@pytest.mark.slow
def test_tesseract_on_letters_and_reports(corpora: Path) -> None:
    study = compare(corpora / "unlv", "tesseract", limit=10)
    assert not study.failed
    assert study.table().loc["tesseract", "cer"] <= 0.02


def test_rapidocr_on_words_in_photos(corpora: Path) -> None:
    study = compare(corpora / "iiit5k_words", "rapidocr", limit=40, convention="default+alnum")
    assert not study.failed
    assert study.table().loc["rapidocr", "cer"] <= 0.05
