"""A small weights file of the engine crnn, set by hand: what it reads can be told from the pixels.

The network adds up the ink of a line's upper rows, of those in the middle, and of the lower ones. A step
with ink in the upper rows alone reads ``a``, in the middle alone ``b``, in the lower alone ``c``, in all of
them ``d``, in the upper and the lower a space; one without any is a blank. `picture` draws such lines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ALPHABET = (" ", "a", "b", "c", "d")
HEIGHT, STRIDE = 24, 4
STROKE = 3  # pixels


def build(path: Path, metadata: Mapping[str, str] | None = None, classes: int | None = None) -> Path:
    """Writes the file; ``metadata`` replace what it says, ``classes`` gives it another number of them."""
    path.parent.mkdir(exist_ok=True)
    classes = len(ALPHABET) + 1 if classes is None else classes
    # Rows: upper, middle, lower. Columns: blank, space, a, b, c, d.
    weights = np.zeros((3, classes), np.float32)
    weights[:, :6] = np.array(
        [[-8, 6, 12, -6, -6, 5], [-8, -30, -6, 12, -6, 5], [-8, 6, -6, -6, 12, 5]], np.float32
    )
    bias = np.full(classes, -2.0, np.float32)
    bias[0] = 2.0
    bands = np.zeros((HEIGHT, 3), np.float32)
    bands[:10, 0] = bands[10:14, 1] = bands[14:, 2] = 1 / STROKE
    nodes = [
        helper.make_node("Cast", ["lines"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["levels", "white"], ["light"]),
        helper.make_node("Sub", ["one", "light"], ["ink"]),
        helper.make_node("Transpose", ["ink"], ["columns"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["columns", "bands"], ["sums"]),
        helper.make_node("Min", ["sums", "one"], ["shares"]),
        helper.make_node("Transpose", ["shares"], ["rows"], perm=[0, 2, 1]),
        helper.make_node("AveragePool", ["rows"], ["means"], kernel_shape=[STRIDE], strides=[STRIDE]),
        helper.make_node("Transpose", ["means"], ["steps"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["steps", "weights"], ["products"]),
        helper.make_node("Add", ["products", "bias"], ["logits"]),
        # The widths only have to be an input that counts for nothing here.
        helper.make_node("Cast", ["widths"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["wide"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["logits", "nothing"], ["scores"]),
        helper.make_node("LogSoftmax", ["scores"], ["log_probs"], axis=-1),
    ]
    constants = {
        "white": np.array(255, np.float32),
        "one": np.array(1, np.float32),
        "zero": np.array(0, np.float32),
        "bands": bands,
        "weights": weights,
        "bias": bias,
    }
    graph = helper.make_graph(
        nodes,
        "crnn",
        [
            helper.make_tensor_value_info("lines", TensorProto.UINT8, ["n", HEIGHT, "w"]),
            helper.make_tensor_value_info("widths", TensorProto.INT64, ["n"]),
        ],
        [helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["n", "t", classes])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {**facts(), **(metadata or {})})
    onnx.save(model, path)
    return path


def facts() -> dict[str, str]:
    return {
        "format": "ocr-plugins-crnn",
        "version": "1",
        "alphabet": json.dumps(ALPHABET),
        "height": str(HEIGHT),
        "stride": str(STRIDE),
        "head": "ctc",
        "name": "tiny",
        "size": "tiny",
        "card": json.dumps({"steps": 0}),
    }


def picture(text: str, cell: int = 16, scale: int = 1) -> np.ndarray:
    """A line that the network reads as ``text``: letters are short strokes, ``cell`` pixels apart."""
    rows = {"a": [6], "b": [11], "c": [16], "d": [6, 11, 16], " ": [6, 16]}
    pixels = np.full((HEIGHT, cell * len(text)), 255, np.uint8)
    for place, mark in enumerate(text):
        for row in rows[mark]:
            pixels[row : row + STROKE, place * cell + 4 : place * cell + 8] = 0
    return np.kron(pixels, np.ones((scale, scale), np.uint8))
