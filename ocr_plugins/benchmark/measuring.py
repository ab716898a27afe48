"""Contestants read the same pages by turns: what each page took, what was read, the memory at the most."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ocr_plugins.benchmark.contestants import Contestant
from ocr_plugins.document import Page, PageError
from ocr_plugins.engine import Engine, PreparedEngine
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.measured import peak_memory
from ocr_plugins.source import PageRef


@dataclass
class Measured:
    """What one contestant did.

    Args:
        seconds: of each page, in order: the median of its rounds. Of one that failed they say nothing.
        texts: of each page; None where it was not read.
        failures: of the pages that were not read.
        peak: bytes of memory at the most; None where that is not known.
        why_not: why it took no part; empty where it did.
    """

    contestant: Contestant
    seconds: list[float] = field(default_factory=list)
    texts: list[Page | None] = field(default_factory=list)
    failures: list[PageError] = field(default_factory=list)
    runtime: str = ""
    peak: int | None = None
    why_not: str = ""

    @property
    def median(self) -> float:
        """Seconds a page."""
        return statistics.median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Of the seconds a page."""
        if len(self.seconds) < 2:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high


def measure(
    contestants: Sequence[Contestant],
    pages: Sequence[PageRef],
    *,
    rounds: int = 1,
    progress: Callable[[str], None] | None = None,
) -> list[Measured]:
    """All contestants on all pages, by turns, so that the ratios hold whatever else the machine does.

    Each reads the largest page once before, unmeasured: it pays for what is made on first use.

    Args:
        pages: each of them can be loaded.
        rounds: how often each page is read; its median counts.
        progress: is told each page that is done.
    """
    tell = progress or (lambda _: None)
    found = [Measured(one) for one in contestants]
    engines: list[tuple[Measured, PreparedEngine]] = []
    try:
        for one in found:
            try:
                prepared = one.contestant.prepare()
                prepared.open()
                engines.append((one, prepared))
                one.runtime = prepared.info.runtime or f"{prepared.info.name} {prepared.info.version}"
            except EngineUnavailableError as error:
                one.why_not = str(error)
        if not engines:
            return found
        warm = max((page.load() for page in pages), key=lambda image: image.pixels.size)
        for one, engine in engines:
            _read(engine, warm)
            tell(f"{one.contestant.label}: ready")
        for place, page in enumerate(pages):
            image = page.load()
            times: dict[int, list[float]] = {}
            for turn in range(rounds):
                start = (place + turn) % len(engines)
                for one, engine in engines[start:] + engines[:start]:
                    seconds, read = _read(engine, image)
                    times.setdefault(id(one), []).append(seconds)
                    if turn == 0:
                        one.texts.append(None if isinstance(read, PageError) else read)
                        one.failures += [read] if isinstance(read, PageError) else []
            for one, _ in engines:
                one.seconds.append(statistics.median(times[id(one)]))
            shown = ", ".join(f"{one.contestant.label} {one.seconds[-1]:.2f}" for one, _ in engines)
            tell(f"page {place + 1} of {len(pages)}: {shown}")
        for one, engine in engines:
            one.peak = peak_memory(engine)
    finally:
        for _, engine in engines:
            engine.close()
    return found


def _read(engine: Engine, image: PageImage) -> tuple[float, Page | PageError]:
    started = time.perf_counter()
    (result,) = engine.read([image])
    return time.perf_counter() - started, result
