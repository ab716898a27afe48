"""Pages for the widget, read by real engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from ocr_plugins.widgets import Comparison, compare
from PIL import Image
from sheets import RECEIPT, TEXT

from ocr_plugins.testing import drawn_page


@pytest.fixture(scope="session")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of some lines."""
    path = tmp_path_factory.mktemp("sheet") / "sheet.png"
    Image.fromarray(drawn_page(TEXT).pixels).save(path)
    return path


@pytest.fixture(scope="session")
def receipt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of a receipt."""
    path = tmp_path_factory.mktemp("receipt") / "receipt.png"
    Image.fromarray(drawn_page(RECEIPT).pixels).save(path)
    return path


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where corrections are kept."""
    return tmp_path / "corrections"


@pytest.fixture
def widget(sheet: Path, kept: Path) -> Comparison:
    """The sheet under three engines."""
    return compare(sheet, "tesseract,rapidocr,crnn", truth=TEXT, corrections=kept, block=True)
