"""The front end, as the build made it from ``frontend/``."""

from __future__ import annotations

from pathlib import Path

from ocr_plugins.errors import EngineUnavailableError

STATIC = Path(__file__).parent / "static"


def bundled(name: str) -> Path:
    """A file of the front end.

    Raises:
        EngineUnavailableError: it was not built, as in a fresh clone.
    """
    path = STATIC / name
    if not path.is_file():
        raise EngineUnavailableError(
            "the widget's front end is not built", "run `make widget`, or install a wheel", kind="not_built"
        )
    return path
