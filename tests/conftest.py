"""Fixtures that several test modules share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Seen, launched, watched
from hypothesis import settings
from running import register

# How long an example takes is the machine's business.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

CORPORA = Path(os.environ.get("OCR_PLUGINS_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real documents, which are not part of this repository."""
    if not CORPORA.is_dir():
        pytest.skip(f"no corpora at {CORPORA}: set OCR_PLUGINS_CORPORA")
    return CORPORA


@pytest.fixture(autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default store: each test has its own, and none the user's."""
    folder = tmp_path_factory.mktemp("cache") / "store"
    monkeypatch.setenv("OCR_PLUGINS_STORE", str(folder))
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder where the parrot is known."""
    monkeypatch.syspath_prepend(register(tmp_path / "plugins", parrot="parrot_engine:ParrotEngine"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Headless Chromium."""
    with launched() as browser:
        yield browser


@pytest.fixture
def seen(chromium: Any) -> Iterator[Seen]:
    """A page that is to ask nobody for anything, and to say nothing on the console."""
    with watched(chromium) as page:
        yield page
