"""Writes an ONNX file with EAST's outputs: dark cells of 4 x 4 pixels are text, in boxes of one size.

Run by a Python that has the package onnx: ``east_network.py FILE ABOVE RIGHT BELOW LEFT ANGLE``, with the
distances in pixels from a cell to the sides of its box, and its angle in radians.
"""

import sys

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save_model


def main(path: str, *geometry: str) -> None:
    darkness = np.full((1, 3, 1, 1), -0.1, np.float32)
    nodes = [
        helper.make_node("AveragePool", ["image"], ["cells"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["cells", "darkness", "threshold"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["score"]),
        helper.make_node("Conv", ["cells", "nothing", "sides"], ["geometry"]),
    ]
    weights = {
        "darkness": darkness,
        "threshold": np.array([0], np.float32),
        "nothing": np.zeros((5, 3, 1, 1), np.float32),
        "sides": np.array([float(value) for value in geometry], np.float32),
    }
    shape = ["n", 3, "height", "width"]
    graph = helper.make_graph(
        nodes,
        "east",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", 1, "h", "w"]),
            helper.make_tensor_value_info("geometry", TensorProto.FLOAT, ["n", 5, "h", "w"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save_model(model, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
