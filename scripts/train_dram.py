"""Trains the weights of the engine dram on numbers that are drawn: by hand, and as on houses.

    python scripts/train_dram.py adapters/dram_weights/numbers.npz

Some of the digits are those of scikit-learn's own set (Alpaydin and Kaynak, "Optical Recognition of
Handwritten Digits", UCI, CC BY 4.0). What is drawn knows where its digits are: the network is also told where
to look, less and less, and in the last half not at all. Goes on from its
checkpoint, beside the file, after a stop, with other numbers than it would have drawn without. Needs Keras
with TensorFlow, scikit-learn and fonts.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from ocr_plugins.glimpses.canvas import HEIGHT, WIDTH, canvas_of, place_on_canvas
from ocr_plugins.glimpses.drawing import Number, handwritten, house_number, labels_of
from ocr_plugins.glimpses.network import CLASSES, END, GLIMPSES, LONGEST, PATCH, Network
from ocr_plugins.synth.digits import fitted, written_digits
from ocr_plugins.synth.fonts import find_fonts

STATE, SEEN, CONTEXT = 224, 128, 160
BATCH, RATE, WARM_UP = 64, 5e-4, 1000
# How much it counts at first that a look was beside a digit, and until which share of the training it does.
TOLD, TOLD_UNTIL = 10.0, 0.5
# How much of what a digit says of a look goes back to where it was decided: all of it, look by look, grows
# beyond bounds.
BACK = 0.1
# The others are set in fonts.
HANDWRITTEN = 0.65


class Reader(keras.Model):
    """`ocr_plugins.glimpses.network.Network`, to be taught."""

    def __init__(self) -> None:
        super().__init__()
        dense = keras.layers.Dense
        self.context = dense(CONTEXT, activation="relu")
        self.begin = dense(STATE, activation="tanh")
        # At first it looks at the middle.
        self.where = dense(4, kernel_initializer=keras.initializers.RandomNormal(stddev=0.01))
        self.place = dense(SEEN, activation="relu", bias_initializer="ones")
        self.first = keras.layers.Conv2D(16, 3, padding="same", activation="relu")
        self.second = keras.layers.Conv2D(32, 3, padding="same", activation="relu")
        self.pool = keras.layers.MaxPool2D()
        self.seen = dense(SEEN, activation="relu")
        self.lower = keras.layers.GRUCell(STATE)
        self.upper = keras.layers.GRUCell(STATE)
        self.digit = dense(CLASSES)

    def call(self, canvases: Any) -> Any:
        return self.look(canvases)[0]

    def look(self, canvases: Any) -> tuple[Any, Any]:
        """Scores, (n, LONGEST, 11), and where it looked last for each: -1 (left) to 1, (n, LONGEST)."""
        coarse = tf.nn.avg_pool2d(canvases[..., None], 4, 4, "VALID")
        upper = self.begin(
            self.context(tf.reshape(coarse, (tf.shape(canvases)[0], (HEIGHT // 4) * (WIDTH // 4))))
        )
        lower = tf.zeros_like(upper)
        said, looked = [], []
        for _ in range(LONGEST):
            for _ in range(GLIMPSES):
                where = self.where(upper)
                near = BACK * where + tf.stop_gradient((1 - BACK) * where)
                patch = self.pool(self.first(self._glimpse(canvases, near)))
                patch = self.pool(self.second(patch))
                flat = tf.reshape(patch, (tf.shape(patch)[0], (PATCH // 4) ** 2 * 32))
                lower, _ = self.lower(self.seen(flat) * self.place(near), [lower])
                upper, _ = self.upper(lower, [upper])
            said.append(self.digit(lower))
            looked.append(tf.tanh(where[:, 0]))
        return tf.stack(said, axis=1), tf.stack(looked, axis=1)

    def _glimpse(self, canvases: Any, where: Any) -> Any:
        x = (tf.tanh(where[:, 0]) + 1) / 2 * WIDTH
        y = (tf.tanh(where[:, 1]) + 1) / 2 * HEIGHT
        apart = tf.exp(tf.clip_by_value(where[:, 2], -1.5, 1.5)) * 2.0
        width = tf.exp(tf.clip_by_value(where[:, 3], -1.5, 1.5)) * 0.8
        rows, columns = self._filters(y, apart, width, HEIGHT), self._filters(x, apart, width, WIDTH)
        return tf.matmul(tf.matmul(rows, canvases), columns, transpose_b=True)[..., None]

    def _filters(self, centre: Any, apart: Any, width: Any, length: int) -> Any:
        offsets = tf.range(PATCH, dtype=tf.float32) - (PATCH - 1) / 2
        places = centre[:, None] + offsets * apart[:, None]
        pixels = tf.range(length, dtype=tf.float32) + 0.5
        found = tf.exp(-((pixels - places[..., None]) ** 2) / (2 * width[:, None, None] ** 2))
        return found / (tf.reduce_sum(found, axis=2, keepdims=True) + 1e-6)

    def exported(self) -> Network:
        """The same network for NumPy."""
        weights: dict[str, Any] = {}
        for name in ("context", "begin", "where", "place", "first", "second", "seen", "digit"):
            layer = getattr(self, name)
            weights[f"{name}.kernel"], weights[f"{name}.bias"] = (np.asarray(one) for one in layer.weights)
        for name in ("lower", "upper"):
            kernel, recurrent, bias = (np.asarray(one) for one in getattr(self, name).weights)
            weights |= {f"{name}.kernel": kernel, f"{name}.recurrent": recurrent, f"{name}.bias": bias}
        return Network(weights)


class Training:
    """A network, what teaches it, and where both are kept beside the file of weights."""

    def __init__(self, file: Path, steps: int) -> None:
        self.file = file
        self.reader = Reader()
        self.reader(np.zeros((1, HEIGHT, WIDTH), np.float32))
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, max(steps - WARM_UP, 1), alpha=0.02, warmup_target=RATE, warmup_steps=WARM_UP
        )
        self.optimizer = keras.optimizers.Adam(schedule, beta_2=0.99, global_clipnorm=0.5)
        self.optimizer.build(self.reader.trainable_variables)
        self._told_for = max(steps * TOLD_UNTIL, 1)
        self.step = tf.Variable(0, dtype=tf.int64)
        kept = tf.train.Checkpoint(model=self.reader, optimizer=self.optimizer, step=self.step)
        self._manager = tf.train.CheckpointManager(kept, str(file.with_suffix("")) + ".checkpoints", 1)
        if self._manager.latest_checkpoint:
            kept.restore(self._manager.latest_checkpoint).assert_existing_objects_matched()

    @tf.function(reduce_retracing=True)
    def learn(self, canvases: Any, labels: Any, middles: Any) -> Any:
        """One step: the loss, and the share of numbers that were read rightly."""
        told = TOLD * tf.maximum(1 - tf.cast(self.step, tf.float32) / self._told_for, 0)
        with tf.GradientTape() as tape:
            said, looked = self.reader.look(canvases)
            asked = tf.cast(labels >= 0, tf.float32)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(labels, 0), said)
            loss = tf.reduce_sum(losses * asked) / tf.reduce_sum(asked)
            is_digit = tf.cast((labels >= 0) & (labels < END), tf.float32)
            beside = tf.square(looked - middles) * is_digit
            whole = loss + told * tf.reduce_sum(beside) / tf.reduce_sum(is_digit)
        variables = self.reader.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(whole, variables), variables, strict=True))
        self.step.assign_add(1)
        right = tf.reduce_all((tf.argmax(said, axis=2) == labels) | (labels < 0), axis=1)
        return loss, tf.reduce_mean(tf.cast(right, tf.float32))

    def keep(self) -> Network:
        """Writes the checkpoint and the weights, and gives what these read with."""
        self._manager.save()
        self.reader.exported().save(self.file)
        return Network.load(self.file)


def of_scikit_learn() -> list[list[NDArray[np.uint8]]]:
    """Its pictures by digit, as MNIST has them."""
    found: list[list[NDArray[np.uint8]]] = [[] for _ in range(10)]
    for ink, digit in written_digits():
        found[digit].append(fitted(ink))
    return found


def batches(seed: int, out: queue.Queue[Any]) -> None:
    """Draws batches for ever: canvases, labels, middles."""
    rng, fonts, written = np.random.default_rng(seed), find_fonts(), of_scikit_learn()
    while True:
        rows: list[tuple[Any, Any, Any]] = []
        while len(rows) < BATCH:
            by_hand = rng.random() < HANDWRITTEN
            number = handwritten(rng, LONGEST, written) if by_hand else house_number(rng, fonts, LONGEST)
            canvas = canvas_of(number.picture)
            if canvas is not None:
                rows.append((canvas, labels_of(number.text), middles_of(number)))
        out.put(tuple(np.stack(column) for column in zip(*rows, strict=True)))


def middles_of(number: Number) -> NDArray[np.float32]:
    """Where on the canvas its digits are: -1 (left) to 1, (LONGEST,)."""
    left, _, right, _ = place_on_canvas(number.picture.shape)
    out = np.zeros(LONGEST, np.float32)
    out[: len(number.middles)] = (left + np.array(number.middles) * (right - left)) / WIDTH * 2 - 1
    return out


def share_right(network: Network, manifest: Path) -> float:
    """Of a corpus of pictures, how many are read rightly."""
    with manifest.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    pictures = [np.asarray(Image.open(manifest.parent / row["image"]).convert("L")) for row in rows]
    canvases = [canvas_of(picture) for picture in pictures]
    empty = np.zeros((HEIGHT, WIDTH), np.float32)
    read = network.read(np.stack([empty if canvas is None else canvas for canvas in canvases]))
    return float(np.mean([one.text == row["text"] for one, row in zip(read, rows, strict=True)]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=18_000)
    parser.add_argument("--score", type=Path, metavar="MANIFEST", help="pictures to be read now and then")
    arguments = parser.parse_args()
    if arguments.file.suffix != ".npz":
        parser.error(f"{arguments.file} must end with .npz")
    keras.utils.set_random_seed(arguments.seed)
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    training = Training(arguments.file, arguments.steps)
    first = int(training.step)
    drawn: queue.Queue[Any] = queue.Queue(maxsize=8)
    threading.Thread(target=batches, args=(arguments.seed + first, drawn), daemon=True).start()
    started, told = time.monotonic(), []
    for number in range(first, arguments.steps):
        told.append([float(one) for one in training.learn(*drawn.get())])
        if (number + 1) % 500 == 0 or number + 1 == arguments.steps:
            loss, right = np.mean(told[-500:], axis=0)
            pace = (time.monotonic() - started) / len(told)
            network = training.keep()
            scored = f", of the corpus {share_right(network, arguments.score):.4f}" if arguments.score else ""
            print(f"{number + 1}: loss {loss:.4f}, right {right:.4f}{scored}, {pace:.3f} s", flush=True)
    print(f"{arguments.file}: {arguments.file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
