"""Where a training is, kept on disk so that a kill costs minutes.

A checkpoint is one ``.npz`` of plain arrays: weights by path, the optimiser's variables by number, and
one JSON string with everything else. Nothing in it is pickled.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.crnn.files import write_whole
from ocr_plugins.errors import CallError

_FORMAT = "ocr-plugins-crnn-checkpoint-1"
_KEPT = 2
BEST = "best.npz"


@dataclass
class State:
    """How far a training is. ``seconds`` are those it ran; ``lines`` those it saw.

    ``window`` and ``batch`` are the position in the data, ``slower`` what the learning rate is
    multiplied by after losses that were no number. ``best`` is the lowest CER on the validation data, of
    step ``best_step``; ``finished`` that there is nothing left to do.
    """

    step: int = 0
    seconds: float = 0.0
    lines: int = 0
    window: int = 0
    batch: int = 0
    slower: float = 1.0
    failures: int = 0
    best: float | None = None
    best_step: int = 0
    stale: int = 0
    finished: bool = False
    dropped: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """What is kept. ``identity`` says of which model: alphabet, size, head."""

    identity: Mapping[str, Any]
    state: State
    weights: Mapping[str, NDArray[Any]]
    optimizer: tuple[NDArray[Any], ...]


def save(checkpoint: Checkpoint, folder: Path, *, best: bool = False) -> Path:
    """Writes a checkpoint whole and removes all but the last two; ``best`` has a file of its own.

    Raises:
        CallError: it cannot be written (a full disk); the earlier ones are as they were.
    """
    about = {"format": _FORMAT, "identity": dict(checkpoint.identity), "state": vars(checkpoint.state)}
    arrays = {"about": np.array(json.dumps(about, ensure_ascii=True))}
    arrays |= {f"weights/{name}": array for name, array in checkpoint.weights.items()}
    arrays |= {f"optimizer/{number:04d}": array for number, array in enumerate(checkpoint.optimizer)}
    data = io.BytesIO()
    np.savez(data, **arrays)  # type: ignore[arg-type]
    path = folder / (BEST if best else f"step-{checkpoint.state.step:09d}.npz")
    write_whole(path, data.getvalue())
    if not best:
        for old in _files(folder)[:-_KEPT]:
            with suppress(OSError):
                old.unlink()
    return path


def load(path: Path, identity: Mapping[str, Any]) -> Checkpoint:
    """Reads a checkpoint.

    Raises:
        CallError: it cannot be read, is damaged, or belongs to another model.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            if about["format"] != _FORMAT:
                raise ValueError("format")
            weights = {n.removeprefix("weights/"): file[n] for n in file.files if n.startswith("weights/")}
            names = sorted(name for name in file.files if name.startswith("optimizer/"))
            optimizer = tuple(file[name] for name in names)
            state = State(**about["state"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or of another kind"
        raise CallError(
            f"checkpoint {path} cannot be used ({reason})", "take another", "bad_checkpoint"
        ) from None
    different = [name for name, value in identity.items() if about["identity"].get(name) != value]
    if different:
        raise CallError(
            f"checkpoint {path} is of another model: {', '.join(different)} differs",
            "name another folder with --checkpoint, or train the model that it is of",
            "other_model",
        )
    return Checkpoint(about["identity"], state, weights, optimizer)


def latest(folder: Path, identity: Mapping[str, Any]) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that can be read, and what is wrong with newer ones.

    Raises:
        CallError: there are checkpoints, but of another model, or none that can be read.
    """
    problems: list[str] = []
    for path in reversed(_files(folder)):
        try:
            return load(path, identity), problems
        except CallError as error:
            if error.kind == "other_model":
                raise
            problems.append(str(error))
    if problems:
        raise CallError(f"no checkpoint in {folder} can be read", "name another folder", "bad_checkpoint")
    return None, problems


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*.npz"))
