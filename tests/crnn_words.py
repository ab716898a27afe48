"""Printed words with ground truth, and weights of `crnn` that read them well or badly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from ocr_plugins.crnn.alphabet import Alphabet
from ocr_plugins.crnn.export import read_weights, serialised
from ocr_plugins.crnn.model_file import SHIPPED, read_facts
from ocr_plugins.testing import drawn_page

_WORDS = [
    *("lamp", "river", "stone", "paper", "green", "table"),
    *("seven", "night", "queen", "marble", "candle", "window"),
]


def words_manifest(folder: Path, count: int = 28, groups: int = 7, seed: int = 0) -> Path:
    """Lines of one or two words that the package's weights read without an error; groups take turns."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        # No picture twice: a number of its own is in each.
        text = f"{rng.choice(_WORDS)} {number + 100 * seed + 10}"
        Image.fromarray(drawn_page(text, "line").pixels).save(folder / f"{number}.png")
        row = {"id": f"w{number}", "image": f"{number}.png", "text": text, "level": "line"}
        rows.append(row | {"group": f"book {seed}.{number % groups}"})
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def damaged(path: Path, by: float = 12.0) -> Path:
    """The package's weights, more inclined to read nothing; a few steps of training mend it."""
    facts, weights = read_facts(SHIPPED), read_weights(SHIPPED)
    bias = weights["classes/bias"].copy()
    bias[0] += by
    alphabet = Alphabet(facts.alphabet)
    changed = {**weights, "classes/bias": bias}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(serialised(changed, alphabet, size=facts.size, head=facts.head, name="damaged", card={}))
    return path
