"""Runs the command line as a user does, on documents small enough that it takes no time."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ocr_plugins.testing import drawn_page

PLUGINS = Path(__file__).parent / "plugins"
COMMAND = (sys.executable, "-m", "ocr_plugins")


def heeding_interrupts() -> None:
    """For ``preexec_fn``: tests that were started in the background ignore SIGINT, and their children too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """What it wrote on stdout, as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def errors(self) -> list[str]:
        """Lines of stderr."""
        return self.err.splitlines()


def environment(folder: Path | None = None, **changes: str) -> dict[str, str]:
    """The environment of a command that knows the engines registered in ``folder``."""
    paths = os.pathsep.join(map(str, [folder, PLUGINS] if folder else [PLUGINS]))
    return os.environ | {"PYTHONPATH": paths, "COLUMNS": "200"} | changes


def ocr(*arguments: Any, env: dict[str, str] | None = None, cwd: Path | None = None) -> Done:
    """One run of the command in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], env=env, cwd=cwd, capture_output=True, check=False, timeout=120
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def register(folder: Path, **engines: str) -> Path:
    """An installed distribution in ``folder`` that registers engines: name=module:Class."""
    info = folder / "strange_engines-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: strange-engines\nVersion: 1.0\n")
    points = "\n".join(f"{name} = {reference}" for name, reference in engines.items())
    info.joinpath("entry_points.txt").write_text(f"[ocr_plugins.engines]\n{points}\n")
    return folder


def told(path: Path, text: str = "") -> Path:
    """A blank picture that the parrot reads as ``text``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The store knows a picture by its bytes, so other words need others.
    about = PngInfo()
    about.add_text("said", hashlib.sha256(text.encode()).hexdigest())
    Image.fromarray(np.full((12, 16), 255, np.uint8)).save(path, pnginfo=about)
    path.with_suffix(".said").write_text(text, encoding="utf-8")
    return path


def printed(path: Path, text: str) -> Path:
    """A page of print that every real engine can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(drawn_page(text).pixels).save(path)
    return path


def manifest(path: Path, **texts: str) -> Path:
    """A manifest of pictures beside it, id=truth; each picture is ``id.png``."""
    lines = [json.dumps({"id": i, "image": f"{i}.png", "text": text}) for i, text in texts.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def results(folder: Path) -> list[dict[str, Any]]:
    """The records of a run's results.jsonl."""
    return [json.loads(line) for line in (folder / "results.jsonl").read_text("utf-8").splitlines()]
