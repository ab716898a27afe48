"""The Python that an engine's environment is built with is found, or named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.interpreters import find_interpreter, find_uv, fits

HERE = sys.version_info[:3]


def python(folder: Path, minor: int, says: str = "") -> Path:
    """A program that answers as a Python of that version does; one that fails without ``says``."""
    path = folder / f"python3.{minor}"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{f'echo {says}' if says else 'exit 127'}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer whose only Python is the one that runs this."""
    for name in ("PATH", "PYENV_ROOT"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.delenv("OCR_PLUGINS_PYTHON", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("pythons", "fitting", "others"),
    [
        (">=3.11", [(3, 11, 0), (3, 14, 2), (4, 0, 0)], [(3, 10, 9), (2, 7, 18)]),
        (">=3.11,<3.13", [(3, 11, 0), (3, 12, 99)], [(3, 10, 0), (3, 13, 0)]),
        (" >= 3.11.4 , < 4 ", [(3, 11, 4)], [(3, 11, 3), (4, 0, 0)]),
    ],
)
def test_bounds(pythons: str, fitting: list[tuple[int, ...]], others: list[tuple[int, ...]]) -> None:
    assert all(fits(version, pythons) for version in fitting)
    assert not any(fits(version, pythons) for version in others)


@pytest.mark.parametrize("pythons", ["", "3.11", "~=3.11", ">=3.x", ">=3.11;<3.13"])
def test_other_specifiers_are_a_fault_of_the_adapter(pythons: str) -> None:
    with pytest.raises(CallError, match="names no Pythons"):
        fits((3, 11, 0), pythons)


def test_this_python_comes_first(alone: Path) -> None:
    python(alone / "PATH", 14, "3.14.1")
    found = find_interpreter("x", ">=3.11", with_pip=True)
    assert (found.path, found.version) == (sys.executable, HERE)
    assert str(found) == ".".join(map(str, HERE))


@pytest.mark.parametrize("place", ["PATH", "PYENV_ROOT/versions/3.12.4/bin", "uv/cpython-3.12.4-linux/bin"])
def test_others_are_looked_for(place: str, alone: Path) -> None:
    python(alone / "PATH", 20)  # a stub of a version manager
    python(alone / "PATH", 19, "hello")
    python(alone / place, 24, "3.24.1")
    wanted = python(alone / place, 23, "3.23.1")
    assert find_interpreter("x", ">=3.20,<3.24", with_pip=False).path == str(wanted)


def test_the_users_choice_wins_or_is_named(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = python(alone / "chosen", 3, "3.3.1")
    monkeypatch.setenv("OCR_PLUGINS_PYTHON", str(chosen))
    assert find_interpreter("x", ">=3.3", with_pip=False).path == str(chosen)
    with pytest.raises(
        OcrError, match=r"engine 'x' needs Python >=3.11, and OCR_PLUGINS_PYTHON=.* is 3.3.1: "
    ):
        find_interpreter("x", ">=3.11", with_pip=False)
    monkeypatch.setenv("OCR_PLUGINS_PYTHON", "/nowhere/python")
    with pytest.raises(OcrError, match=r"/nowhere/python is no Python that runs here: .*apt-get"):
        find_interpreter("x", ">=3.11", with_pip=False)


@pytest.mark.parametrize(
    ("pythons", "way_out"),
    [
        (">=3.6,<3.8", r"OCR_PLUGINS_PYTHON=PATH"),
        (">=3.9,<3.10", r"uv python install 3\.9, or apt-get install python3\.9-venv"),
        (">=3.25", r"uv python install 3\.25, "),
        (">=3.8,<3.11", r"uv python install 3\.10, "),
    ],
)
def test_none_that_does(pythons: str, way_out: str, alone: Path) -> None:
    with pytest.raises(OcrError, match=rf"needs Python {pythons}, and none was found .*{way_out}") as caught:
        find_interpreter("x", pythons, with_pip=True)
    assert caught.value.kind == "no_python"


def test_uv_of_the_installed_package_is_found_and_can_be_refused(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (find_uv() or "").endswith("/uv")
    monkeypatch.setenv("OCR_PLUGINS_UV", "0")
    assert find_uv() is None
