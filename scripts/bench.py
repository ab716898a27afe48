"""Speed of engines and runtimes, with the figures that they must reach: prints a table of each part.

All are measured in one run, by turns with plain calls of the libraries. The pages are of corpora that are not
part of this repository: OCR_PLUGINS_CORPORA names their folder. ``--out DIR`` keeps results.json and, with
py-spy installed, a flame graph of each engine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmark_engines import SPECS, engines, trocr
from benchmark_limits import ceilings, machine, memory, start
from benchmark_report import Report, tell
from benchmark_tesseract import tesseract, words

from ocr_plugins.errors import OcrError
from ocr_plugins.manifest import load_manifest
from ocr_plugins.samples import samples_manifest

PARTS = ("ceilings", "start", "words", "tesseract", "trocr", "engines", "memory")


def flames(out: Path) -> None:
    """A flame graph of each engine's whole pipeline over the samples' letter, all processes of it."""
    letter = next(row for row in load_manifest(samples_manifest()).rows if row.id == "letter").path
    for spec in SPECS:
        target = out / f"{spec.replace(':runtime=', '-')}.svg"
        read = [sys.executable, "-m", "ocr_plugins", "read", str(letter), "--engine", spec, "--no-store"]
        command = [
            str(Path(sys.executable).with_name("py-spy")),
            "record",
            "--subprocesses",
            "--rate",
            "50",
            "--output",
            str(target),
            "--",
            *read,
        ]
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
            "ceilings": lambda: ceilings(report),
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
