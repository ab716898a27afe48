"""The model card: what a model was made of and how well it reads, as facts and as Markdown."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocr_plugins.crnn.files import write_whole

# (Mitchell et al., "Model Cards for Model Reporting", 2019) asks for more; these are what can be measured.
_HEADINGS = {
    "model": "Model",
    "training": "Training",
    "data": "Data",
    "cer": "CER by corpus",
}


def hardware() -> str:
    """The machine in a few words: processor, cores used, accelerator."""
    from ocr_plugins.crnn.backend import load_keras
    from ocr_plugins.threads import cores

    keras = load_keras()
    devices = [name for name in keras.distribution.list_devices() if not name.lower().startswith("cpu")]
    processor = _processor() or platform.machine()
    return ", ".join([processor, f"{cores()} cores", *devices])


def write_card(facts: Mapping[str, Any], weights: Path) -> Path:
    """Writes the card beside the weights, as Markdown. Raises CallError where it cannot be written."""
    path = weights.with_suffix(".md")
    write_whole(path, markdown(facts, weights.name).encode())
    return path


def markdown(facts: Mapping[str, Any], name: str) -> str:
    """The card's text."""
    parts = [f"# Model card of {name}\n"]
    for key, heading in _HEADINGS.items():
        section = facts.get(key)
        if not section:
            continue
        parts.append(f"\n## {heading}\n\n| | |\n|---|---|\n")
        parts += [f"| {_cell(what)} | {_cell(_shown(value))} |\n" for what, value in section.items()]
    return "".join(parts)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - no file of the user's
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        return platform.processor()
    return names[0] if names else os.uname().machine
