"""The network in Keras: convolutions, two bidirectional LSTMs, and CTC or an attention decoder.

After Shi, Bai and Yao, "An End-to-End Trainable Neural Network for Image-based Sequence Recognition"
(2015), made light for two CPU cores: two convolutions of stride 2 come first, so that what is dear sees
a quarter of the line's columns. One step of the output stands for 4 pixels; at a height of 40 even a
narrow letter has two, and CTC needs one a character and one between equal ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ocr_plugins.crnn.alphabet import Alphabet
from ocr_plugins.crnn.backend import load_keras
from ocr_plugins.errors import CallError

HEIGHT, STRIDE = 40, 4
HEADS = ("ctc", "attention")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")

# Kernel, stride and pooling (rows, columns) of each convolution, and pixels a column stands for after it.
STEM = (("conv1", 2, None, 2), ("conv2", 2, None, 4), ("conv3", 1, (2, 1), 4), ("conv4", 1, None, 4))


@dataclass(frozen=True, slots=True)
class Size:
    """Channels of the four convolutions and of the collapse of the height, and units of each LSTM."""

    channels: tuple[int, int, int, int]
    features: int
    units: int


SIZES = {
    "small": Size((12, 24, 32, 56), 96, 64),
    "standard": Size((16, 32, 48, 80), 160, 112),
    "large": Size((24, 48, 80, 128), 256, 192),
}


def build(alphabet: Alphabet, size: str = "standard", head: str = "ctc", precision: str = "float32") -> Any:
    """The untrained network, a ``keras.Model``.

    Its inputs are ``lines`` (n, 40, w) uint8, dark on light, ``widths`` (n,) int32 pixels really used,
    and for the attention head ``tokens`` (n, k) int32, the classes before each character with 0 first.
    It gives logits: (n, ceil(w / 4), classes), of which those beyond ceil(width / 4) mean nothing, or
    (n, k, classes), where class 0 ends the text. Padding changes nothing.

    Raises:
        CallError: an unknown size, head or precision.
        EngineUnavailableError: Keras is not installed.
    """
    for what, value, known in (
        ("size", size, SIZES),
        ("head", head, HEADS),
        ("precision", precision, PRECISIONS),
    ):
        if value not in known:
            raise CallError(f"unknown {what} {value!r}", f"choose {', '.join(known)}")
    keras = load_keras()
    from ocr_plugins.crnn.layers import AttentionDecoder, BiLSTM, Ink, Steps

    chosen = SIZES[size]
    lines = keras.Input((HEIGHT, None), dtype="uint8", name="lines")
    widths = keras.Input((), dtype="int32", name="widths")
    features = Ink(name="ink", dtype=precision)(lines)
    for (name, stride, pool, column), channels in zip(STEM, chosen.channels, strict=True):
        features = _convolution(features, widths, name, channels, stride, pool, column, precision)
    rows = features.shape[1]
    collapse = keras.layers.Conv2D(
        chosen.features, (rows, 1), use_bias=False, name="collapse", dtype=precision
    )
    features = collapse(features)
    features = _activated(features, "collapse", precision)
    sequence = keras.layers.Reshape((-1, chosen.features), name="sequence", dtype=precision)(features)
    steps = Steps(STRIDE, name="steps", dtype="int32")(widths)
    for name in ("lstm1", "lstm2"):
        sequence = BiLSTM(chosen.units, name=name, dtype=precision)(sequence, steps)
    inputs = [lines, widths]
    if head == "attention":
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        inputs.append(tokens)
        decoder = AttentionDecoder(2 * chosen.units, alphabet.size, name="decoder", dtype=precision)
        sequence = decoder(sequence, steps, tokens)
    # A softmax over some 300 classes and the loss need all of float32.
    logits = keras.layers.Dense(alphabet.size, name="classes", dtype="float32")(sequence)
    return keras.Model(inputs, logits, name=f"crnn_{head}_{size}")


def loss_of(head: str) -> Any:
    """The loss of packed targets (see `batches.Batch`) and logits: one number a line.

    CTC: Graves et al., "Connectionist Temporal Classification" (ICML 2006). Attention: the
    cross-entropy of each character, summed.
    """
    return _ctc_loss if head == "ctc" else _attention_loss


def named_weights(model: Any) -> dict[str, NDArray[Any]]:
    """The weights by path, such as ``conv1/kernel``: their names in checkpoints and weights files."""
    return {weight.path: load_keras().ops.convert_to_numpy(weight) for weight in model.weights}


def set_weights(model: Any, values: Mapping[str, NDArray[Any]]) -> None:
    """Puts weights in by path. Raises KeyError where one is lacking, ValueError for another shape."""
    for weight in model.weights:
        weight.assign(values[weight.path])


def _convolution(
    features: Any,
    widths: Any,
    name: str,
    channels: int,
    stride: int,
    pool: tuple[int, int] | None,
    column: int,
    precision: str,
) -> Any:
    keras = load_keras()
    from ocr_plugins.crnn.layers import InkMask

    # Padded alike on both sides: "same" would shift the picture by a pixel for odd widths.
    padded = keras.layers.ZeroPadding2D(1, name=f"{name}_pad", dtype=precision)(features)
    convolve = keras.layers.Conv2D(channels, 3, stride, use_bias=False, name=name, dtype=precision)
    features = _activated(convolve(padded), name, precision)
    if pool is not None:
        features = keras.layers.MaxPooling2D(pool, name=f"{name}_pool", dtype=precision)(features)
    return InkMask(column, name=f"{name}_mask", dtype=precision)(features, widths)


def _activated(features: Any, name: str, precision: str) -> Any:
    keras = load_keras()
    normalised = keras.layers.BatchNormalization(
        momentum=0.95, epsilon=1e-3, name=f"{name}_norm", dtype=precision
    )
    return keras.layers.ReLU(name=f"{name}_relu", dtype=precision)(normalised(features))


def _ctc_loss(targets: Any, logits: Any) -> Any:
    keras = load_keras()
    ops = keras.ops
    # Keras hands targets to a loss as floats.
    targets = ops.cast(targets, "int32")
    lengths, steps, labels = targets[:, 0], targets[:, 1], targets[:, 2:]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # The kernel behind sparse labels: on a CPU some 15 times faster than the dense one of Keras.
        inside = tf.sequence_mask(lengths, tf.shape(labels)[1])
        sparse = tf.SparseTensor(
            tf.where(inside), tf.boolean_mask(labels, inside), tf.shape(labels, out_type=tf.int64)
        )
        return tf.nn.ctc_loss(sparse, logits, None, steps, logits_time_major=False, blank_index=0)
    return ops.ctc_loss(labels, logits, lengths, steps, mask_index=0)


def _attention_loss(targets: Any, logits: Any) -> Any:
    ops = load_keras().ops
    targets = ops.cast(targets, "int32")
    lengths, labels = targets[:, 0], targets[:, 2:]
    each = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    # One more than the characters: the end is learnt too.
    counted = ops.arange(ops.shape(labels)[1], dtype="int32")[None, :] <= lengths[:, None]
    return ops.sum(each * ops.cast(counted, each.dtype), axis=-1)
