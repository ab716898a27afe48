"""Engines and runtimes on pages, and TrOCR on lines, by turns with plain calls of their libraries."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_report import CORPORA, Report, fail_on, rows_of, tell

from ocr_plugins.benchmark.contestants import Contestant, contest, contests
from ocr_plugins.benchmark.measuring import Measured, measure
from ocr_plugins.benchmark.results import COLUMNS, cells, cer, figures
from ocr_plugins.environments import environment_python
from ocr_plugins.image import PageImage
from ocr_plugins.manifest import load_manifest
from ocr_plugins.samples import samples_manifest
from ocr_plugins.spec import parse_spec
from ocr_plugins.threads import cores

SPECS = (
    "tesseract", "crnn", "rapidocr", "easyocr:runtime=exact", "easyocr:runtime=fast",
    "keras-ocr:runtime=exact", "keras-ocr:runtime=fast",
)  # fmt: skip
CHECKPOINT = "trocr"
LINES = 24


def engines(report: Report, pages: int) -> None:
    each = max(pages // len(CORPORA), 1)
    rows = [(corpus, row) for corpus in CORPORA for row in rows_of(corpus, each)]
    truths = [row.text for _, row in rows]
    found: dict[str, Measured] = {}
    shown = []
    for contestants in contests(list(SPECS)):
        done = measure(contestants, [row.ref() for _, row in rows], progress=tell)
        shown += figures(done, truths)
        found |= {
            f"{one.contestant.engine}/{one.contestant.label}"
            if one.contestant.plain
            else one.contestant.label: one
            for one in done
        }
        for one in done:
            if one.why_not:
                tell(f"not measured, {one.contestant.label}: {one.why_not}")
    print_table(f"{len(rows)} pages of {', '.join(CORPORA)}", shown)
    report.found["engines"] = shown
    for name, exact, fast in (("easyocr", 2.0, 5.0), ("keras-ocr", 3.0, 8.0)):
        for runtime, must in (("exact", exact), ("fast", fast)):
            row = next((row for row in shown if row["engine"] == f"{name}:runtime={runtime}"), None)
            if row is None:
                continue
            report.judge(f"{name} {runtime}, times as fast as plain calls", row["speed"], must)
            if runtime == "exact":
                report.judge(f"{name} exact, characters as upstream's, %", 100 - 100 * row["different"], 99.9)
    plain, fast_reader = found.get("easyocr/Reader.readtext"), found.get("easyocr:runtime=fast")
    if plain and fast_reader and not fast_reader.why_not:
        for corpus in CORPORA:
            mine = [text if row[0] == corpus else None for row, text in zip(rows, truths, strict=True)]
            worse = (cer(fast_reader, mine) or 0) - (cer(plain, mine) or 0)
            report.judge(f"easyocr fast, CER more than plain on {corpus}", worse, 0.003, most=True)
        three = [found[name] for name in ("tesseract", "rapidocr", "easyocr:runtime=fast")]
        together = statistics.median(
            sum(times) for times in zip(*(one.seconds for one in three), strict=True)
        )
        report.judge(
            "tesseract, rapidocr and easyocr fast, times as fast as plain EasyOCR",
            plain.median / together,
            1.0,
        )
    if "crnn" in found:
        rivals = {
            label: one.median
            for label, one in found.items()
            if "crnn" not in label and "/" not in label and one.seconds
        }
        # By turns and three times, as a page takes crnn too little time to be timed once.
        pair = [
            contest(parse_spec(label))[-1] for label in ("crnn", min(rivals, key=lambda one: rivals[one]))
        ]
        crnn, rival = measure(pair, [row.ref() for _, row in rows], rounds=3, progress=tell)
        report.judge("crnn, times as fast as the fastest other", rival.median / crnn.median, 3.0)


def print_table(title: str, rows: list[dict[str, Any]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(COLUMNS)} |\n|---|---|{'---:|' * (len(COLUMNS) - 2)}")
    for row in rows:
        print(f"| {' | '.join(cells(row))} |")
    sys.stdout.flush()


def trocr(report: Report, folder: Path) -> None:
    python = environment_python("trocr")
    if python is None:
        tell("not measured, trocr: it is not installed")
        return
    script = Path(__file__).with_name("random_trocr.py")
    checkpoint = folder / CHECKPOINT
    subprocess.run([python, script, checkpoint], check=True, capture_output=True)
    image = next(row for row in load_manifest(samples_manifest()).rows if row.id == "line").ref().load()
    # The same line, each a little longer than the one before: nothing may be kept from one to the next.
    lines = [
        PageImage(pixels=np.ascontiguousarray(image.pixels[:, : image.size[0] - 4 * place]), level="line")
        for place in range(LINES)
    ]
    # Its detector, which would work at the same time, has nothing to do with lines.
    specs = [
        parse_spec(f"trocr:model={checkpoint}:runtime={runtime}:max_length=32:threads={cores()}")
        for runtime in ("exact", "fast")
    ]
    contestants: list[Contestant] = [*contest(specs[0], lines=True), contest(specs[1])[-1]]
    prepared = [one.prepare() for one in contestants]
    engines_ = [one.open() for one in prepared]
    times: list[list[float]] = [[] for _ in engines_]
    for _ in range(4):
        for place, engine in enumerate(engines_):
            started = time.perf_counter()
            results = list(engine.read(lines))
            times[place].append((time.perf_counter() - started) / len(lines))
            fail_on(results)
    for engine in engines_:
        engine.close()
    plain, exact, fast = (statistics.median(one[1:]) for one in times)
    print(
        f"\nTrOCR, {LINES} lines of 32 tokens: plain {plain:.3f} s a line, exact {exact:.3f}, fast {fast:.3f}"
    )
    report.found["trocr"] = {"plain": plain, "exact": exact, "fast": fast}
    report.judge("trocr exact, times as fast as generate line by line", plain / exact, 3.0)
    report.judge("trocr fast, likewise (aim)", plain / fast, 8.0)
