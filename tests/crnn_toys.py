"""Lines that a network learns in seconds: letters as bars of four kinds. And a training of them."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ocr_plugins.crnn import batches as batching
from ocr_plugins.crnn.alphabet import Alphabet
from ocr_plugins.synth.lines import LineSample

TOY = Alphabet(tuple("abcd"))
# TensorFlow compiles a step anew for a second shape of batches, which takes longer than all the steps here.
ONE_WIDTH = (192,)
# Rows of a letter's bar, of a line 36 pixels high, whose others are paper.
_BARS = {"a": (6, 16), "b": (20, 30), "c": (6, 30), "d": (14, 22), "á": (2, 16), "é": (10, 34)}


def picture(text: str) -> np.ndarray:
    pixels = np.full((36, 22 * len(text) + 10), 255, np.uint8)
    for place, letter in enumerate(text):
        top, bottom = _BARS[letter]
        left = 8 + 22 * place
        pixels[top:bottom, left : left + (14 if letter in "ac" else 8)] = 20
    return pixels


class ToyLines:
    name = "toys"

    def __init__(self, seed: int, letters: str = "abcd") -> None:
        self._seed, self._letters = seed, list(letters)

    def stream(self, start: int = 0) -> Iterator[LineSample]:
        for number in itertools.count(start):
            rng = np.random.default_rng([self._seed, number])
            text = "".join(rng.choice(self._letters, int(rng.integers(2, 6))))
            yield LineSample(picture(text), text)


def toy_manifest(folder: Path, count: int, letters: str = "abcd", groups: int = 4) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, sample in enumerate(itertools.islice(ToyLines(5, letters).stream(), count)):
        Image.fromarray(sample.pixels).save(folder / f"{number}.png")
        row = {"id": f"l{number}", "image": f"{number}.png", "text": sample.text, "level": "line"}
        rows.append(row | {"group": f"book{number % groups}"})
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def train_toys(folder: Path, steps: int, save_minutes: float = 5.0, seed: int = 1):
    """The outcome of a training in ``folder``, and the network."""
    from ocr_plugins.crnn.backend import load_keras
    from ocr_plugins.crnn.model import build
    from ocr_plugins.crnn.training import Plan, Trainee, train

    load_keras().utils.set_random_seed(seed)
    trainee = Trainee(build(TOY, "small"), TOY, "small", "ctc")
    batches = batching.Batches(ToyLines(seed), TOY, seed, columns=2048, window=128)
    plan = Plan(steps=steps, rate=3e-3, save_minutes=save_minutes)
    return train(trainee, batches, plan, folder), trainee


if __name__ == "__main__":
    batching.WIDTHS = ONE_WIDTH
    train_toys(Path(sys.argv[1]), int(sys.argv[2]), save_minutes=0.0)
