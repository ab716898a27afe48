"""Where lines to train on come from: drawn ones, manifests with ground truth, and mixtures.

A source is endless, and sample number i depends on the source's seed and i alone, so a training that was
stopped goes on with the sample it would have seen next.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.crnn.augmentation import augmented
from ocr_plugins.errors import CallError, ManifestError, SourceError
from ocr_plugins.manifest import ManifestRow, load_manifest
from ocr_plugins.synth.lines import LineOptions, LineSample
from ocr_plugins.synth.lines import lines as drawn_lines

# Crops are kept in memory up to so many bytes; beyond, images are opened each time.
_KEPT_BYTES = 1 << 30


class LineSource(Protocol):
    """Endless lines; ``name`` says in a model card what they are."""

    @property
    def name(self) -> str: ...

    def stream(self, start: int = 0) -> Iterator[LineSample]: ...


@dataclass(frozen=True)
class DrawnLines:
    """Lines that `ocr_plugins.synth` draws, in ``workers`` processes."""

    seed: int
    options: LineOptions
    workers: int = 0
    name: str = "synthetic lines"

    def stream(self, start: int = 0) -> Iterator[LineSample]:
        return drawn_lines(self.seed, self.options, self.workers, start)


@dataclass(frozen=True, slots=True)
class TrueLine:
    """A line with ground truth: a manifest's row, or one of the row's ``lines``."""

    row: ManifestRow
    text: str
    box: tuple[float, float, float, float] | None = None


def true_lines(manifests: Iterable[str | Path]) -> list[TrueLine]:
    """All lines of manifests, in order: rows of level line or word, and boxes of page rows' ``lines``.

    Lines without text are left out. Texts are in NFC with single spaces.

    Raises:
        ManifestError: no manifest, one without lines, or a page row with text alone.
    """
    found: list[TrueLine] = []
    for path in manifests:
        manifest = load_manifest(path)
        own = [line for row in manifest.rows for line in _lines_of(row, manifest.path)]
        if not own:
            raise ManifestError(f"manifest {manifest.path} has no line with text", "give rows of level line")
        found += own
    return found


class TrueLines:
    """Lines with ground truth over and over, each time in another order.

    Args:
        lines: at least one.
        seed: of the order and of the augmentation.
        augment: change each picture mildly, see `augmented`.

    Raises:
        CallError: no lines.
    """

    def __init__(self, lines: Sequence[TrueLine], seed: int, *, augment: bool = True, name: str = "") -> None:
        if not lines:
            raise CallError("there are no lines to train on", "name a manifest with some")
        self.name = name or "lines with ground truth"
        self._lines, self._seed, self._augment = list(lines), seed, augment
        self._crops = Crops(self._lines)

    def stream(self, start: int = 0) -> Iterator[LineSample]:
        number = start
        while True:
            epoch, place = divmod(number, len(self._lines))
            order = np.random.default_rng([self._seed, epoch]).permutation(len(self._lines))
            for index in order[place:].tolist():
                try:
                    pixels = self._crops.load(index)
                except SourceError:
                    # One damaged image must not end hours of training; who batches counts it.
                    pixels = np.zeros((0, 0), np.uint8)
                if self._augment:
                    pixels = augmented(pixels, np.random.default_rng([self._seed, number, 1]))
                yield LineSample(pixels, self._lines[index].text)
                number += 1


class Mixture:
    """Lines of several sources in fixed proportions, evenly mingled.

    Args:
        parts: sources with their shares, above 0; they need not sum to 1.
    """

    def __init__(self, parts: Sequence[tuple[LineSource, float]]) -> None:
        if not parts or any(not share > 0 for _, share in parts):
            raise CallError("a mixture needs sources with shares above 0", "leave out what has no share")
        self.name = " + ".join(source.name for source, _ in parts)
        self._sources = [source for source, _ in parts]
        total = sum(share for _, share in parts)
        self._shares = [share / total for _, share in parts]

    def stream(self, start: int = 0) -> Iterator[LineSample]:
        taken = [0] * len(self._sources)
        for number in range(start):
            taken[self._next(taken, number)] += 1
        streams = [source.stream(count) for source, count in zip(self._sources, taken, strict=True)]
        number = start
        while True:
            chosen = self._next(taken, number)
            taken[chosen] += 1
            number += 1
            yield next(streams[chosen])

    def _next(self, taken: Sequence[int], number: int) -> int:
        """The source that is furthest behind its share."""
        behind = [share * (number + 1) - count for share, count in zip(self._shares, taken, strict=True)]
        return behind.index(max(behind))


class Crops:
    """Pictures of lines with ground truth, grey, loaded when first asked for."""

    def __init__(self, lines: Sequence[TrueLine]) -> None:
        self._lines = lines
        self._kept: dict[int, NDArray[np.uint8]] = {}
        self._bytes = 0
        self._of_row: dict[str, list[int]] = {}
        for index, line in enumerate(lines):
            self._of_row.setdefault(line.row.path, []).append(index)

    def load(self, index: int) -> NDArray[np.uint8]:
        """The picture of line ``index``, uint8 (h, w). Raises SourceError where it cannot be opened."""
        if index in self._kept:
            return self._kept[index]
        line = self._lines[index]
        page = _grey(line.row.ref().load().pixels)
        # A page is decoded once for all its lines.
        for other in self._of_row[line.row.path]:
            if self._bytes < _KEPT_BYTES and other not in self._kept:
                self._kept[other] = _cut(page, self._lines[other].box)
                self._bytes += self._kept[other].nbytes
        return self._kept[index] if index in self._kept else _cut(page, line.box)


def _lines_of(row: ManifestRow, manifest: Path) -> Iterator[TrueLine]:
    if row.lines and row.image:
        for line in row.lines:
            if line.get("box") is None:
                raise _pages_only(row, manifest)
            if text := tidy(line["text"]):
                x0, y0, x1, y1 = map(float, line["box"])
                yield TrueLine(row, text, (x0, y0, x1, y1))
    elif row.level == "page" or not row.image:
        raise _pages_only(row, manifest)
    elif text := tidy(row.text):
        yield TrueLine(row, text)


def _pages_only(row: ManifestRow, manifest: Path) -> ManifestError:
    message = f"{manifest}:{row.line} is a page without the places of its lines"
    return ManifestError(message, "give it `lines` with text and box, or rows of level line", "no_lines")


def tidy(text: str) -> str:
    """A line's text as a recogniser learns it: NFC, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if pixels.ndim == 2:
        return pixels
    import cv2

    grey: Any = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, np.uint8)


def _cut(page: NDArray[np.uint8], box: tuple[float, float, float, float] | None) -> NDArray[np.uint8]:
    if box is None:
        return page
    height, width = page.shape
    left, top = (max(0, min(int(low), most - 1)) for low, most in ((box[0], width), (box[1], height)))
    right, bottom = (max(int(np.ceil(high)), low + 1) for high, low in ((box[2], left), (box[3], top)))
    return page[top:bottom, left:right].copy()
