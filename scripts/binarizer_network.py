"""The learned binariser's network, its training and its export to ONNX.

After DeepOtsu (He, Schomaker, "DeepOtsu: Document enhancement and binarization using iterative deep
learning", Pattern Recognition 91, 2019): the network turns a degraded page into an even one.
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from degrade import Sample, make_sample
from draw_ink import FONT_PACKAGES, find_fonts
from torch import Tensor, nn
from torch.nn import functional

PATCH = 256
BATCH = 4
SCENE = 2 * PATCH
# Each scene gives four patches; the pool mixes those of several scenes in a batch.
POOL = 256
WIDTHS = (16, 32, 64, 96)
RATE = 4e-3
OPSET = 18


class Separable(nn.Module):
    """A residual depthwise-separable convolution of 3 x 3."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depth = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.point = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.norm(self.point(self.depth(x))))


def step(inside: int, outside: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, (kernel - stride + 1) // 2, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


def blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Separable(channels) for _ in range(count)))


class Binarizer(nn.Module):
    """Grey (n, 1, h, w), 0 black to 1 white, to the logit of the ink's coverage, of the same shape.

    h and w are multiples of 16. A U-Net that begins and ends at half the resolution, which makes it
    four times as quick; three coarser scales see the paper and the light around a letter.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = step(1, WIDTHS[0], 4, 2)
        self.down = nn.ModuleList(step(a, b, 2, 2) for a, b in itertools.pairwise(WIDTHS))
        self.into = nn.ModuleList(blocks(w, 1 if w == WIDTHS[0] else 2) for w in WIDTHS)
        self.up = nn.ModuleList(step(b, a, 1, 1) for a, b in itertools.pairwise(WIDTHS))
        self.out = nn.ModuleList(blocks(w, 2 if w == WIDTHS[0] else 1) for w in WIDTHS[:-1])
        self.head = nn.Conv2d(WIDTHS[0], 4, 3, padding=1)

    def forward(self, grey: Tensor) -> Tensor:
        x = self.into[0](self.stem(1 - grey))
        skips = []
        for down, into in zip(self.down, list(self.into)[1:], strict=True):
            skips.append(x)
            x = into(down(x))
        for up, out, skip in zip(reversed(self.up), reversed(self.out), reversed(skips), strict=True):
            x = out(skip + functional.interpolate(up(x), scale_factor=2, mode="nearest"))
        return functional.pixel_shuffle(self.head(x), 2)


class Patches:
    """Batches of (grey, ink), float32 (n, 1, PATCH, PATCH), without end, from a seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._fonts = find_fonts(FONT_PACKAGES)
        self._pool: list[Sample] = []
        self._batches = 0
        while len(self._pool) < POOL:
            self._pool += self._scene()

    def _scene(self) -> list[Sample]:
        whole = make_sample(self._rng, self._fonts, (SCENE, SCENE))
        cuts = [slice(0, PATCH), slice(PATCH, SCENE)]
        parts = [Sample(whole.grey[y, x], whole.ink[y, x]) for y in cuts for x in cuts]
        turns = int(self._rng.choice([0, 0, 0, 0, 0, 1, 2, 3]))
        return [Sample(np.rot90(part.grey, turns), np.rot90(part.ink, turns)) for part in parts]

    def batch(self) -> tuple[Tensor, Tensor]:
        # A scene, four patches, for every two batches of four: each patch is seen about twice.
        self._batches += 1
        if self._batches % 2 == 0:
            for part in self._scene():
                self._pool[self._rng.integers(POOL)] = part
        chosen = [self._pool[i] for i in self._rng.integers(0, POOL, BATCH)]
        both = np.stack([np.stack([part.grey, part.ink]) for part in chosen])
        tensors = torch.from_numpy(both).float() / 255
        return tensors[:, :1], tensors[:, 1:]


def loss_of(logits: Tensor, ink: Tensor) -> Tensor:
    """Cross-entropy with the coverage, and 1 - Dice, which few pixels of ink are not too few for."""
    seen = torch.sigmoid(logits)
    dice = (2 * (seen * ink).sum() + 1) / (seen.sum() + ink.sum() + 1)
    return functional.binary_cross_entropy_with_logits(logits, ink) + 0.2 * (1 - dice)


def train(checkpoint: Path, minutes: float, steps: int | None, seed: int) -> None:
    """Trains for so many minutes, or steps if fewer; keeps a moving mean of the weights.

    The learning rate stays and then falls to 0 over the last two fifths.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    model = Binarizer().to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-3)
    patches = Patches(seed)
    started, losses, number, done = time.monotonic(), [], 0, 0.0
    while done < 1:
        number += 1
        spent = (time.monotonic() - started) / 60
        done = max(spent / minutes, number / steps if steps else 0)
        optimizer.param_groups[0]["lr"] = RATE * min(1, number / 100, max(0, 1 - done) / 0.4)
        grey, ink = patches.batch()
        loss = loss_of(model(grey.contiguous(memory_format=torch.channels_last)), ink)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(model)
        losses.append(loss.item())
        if number % 100 == 0:
            print(f"{number} steps, {spent:.1f} minutes, loss {np.mean(losses[-100:]):.4f}", flush=True)
        if number % 250 == 0 or done >= 1:
            save(mean.module, checkpoint, number, seed)


def save(model: nn.Module, checkpoint: Path, steps: int, seed: int) -> None:
    part = checkpoint.with_suffix(".part")
    torch.save({"weights": model.state_dict(), "steps": steps, "seed": seed}, part)
    part.replace(checkpoint)


def export(checkpoint: Path, path: Path) -> int:
    """Writes the network as ONNX, grey to the ink's coverage from 0 to 1; gives the steps it was trained.

    Its input is ``grey``, float32 (1, 1, h, w), its output ``ink``, of the same shape.
    """
    kept = torch.load(checkpoint, weights_only=True)
    model = Binarizer()
    model.load_state_dict(kept["weights"])
    side = torch.export.Dim("side", min=1, max=1 << 12)
    other = torch.export.Dim("other", min=1, max=1 << 12)
    program = torch.onnx.export(
        nn.Sequential(model, nn.Sigmoid()).eval(),
        (torch.zeros(1, 1, 16 * 5, 16 * 7),),
        input_names=["grey"],
        output_names=["ink"],
        dynamic_shapes=({2: 16 * side, 3: 16 * other},),
        opset_version=OPSET,
    )
    _write(program.model_proto, path)
    return int(kept["steps"])


def _write(model: onnx.ModelProto, path: Path) -> None:
    """Without the notes of the exporter, which are longer than the graph and name files of this machine."""
    model.ClearField("metadata_props")
    model.graph.ClearField("metadata_props")
    model.graph.ClearField("value_info")
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
