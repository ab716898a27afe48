"""Lines -> batches of lines of like width.

A window of samples is sorted into buckets by width; each bucket gives batches of one shape. What does not
fill a batch goes into the next wider bucket, and repeated lines of weight 0 fill the last one, so that few
shapes occur and nothing is carried over: a position is the number of the window and of the batch in it.
"""

from __future__ import annotations

import itertools
import math
import queue
import threading
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.crnn.alphabet import Alphabet
from ocr_plugins.crnn.model import HEIGHT, STRIDE
from ocr_plugins.crnn.normalise import MOST_WIDTH, normalise
from ocr_plugins.crnn.sources import LineSource
from ocr_plugins.synth.lines import LineSample

Bytes = NDArray[np.uint8]

# Below so many pixels a side nothing can be told.
_LEAST_SIDE = 4
_RANGES = (range(64, 256, 32), range(256, 768, 64), range(768, 1536, 128), range(1536, 3072, 256))
WIDTHS = (*itertools.chain(*_RANGES), 3072, 4096, MOST_WIDTH)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a training is in its data: windows done, and batches of the one that follows."""

    window: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of like width.

    ``lines`` uint8 (n, h, w), ``widths`` int32 (n,), ``tokens`` int32 (n, k): the classes before each
    character; ``targets`` int32 (n, 2 + k): characters, steps, and the classes; ``weights`` float32
    (n,), 0 for lines that only fill the batch up. ``after`` is the position behind it.
    """

    lines: Bytes
    widths: NDArray[np.int32]
    tokens: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float32]
    after: Position

    @property
    def count(self) -> int:
        """Lines that are real."""
        return int(self.weights.sum())


@dataclass(eq=False)
class Batches:
    """Batches of a source.

    Args:
        columns: pixels across all lines of a batch together: at 38,400, 64 lines of 600.
        window: samples that are sorted together.
        seed: of the batches' order.

    ``dropped`` counts samples that cannot be learnt, by reason; ``missing`` the characters that the
    alphabet lacks.
    """

    source: LineSource
    alphabet: Alphabet
    seed: int = 0
    columns: int = 38_400
    window: int = 1024
    dropped: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    def stream(self, position: Position) -> Iterator[Batch]:
        """Batches from a position on, without end.

        Raises:
            CallError: a whole window of samples in which none can be learnt.
        """
        samples = self.source.stream(position.window * self.window)
        number, skipped = position.window, position.batch
        while True:
            window = [next(samples) for _ in range(self.window)]
            groups = self._groups([known for sample in window if (known := self._known(sample))])
            if not groups:
                raise _nothing(self)
            order = np.random.default_rng([self.seed, number]).permutation(len(groups)).tolist()
            for place in range(skipped, len(order)):
                last = place == len(order) - 1
                after = Position(number + 1) if last else Position(number, place + 1)
                group, width = groups[order[place]]
                yield self._batch(group, width, after)
            number, skipped = number + 1, 0

    def _known(self, sample: LineSample) -> tuple[Bytes, list[int]] | None:
        """The normalised line and its classes, or None where it is to be dropped."""
        if not sample.text.strip() or min(sample.pixels.shape) < _LEAST_SIDE:
            self.dropped["without text or a readable picture"] += 1
            return None
        if missing := self.alphabet.missing(sample.text):
            self.missing += missing
            self.dropped["characters outside the alphabet"] += 1
            return None
        line, classes = normalise(sample.pixels, HEIGHT), self.alphabet.encode(sample.text)
        if line.shape[1] > MOST_WIDTH:
            self.dropped[f"wider than {MOST_WIDTH} px"] += 1
            return None
        repeats = sum(a == b for a, b in itertools.pairwise(classes))
        if len(classes) + repeats > math.ceil(line.shape[1] / STRIDE):
            self.dropped["too many characters for its width"] += 1
            return None
        return line, classes

    def _groups(
        self, known: list[tuple[Bytes, list[int]]]
    ) -> list[tuple[list[tuple[Bytes, list[int]]], int]]:
        groups, waiting, rest = [], [], sorted(known, key=lambda one: one[0].shape[1])
        for width in WIDTHS:
            size = self.size_of(width)
            while rest and rest[0][0].shape[1] <= width:
                waiting.append(rest.pop(0))
            while len(waiting) >= size:
                groups.append((waiting[:size], width))
                waiting = waiting[size:]
            if waiting and not rest:
                groups.append((waiting, width))
                break
        return groups

    def size_of(self, width: int) -> int:
        """Lines in a batch of this width."""
        return max(1, self.columns // width)

    def _batch(self, group: list[tuple[Bytes, list[int]]], width: int, after: Position) -> Batch:
        size, longest = self.size_of(width), math.ceil(width / STRIDE)
        lines = np.full((size, HEIGHT, width), 255, np.uint8)
        widths = np.zeros(size, np.int32)
        targets = np.zeros((size, 2 + longest), np.int32)
        tokens = np.zeros((size, longest), np.int32)
        for row in range(size):
            # Filled up with lines of its own: TensorFlow's CTC takes no empty text.
            line, classes = group[row % len(group)]
            lines[row, :, : line.shape[1]] = line
            widths[row] = line.shape[1]
            targets[row, :2] = len(classes), math.ceil(line.shape[1] / STRIDE)
            targets[row, 2 : 2 + len(classes)] = classes
            tokens[row, 1 : 1 + len(classes)] = classes[: longest - 1]
        weights = (np.arange(size) < len(group)).astype(np.float32)
        return Batch(lines, widths, tokens, targets, weights, after)


def _nothing(batches: Batches) -> Exception:
    from ocr_plugins.crnn.alphabet import named
    from ocr_plugins.errors import CallError

    reasons = ", ".join(f"{count} {reason}" for reason, count in batches.dropped.most_common())
    lacking = f"; the alphabet lacks {named(batches.missing)}" if batches.missing else ""
    return CallError(f"no line can be trained on ({reasons}{lacking})", "check the data", "no_lines")


def ahead(items: Iterator[Batch], count: int = 4) -> Generator[Batch, None, None]:
    """The same items, made in a thread up to ``count`` before they are asked for."""
    made: queue.Queue[Any] = queue.Queue(count)
    stop = threading.Event()

    def put(item: Any) -> None:
        while not stop.is_set():
            try:
                made.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stop.is_set():
                    return
            put(StopIteration())
        except BaseException as error:  # noqa: BLE001 - raised again where the items are used
            put(error)

    thread = threading.Thread(target=work, name="batches", daemon=True)
    thread.start()
    try:
        while True:
            item = made.get()
            if isinstance(item, StopIteration):
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
        if hasattr(items, "close"):
            items.close()
