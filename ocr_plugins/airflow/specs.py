"""Engine specs as DAGs are given them: text, or a recipe at any place."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from ocr_plugins.airflow.places import filesystem_of
from ocr_plugins.errors import CallError
from ocr_plugins.paths import is_remote, shown
from ocr_plugins.spec import EngineSpec, parse_specs

# They hold some GB, as docs/PERFORMANCE.md has it.
_LARGE = frozenset({"easyocr", "keras-ocr", "trocr"})


def specs_at(text: str) -> tuple[EngineSpec, ...]:
    """The specs of a text, or of a recipe by its path or URL.

    Raises:
        CallError: a spec or recipe that does not fit, or none.
    """
    text = text.strip()
    if not (is_remote(text) and text.endswith(".toml")):
        return parse_specs(text) if text else parse_specs([])
    filesystem, path = filesystem_of(text)
    with tempfile.TemporaryDirectory(prefix="ocr-plugins-") as folder:
        copy = Path(folder, "recipe.toml")
        try:
            filesystem.get_file(path, str(copy))
        except Exception as error:  # each file system has exceptions of its own
            message = f"recipe {shown(text)} cannot be read ({type(error).__name__})"
            raise CallError(message, "check address and rights") from error
        return parse_specs(str(copy))


def reading_groups(specs: Sequence[EngineSpec]) -> list[str]:
    """The specs that one task reads with, as text: each engine alone, or all of them for a cascade."""
    if any(spec.is_cascade for spec in specs):
        return [",".join(map(str, specs))]
    return [str(spec) for spec in specs if not spec.is_vote]


def need_of(specs: Sequence[EngineSpec], device: str | None = None) -> str:
    """What a task needs that reads with these: ``accelerator``, ``memory`` or ``cores``."""
    devices = {dict(spec.options).get("device") or device or "cpu" for spec in specs if not spec.is_vote}
    if any(one.startswith("cuda") for one in devices):
        return "accelerator"
    return "memory" if any(spec.name in _LARGE for spec in specs) else "cores"
