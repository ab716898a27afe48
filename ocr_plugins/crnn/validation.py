"""CER on lines with ground truth, read by the very file that would be shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.crnn.alphabet import Alphabet
from ocr_plugins.crnn.decoding import greedy
from ocr_plugins.crnn.export import serialised
from ocr_plugins.crnn.model import HEIGHT, STRIDE, named_weights
from ocr_plugins.crnn.normalise import MOST_WIDTH, normalise
from ocr_plugins.crnn.sources import Crops, TrueLine, true_lines
from ocr_plugins.evaluation import aggregate, score_texts
from ocr_plugins.manifest import spread

Bytes = NDArray[np.uint8]

_COLUMNS = 24_000


@dataclass(frozen=True)
class ValidationSet:
    """Lines, normalised, with their texts; lines that are too wide are read as nothing."""

    name: str
    lines: tuple[Bytes, ...]
    texts: tuple[str, ...]


def validation_set(name: str, lines: Sequence[TrueLine], most: int | None = None) -> ValidationSet:
    """At most ``most`` of the lines, evenly spread, loaded. Raises SourceError for a bad image."""
    chosen = spread(lines, most)
    crops = Crops(chosen)
    loaded = tuple(normalise(crops.load(index), HEIGHT) for index in range(len(chosen)))
    return ValidationSet(name, loaded, tuple(line.text for line in chosen))


def validation_sets(manifests: Sequence[str | Path], most: int | None = None) -> list[ValidationSet]:
    """One set a manifest, named as the manifest is."""
    from ocr_plugins.manifest import load_manifest

    return [validation_set(load_manifest(path).name, true_lines([path]), most) for path in manifests]


def model_cer(
    model: Any, alphabet: Alphabet, sets: Sequence[ValidationSet], *, size: str, head: str
) -> dict[str, float]:
    """CER of each set, and of all together under ``""``; convention `default`, greedy."""
    import onnxruntime

    from ocr_plugins.offline import forbid_reports

    forbid_reports()
    data = serialised(named_weights(model), alphabet, size=size, head=head, name="", card={})
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    scores = {}
    for one in sets:
        read = read_lines(session, one.lines, alphabet, head)
        scores[one.name] = [score_texts(t, r) for t, r in zip(one.texts, read, strict=True)]
    rates = {name: aggregate(found).cer for name, found in scores.items()}
    rates[""] = aggregate([score for found in scores.values() for score in found]).cer
    return {name: 0.0 if rate is None else rate for name, rate in rates.items()}


def read_lines(session: Any, lines: Sequence[Bytes], alphabet: Alphabet, head: str) -> list[str]:
    """The best text of each normalised line by the greedy path."""
    texts = [""] * len(lines)
    order = [
        i for i in np.argsort([line.shape[1] for line in lines]).tolist() if lines[i].shape[1] <= MOST_WIDTH
    ]
    while order:
        widest = lines[order[-1]].shape[1]
        batch = order[-max(1, _COLUMNS // widest) :]
        del order[-len(batch) :]
        padded = np.full((len(batch), HEIGHT, widest), 255, np.uint8)
        widths = np.array([lines[index].shape[1] for index in batch], np.int64)
        for row, index in zip(padded, batch, strict=True):
            row[:, : lines[index].shape[1]] = lines[index]
        (found,) = session.run(["log_probs"], {"lines": padded, "widths": widths})
        for index, log_probs in zip(batch, found, strict=True):
            texts[index] = alphabet.decode(_classes(log_probs, lines[index].shape[1], head))
    return texts


def _classes(log_probs: NDArray[np.float32], width: int, head: str) -> list[int]:
    if head == "ctc":
        return [label for label, _, _ in greedy(log_probs[: -(-width // STRIDE)])]
    best = np.argmax(log_probs, axis=1)
    ends = np.flatnonzero(best == 0)
    return list(map(int, best[: ends[0]] if len(ends) else best))
