"""Convolutions of an ONNX graph in int8, by ranges seen on samples.

Each chosen convolution gets its input and its weights through a pair of QuantizeLinear and
DequantizeLinear, which OpenVINO runs as one operation in int8: weights by the largest of each output channel,
inputs between the least and the greatest value that the samples gave (Jacob et al., "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018). Where an input comes
from a maximum pooling, that runs in int8 too. What other operations take of the same values stays as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .graphs import Array, Graph, Session, identity, kept

# Pages of the package that the ranges are found on.
_SAMPLES = (
    "letter.png",
    "receipt.jpg",
    "photo.jpg",
    "typescript.jpg",
    "form.png",
    "scene.jpg",
    "invoice.png",
)
_LEVELS = 255
_WEIGHT_LEVELS = 127


def kept_in_int8(
    name: str,
    graph: Graph,
    chosen: Callable[[Array], bool],
    prepare: Callable[[Sequence[Path]], Sequence[Mapping[str, Array]]],
    open_session: Callable[[Graph], Session],
    folder: Path,
) -> Graph:
    """What `quantize` makes of a graph, by ranges seen on the package's samples: made once, and kept.

    Args:
        name: begins the file's name.
        prepare: inputs of the graph from the samples' images.
        folder: where it is kept.
    """
    import ocr_plugins.samples as samples

    files = [Path(samples.__file__).with_name(sample) for sample in _SAMPLES]
    made_of = [identity(graph), *(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)]
    return kept(name, made_of, lambda: quantize(graph, chosen, prepare(files), open_session), folder)


def quantize(
    graph: Graph,
    chosen: Callable[[Array], bool],
    samples: Sequence[Mapping[str, Array]],
    open_session: Callable[[Graph], Session],
) -> bytes:
    """A graph whose chosen convolutions compute in int8.

    Args:
        graph: in float32.
        chosen: by a convolution's weights, of shape (outputs, inputs, height, width).
        samples: inputs of the graph.
        open_session: what the ranges are found with.
    """
    import onnx

    model = onnx.load(graph) if isinstance(graph, Path) else onnx.load_model_from_string(graph)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    convolutions = [
        node
        for node in model.graph.node
        if node.op_type == "Conv"
        and node.input[1] in weights
        and chosen(onnx.numpy_helper.to_array(weights[node.input[1]]))
    ]
    pools = {node.output[0]: node for node in model.graph.node if node.op_type == "MaxPool"}
    seen = [_before(node.input[0], pools) for node in convolutions]
    ranges = _ranges(model, list(dict.fromkeys(seen)), samples, open_session)
    editing = _Editing(model.graph, ranges, pools)
    outputs = {node.output[0] for node in convolutions}
    for node in model.graph.node:
        editing.add(node, node.output[0] in outputs)
    editing.finish()
    return bytes(model.SerializeToString())


def _before(tensor: str, pools: Mapping[str, Any]) -> str:
    return str(pools[tensor].input[0]) if tensor in pools else tensor


def _ranges(
    model: Any,
    tensors: Sequence[str],
    samples: Sequence[Mapping[str, Array]],
    open_session: Callable[[Graph], Session],
) -> dict[str, tuple[float, float]]:
    """The least and the greatest value of each tensor, and zero."""
    import onnx
    from onnx import helper

    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    del asked.graph.output[:]
    for tensor in tensors:
        for kind in ("Min", "Max"):
            name = f"{tensor}:{kind}"
            asked.graph.node.append(helper.make_node(f"Reduce{kind}", [tensor], [name], keepdims=0))
            asked.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, []))
    run = open_session(asked.SerializeToString())
    found = np.array([np.stack(run(sample)) for sample in samples]).reshape(len(samples), len(tensors), 2)
    least, greatest = found[..., 0].min(axis=0), found[..., 1].max(axis=0)
    return {
        tensor: (min(float(low), 0.0), max(float(high), 0.0))
        for tensor, low, high in zip(tensors, least, greatest, strict=True)
    }


class _Editing:
    """Puts nodes back into a graph one by one, with what they need before them."""

    def __init__(
        self, graph: Any, ranges: Mapping[str, tuple[float, float]], pools: Mapping[str, Any]
    ) -> None:
        self._graph = graph
        self._ranges = ranges
        self._pools = pools
        self._weights = {tensor.name: tensor for tensor in graph.initializer}
        self._nodes: list[Any] = []
        # What was quantised: the tensor -> what takes its place.
        self._done: dict[str, str] = {}

    def add(self, node: Any, quantized: bool) -> None:
        if quantized:
            node.input[0] = self._input(node.input[0])
            node.input[1] = self._weight(node.input[1])
        self._nodes.append(node)

    def finish(self) -> None:
        # Assigning to the graph would empty the nodes that are taken from it.
        nodes = [_copy(node) for node in self._nodes]
        used = {name for node in nodes for name in node.input}
        kept = [_copy(tensor) for tensor in self._graph.initializer if tensor.name in used]
        del self._graph.node[:], self._graph.initializer[:]
        self._graph.node.extend(nodes)
        self._graph.initializer.extend(kept)

    def _input(self, tensor: str) -> str:
        if tensor in self._done:
            return self._done[tensor]
        if tensor in self._pools:
            pool = _copy(self._pools[tensor])
            pool.name, pool.output[0] = f"{pool.name}:int8", f"{tensor}:int8"
            pool.input[0] = self._input(pool.input[0])
            self._nodes.append(pool)
            self._done[tensor] = pool.output[0]
            return self._done[tensor]
        low, high = self._ranges[tensor]
        scale = (high - low) / _LEVELS or 1.0
        scaling = self._scaling(tensor, np.float32(scale), np.uint8(round(-low / scale)))
        self._append("QuantizeLinear", [tensor, *scaling], f"{tensor}:q")
        self._append("DequantizeLinear", [f"{tensor}:q", *scaling], f"{tensor}:dq")
        self._done[tensor] = f"{tensor}:dq"
        return self._done[tensor]

    def _weight(self, tensor: str) -> str:
        if tensor not in self._done:
            from onnx import numpy_helper

            values = numpy_helper.to_array(self._weights[tensor])
            largest = np.abs(values).reshape(len(values), -1).max(axis=1)
            scale = np.where(largest > 0, largest / _WEIGHT_LEVELS, 1).astype(np.float32)
            whole = np.round(values / scale[:, np.newaxis, np.newaxis, np.newaxis]).astype(np.int8)
            scaling = self._scaling(tensor, scale, np.zeros(len(values), np.int8))
            self._store(f"{tensor}:q", whole)
            self._append("DequantizeLinear", [f"{tensor}:q", *scaling], f"{tensor}:dq", axis=0)
            self._done[tensor] = f"{tensor}:dq"
        return self._done[tensor]

    def _scaling(self, tensor: str, scale: Any, zero: Any) -> list[str]:
        self._store(f"{tensor}:scale", scale)
        self._store(f"{tensor}:zero", zero)
        return [f"{tensor}:scale", f"{tensor}:zero"]

    def _store(self, name: str, values: Any) -> None:
        from onnx import numpy_helper

        self._graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))

    def _append(self, operation: str, inputs: list[str], output: str, **attributes: Any) -> None:
        from onnx import helper

        self._nodes.append(helper.make_node(operation, inputs, [output], **attributes))


def _copy(message: Any) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
