"""Trains the weights of the engine dram on numbers that are drawn: by hand, and as on houses.

    python scripts/train_dram.py adapters/dram_weights/numbers.npz

First single digits, then longer and longer numbers. Goes on from its checkpoint, beside the file, after a
stop. Needs Keras with TensorFlow and fonts.
"""

from __future__ import annotations

import argparse
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

from ocr_plugins.glimpses.canvas import HEIGHT, WIDTH, canvas_of
from ocr_plugins.glimpses.drawing import handwritten, house_number, labels_of
from ocr_plugins.glimpses.network import CLASSES, GLIMPSES, LONGEST, PATCH, Network
from ocr_plugins.synth.fonts import FontSet, find_fonts

STATE, SEEN, CONTEXT = 224, 128, 160
BATCH = 64
# How long numbers are at most, from which share of the training on.
STAGES = ((0.0, 1), (0.25, 2), (0.4, 3), (0.55, 5))


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

    def call(self, canvases: Any, longest: int = LONGEST) -> Any:
        coarse = tf.nn.avg_pool2d(canvases[..., None], 4, 4, "VALID")
        upper = self.begin(
            self.context(tf.reshape(coarse, (tf.shape(canvases)[0], (HEIGHT // 4) * (WIDTH // 4))))
        )
        lower = tf.zeros_like(upper)
        said = []
        for _ in range(longest):
            for _ in range(GLIMPSES):
                where = self.where(upper)
                patch = self.pool(self.first(self._glimpse(canvases, where)))
                patch = self.pool(self.second(patch))
                flat = tf.reshape(patch, (tf.shape(patch)[0], (PATCH // 4) ** 2 * 32))
                lower, _ = self.lower(self.seen(flat) * self.place(where), [lower])
                upper, _ = self.upper(lower, [upper])
            said.append(self.digit(lower))
        return tf.stack(said, axis=1)

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


def batches(seed: int, fonts: FontSet, longest: list[int], out: queue.Queue[Any]) -> None:
    """Draws batches for ever, of numbers as long as they are to be now."""
    rng = np.random.default_rng(seed)
    while True:
        canvases, labels = np.zeros((BATCH, HEIGHT, WIDTH), np.float32), np.zeros((BATCH, LONGEST), np.int64)
        for place in range(BATCH):
            if rng.random() < 0.65:
                canvases[place], text = handwritten(rng, longest[0])
            else:
                picture, text = house_number(rng, fonts, longest[0])
                canvas = canvas_of(picture)
                if canvas is not None:
                    canvases[place] = canvas
            labels[place] = labels_of(text)
        out.put((canvases, labels))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=24_000)
    arguments = parser.parse_args()
    keras.utils.set_random_seed(arguments.seed)
    reader = Reader()
    reader(np.zeros((1, HEIGHT, WIDTH), np.float32))
    schedule = keras.optimizers.schedules.CosineDecay(0.0, arguments.steps, 0.02, 1.5e-3, 500)
    optimizer = keras.optimizers.Adam(schedule, clipnorm=1.0)
    step = tf.Variable(0, dtype=tf.int64)
    kept = tf.train.Checkpoint(model=reader, optimizer=optimizer, step=step)
    manager = tf.train.CheckpointManager(kept, str(arguments.file.with_suffix("")) + ".checkpoints", 1)
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    kept.restore(manager.latest_checkpoint)

    @tf.function(reduce_retracing=True)
    def learn(canvases: Any, labels: Any, longest: int) -> Any:
        with tf.GradientTape() as tape:
            said = reader(canvases, longest=longest)
            wanted = labels[:, :longest]
            asked = tf.cast(wanted >= 0, tf.float32)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(wanted, 0), said)
            loss = tf.reduce_sum(losses * asked) / tf.reduce_sum(asked)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, reader.trainable_variables), reader.trainable_variables, strict=True)
        )
        right = tf.reduce_all((tf.argmax(said, axis=2) == wanted) | (wanted < 0), axis=1)
        return loss, tf.reduce_mean(tf.cast(right, tf.float32))

    longest = [1]
    drawn: queue.Queue[Any] = queue.Queue(maxsize=8)
    fonts = find_fonts()
    threading.Thread(
        target=batches, args=(arguments.seed + int(step), fonts, longest, drawn), daemon=True
    ).start()
    started, told = time.monotonic(), []
    for number in range(int(step), arguments.steps):
        longest[0] = max(most for share, most in STAGES if number >= share * arguments.steps)
        canvases, labels = drawn.get()
        told.append([float(one) for one in learn(canvases, labels, min(longest[0] + 1, LONGEST))])
        step.assign_add(1)
        if (number + 1) % 500 == 0:
            loss, right = np.mean(told[-500:], axis=0)
            pace = (time.monotonic() - started) / len(told)
            print(
                f"{number + 1}: up to {longest[0]}, loss {loss:.4f}, right {right:.4f}, {pace:.3f} s",
                flush=True,
            )
            manager.save()
            reader.exported().save(arguments.file)
    reader.exported().save(arguments.file)
    print(f"{arguments.file}: {arguments.file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
