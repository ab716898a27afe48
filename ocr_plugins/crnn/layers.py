"""The layers of the recogniser that Keras does not have, on keras.ops alone.

Imported by functions only, after `ocr_plugins.crnn.backend.load_keras` has chosen a backend.
"""

from __future__ import annotations

from typing import Any

import keras  # noqa: TID253 - this module is itself imported lazily
from keras import ops  # noqa: TID253

# Of a gate's input: its sigmoid is exactly 0 in every precision, bfloat16 and float16 included.
_SHUT = 1e4


class InkMask(keras.layers.Layer):  # type: ignore[misc]
    """Zeroes what lies beyond a line's width, so that padding cannot leak into it.

    Inputs (n, h, w, c) features and (n,) widths in pixels of the line image; ``stride`` is how many
    of those pixels one column of the features stands for.
    """

    def __init__(self, stride: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, features: Any, widths: Any) -> Any:
        steps = ops.expand_dims(step_counts(widths, self.stride), -1)
        inside = ops.expand_dims(ops.arange(ops.shape(features)[2], dtype="int32"), 0) < steps
        return features * ops.cast(inside, features.dtype)[:, None, :, None]


class BiLSTM(keras.layers.Layer):  # type: ignore[misc]
    """A bidirectional LSTM (Hochreiter and Schmidhuber 1997; Graves and Schmidhuber 2005).

    Inputs (n, t, c) and (n,) steps really used; output (n, t, 2 * units), zero beyond them. It
    stands here in place of Keras's own layer because padding changes nothing in it, exactly. Gates are in
    ONNX's order (i, o, f, c); one bias a gate.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        # Names are the weights' names in checkpoints and exports.
        self.along, self.against = (
            keras.layers.RNN(
                _Cell(units, dtype=self.dtype_policy, name="cell"),
                return_sequences=True,
                go_backwards=backwards,
                name=name,
            )
            for name, backwards in (("forward", False), ("backward", True))
        )

    def build(self, inputs_shape: Any, steps_shape: Any) -> None:  # noqa: ARG002 - Keras passes both
        shape = (2, inputs_shape[-1], 4 * self.units)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(2, 4 * self.units), initializer=_open_forget_gate)
        for loop in (self.along, self.against):
            loop.build((None, None, 4 * self.units))

    def call(self, inputs: Any, steps: Any) -> Any:
        # Beyond the line all gates are shut, so the state there is zero and the backward direction
        # begins where the line ends: the same as a mask, without its cost in each step.
        positions = ops.arange(ops.shape(inputs)[1], dtype="int32")[None, :]
        outside = ops.cast(positions >= ops.cast(steps, "int32")[:, None], inputs.dtype)[:, :, None]
        if keras.backend.backend() == "torch":
            return self._torch(inputs, outside)
        shut = -_SHUT * outside
        forward = self.along(ops.matmul(inputs, self.kernel[0]) + self.bias[0] + shut)
        backward = self.against(ops.matmul(inputs, self.kernel[1]) + self.bias[1] + shut)
        return ops.concatenate([forward, ops.flip(backward, 1)], axis=-1)

    def _torch(self, inputs: Any, outside: Any) -> Any:
        """The same by PyTorch's own LSTM: Keras would take each step in Python."""
        import torch

        weights = {}
        for ending, kernel, bias, loop in zip(
            ("", "_reverse"), self.kernel, self.bias, (self.along, self.against), strict=True
        ):
            # `outside` is one more input, which shuts all gates.
            shutter = torch.full_like(kernel[:1], -_SHUT)
            recurrent = ops.cast(loop.cell.recurrent, inputs.dtype)
            weights[f"weight_ih_l0{ending}"] = _torch_gates(torch.cat([kernel, shutter]).T)
            weights[f"weight_hh_l0{ending}"] = _torch_gates(recurrent.T)
            weights[f"bias_ih_l0{ending}"] = _torch_gates(bias)
            weights[f"bias_hh_l0{ending}"] = torch.zeros_like(bias)
        lstm = torch.nn.LSTM(
            inputs.shape[-1] + 1, self.units, batch_first=True, bidirectional=True, device="meta"
        )
        fed = torch.cat([inputs, outside], dim=-1)
        return torch.func.functional_call(lstm, weights, (fed,))[0]

    def compute_output_shape(self, inputs_shape: Any, steps_shape: Any) -> Any:  # noqa: ARG002
        return (*inputs_shape[:-1], 2 * self.units)


class _Cell(keras.layers.Layer):  # type: ignore[misc]
    """One step of an LSTM whose input products are its input."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = (units, units)
        self.output_size = units

    def build(self, input_shape: Any) -> None:  # noqa: ARG002 - Keras passes it
        self.recurrent = self.add_weight(
            name="recurrent", shape=(self.units, 4 * self.units), initializer=_orthogonal_gates
        )

    def call(self, inputs: Any, states: Any) -> Any:
        hidden, cell = states
        gates = inputs + ops.matmul(hidden, self.recurrent)
        hidden, cell = _lstm(gates, cell, self.units)
        return hidden, (hidden, cell)


def _torch_gates(rows: Any) -> Any:
    """Rows of gates i, o, f, c in PyTorch's order, i, f, c, o."""
    import torch

    enter, leave, keep, new = torch.chunk(rows, 4)
    return torch.cat([enter, keep, new, leave])


def step_counts(widths: Any, stride: int) -> Any:
    """How many steps lines of these widths (pixels) have: ceil(width / stride)."""
    return ops.cast((widths + (stride - 1)) // stride, "int32")


def _orthogonal_gates(shape: tuple[int, ...], dtype: Any = None) -> Any:
    draw = keras.initializers.Orthogonal()
    return ops.concatenate([draw((shape[0], shape[0]), dtype=dtype) for _ in range(4)], axis=-1)


def _open_forget_gate(shape: tuple[int, ...], dtype: Any = None) -> Any:
    units = shape[1] // 4
    zeros, ones = ops.zeros((shape[0], units), dtype), ops.ones((shape[0], units), dtype)
    return ops.concatenate([zeros, zeros, ones, zeros], axis=-1)


class AttentionDecoder(keras.layers.Layer):  # type: ignore[misc]
    """An LSTM that looks at the encoded line again for each character.

    Luong, Pham and Manning, "Effective Approaches to Attention-based Neural Machine Translation" (EMNLP
    2015): the general score, with input feeding. Inputs: memory (n, t, d), its steps (n,), and the
    characters that came before, (n, k) classes with 0 for the start; output (n, k, units + d).
    """

    def __init__(self, units: int, classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.classes = units, classes
        self.embed = keras.layers.Embedding(classes, units // 2, dtype=self.dtype_policy, name="embed")
        self.cell = _AttentionCell(units, dtype=self.dtype_policy, name="cell")
        self.loop = keras.layers.RNN(self.cell, return_sequences=True, name="loop")

    def build(self, memory_shape: Any, steps_shape: Any, tokens_shape: Any) -> None:  # noqa: ARG002
        self.embed.build(tokens_shape)
        self.cell.width = memory_shape[-1]
        self.cell.build((None, self.units // 2))
        self.loop.build((None, None, self.units // 2))

    def call(self, memory: Any, steps: Any, tokens: Any) -> Any:
        positions = ops.arange(ops.shape(memory)[1], dtype="int32")[None, :]
        outside = ops.cast(positions >= ops.cast(steps, "int32")[:, None], memory.dtype)
        # What all steps share; as states the loop would copy it each time.
        self.cell.shared = (memory, -_SHUT * outside)
        states = [ops.zeros_like(memory[:, 0, :1]) * ops.ones((1, size)) for size in self.cell.state_size]
        try:
            return self.loop(self.embed(tokens), initial_state=states)
        finally:
            self.cell.shared = None

    def compute_output_shape(self, memory_shape: Any, steps_shape: Any, tokens_shape: Any) -> Any:  # noqa: ARG002
        return (*tokens_shape, self.units + memory_shape[-1])


class _AttentionCell(keras.layers.Layer):  # type: ignore[misc]
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.width = units, 0
        self.shared: Any = None

    @property
    def state_size(self) -> list[int]:
        return [self.units, self.units, self.width]

    @property
    def output_size(self) -> int:
        return self.units + self.width

    def build(self, input_shape: Any) -> None:
        rows = input_shape[-1] + self.width
        self.kernel = self.add_weight(
            name="kernel", shape=(rows, 4 * self.units), initializer="glorot_uniform"
        )
        self.recurrent = self.add_weight(
            name="recurrent", shape=(self.units, 4 * self.units), initializer=_orthogonal_gates
        )
        self.bias = self.add_weight(name="bias", shape=(4 * self.units,), initializer="zeros")
        self.query = self.add_weight(
            name="query", shape=(self.units, self.width), initializer="glorot_uniform"
        )

    def call(self, inputs: Any, states: Any) -> Any:
        hidden, cell, context = states
        memory, shut = self.shared
        fed = ops.concatenate([inputs, context], axis=-1)
        gates = ops.matmul(fed, self.kernel) + self.bias + ops.matmul(hidden, self.recurrent)
        hidden, cell = _lstm(gates, cell, self.units)
        asked = ops.matmul(hidden, self.query)[:, :, None]
        weights = ops.softmax(ops.matmul(memory, asked)[:, :, 0] + shut, axis=-1)
        context = ops.matmul(weights[:, None, :], memory)[:, 0]
        return ops.concatenate([hidden, context], axis=-1), [hidden, cell, context]


def _lstm(gates: Any, cell: Any, units: int) -> tuple[Any, Any]:
    """The new state and cell from gates in the order i, o, f, c."""
    opened, new = ops.split(gates, [3 * units], axis=-1)
    enter, leave, keep = ops.split(ops.sigmoid(opened), 3, axis=-1)
    cell = keep * cell + enter * ops.tanh(new)
    return leave * ops.tanh(cell), cell


class Ink(keras.layers.Layer):  # type: ignore[misc]
    """(n, h, w) uint8, dark on light, as (n, h, w, 1): 0 paper, 1 ink."""

    def call(self, lines: Any) -> Any:
        return ((255.0 - ops.cast(lines, self.compute_dtype)) / 255.0)[..., None]

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape, 1)


class Steps(keras.layers.Layer):  # type: ignore[misc]
    """Widths in pixels -> steps of the encoder."""

    def __init__(self, stride: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, widths: Any) -> Any:
        return step_counts(widths, self.stride)
