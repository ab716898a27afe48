"""Pythons on this computer: which of them an engine's environment can be built with."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ocr_plugins.errors import CallError, OcrError

Version = tuple[int, ...]

# `packaging` is no dependency of ours, and bounds are all that engines ask for.
_BOUND = re.compile(r"\s*(>=|<)\s*(\d+(?:\.\d+)*)\s*")
_MINORS = range(30, 7, -1)
_PROBE = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
_PROBE_PIP = "import ensurepip, venv; " + _PROBE


@dataclass(frozen=True)
class Interpreter:
    """A Python by its path and version."""

    path: str
    version: Version

    def __str__(self) -> str:
        return ".".join(map(str, self.version))


def fits(version: Version, pythons: str) -> bool:
    """Whether a version lies within ``pythons``: a PEP 440 specifier of ``>=`` and ``<`` clauses.

    Raises:
        CallError: a specifier of any other kind.
    """
    return all(
        version >= bound if operator == ">=" else version < bound for operator, bound in _bounds(pythons)
    )


def find_interpreter(name: str, pythons: str, *, with_pip: bool) -> Interpreter:
    """A Python that the environment of engine ``name`` can be built with.

    The one that OCR_PLUGINS_PYTHON names; else the one that runs this; else what is on the
    PATH, in pyenv and among uv's own, the latest version first in each.

    Args:
        pythons: the versions that do, as `fits` takes them.
        with_pip: whether it must bring ``venv`` and ``ensurepip``.

    Raises:
        OcrError: there is none.
    """
    chosen = os.environ.get("OCR_PLUGINS_PYTHON")
    if chosen:
        return _chosen(chosen, name, pythons, with_pip)
    for path in _candidates():
        version = _probe(path, with_pip)
        if version is not None and fits(version, pythons):
            return Interpreter(path, version)
    this = platform.python_version()
    raise OcrError(
        f"engine {name!r} needs Python {pythons}, and none was found (this is {this})",
        _way_out(pythons),
        kind="no_python",
    )


def find_uv() -> str | None:
    """The uv to install with: on the PATH or of the installed package; None where OCR_PLUGINS_UV=0."""
    if os.environ.get("OCR_PLUGINS_UV") == "0":
        return None
    found = shutil.which("uv")
    if found is None:
        try:
            import uv

            found = uv.find_uv_bin()
        except (ImportError, OSError):
            return None
    return found


def _chosen(chosen: str, name: str, pythons: str, with_pip: bool) -> Interpreter:
    path = shutil.which(chosen)
    version = path and _probe(path, with_pip)
    if path and version and fits(version, pythons):
        return Interpreter(path, version)
    what = f"is {'.'.join(map(str, version))}" if version else "is no Python that runs here"
    if version is None and path and with_pip and _probe(path, with_pip=False):
        what = "has no venv or no ensurepip"
    raise OcrError(
        f"engine {name!r} needs Python {pythons}, and OCR_PLUGINS_PYTHON={chosen} {what}",
        _way_out(pythons),
        kind="no_python",
    )


def _candidates() -> Iterator[str]:
    yield sys.executable
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    # All of the PATH, as its first python3.12 may be a stub that runs nothing.
    yield from _pythons_in(folders)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from _pythons_in(pyenv.glob("versions/*/bin"))
    if (uv := find_uv()) is not None:
        yield from _pythons_in(_uv_pythons(uv).glob("cpython-*/bin"))


def _pythons_in(folders: Iterator[Path] | list[Path]) -> Iterator[str]:
    there = [folder for folder in folders if folder.is_dir()]
    for name in (*(f"python3.{minor}" for minor in _MINORS), "python3"):
        for folder in there:
            if os.access(folder / name, os.X_OK):
                yield str(folder / name)


def _uv_pythons(uv: str) -> Path:
    done = subprocess.run([uv, "python", "dir"], capture_output=True, text=True, check=False)
    return Path(done.stdout.strip() or os.devnull)


def _probe(path: str, with_pip: bool) -> Version | None:
    """The version of the Python at ``path``; None where it does not run or lacks what is asked for."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", _PROBE_PIP if with_pip else _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return tuple(map(int, done.stdout.strip().split(".")))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _bounds(pythons: str) -> Iterator[tuple[str, Version]]:
    for clause in pythons.split(","):
        bound = _BOUND.fullmatch(clause)
        if bound is None:
            raise CallError(f"{pythons!r} names no Pythons", "write bounds, as in >=3.11,<3.13")
        yield bound[1], tuple(map(int, bound[2].split(".")))


def _way_out(pythons: str) -> str:
    """How to get a Python that fits: the latest where there is an upper bound, else the oldest."""
    minors = [minor for minor in _MINORS if fits((3, minor, 99), pythons)]
    if not minors:
        return "OCR_PLUGINS_PYTHON=PATH names one"
    bounded = any(operator == "<" for operator, _ in _bounds(pythons))
    wanted = f"3.{minors[0] if bounded else minors[-1]}"
    return f"uv python install {wanted}, or apt-get install python{wanted}-venv; or OCR_PLUGINS_PYTHON=PATH"
