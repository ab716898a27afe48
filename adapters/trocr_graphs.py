"""TrOCR with its networks as graphs: made by PyTorch's exporter, and what is put in place of the model's own.

Generating tokens stays transformers' own, beams included: the encoder, and one step of the decoder over kept
keys and values, run elsewhere.
"""

from __future__ import annotations

import copy
import functools
import io
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .graphs import Array, Network, Session, find_graph, identity
from .runtimes import open_onnxruntime, open_openvino
from .tuning import quickest, quickest_threads

_OPSET = 17
_PACKAGES = ("torch", "transformers")
# What the step is exported with and checked on: tokens that came before.
_TRACED, _CHECKED = 3, 5
# What is measured: lines that are read at once, of so many tokens.
_BATCHES, _TOKENS = (8, 4, 2), 8


def replace_networks(
    model: Any,
    runtime: Literal["exact", "fast"],
    *,
    made_of: Mapping[str, str],
    threads: int,
    settings: Any,
    measured: bool,
    folder: Path,
) -> int:
    """Lets a `VisionEncoderDecoderModel` with a TrOCR decoder, on a CPU, run its networks elsewhere.

    Args:
        made_of: file -> SHA-256 of the checkpoint.
        threads: that one network may use.
        settings: what it generates by.
        measured: whether to find out how many lines it takes at once.
        folder: where graphs are kept.

    Returns:
        How many lines it takes at once: measured, or the usual number.

    Raises:
        EngineUnavailableError: a network cannot be exported, or its graph is not equal to it.
    """
    import torch

    check = functools.partial(open_onnxruntime, threads=threads)
    exact = runtime == "exact"
    network = _encoder(model, made_of)
    encoder = find_graph(network, check, folder)
    step = find_graph(_step(model, made_of), check, folder)
    threads = quickest_threads(encoder, network.sample, threads, exact=exact, folder=folder)
    model.encoder = _in_place_of_encoder(model, open_openvino(encoder, threads, exact=exact))
    # Each step is one token longer: for OpenVINO a new graph, for ONNX Runtime nothing.
    model.decoder = _in_place_of_decoder(model, open_onnxruntime(step, threads))
    if not measured:
        return _BATCHES[0]
    pixels = torch.zeros(max(_BATCHES), *network.sample["pixels"].shape[1:])
    few = copy.deepcopy(settings)
    few.update(max_new_tokens=min(few.max_new_tokens, _TOKENS), min_new_tokens=None, min_length=0)

    def read(lines: int) -> None:
        with torch.inference_mode():
            for start in range(0, len(pixels), lines):
                model.generate(pixels[start : start + lines], generation_config=few)

    made = [identity(encoder), identity(step), exact, threads, settings.num_beams]
    return quickest("lines", _BATCHES, read, made, folder)


def _in_place_of_encoder(model: Any, session: Session) -> Any:
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        main_input_name = "pixel_values"

        def __init__(self) -> None:
            super().__init__()
            self.config = model.encoder.config

        def forward(self, pixel_values: Any, **_: Any) -> Any:
            (states,) = session({"pixels": pixel_values.numpy()})
            return BaseModelOutput(last_hidden_state=torch.from_numpy(states))

    return Encoder()


def _in_place_of_decoder(model: Any, session: Session) -> Any:
    import torch
    from transformers.cache_utils import DynamicCache, EncoderDecoderCache
    from transformers.modeling_outputs import CausalLMOutputWithCrossAttentions

    heads = [layer.encoder_attn for layer in model.decoder.model.decoder.layers]

    class Decoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.config = model.decoder.config
            self.looks = torch.nn.ModuleList(
                torch.nn.ModuleList([attention.k_proj, attention.v_proj]) for attention in heads
            )

        def forward(
            self, input_ids: Any, encoder_hidden_states: Any, past_key_values: Any = None, **_: Any
        ) -> Any:
            past = past_key_values
            if past is None:
                past = EncoderDecoderCache(DynamicCache(), DynamicCache())
            for place, looks in enumerate(self.looks):
                if not past.is_updated.get(place):
                    seen = [_split(look(encoder_hidden_states), heads[place]) for look in looks]
                    past.cross_attention_cache.update(*seen, place)
                    past.is_updated[place] = True
            logits = [self.step(input_ids[:, [place]], past) for place in range(input_ids.shape[1])]
            return CausalLMOutputWithCrossAttentions(logits=torch.cat(logits, dim=1), past_key_values=past)

        def step(self, tokens: Any, past: Any) -> Any:
            inputs = _inputs(tokens, past, heads)
            logits, *grown = session({name: tensor.numpy() for name, tensor in inputs.items()})
            own = past.self_attention_cache
            length = own.get_seq_length()
            for place, (keys, values) in enumerate(_grouped(map(torch.from_numpy, grown), 2)):
                if length:
                    own.layers[place].keys, own.layers[place].values = keys, values
                else:
                    own.update(keys, values, place)
            return torch.from_numpy(logits)

    return Decoder()


def _grouped(values: Iterable[Any], count: int) -> Iterator[tuple[Any, ...]]:
    """So many of them at a time, which they must come out with."""
    return zip(*[iter(values)] * count, strict=True)


def _split(states: Any, attention: Any) -> Any:
    """States of shape (lines, places, width) by heads: (lines, heads, places, width / heads)."""
    lines, places, _ = states.shape
    return states.view(lines, places, attention.num_heads, attention.head_dim).transpose(1, 2)


def _inputs(tokens: Any, past: Any, heads: Sequence[Any]) -> dict[str, Any]:
    """What the step takes: a token a line, its place, and each layer's keys and values."""
    import torch

    own, cross = past.self_attention_cache, past.cross_attention_cache
    length = own.get_seq_length()
    inputs = {"tokens": tokens, "place": torch.tensor([length])}
    for place, attention in enumerate(heads):
        none = torch.zeros(len(tokens), attention.num_heads, 0, attention.head_dim)
        layer = own.layers[place] if length else None
        inputs[f"key{place}"] = none if layer is None else layer.keys
        inputs[f"value{place}"] = none if layer is None else layer.values
        inputs[f"cross_key{place}"] = cross.layers[place].keys
        inputs[f"cross_value{place}"] = cross.layers[place].values
    return inputs


def _encoder(model: Any, made_of: Mapping[str, str]) -> Network:
    import torch

    processed = model.config.encoder
    sides = processed.image_size
    height, width = (sides, sides) if isinstance(sides, int) else sides
    generator = np.random.default_rng(1)
    images = generator.uniform(-1, 1, (3, processed.num_channels, height, width)).astype(np.float32)
    encoder = model.encoder

    class Traced(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, pixels: Any) -> Any:
            return self.encoder(pixel_values=pixels).last_hidden_state

    def run(inputs: Mapping[str, Array]) -> list[Array]:
        with torch.inference_mode():
            return [Traced()(torch.from_numpy(inputs["pixels"])).numpy()]

    return Network(
        engine="trocr",
        name="encoder",
        sample={"pixels": images},
        run=run,
        export=lambda: _export(
            Traced(), {"pixels": torch.from_numpy(images[:2])}, ["states"], {"pixels": [0]}
        ),
        made_of=made_of,
        packages=_PACKAGES,
    )


def _step(model: Any, made_of: Mapping[str, str]) -> Network:
    """The next token of each line, by the weights of upstream's decoder."""
    step = _step_module(model.decoder)
    inputs, _ = _after(model, _TRACED)
    sample, expected = _after(model, _CHECKED)
    grown = [f"grown_{name}" for name in inputs if name.startswith(("key", "value"))]
    axes = {name: [0] if name == "tokens" else [0, 2] for name in inputs if name != "place"}

    def run(_: Mapping[str, Array]) -> list[Array]:
        return expected

    return Network(
        engine="trocr",
        name="decoder",
        sample={name: tensor.numpy() for name, tensor in sample.items()},
        run=run,
        export=lambda: _export(step, inputs, ["logits", *grown], axes),
        made_of=made_of,
        packages=_PACKAGES,
    )


def _after(model: Any, count: int) -> tuple[dict[str, Any], list[Array]]:
    """Inputs of the step after so many tokens, and what upstream's decoder then gives."""
    import torch
    from transformers.cache_utils import DynamicCache, EncoderDecoderCache

    decoder = model.decoder
    heads = [layer.encoder_attn for layer in decoder.model.decoder.layers]
    generator = torch.Generator().manual_seed(count)
    lines = count - 1
    states = torch.randn(lines, 2 * count, heads[0].k_proj.in_features, generator=generator)
    tokens = torch.randint(0, decoder.config.vocab_size, (lines, count + 1), generator=generator)
    padding = decoder.config.pad_token_id
    # Only the last token may be padding: before it, upstream would count one place less.
    tokens[tokens == padding] = (padding + 1) % decoder.config.vocab_size
    tokens[0, -1] = padding
    past = EncoderDecoderCache(DynamicCache(), DynamicCache())
    with torch.inference_mode():
        decoder(tokens[:, :count], encoder_hidden_states=states, past_key_values=past, use_cache=True)
        inputs = {name: tensor.clone() for name, tensor in _inputs(tokens[:, count:], past, heads).items()}
        given = decoder(tokens[:, count:], encoder_hidden_states=states, past_key_values=past, use_cache=True)
        layers = past.self_attention_cache.layers
        grown = [part for layer in layers for part in (layer.keys, layer.values)]
    return inputs, [tensor.numpy() for tensor in (given.logits, *grown)]


def _step_module(decoder: Any) -> Any:
    """A `TrOCRForCausalLM` for one token a line, as a module that takes and gives tensors alone."""
    import torch

    inner, config = decoder.model.decoder, decoder.config
    embeddings = inner.embed_positions
    if config.use_learned_position_embeddings:
        positions = embeddings.weight.detach()[embeddings.offset :]
    else:
        positions = embeddings.weights[inner.padding_idx + 1 :]

    class Step(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.project = inner, decoder.output_projection
            self.register_buffer("positions", positions.clone())

        def forward(self, tokens: Any, place: Any, *past: Any) -> Any:
            places = self.positions[place]
            if not config.use_learned_position_embeddings:
                # Padding has no place.
                places = places * (tokens != inner.padding_idx).unsqueeze(2)
            states = self.inner.embed_tokens(tokens) + places
            if self.inner.layernorm_embedding is not None:
                states = self.inner.layernorm_embedding(states)
            grown = []
            for layer, (key, value, *cross) in zip(self.inner.layers, _grouped(past, 4), strict=True):
                own = layer.self_attn
                added = [_split(projected(states), own) for projected in (own.k_proj, own.v_proj)]
                kept = [torch.cat(pair, dim=2) for pair in zip((key, value), added, strict=True)]
                grown += kept
                states = layer.self_attn_layer_norm(states + self.attend(own, states, *kept))
                looked = self.attend(layer.encoder_attn, states, *cross)
                states = layer.encoder_attn_layer_norm(states + looked)
                states = layer.final_layer_norm(states + layer.fc2(layer.activation_fn(layer.fc1(states))))
            return (self.project(states), *grown)

        def attend(self, attention: Any, states: Any, keys: Any, values: Any) -> Any:
            asked = _split(attention.q_proj(states) * attention.scaling, attention)
            weights = torch.softmax(asked @ keys.transpose(2, 3), dim=-1)
            return attention.out_proj((weights @ values).transpose(1, 2).flatten(2))

    return Step()


def _export(
    module: Any, inputs: Mapping[str, Any], outputs: Sequence[str], axes: Mapping[str, Sequence[int]]
) -> bytes:
    """A module's graph, by tracing it.

    Args:
        axes: those of each input that may vary, as the first does in each output.
    """
    import torch

    graph = io.BytesIO()
    varying = {name: {axis: f"{name}_{axis}" for axis in which} for name, which in axes.items()}
    varying |= {name: {0: "lines"} for name in outputs}
    with warnings.catch_warnings(), torch.inference_mode():
        # It warns of itself, and of what the check with another size and batch answers.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            graph,
            opset_version=_OPSET,
            dynamo=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=varying,
        )
    return graph.getvalue()
