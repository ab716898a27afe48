"""What parts of the benchmark share: figures with what they must be, pages of corpora, measuring by turns."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpora import FOLDER

from ocr_plugins.document import PageError
from ocr_plugins.engine import Engine
from ocr_plugins.image import PageImage
from ocr_plugins.manifest import ManifestRow, load_manifest

#: Mixed documents.
CORPORA = ("oldbooks", "unlv", "ehri_typed_en", "funsd", "sroie")


@dataclass
class Report:
    """What is printed, and kept as JSON."""

    found: dict[str, Any] = field(default_factory=dict)
    verdicts: list[tuple[str, float, float, bool]] = field(default_factory=list)

    def judge(self, what: str, value: float, must: float, *, most: bool = False) -> None:
        """Whether a figure is at least, or at ``most``, what it must be."""
        self.verdicts.append((what, value, must, value <= must if most else value >= must))

    def table(self) -> str:
        rows = ["| what | measured | must | |", "|---|---:|---:|---|"]
        for what, value, must, good in self.verdicts:
            rows.append(f"| {what} | {value:.3g} | {must:g} | {'reached' if good else 'missed'} |")
        return "\n".join(rows)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def rows_of(corpus: str, count: int) -> list[ManifestRow]:
    """Rows spread evenly over a corpus."""
    rows = load_manifest(FOLDER / corpus / "manifest.jsonl").rows
    return [rows[place * len(rows) // count] for place in range(min(count, len(rows)))]


def by_turns(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians of the seconds of both."""
    pairs = []
    for _ in range(rounds):
        times = []
        for work in (ours, theirs):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
        pairs.append(times)
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def read_all(engine: Engine, images: list[PageImage]) -> None:
    fail_on(list(engine.read(images)))


def fail_on(results: Sequence[object]) -> None:
    for result in results:
        if isinstance(result, PageError):
            sys.exit(str(result))
