"""Reading pictures of lines with a trained network, on ONNX Runtime, without TensorFlow or PyTorch.

Lines of like width go through the network together, whatever pages they are of. Each is padded to the
width of its own bucket, never to that of its company, so what is read of it does not depend on the others.

Imports nothing but the standard library and NumPy, and the rest inside functions: workers load it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.crnn.decoding import DecodedWord, Decoder, LogProbs
from ocr_plugins.crnn.model_file import ModelFacts, read_facts
from ocr_plugins.crnn.normalise import MOST_WIDTH, Placement, normalised
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.offline import forbid_reports
from ocr_plugins.threads import threads_for

Bytes = NDArray[np.uint8]
#: Runs a network: inputs by their names, the outputs in their order.
Session = Callable[[Mapping[str, Any]], list[Any]]

# Widths are rounded up to a multiple of about this share of themselves, and of so many pixels at least.
_BUCKET, _FINEST = 0.125, 32
# Pixels of one batch, which bounds the memory: the network holds some 100 bytes for each.
_MOST_PIXELS = 600_000
# Where a long line is cut: within this last part of the width that fits, in its widest gap.
_LAST_PART = 0.4
# Darker pixels of a normalised line are ink.
_INK = 128
# More digits than this may depend on which lines share a batch.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word with its place: from ``left`` to ``right``, pixels of the picture that was given.

    Both are None where the network does not tell. ``confidence`` and the alternatives are those
    of `decoding`.
    """

    text: str
    left: float | None
    right: float | None
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a line that the network takes: ``pixels`` begin at ``start`` of the normalised line."""

    line: int
    pixels: Bytes
    start: int
    placement: Placement


class Network:
    """A weights file, opened.

    Args:
        threads: for the network; default: this process's share.
        open_session: of the file and the threads, 0 for as many as the library takes, what runs it; default:
            ONNX Runtime.

    Raises:
        EngineUnavailableError: no weights file of this engine, or one that cannot be run.
    """

    def __init__(
        self,
        path: Path,
        threads: int | None = None,
        open_session: Callable[[Path, int], Session] | None = None,
    ) -> None:
        self.facts: ModelFacts = read_facts(path)
        threads = threads or threads_for("OMP_NUM_THREADS") or 0
        try:
            self._session = (open_session or _open_onnxruntime)(path, threads)
            self._check()
        except Exception as error:
            raise EngineUnavailableError(
                f"engine 'crnn': {path} cannot be run ({type(error).__name__})",
                "export it again, or take another file as weights=",
                kind="bad_model",
            ) from error

    def log_probs(self, lines: Sequence[Bytes]) -> list[LogProbs]:
        """(steps, classes) of each normalised line, in order; each line alone decides its own.

        Raises:
            ValueError: a line of another height, or wider than 5,000 pixels.
        """
        buckets: defaultdict[int, list[int]] = defaultdict(list)
        for place, line in enumerate(lines):
            if line.shape[0] != self.facts.height or not 0 < line.shape[1] <= MOST_WIDTH:
                raise ValueError(f"a line has {line.shape[1]}x{line.shape[0]} px")
            buckets[_bucket(line.shape[1])].append(place)
        found: list[LogProbs] = [np.empty((0, 0), np.float32)] * len(lines)
        for width, places in sorted(buckets.items()):
            most = max(1, _MOST_PIXELS // (width * self.facts.height))
            for start in range(0, len(places), most):
                batch = places[start : start + most]
                for place, result in zip(batch, self._run([lines[p] for p in batch], width), strict=True):
                    found[place] = result
        return found

    def _run(self, lines: Sequence[Bytes], width: int) -> Iterator[LogProbs]:
        padded = np.full((len(lines), self.facts.height, width), 255, np.uint8)
        for row, line in zip(padded, lines, strict=True):
            row[:, : line.shape[1]] = line
        widths = np.array([line.shape[1] for line in lines], np.int64)
        (log_probs,) = self._session({"lines": padded, "widths": widths})
        for result, used in zip(log_probs, widths.tolist(), strict=True):
            # An attention decoder says itself where a line ends.
            yield result if self.facts.head == "attention" else result[: math.ceil(used / self.facts.stride)]

    def _check(self) -> None:
        """Tries the network on a blank line: a file that lies about itself is told before the first page."""
        blank = np.full((self.facts.height, _FINEST), 255, np.uint8)
        (result,) = self._run([blank], _FINEST)
        if result.shape[1:] != (len(self.facts.alphabet) + 1,):
            raise ValueError("the classes are not those of the alphabet")


def _open_onnxruntime(path: Path, threads: int) -> Session:
    forbid_reports()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(inputs: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = session.run(["log_probs"], dict(inputs))
        return found

    return run


class LineReader:
    """Reads pictures of lines: normalises, runs the network in batches, and decodes."""

    def __init__(self, network: Network, decoder: Decoder) -> None:
        self._network = network
        self._decoder = decoder

    def read(self, pictures: Sequence[Bytes]) -> list[list[ReadWord]]:
        """The words of each line, left to right.

        Args:
            pictures: uint8 (h, w), grey, of any size: one line each, with little of others.
        """
        pieces = [piece for line, pixels in enumerate(pictures) for piece in self._pieces(line, pixels)]
        words: list[list[ReadWord]] = [[] for _ in pictures]
        for piece, found in zip(
            pieces, self._network.log_probs([piece.pixels for piece in pieces]), strict=True
        ):
            for word in self._decoder.words(found):
                words[piece.line].append(self._placed(word, piece))
        return words

    def _pieces(self, line: int, pixels: Bytes) -> Iterator[_Piece]:
        normal, placement = normalised(pixels, self._network.facts.height)
        # Of a blank picture a network may read what it was trained to see most.
        if int(normal.min()) >= _INK:
            return
        for start, stop in cuts(normal):
            yield _Piece(line, normal[:, start:stop], start, placement)

    def _placed(self, word: DecodedWord, piece: _Piece) -> ReadWord:
        if self._decoder.attention:
            return ReadWord(word.text, None, None, round(word.confidence, _DIGITS))
        stride = self._network.facts.stride
        width = piece.pixels.shape[1]
        low, high = (min(round(step * stride), width) for step in (word.start, word.stop))
        inked = np.flatnonzero((piece.pixels[:, low:high] < _INK).any(axis=0))
        if len(inked):
            low, high = low + int(inked[0]), low + int(inked[-1]) + 1
        return ReadWord(
            text=word.text,
            left=piece.placement.back(piece.start + low),
            right=piece.placement.back(piece.start + max(high, low + 1)),
            confidence=round(word.confidence, _DIGITS),
            alternatives=tuple((text, round(chance, _DIGITS)) for text, chance in word.alternatives),
        )


def cuts(normal: Bytes, most: int = MOST_WIDTH) -> list[tuple[int, int]]:
    """(start, stop) of the parts of a normalised line that are at most ``most`` pixels wide, cut in white."""
    width = normal.shape[1]
    parts, start = [], 0
    while width - start > most:
        low = start + round((1 - _LAST_PART) * most)
        cut = low + _widest_gap(normal[:, low : start + most])
        parts.append((start, cut))
        start = cut
    return [*parts, (start, width)]


def _widest_gap(normal: Bytes) -> int:
    """The middle of the widest run of columns without ink; the last column where there is none."""
    white = np.concatenate([[False], normal.min(axis=0) >= _INK, [False]])
    edges = np.flatnonzero(np.diff(white.astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts):
        return int(normal.shape[1])
    widest = int(np.argmax(stops - starts))
    return max(int(starts[widest] + stops[widest]) // 2, 1)


def _bucket(width: int) -> int:
    """The width that a line is padded to: it depends on nothing but the line's own."""
    step = _FINEST << max(0, math.floor(math.log2(width * _BUCKET / _FINEST)))
    return -(-width // step) * step
