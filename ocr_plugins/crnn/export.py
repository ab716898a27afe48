"""Keras weights -> one ONNX file that onnxruntime reads with its native LSTM, and back.

The initialisers are Keras's weights under their paths and in their own layout; the graph turns them into
ONNX's, which onnxruntime does once, when it loads. So nothing is lost, batch normalisation included
(onnxruntime folds it into the convolutions), and a weights file is all that fine-tuning needs.

Inputs: ``lines`` uint8 (n, h, w), dark ink on light paper, padded at the right with 255; ``widths`` int64
(n,), pixels really used, at least 1. Output ``log_probs`` float32.

* Head ``ctc``: (n, ceil(w / stride), classes); steps beyond ceil(width / stride) mean nothing.
* Head ``attention``: (n, k, classes), k at most ceil(w / stride), read greedily inside the graph (operator
  Loop): the text of a line is the best class of each step up to the first class 0, which is the end.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.crnn.alphabet import Alphabet
from ocr_plugins.crnn.backend import load_keras
from ocr_plugins.crnn.files import write_whole
from ocr_plugins.crnn.model import HEIGHT, SIZES, STEM, STRIDE, named_weights
from ocr_plugins.crnn.model_file import FORMAT, VERSION
from ocr_plugins.errors import CallError, EngineUnavailableError

OPSET = 17
TOLERANCE = 1e-4


def export(
    model: Any, alphabet: Alphabet, path: Path, *, size: str, head: str, name: str, card: Mapping[str, Any]
) -> float:
    """Writes the weights file and checks it against Keras on random lines.

    Returns:
        The largest difference of a log-probability, at most `TOLERANCE`.

    Raises:
        CallError: the file cannot be written, or reads otherwise than Keras.
        EngineUnavailableError: onnx or onnxruntime is not installed.
    """
    data = serialised(named_weights(model), alphabet, size=size, head=head, name=name, card=card)
    off = _difference(model, data, head)
    if not off <= TOLERANCE:
        raise CallError(f"the export differs from Keras by {off:.1e}", "keep the checkpoint and report this")
    write_whole(path, data)
    return off


def serialised(
    weights: Mapping[str, NDArray[Any]],
    alphabet: Alphabet,
    *,
    size: str,
    head: str,
    name: str,
    card: Mapping[str, Any],
) -> bytes:
    """The bytes of a weights file for a network's weights by path."""
    _onnx()
    from onnx import TensorProto, checker, helper, numpy_helper

    graph = _Graph(SIZES[size].units)
    output = graph.network(head)
    graph.add("Identity", [output], output="log_probs")
    inputs = [
        helper.make_tensor_value_info("lines", TensorProto.UINT8, ["n", HEIGHT, "w"]),
        helper.make_tensor_value_info("widths", TensorProto.INT64, ["n"]),
    ]
    outputs = [helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["n", "t", alphabet.size])]
    kept = [
        numpy_helper.from_array(np.ascontiguousarray(array, np.float32), key)
        for key, array in weights.items()
    ]
    kept += [numpy_helper.from_array(array, key) for key, array in graph.constants.items()]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "crnn", inputs, outputs, kept),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="ocr-plugins",
    )
    facts = {
        "format": FORMAT,
        "version": VERSION,
        "alphabet": json.dumps(list(alphabet.characters)),
        "height": str(HEIGHT),
        "stride": str(STRIDE),
        "head": head,
        "name": name,
        "size": size,
        "card": json.dumps(dict(card), sort_keys=True),
    }
    helper.set_model_props(made, facts)
    checker.check_model(made)
    return bytes(made.SerializeToString(deterministic=True))


def read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """The weights by path of a file that `export` wrote; its facts are for `read_facts`.

    Raises:
        EngineUnavailableError: no such file, or none of ours.
    """
    _onnx()
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        graph = onnx.load_model_from_string(path.read_bytes()).graph
    except (OSError, DecodeError) as error:
        raise EngineUnavailableError(
            f"weights {path} cannot be read ({type(error).__name__})", "check the path", "missing_weights"
        ) from None
    return {i.name: numpy_helper.to_array(i) for i in graph.initializer if not i.name.startswith(_CONSTANT)}


_CONSTANT = "constant/"


class _Graph:
    """Nodes in the making; values are known by name, weights by their paths."""

    def __init__(self, units: int, prefix: str = "") -> None:
        self.units = units
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._prefix = prefix

    def add(self, kind: str, inputs: list[str], *, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = output or f"{self._prefix}{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def const(self, value: Any, kind: Any = np.int64) -> str:
        array = np.asarray(value, kind)
        name = f"{_CONSTANT}{array.dtype}/{'x'.join(map(str, array.shape))}/{array.ravel().tolist()}"
        self.constants[name] = array
        return name

    def network(self, head: str) -> str:
        features = self._ink()
        for name, stride, pool, column in STEM:
            features = self._convolution(features, name, stride, (1, 1, 1, 1))
            if pool is not None:
                features = self.add("MaxPool", [features], kernel_shape=pool, strides=pool)
            features = self._masked(features, column)
        features = self._convolution(features, "collapse", 1, (0, 0, 0, 0))
        sequence = self.add("Squeeze", [features, self.const([2])])
        sequence = self.add("Transpose", [sequence], perm=(2, 0, 1))
        steps = self.add("Cast", [self._steps(STRIDE)], to=6)
        for name in ("lstm1", "lstm2"):
            sequence = self._lstm(sequence, steps, name)
        sequence = self.add("Transpose", [sequence], perm=(1, 0, 2))
        if head == "attention":
            return self._attention(sequence)
        return self._classes(sequence)

    def _ink(self) -> str:
        floats = self.add("Cast", ["lines"], to=1)
        ink = self.add("Sub", [self.const(255, np.float32), floats])
        ink = self.add("Div", [ink, self.const(255, np.float32)])
        return self.add("Unsqueeze", [ink, self.const([1])])

    def _steps(self, stride: int) -> str:
        return self.add("Div", [self.add("Add", ["widths", self.const(stride - 1)]), self.const(stride)])

    def _inside(self, columns: str, stride: int) -> str:
        """(n, columns) booleans: which are of the line."""
        positions = self.add("Range", [self.const(0), columns, self.const(1)])
        return self.add("Less", [positions, self.add("Unsqueeze", [self._steps(stride), self.const([1])])])

    def _masked(self, features: str, column: int) -> str:
        columns = self.add("Gather", [self.add("Shape", [features]), self.const(3)])
        inside = self.add("Cast", [self._inside(columns, column)], to=1)
        return self.add("Mul", [features, self.add("Unsqueeze", [inside, self.const([1, 2])])])

    def _convolution(self, features: str, name: str, stride: int, pads: tuple[int, ...]) -> str:
        kernel = self.add("Transpose", [f"{name}/kernel"], perm=(3, 2, 0, 1))
        features = self.add("Conv", [features, kernel], pads=pads, strides=(stride, stride))
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        norms = [f"{name}_norm/{part}" for part in names]
        return self.add("Relu", [self.add("BatchNormalization", [features, *norms], epsilon=1e-3)])

    def _lstm(self, sequence: str, steps: str, name: str) -> str:
        kernel = self.add("Transpose", [f"{name}/kernel"], perm=(0, 2, 1))
        ways = [
            self.add("Unsqueeze", [self.add("Transpose", [f"{name}/{way}/cell/recurrent"]), self.const([0])])
            for way in ("forward", "backward")
        ]
        recurrent = self.add("Concat", ways, axis=0)
        # ONNX has a second bias, of the recurrent product.
        none = self.const(np.zeros((2, 4 * self.units)), np.float32)
        bias = self.add("Concat", [f"{name}/bias", none], axis=1)
        inputs = [sequence, kernel, recurrent, bias, steps]
        hidden = self.add("LSTM", inputs, hidden_size=self.units, direction="bidirectional")
        hidden = self.add("Transpose", [hidden], perm=(0, 2, 1, 3))
        return self.add("Reshape", [hidden, self.const([0, 0, 2 * self.units])])

    def _classes(self, features: str) -> str:
        logits = self.add("Add", [self.add("MatMul", [features, "classes/kernel"]), "classes/bias"])
        return self.add("LogSoftmax", [logits], axis=-1)

    def _attention(self, memory: str) -> str:
        from onnx import helper

        width = 2 * self.units
        columns = self.add("Gather", [self.add("Shape", [memory]), self.const(1)])
        outside = self.add("Cast", [self.add("Not", [self._inside(columns, STRIDE)])], to=1)
        shut = self.add("Mul", [outside, self.const(-1e4, np.float32)])
        lines = self.add("Gather", [self.add("Shape", [memory]), self.const([0])])
        shape = self.add("Concat", [lines, self.const([width])], axis=0)
        zeros = self.add("ConstantOfShape", [shape])
        no_token = self.add("ConstantOfShape", [lines], value=_zero(np.int64))
        not_done = self.add("ConstantOfShape", [lines], value=_zero(np.bool_))
        body = _Graph(self.units, "step/")
        graph = body._step(memory, shut)
        self.constants |= body.constants
        outputs = ["hidden", "cell", "context", "token", "done", "each"]
        start = [columns, "", zeros, zeros, zeros, no_token, not_done]
        self.nodes.append(helper.make_node("Loop", start, outputs, body=graph))
        return self.add("Transpose", ["each"], perm=(1, 0, 2))

    def _step(self, memory: str, shut: str) -> Any:
        """The loop's body: one character of each line, as `layers._AttentionCell` has it."""
        from onnx import TensorProto, helper

        part = "decoder/cell"
        fed = self.add("Gather", ["decoder/embed/embeddings", "token_in"])
        fed = self.add("Concat", [fed, "context_in"], axis=1)
        gates = self.add("Add", [self.add("MatMul", [fed, f"{part}/kernel"]), f"{part}/bias"])
        gates = self.add("Add", [gates, self.add("MatMul", ["hidden_in", f"{part}/recurrent"])])
        four = [f"step/gate{number}" for number in range(4)]
        self.nodes.append(helper.make_node("Split", [gates], four, axis=1))
        enter, leave, keep = (self.add("Sigmoid", [gate]) for gate in four[:3])
        new = self.add("Mul", [enter, self.add("Tanh", [four[3]])])
        cell = self.add("Add", [self.add("Mul", [keep, "cell_in"]), new], output="cell_out")
        hidden = self.add("Mul", [leave, self.add("Tanh", [cell])], output="hidden_out")
        asked = self.add("Unsqueeze", [self.add("MatMul", [hidden, f"{part}/query"]), self.const([2])])
        scores = self.add("Squeeze", [self.add("MatMul", [memory, asked]), self.const([2])])
        weights = self.add("Softmax", [self.add("Add", [scores, shut])], axis=-1)
        weights = self.add("Unsqueeze", [weights, self.const([1])])
        seen = self.add("MatMul", [weights, memory])
        context = self.add("Squeeze", [seen, self.const([1])], output="context_out")
        log_probs = self._classes(self.add("Concat", [hidden, context], axis=1))
        each = self.add("Identity", [log_probs], output="each_out")
        token = self.add("ArgMax", [each], axis=1, keepdims=0, output="token_out")
        ended = self.add("Equal", [token, self.const(0)])
        done = self.add("Or", ["done_in", ended], output="done_out")
        left = self.add("ReduceMax", [self.add("Cast", [self.add("Not", [done])], to=6)], keepdims=0)
        self.add("Cast", [left], to=9, output="go_on_out")
        state = ["hidden", "cell", "context", "token", "done"]
        kinds = [TensorProto.FLOAT] * 3 + [TensorProto.INT64, TensorProto.BOOL]
        ranks = (2, 2, 2, 1, 1)

        def values(end: str) -> list[Any]:
            return [
                helper.make_tensor_value_info(f"{name}{end}", kind, [None] * rank)
                for name, kind, rank in zip(state, kinds, ranks, strict=True)
            ]

        number = helper.make_tensor_value_info("number", TensorProto.INT64, [])
        go_on = [helper.make_tensor_value_info(f"go_on_{end}", TensorProto.BOOL, []) for end in ("in", "out")]
        scanned = helper.make_tensor_value_info("each_out", TensorProto.FLOAT, [None, None])
        return helper.make_graph(
            self.nodes, "step", [number, go_on[0], *values("_in")], [go_on[1], *values("_out"), scanned]
        )


def _zero(kind: Any) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.zeros(1, kind))


def _difference(model: Any, data: bytes, head: str) -> float:
    """The largest difference between Keras and onnxruntime over the steps that mean something."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    widths = np.array([203, 96, 17, 1], np.int64)
    lines = np.full((len(widths), HEIGHT, int(widths.max())), 255, np.uint8)
    for line, width in zip(lines, widths, strict=True):
        line[:, :width] = rng.integers(0, 256, (HEIGHT, width))
    (found,) = session.run(["log_probs"], {"lines": lines, "widths": widths})
    given = [lines, widths.astype(np.int32)]
    if head == "attention":
        tokens = np.argmax(found, axis=2)
        given.append(np.pad(tokens, ((0, 0), (1, 0)))[:, :-1].astype(np.int32))
    ops = load_keras().ops
    wanted = ops.convert_to_numpy(
        ops.log_softmax(ops.convert_to_tensor(model(given, training=False)), axis=-1)
    )
    used = [found.shape[1] if head == "attention" else math.ceil(width / STRIDE) for width in widths]
    return max(
        float(np.abs(a[:count] - b[:count]).max()) for a, b, count in zip(found, wanted, used, strict=True)
    )


def _onnx() -> None:
    try:
        import onnx  # noqa: F401 - whether it is there
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise EngineUnavailableError(
            f"the export needs {error.name}, which is not installed", "pip install 'ocr-plugins[crnn-train]'"
        ) from None
