"""A few steps of training from given weights: the same, whatever Keras runs on.

As a script: python crnn_steps.py HEAD OUT [FOLDER OF MORE PACKAGES]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from crnn_toys import TOY

from ocr_plugins.crnn.backend import load_keras
from ocr_plugins.crnn.model import HEIGHT, build, loss_of, named_weights, set_weights


def steps(head: str) -> dict[str, np.ndarray]:
    """What the network says at first, its loss at each of three steps, and its weights after them."""
    rng, keras = np.random.default_rng(0), load_keras()
    model = build(TOY, "small", head)
    drawn = {
        path: array if "norm" in path else rng.normal(0, 0.1, array.shape)
        for path, array in sorted(named_weights(model).items())
    }
    set_weights(model, drawn)
    widths = np.array([120, 90, 61], np.int32)
    given = [rng.integers(0, 256, (3, HEIGHT, 120), np.uint8), widths]
    targets = np.column_stack([[6, 6, 6], -(-widths // 4), rng.integers(1, TOY.size, (3, 6))]).astype(
        np.int32
    )
    if head == "attention":
        given.append(np.column_stack([[0, 0, 0], targets[:, 2:-1]]).astype(np.int32))
    model.compile(keras.optimizers.SGD(1e-3), loss=loss_of(head), jit_compile=False)
    said = keras.ops.convert_to_numpy(model(given, training=False))
    losses = np.array([float(model.train_on_batch(given, targets)) for _ in range(3)])
    return {"said": said, "losses": losses, **named_weights(model)}


if __name__ == "__main__":
    sys.path.extend(sys.argv[3:])
    np.savez(Path(sys.argv[2]), **steps(sys.argv[1]))
