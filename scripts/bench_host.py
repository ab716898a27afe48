"""Benchmarks of the host: prints one JSON object. Ratios are medians of runs that alternate.

* a page through a worker against the same in process: decoded to where the worker maps it, and copied;
* Tesseract with two workers against one;
* 500 pages through a worker that leaks 5 MB each: the most memory it ever held;
* an engine's own seconds a page against the time until its result is there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ocr_plugins.document import Page
from ocr_plugins.engine import Engine
from ocr_plugins.host import HostedEngine, HostSettings, open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.manifest import load_manifest
from ocr_plugins.pixels import copied
from ocr_plugins.registry import RegisteredEngine
from ocr_plugins.samples import samples_manifest
from ocr_plugins.spec import EngineSpec

PLUGINS = Path(__file__).parents[1] / "tests" / "plugins"
A4_AT_300_DPI = (3508, 2480, 3)


def seconds(engine: Engine, images: Iterator[PageImage]) -> float:
    started = time.perf_counter()
    for result in engine.read(images):
        if not isinstance(result, Page):
            sys.exit(str(result))
    return time.perf_counter() - started


def one_page(pages: int = 30, rounds: int = 7) -> dict[str, float]:
    """Milliseconds a page of the null engine, A4 in colour at 300 dpi."""
    original = np.random.default_rng(1).integers(0, 256, A4_AT_300_DPI, np.uint8)

    def decoded() -> Iterator[PageImage]:
        # As the decoder does it: into an array that is asked for.
        return (PageImage(pixels=copied(original), id=str(n)) for n in range(pages))

    def in_memory() -> Iterator[PageImage]:
        return (PageImage(pixels=original, id=str(n)) for n in range(pages))

    times: dict[str, list[float]] = {}
    with (
        contextlib.closing(open_engine("null")) as inside,
        contextlib.closing(open_engine("null", workers=1)) as hosted,
    ):
        for _ in range(rounds):
            for name, engine, images in [
                ("decoded, in process", inside, decoded),
                ("decoded, hosted", hosted, decoded),
                ("in memory, in process", inside, in_memory),
                ("in memory, hosted (copied)", hosted, in_memory),
            ]:
                times.setdefault(name, []).append(1000 * seconds(engine, images()) / pages)
    medians = {name: statistics.median(values) for name, values in times.items()}
    pairs = {
        name: list(zip(times[f"{name}, in process"], times[hosted_name], strict=True))
        for name, hosted_name in [("decoded", "decoded, hosted"), ("in memory", "in memory, hosted (copied)")]
    }
    more = {
        f"{name}: more than in process": statistics.median(b - a for a, b in pair)
        for name, pair in pairs.items()
    }
    return {**medians, **more}


def two_workers(rounds: int = 5, pages: int = 8) -> dict[str, float]:
    """Pages a second of Tesseract with two workers, over those with one."""
    row = next(row for row in load_manifest(samples_manifest()).rows if row.id == "letter")
    image = row.ref().load()
    ratios = []
    with (
        contextlib.closing(open_engine("tesseract:workers=1")) as one,
        contextlib.closing(open_engine("tesseract:workers=2")) as two,
    ):
        # The second worker starts when there is work for it.
        seconds(one, iter([image] * 2))
        seconds(two, iter([image] * 6))
        for _ in range(rounds):
            alone = seconds(one, iter([image] * pages))
            ratios.append(alone / seconds(two, iter([image] * pages)))
    return {"speed-up": statistics.median(ratios), "rounds": rounds}


def leak(pages: int = 500, limit: float = 200) -> dict[str, float]:
    """Megabytes that a worker says it holds after each page, with ``memory=200``."""
    sys.path.insert(0, str(PLUGINS))
    import faulty_engine as faulty

    registered = RegisteredEngine("faulty", "faulty_engine:OneByOne")
    settings = HostSettings(memory=limit)
    leaking = np.full((8, 8), faulty.LEAK, np.uint8)
    with contextlib.closing(
        HostedEngine(EngineSpec("faulty"), registered, sys.executable, settings)
    ) as engine:
        results = list(engine.read(PageImage(pixels=leaking, id=str(n)) for n in range(pages)))
    said = [[int(word) for word in result.text.split()] for result in results if isinstance(result, Page)]
    return {
        "pages": len(said),
        "limit_MB": limit,
        "peak_MB": max(held for held, _ in said) / 1e6,
        "workers": len({pid for _, pid in said}),
    }


def engine_overhead(spec: str, pages: int) -> dict[str, float | str]:
    """Time a page in a worker over the engine's own, over pages of the sample letter."""
    row = next(row for row in load_manifest(samples_manifest()).rows if row.id == "letter")
    image = row.ref().load()
    with contextlib.closing(open_engine(spec, workers=1)) as engine:
        list(engine.read([image]))
        started = time.perf_counter()
        results = list(engine.read([image] * pages))
        wall = time.perf_counter() - started
    own = sum(r.provenance.seconds or 0 for r in results if r.provenance is not None)
    return {"engine": spec, "own_s_per_page": own / pages, "more": wall / own - 1}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", default="tesseract,rapidocr", help="for the last of these, by commas")
    parser.add_argument("--pages", type=int, default=3, help="pages for each of them")
    arguments = parser.parse_args()
    found = {
        "null_engine_ms_per_page": one_page(),
        "tesseract_two_workers": two_workers(),
        "leaking_5_MB_a_page": leak(),
        "host_over_engine": [engine_overhead(spec, arguments.pages) for spec in arguments.engines.split(",")],
    }
    print(json.dumps(found, indent=1))
