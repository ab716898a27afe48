"""Writes small networks whose answers are known: where a pixel is dark, there is text.

Run by a Python that has `onnx`, such as EasyOCR's: ``detector_networks.py FOLDER``. All of them take
(1, 3, height, width) with levels from 0, black, to 1, white.

* ``db.onnx``: the probability of each pixel is its darkness, as a map of DB's kind.
* ``east.onnx``: the score of each cell of 4x4 pixels is its darkness, and around each cell lies a box
  of 60x16 pixels; ``east-swapped.onnx`` gives the two outputs in the other order, and
  ``east-slanted.onnx`` turns the boxes by 0.2 radians anticlockwise.
* ``wide.onnx``: gives two maps side by side, as no detector does.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HALF_WIDTH, HALF_HEIGHT = 30.0, 8.0


def sigmoid_of_darkness(size: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    weights = np.full((1, 3, size, size), -40 / (3 * size * size), np.float32)
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.float32([20]), "bias"),
    ]
    nodes = [
        helper.make_node(
            "Conv", ["image", "weights", "bias"], ["dark"], kernel_shape=[size] * 2, strides=[size] * 2
        ),
        helper.make_node("Sigmoid", ["dark"], ["score"]),
    ]
    return nodes, constants


def save(path: Path, nodes: list, constants: list, outputs: list[tuple[str, int]]) -> None:
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "height", "width"])
    shaped = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", depth, "h", "w"])
        for name, depth in outputs
    ]
    graph = helper.make_graph(nodes, "text", [image], shaped, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main(folder: Path) -> None:
    nodes, constants = sigmoid_of_darkness(1)
    save(folder / "db.onnx", nodes, constants, [("score", 1)])
    both = helper.make_node("Concat", ["score", "score"], ["both"], axis=1)
    save(folder / "wide.onnx", [*nodes, both], constants, [("both", 2)])
    for name, angle, order in (("east", 0.0, 1), ("east-swapped", 0.0, -1), ("east-slanted", 0.2, 1)):
        nodes, constants = sigmoid_of_darkness(4)
        box = np.float32([HALF_HEIGHT, HALF_WIDTH, HALF_HEIGHT, HALF_WIDTH, angle])
        constants += [
            numpy_helper.from_array(np.zeros((5, 3, 4, 4), np.float32), "nothing"),
            numpy_helper.from_array(box, "box"),
        ]
        nodes.append(
            helper.make_node(
                "Conv", ["image", "nothing", "box"], ["geometry"], kernel_shape=[4, 4], strides=[4, 4]
            )
        )
        save(folder / f"{name}.onnx", nodes, constants, [("score", 1), ("geometry", 5)][::order])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
