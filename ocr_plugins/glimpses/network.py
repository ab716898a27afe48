"""Reading with recurrent attention: where to look next, what is seen there, which digit it was.

After Ba, Mnih and Kavukcuoglu, "Multiple Object Recognition with Visual Attention" (ICLR 2015, DRAM), which
goes on from Mnih, Heess, Graves and Kavukcuoglu, "Recurrent Models of Visual Attention" (NIPS 2014, RAM). A
glimpse is a grid of Gaussian filters as in Gregor et al., "DRAW" (ICML 2015): it can be moved and widened,
and taught by gradients in place of rewards.

One glimpse: the upper state says where to look; the patch seen there, and where that was, go to the lower
state, and from there to the upper one. After `GLIMPSES` of them the lower state says a digit, or that the
number ends.

Imports nothing but the standard library and NumPy: workers load it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.glimpses.canvas import HEIGHT, WIDTH

Array = NDArray[Any]

#: Glimpses for each digit, the side of a glimpse in filters, and the longest number.
GLIMPSES, PATCH, LONGEST = 3, 14, 6
#: Digits, and the end of the number.
CLASSES = 11
END = 10
FORMAT = "ocr-plugins-glimpses 1"
_COARSE = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """A number, the probability of each of its digits, and that it ends behind them."""

    text: str
    digits: tuple[float, ...]
    ends: float


class Network:
    """Args: weights by name, as scripts/train_dram.py names them."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._w = {name: np.asarray(array, np.float32) for name, array in weights.items()}

    def read(self, canvases: Array) -> list[Reading]:
        """Numbers on canvases, (n, 32, 128): one a canvas."""
        readings = []
        for chances in _softmax(self.scores(canvases)):
            best = chances.argmax(axis=1)
            count = int(np.argmax(best == END)) if (best == END).any() else len(best)
            readings.append(
                Reading(
                    "".join(map(str, best[:count])),
                    tuple(float(chances[number, best[number]]) for number in range(count)),
                    float(chances[count, END]) if count < LONGEST else 1.0,
                )
            )
        return readings

    def scores(self, canvases: Array) -> Array:
        """Scores of each digit and of the end, (n, LONGEST, 11)."""
        upper = self._context(canvases)
        lower = np.zeros_like(upper)
        said = []
        for _ in range(LONGEST):
            for _ in range(GLIMPSES):
                where = upper @ self._w["where.kernel"] + self._w["where.bias"]
                place = _relu(where @ self._w["place.kernel"] + self._w["place.bias"])
                lower = self._recurrent("lower", self._seen(glimpse(canvases, where)) * place, lower)
                upper = self._recurrent("upper", lower, upper)
            said.append(lower @ self._w["digit.kernel"] + self._w["digit.bias"])
        return np.stack(said, axis=1)

    def _context(self, canvases: Array) -> Array:
        """What the whole picture looks like from afar: where the upper state begins."""
        count = len(canvases)
        coarse = canvases.reshape(count, HEIGHT // _COARSE, _COARSE, WIDTH // _COARSE, _COARSE).mean(
            axis=(2, 4)
        )
        hidden = _relu(coarse.reshape(count, -1) @ self._w["context.kernel"] + self._w["context.bias"])
        return np.asarray(np.tanh(hidden @ self._w["begin.kernel"] + self._w["begin.bias"]), np.float32)

    def _seen(self, patch: Array) -> Array:
        for name in ("first", "second"):
            patch = _pooled(_relu(_convolved(patch, self._w[f"{name}.kernel"]) + self._w[f"{name}.bias"]))
        return _relu(patch.reshape(len(patch), -1) @ self._w["seen.kernel"] + self._w["seen.bias"])

    def _recurrent(self, name: str, given: Array, state: Array) -> Array:
        """One step of a gated recurrent unit as Keras has it (reset after)."""
        of_input = given @ self._w[f"{name}.kernel"] + self._w[f"{name}.bias"][0]
        of_state = state @ self._w[f"{name}.recurrent"] + self._w[f"{name}.bias"][1]
        z0, r0, h0 = np.split(of_input, 3, axis=1)
        z1, r1, h1 = np.split(of_state, 3, axis=1)
        update, reset = _sigmoid(z0 + z1), _sigmoid(r0 + r1)
        return np.asarray(update * state + (1 - update) * np.tanh(h0 + reset * h1), np.float32)

    def save(self, path: Path) -> None:
        """In half precision. A file that is there stays whole until the new one is."""
        arrays: dict[str, Any] = {name: array.astype(np.float16) for name, array in self._w.items()}
        unfinished = path.with_name(f"{path.name}.part")
        with unfinished.open("wb") as file:
            np.savez_compressed(file, format=np.array(FORMAT), **arrays)
        unfinished.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote. Raises EngineUnavailableError for what it did not."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                if str(data["format"]) != FORMAT:
                    raise ValueError
                network = cls({name: data[name] for name in data.files if name != "format"})
            # Whatever is missing, or has another shape, cannot read this either.
            if not np.isfinite(network.scores(np.zeros((1, HEIGHT, WIDTH), np.float32))).all():
                raise ValueError
            return network
        except Exception as error:  # noqa: BLE001 - what damage does to a zip archive has many names
            raise EngineUnavailableError(
                f"{path} holds no weights of this engine ({type(error).__name__})",
                "install ocr-plugins again",
                kind="bad_model",
            ) from None


def glimpse(canvases: Array, where: Array) -> Array:
    """What is seen of canvases: (n, PATCH, PATCH, 1).

    Args:
        where: (n, 4): x and y of the centre, the distance of the filters and their width, none of them
            scaled.
    """
    x = (np.tanh(where[:, 0]) + 1) / 2 * WIDTH
    y = (np.tanh(where[:, 1]) + 1) / 2 * HEIGHT
    apart = np.exp(np.clip(where[:, 2], -1.5, 1.5)) * 2.0
    width = np.exp(np.clip(where[:, 3], -1.5, 1.5)) * 0.8
    rows, columns = _filters(y, apart, width, HEIGHT), _filters(x, apart, width, WIDTH)
    return np.asarray((rows @ canvases @ columns.transpose(0, 2, 1))[..., None], np.float32)


def _filters(centre: Array, apart: Array, width: Array, length: int) -> Array:
    offsets = np.arange(PATCH, dtype=np.float32) - (PATCH - 1) / 2
    places = centre[:, None] + offsets * apart[:, None]
    pixels = np.arange(length, dtype=np.float32) + 0.5
    found = np.exp(-((pixels - places[..., None]) ** 2) / (2 * width[:, None, None] ** 2))
    return np.asarray(found / (found.sum(axis=2, keepdims=True) + 1e-6), np.float32)


def _convolved(images: Array, kernel: Array) -> Array:
    """3 x 3, with zeros around."""
    _, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    parts = [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.concatenate(parts, axis=3) @ kernel.reshape(-1, kernel.shape[3])


def _pooled(images: Array) -> Array:
    count, height, width, channels = images.shape
    cut = images[:, : height // 2 * 2, : width // 2 * 2]
    halves = cut.reshape(count, height // 2, 2, width // 2, 2, channels)
    return np.asarray(halves.max(axis=(2, 4)), np.float32)


def _relu(values: Array) -> Array:
    return np.maximum(values, 0)


def _sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-values)), np.float32)


def _softmax(values: Array) -> Array:
    odds = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True), np.float32)
