"""Trains the weights of the engine hog: print, from this machine's fonts, and digits.

    python scripts/train_hog.py print adapters/hog_weights/print.npz
    python scripts/train_hog.py digits adapters/hog_weights/digits.npz

Digits are drawn by `ocr_plugins.synth.digits`, set in fonts, and those of scikit-learn's own set (Alpaydin
and Kaynak, "Optical Recognition of Handwritten Digits", UCI, CC BY 4.0). Needs scikit-learn and fonts; the
same seed gives the same weights.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from ocr_plugins.adapters.hog import Machine
from ocr_plugins.adapters.hog_glyphs import Glyph, features, glyphs_of
from PIL import Image, ImageDraw
from sklearn.kernel_approximation import Nystroem
from sklearn.svm import LinearSVC

from ocr_plugins.synth.digits import draw_digit, written_digits
from ocr_plugins.synth.fonts import find_fonts, load_font

PRINT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;!?'()[]-/&$#@*+=<>"
DIGITS = "0123456789"
KINDS = {
    "times": 1.0,
    "modern": 0.5,
    "book": 0.7,
    "sans": 1.0,
    "condensed": 0.2,
    "mono": 0.2,
    "typewriter": 0.3,
}
# Among these letters a line is set, so that heights are those of lines.
AROUND = "Hxgp"


Sample = tuple[Glyph, str]


def handwritten(rng: np.random.Generator, count: int) -> Iterator[Sample]:
    for number in range(count):
        digit = number % 10
        found = glyphs_of(draw_digit(rng, digit), one=True, upright=True)
        if found:
            yield found[0], str(digit)


def of_scikit_learn() -> Iterator[Sample]:
    for ink, digit in written_digits():
        found = glyphs_of(ink, one=True, upright=True)
        if found:
            yield found[0], str(digit)


def printed(
    rng: np.random.Generator, count: int, characters: str, *, upright: bool = False, alone: bool = False
) -> Iterator[Sample]:
    """Characters set in fonts beside others of a line, blurred and scanned a little."""
    fonts = find_fonts()
    made = 0
    while made < count:
        character = characters[made % len(characters)]
        face = fonts.choose(rng, KINDS, character)
        made += 1
        if face is None:
            continue
        size = int(rng.integers(18, 60))
        font = load_font(face.path, size)
        canvas = Image.new("L", (size * 8, size * 2), 255)
        draw = ImageDraw.Draw(canvas)
        x = size * 0.5
        order = [character] if alone else [*AROUND[:2], character, *AROUND[2:]]
        for letter in order:
            draw.text((x, size * 1.4), letter, 0, font, anchor="ls")
            x += draw.textlength(letter, font) + size * 0.25
        pixels = np.asarray(canvas, np.float32)[:, : int(x + size * 0.5)]
        if rng.random() < 0.7:
            import cv2

            pixels = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.3, 0.05 * size)))
            pixels += rng.normal(0, rng.uniform(0, 12), pixels.shape)
            if rng.random() < 0.3:
                pixels = np.where(pixels < rng.uniform(90, 170), 0, 255)
        found = glyphs_of(np.clip(pixels, 0, 255).astype(np.uint8), one=alone, upright=upright)
        if len(found) == len(order):
            yield found[0 if alone else 2], character


def train(samples: Sequence[Sample], landmarks: int, seed: int, *, upright: bool) -> Machine:
    labels = np.array([label for _, label in samples])
    rows = features([glyph for glyph, _ in samples])
    scale = np.ones(rows.shape[1], np.float32)
    # Gradients are many and the place is four numbers.
    scale[-4:] = 0.0 if upright else 1.5
    rows = rows * scale
    some = rows[np.random.default_rng(seed).choice(len(rows), 500, replace=False)]
    gamma = 1.0 / float(np.median(((some[:, None] - some[None]) ** 2).sum(axis=2)))
    kernel = Nystroem(gamma=gamma, n_components=landmarks, random_state=seed).fit(rows)
    machine = LinearSVC(C=1.0, random_state=seed, max_iter=4000).fit(kernel.transform(rows), labels)
    return Machine(
        characters="".join(machine.classes_),
        landmarks=kernel.components_.astype(np.float32),
        scale=scale,
        weights=(kernel.normalization_.T @ machine.coef_.T).astype(np.float32),
        bias=machine.intercept_.astype(np.float32),
        gamma=gamma,
        sharpness=1.0,
        upright=upright,
    )


def sharpened(machine: Machine, kept: Sequence[Sample]) -> Machine:
    """With margins as steep as makes what was kept apart likeliest."""
    truth = np.array([machine.characters.index(label) for _, label in kept])
    margins = machine.margins([glyph for glyph, _ in kept])
    steep = min((0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0), key=lambda by: _loss(margins * by, truth))
    return dataclasses.replace(machine, sharpness=steep)


def _loss(margins: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    shifted = margins - margins.max(axis=1, keepdims=True)
    odds = np.exp(shifted)
    return float(-(shifted[np.arange(len(truth)), truth] - np.log(odds.sum(axis=1))).mean())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=["print", "digits"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=30_000)
    parser.add_argument("--landmarks", type=int, default=1500)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    if arguments.kind == "digits":
        samples = [
            *handwritten(rng, arguments.samples),
            *of_scikit_learn(),
            *printed(rng, arguments.samples // 10, DIGITS, upright=True, alone=True),
        ]
    else:
        samples = list(printed(rng, arguments.samples, PRINT))
    order = rng.permutation(len(samples))
    kept, fit = ([samples[place] for place in some] for some in np.split(order, [len(samples) // 10]))
    machine = train(fit, arguments.landmarks, arguments.seed, upright=arguments.kind == "digits")
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    sharpened(machine, kept).save(arguments.file)
    # What is in the file, in half precision.
    best, _ = Machine.load(arguments.file)([glyph for glyph, _ in kept])
    right = np.mean(
        [machine.characters[number] == label for number, (_, label) in zip(best, kept, strict=True)]
    )
    print(
        f"{arguments.file}: {arguments.file.stat().st_size / 1e6:.2f} MB, {len(machine.characters)} classes"
    )
    print(f"trained on {len(fit)} glyphs; of {len(kept)} kept apart {right:.4f} are read rightly")


if __name__ == "__main__":
    main()
