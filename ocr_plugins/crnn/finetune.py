"""Going on from trained weights with one's own lines: a larger alphabet, frozen layers, a split by group."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.crnn.alphabet import Alphabet
from ocr_plugins.crnn.export import read_weights
from ocr_plugins.crnn.model import build, set_weights
from ocr_plugins.crnn.model_file import ModelFacts, read_facts
from ocr_plugins.crnn.sources import TrueLine
from ocr_plugins.crnn.training import Trainee
from ocr_plugins.errors import CallError, EngineUnavailableError

FREEZE = ("auto", "none", "stem")
# With fewer lines than this, the convolutions are left as they are.
_FEW_LINES = 30
_STEM = ("conv1", "conv2", "conv3", "conv4", "collapse")

Floats = NDArray[np.float32]


def trained_model(
    path: Path, extra: Iterable[str] = (), precision: str = "float32"
) -> tuple[Trainee, ModelFacts]:
    """A weights file as a Keras model whose alphabet has ``extra`` characters too.

    A new character begins as its base letter (é as e), else as the mean of all, a little disturbed.

    Raises:
        EngineUnavailableError: no weights file of ours; or Keras is not installed.
    """
    facts = read_facts(path)
    old = Alphabet(facts.alphabet)
    alphabet = old.extended(extra)
    weights = dict(read_weights(path))
    if facts.head == "attention":
        table = "decoder/embed/embeddings"
        weights[table] = _grown(weights[table].T, old, alphabet).T
    weights["classes/kernel"] = _grown(weights["classes/kernel"], old, alphabet)
    weights["classes/bias"] = _grown(weights["classes/bias"][None, :], old, alphabet)[0]
    model = build(alphabet, facts.size, facts.head, precision)
    try:
        set_weights(model, weights)
    except (KeyError, ValueError):
        raise EngineUnavailableError(
            f"weights {path} do not fit the model of size {facts.size!r}", "train them anew", "bad_model"
        ) from None
    return Trainee(model, alphabet, facts.size, facts.head), facts


def missing_characters(alphabet: Sequence[str], lines: Iterable[TrueLine]) -> Counter[str]:
    """How often each character that the alphabet lacks occurs in the lines."""
    known = Alphabet(tuple(alphabet))
    return sum((known.missing(line.text) for line in lines), Counter())


def freeze(model: Any, choice: str, lines: int) -> str:
    """Keeps layers as they are: ``stem`` the convolutions, ``none`` nothing, ``auto`` by the data's size.

    Batch normalisation is always kept: few lines would only blur its statistics. Returns the choice made.

    Raises:
        CallError: an unknown choice.
    """
    if choice not in FREEZE:
        raise CallError(f"freeze is {choice!r}", f"choose {', '.join(FREEZE)}")
    chosen = choice if choice != "auto" else ("stem" if lines < _FEW_LINES else "none")
    for layer in model.layers:
        stem = chosen == "stem" and layer.name in _STEM
        if stem or layer.name.endswith("_norm"):
            layer.trainable = False
    return chosen


def split(
    lines: Sequence[TrueLine], share: float = 0.1, seed: int = 0
) -> tuple[list[TrueLine], list[TrueLine]]:
    """Lines to train on, and lines to validate on: about ``share`` of the groups, or of the images.

    Rows without a group count each as one of its own; with a single group, images are held out.

    Raises:
        CallError: a share outside 0 to .5, or fewer than two images.
    """
    if not 0 < share <= 0.5:
        raise CallError(f"the share to validate on is {share}", "pass a number above 0 and up to .5")
    names = [line.row.group or f"\0{line.row.id}" for line in lines]
    if len(set(names)) < 2:
        names = [f"\0{line.row.id}" for line in lines]
    if len(set(names)) < 2:
        raise CallError("there is one image only, none is left to validate on", "give more, or --validate")
    counts = Counter(names)
    order = sorted(counts)
    np.random.default_rng(seed).shuffle(order)
    held: set[str] = set()
    for name in order[:-1]:
        # Groups differ in size: a large one must not take half of the data away.
        taken = sum(counts[one] for one in held)
        if taken and taken + counts[name] > 2 * share * len(lines):
            continue
        held.add(name)
        if taken + counts[name] >= share * len(lines):
            break
    pairs = list(zip(names, lines, strict=True))
    return [line for name, line in pairs if name not in held], [line for name, line in pairs if name in held]


def _grown(columns: Floats, old: Alphabet, new: Alphabet) -> Floats:
    """(d, classes) with columns for the new characters after the old ones."""
    rng = np.random.default_rng(0)
    known: Mapping[str, int] = {c: number for number, c in enumerate(old.characters, start=1)}
    mean, spread = columns[:, 1:].mean(axis=1), float(columns.std()) * 0.1
    added = []
    for character in new.characters[len(old.characters) :]:
        base = known.get(unicodedata.normalize("NFD", character)[0])
        start = mean if base is None else columns[:, base]
        added.append(start + rng.normal(0, spread, len(start)))
    return np.column_stack([columns, *added]).astype(np.float32)
