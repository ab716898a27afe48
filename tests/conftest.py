"""Fixtures that several test modules share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CORPORA = Path(os.environ.get("OCR_PLUGINS_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real documents, which are not part of this repository."""
    if not CORPORA.is_dir():
        pytest.skip(f"no corpora at {CORPORA}: set OCR_PLUGINS_CORPORA")
    return CORPORA
