"""Environments of engines that cannot share this one: where they lie, and how they are built.

They lie under one folder, `engines_home`, which the variable OCR_PLUGINS_HOME moves.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.registry import find_engine

_LOCK_COPY = "lock.txt"


def engines_home() -> Path:
    """The folder that holds engines' environments."""
    import platformdirs

    home = os.environ.get("OCR_PLUGINS_HOME")
    return (Path(home) if home else platformdirs.user_data_path("ocr-plugins")) / "engines"


def environment_python(name: str) -> str | None:
    """The Python of an engine's environment, or None where it has none."""
    python = engines_home() / name / "bin" / "python"
    return str(python) if python.exists() else None


def lock_file(name: str) -> Path | None:
    """The hashed requirements that an engine's adapter ships in ``locks/NAME.txt`` beside it."""
    module = find_engine(name).engine_class.__module__
    file = sys.modules[module].__file__
    lock = Path(file or "").parent / "locks" / f"{name}.txt"
    return lock if lock.exists() else None


def install_engine(name: str, say: Callable[[str], None] = lambda _: None) -> Path:
    """Builds the environment of an engine from its lock, beside the old one, then takes its place.

    Does nothing where the environment was built from the same lock.

    Raises:
        CallError: an unknown engine, or one that needs no environment of its own.
        OcrError: the installation failed; the old environment, if any, is as it was.
    """
    lock = lock_file(name)
    if lock is None:
        hint = find_engine(name).engine_class.install_hint
        raise CallError(f"engine {name!r} has no environment of its own", hint or "it needs none")
    target = engines_home() / name
    if environment_python(name) and _same(lock, target / _LOCK_COPY):
        say(f"{name} is installed in {target}")
        return target
    fresh = target.with_name(f".{name}.{os.getpid()}")
    say(f"installing {name} into {target} (this may take minutes)")
    try:
        venv.create(fresh, with_pip=True, symlinks=True)
        _run_pip(fresh, lock)
        shutil.copy(lock, fresh / _LOCK_COPY)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    except (OSError, subprocess.CalledProcessError) as error:
        raise OcrError(
            f"engine {name!r} could not be installed ({_reason(error)})",
            "check disk space and network, then run it again",
            kind="install_failed",
        ) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    say(f"{name} is installed in {target}")
    return target


def _run_pip(environment: Path, lock: Path) -> None:
    python = environment / "bin" / "python"
    subprocess.run(
        [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            lock,
        ],
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    """One line of what pip, or the system, complained about."""
    output = getattr(error, "stderr", None) or getattr(error, "output", None) or str(error)
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for place, line in enumerate(lines[:-1]):
        if "DO NOT MATCH THE HASHES" in line:
            # The lines that follow name the file, and both hashes at length.
            return f"{lines[place + 1].split(' from ')[0]} does not match its hash in the lock"
    complaints = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return [*lines, *complaints][-1]


def _same(one: Path, other: Path) -> bool:
    return other.exists() and _digest(one) == _digest(other)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
