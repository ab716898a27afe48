"""Speed of engines and runtimes, with the figures that they must reach: prints a table of each part.

All are measured in one run, by turns with plain calls of the libraries. The pages are of corpora that are not
part of this repository: OCR_PLUGINS_CORPORA names their folder. ``--out DIR`` keeps results.json and, with
py-spy installed, a flame graph of each engine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from corpora import FOLDER

from ocr_plugins.benchmark.contestants import Contestant, contest, contests
from ocr_plugins.benchmark.measuring import Measured, measure
from ocr_plugins.benchmark.results import COLUMNS, cells, cer, figures
from ocr_plugins.document import PageError
from ocr_plugins.engine import Engine
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import OcrError
from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.manifest import ManifestRow, load_manifest
from ocr_plugins.memory import MEGABYTE
from ocr_plugins.samples import samples_manifest
from ocr_plugins.spec import parse_spec
from ocr_plugins.threads import cores

CORPORA = ("oldbooks", "unlv", "ehri_typed_en", "funsd", "sroie")
SPECS = (
    "tesseract", "crnn", "rapidocr", "easyocr:runtime=exact", "easyocr:runtime=fast",
    "keras-ocr:runtime=exact", "keras-ocr:runtime=fast",
)  # fmt: skip
PARTS = ("engines", "trocr", "tesseract", "words", "memory", "start")
LINES, WORDS, SIZES, EARLY = 24, 120, 300, 20


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


# Engines on pages


def engines(report: Report, pages: int) -> None:
    each = max(pages // len(CORPORA), 1)
    rows = [(corpus, row) for corpus in CORPORA for row in rows_of(corpus, each)]
    truths = [row.text for _, row in rows]
    found: dict[str, Measured] = {}
    shown = []
    for name, contestants in contests(list(SPECS)).items():
        done = measure(contestants, [row.ref().load for _, row in rows], progress=tell)
        shown += figures(done, truths)
        found |= {
            f"{name}/{one.contestant.label}" if one.contestant.plain else one.contestant.label: one
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
        rivals = [
            one.median
            for label, one in found.items()
            if "crnn" not in label and "/" not in label and one.seconds
        ]
        report.judge("crnn, times as fast as the fastest other", min(rivals) / found["crnn"].median, 3.0)


def print_table(title: str, rows: list[dict[str, Any]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(COLUMNS)} |\n|---|---|{'---:|' * (len(COLUMNS) - 2)}")
    for row in rows:
        print(f"| {' | '.join(cells(row))} |")
    sys.stdout.flush()


# TrOCR on lines


def trocr(report: Report, folder: Path) -> None:
    python = environment_python("trocr")
    if python is None:
        tell("not measured, trocr: it is not installed")
        return
    script = Path(__file__).with_name("random_trocr.py")
    checkpoint = folder / "trocr"
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
    contestants: list[Contestant] = [*contest(specs[0]), contest(specs[1])[-1]]
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


# Tesseract


def pytesseract_config() -> str:
    return f'--tessdata-dir "{Path(sys.prefix) / "share" / "tessdata"}"'


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


def plainly(images: list[PageImage], config: str) -> None:
    import pytesseract
    from PIL import Image

    for image in images:
        pytesseract.image_to_data(Image.fromarray(image.pixels), config=config)


def tesseract(report: Report, pages: int) -> None:
    each = max(pages // len(CORPORA), 1)
    images = [row.ref().load() for corpus in CORPORA for row in rows_of(corpus, each)]
    engine = open_engine("tesseract:workers=2:threads=1")
    read_all(engine, images[:2])
    ours, theirs = by_turns(
        lambda: read_all(engine, images), lambda: plainly(images, pytesseract_config()), rounds=3
    )
    engine.close()
    print(f"\nTesseract, {len(images)} pages: two workers {ours:.1f} s, pytesseract in a loop {theirs:.1f} s")
    report.found["tesseract_pages"] = {"two workers": ours, "pytesseract": theirs}
    report.judge("tesseract, pages with two workers, times as fast as pytesseract", theirs / ours, 2.5)


def words(report: Report) -> None:
    images = [row.ref().load() for row in rows_of("iiit5k_words", WORDS)]
    times = {}
    for workers, must in ((1, 12.0), (2, 20.0)):
        engine = open_engine(f"tesseract:workers={workers}:threads=1")
        read_all(engine, images)
        ours, theirs = by_turns(
            lambda engine=engine: read_all(engine, images),
            lambda: plainly(images, f"{pytesseract_config()} --psm 8"),
            rounds=3,
        )
        engine.close()
        times[f"{workers} workers"] = {"ours": len(images) / ours, "pytesseract": len(images) / theirs}
        rates = len(images) / ours, len(images) / theirs
        print(f"\nWord crops a second, {workers} worker(s): {rates[0]:.0f}, pytesseract {rates[1]:.1f}")
        report.judge(
            f"tesseract, word crops, {workers} worker(s), times as fast as pytesseract", theirs / ours, must
        )
    report.found["words"] = times


# Memory and start


def sized(count: int) -> Iterator[PageImage]:
    """Pieces of pages, of sizes by chance."""
    chance = random.Random(1)
    sources = [row.ref().load() for corpus in CORPORA for row in rows_of(corpus, 2)]
    for _ in range(count):
        source = chance.choice(sources)
        width, height = (min(side, chance.randrange(200, 1100)) for side in source.size)
        x, y = chance.randrange(source.size[0] - width + 1), chance.randrange(source.size[1] - height + 1)
        yield PageImage(pixels=np.ascontiguousarray(source.pixels[y : y + height, x : x + width]))


def memory(report: Report) -> None:
    engine: Any = open_engine("easyocr:runtime=exact:recycle=1000:timeout=3600")
    peaks = []
    for place, image in enumerate(sized(SIZES)):
        read_all(engine, [image])
        peaks.append(engine.peak_memory / MEGABYTE)
        if place % 50 == 49:
            tell(f"memory: page {place + 1} of {SIZES}: {peaks[-1]:.0f} MB")
    engine.close()
    early, late = peaks[EARLY - 1], peaks[-1]
    print(f"\nEasyOCR's worker at most: {early:.0f} MB after {EARLY} pages, {late:.0f} MB after {SIZES}")
    report.found["memory"] = {"early": early, "late": late}
    report.judge(f"easyocr, peak memory after {SIZES} pages over {EARLY}", late / early, 1.15, most=True)


def start(report: Report) -> None:
    line = next(row for row in load_manifest(samples_manifest()).rows if row.id == "line").path
    command = [sys.executable, "-m", "ocr_plugins", "read", str(line), "--engine", "crnn", "--no-store"]
    times = []
    for _ in range(7):
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            if process.stdout is None or not process.stdout.read(1):
                sys.exit("nothing was read")
            times.append(time.perf_counter() - started)
            process.stdout.read()
    median = statistics.median(times)
    spread = f"{min(times):.2f} to {max(times):.2f}"
    print(f"\n`ocr-plugins read` with crnn: {median:.2f} s to the first word ({spread})")
    report.found["start"] = times
    report.judge("ocr-plugins read with crnn to the first word, s", median, 1.5, most=True)


# All of it


def machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    units = [
        unit
        for unit in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
        if unit in flags
    ]
    name = names[0] if names else platform.processor()
    return f"{os.cpu_count()} cores of {name} ({', '.join(units)}), Python {platform.python_version()}"


def flames(out: Path) -> None:
    """A flame graph of each engine's whole pipeline over the samples' letter, all processes of it."""
    letter = next(row for row in load_manifest(samples_manifest()).rows if row.id == "letter").path
    for spec in SPECS:
        target = out / f"{spec.replace(':runtime=', '-')}.svg"
        read = [sys.executable, "-m", "ocr_plugins", "read", str(letter), "--engine", spec, "--no-store"]
        command = ["py-spy", "record", "--subprocesses", "--rate", "50", "--output", str(target), "--", *read]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            tell(f"no flame graph of {spec}: {error}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=20, help="of all corpora together")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--out", type=Path, help="folder for results.json and flame graphs")
    arguments = parser.parse_args()
    report = Report()
    wanted = arguments.parts.split(",")
    print(machine(), flush=True)
    report.found["machine"] = machine()
    with tempfile.TemporaryDirectory() as folder:
        parts: dict[str, Callable[[], None]] = {
            "start": lambda: start(report),
            "words": lambda: words(report),
            "tesseract": lambda: tesseract(report, arguments.pages),
            "trocr": lambda: trocr(report, Path(folder)),
            "engines": lambda: engines(report, arguments.pages),
            "memory": lambda: memory(report),
        }
        for name, part in parts.items():
            if name in wanted:
                try:
                    part()
                except OcrError as error:
                    tell(f"not measured, {name}: {error}")
    print(f"\n{report.table()}", flush=True)
    report.found["verdicts"] = report.verdicts
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "results.json").write_text(json.dumps(report.found, indent=1), encoding="utf-8")
        flames(arguments.out)


if __name__ == "__main__":
    main()
