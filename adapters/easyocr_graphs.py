"""EasyOCR's two networks as ONNX graphs, by PyTorch's own exporter."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .graphs import Array, Network

_OPSET = 17
_PACKAGES = ("torch", "easyocr")


def detector(module: Any, made_of: Mapping[str, str]) -> Network:
    """CRAFT: images of shape (pages, 3, height, width) to maps of shape (pages, height / 2, width / 2, 2)."""
    return _network(
        name="detector",
        module=module,
        call=lambda module, image: module(image)[0],
        trace=_print(1, 3, 320, 320),
        sample=_print(1, 3, 256, 384),
        input_axes={0: "pages", 2: "height", 3: "width"},
        output_axes={0: "pages", 1: "rows", 2: "columns"},
        made_of=made_of,
    )


def recognizer(module: Any, made_of: Mapping[str, str], height: int) -> Network:
    """Images of shape (lines, 1, height, width) to scores of shape (lines, steps, characters)."""
    return _network(
        name="recognizer",
        module=module,
        call=lambda module, image: module(image, None),
        trace=_print(1, 1, height, 4 * height),
        sample=_print(2, 1, height, 6 * height),
        input_axes={0: "lines", 3: "width"},
        output_axes={0: "lines", 1: "steps"},
        made_of=made_of,
    )


def _network(
    *,
    name: str,
    module: Any,
    call: Callable[[Any, Any], Any],
    trace: Array,
    sample: Array,
    input_axes: Mapping[int, str],
    output_axes: Mapping[int, str],
    made_of: Mapping[str, str],
) -> Network:
    """A `torch.nn.Module` on the CPU, which ``call`` gives one tensor and takes one from."""
    module.eval()

    def run(inputs: Mapping[str, Array]) -> list[Array]:
        import torch

        with torch.no_grad():
            return [call(module, torch.from_numpy(inputs["image"])).numpy()]

    def export() -> bytes:
        _make_exportable(module)
        return _trace(module, call, trace, {"image": input_axes, "scores": output_axes})

    return Network(
        engine="easyocr",
        name=name,
        sample={"image": sample},
        run=run,
        export=export,
        made_of=made_of,
        packages=_PACKAGES,
    )


def _print(count: int, channels: int, height: int, width: int) -> Array:
    """Images with letters on them, from -1 to 1."""
    import cv2

    images = np.full((count, height, width), 255, np.uint8)
    for place, image in enumerate(images):
        text, baseline = f"{place} Hamburgefonstiv", (4, height * 3 // 4)
        cv2.putText(image, text, baseline, cv2.FONT_HERSHEY_SIMPLEX, 1, 0, 2)
    levels = images.astype(np.float32) / np.float32(127.5) - np.float32(1)
    return np.repeat(levels[:, np.newaxis], channels, axis=1)


def _trace(
    module: Any, call: Callable[[Any, Any], Any], image: Array, axes: Mapping[str, Mapping[int, str]]
) -> bytes:
    import torch

    class Traced(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, image: Any) -> Any:
            return call(self.module, image)

    graph = io.BytesIO()
    with warnings.catch_warnings():
        # It warns of itself, and of what the check with another size and batch answers.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Traced().eval(),
            (torch.from_numpy(image),),
            graph,
            opset_version=_OPSET,
            # The newer exporter needs another package.
            dynamo=False,
            input_names=["image"],
            output_names=["scores"],
            dynamic_axes={name: dict(named) for name, named in axes.items()},
        )
    return graph.getvalue()


def _make_exportable(module: Any) -> None:
    """Puts a mean over the last axis for adaptive pooling of it to one, which is the same."""
    import torch

    class MeanOfLastAxis(torch.nn.Module):  # type: ignore[misc]
        def forward(self, features: Any) -> Any:
            return features.mean(dim=-1, keepdim=True)

    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, torch.nn.AdaptiveAvgPool2d) and child.output_size == (None, 1):
                setattr(parent, name, MeanOfLastAxis())
