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

from benchmark_engines import CHECKPOINT, SPECS, engines, trocr
from benchmark_limits import ceilings, machine, memory, start
from benchmark_report import Report, tell
from benchmark_tesseract import tesseract, words

from ocr_plugins.errors import OcrError
from ocr_plugins.manifest import load_manifest
from ocr_plugins.samples import samples_manifest

# What flame graphs are of: enough that loading does not hide the rest.
PAGES = ("letter", "typescript", "invoice", "form")
PARTS = ("ceilings", "start", "words", "tesseract", "trocr", "engines", "memory")


def flames(out: Path, checkpoint: Path) -> None:
    """A flame graph of each engine's whole pipeline over some of the samples, all processes of it.

    Args:
        checkpoint: TrOCR's, which takes part if it is there.
    """
    pages = [str(row.path) for row in load_manifest(samples_manifest()).rows if row.id in PAGES]
    specs = {spec.replace(":runtime=", "-"): spec for spec in SPECS}
    if checkpoint.is_dir():
        specs |= {
            f"trocr-{runtime}": f"trocr:model={checkpoint}:runtime={runtime}:max_length=32"
            for runtime in ("exact", "fast")
        }
    for name, spec in specs.items():
        target = out / f"{name}.svg"
        read = [sys.executable, "-m", "ocr_plugins", "read", *pages, "--engine", spec, "--no-store"]
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
            "tesseract": lambda: tesseract(report, arguments.pages // 2),
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
            flames(arguments.out, Path(folder) / CHECKPOINT)


if __name__ == "__main__":
    main()
