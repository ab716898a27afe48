"""Fits what votes rest on and comes with the package, calibrations and a voter, on drawn pages alone.

    python scripts/fit_votes.py

Draws the pages into build/votes, reads them (an hour on two cores, and more for slow engines; the store keeps
what is read, so the same command goes on after a stop), fits, writes calibrations.json and voter.json beside
them, and prints their hashes: the files go into ocr_plugins/ensemble/weights, the hashes into
ocr_plugins/ensemble/shipped.py. How good each engine is, is told by the voter that is there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from corpora import FAST, ROOT

from ocr_plugins.api import run_engines
from ocr_plugins.calibrating import calibrate_study, calibrations
from ocr_plugins.console import ProgressShower
from ocr_plugins.ensemble import shipped
from ocr_plugins.ensemble.calibration import Calibration, Calibrations
from ocr_plugins.runs import Study
from ocr_plugins.voter_fitting import fit_on_study
from ocr_plugins.weights import sha256_of


@dataclass(frozen=True)
class Drawn:
    """Samples of one kind, by the options of `ocr-plugins synth`. Slow engines read ``few`` of them."""

    name: str
    count: int
    few: int
    options: tuple[str, ...]
    counted: str = "--pages"


SETS = (
    Drawn("pages", 100, 6, ("--seed", "911", "--strength", "0.8", "--marks", "0.7")),
    # On pictures of screens one engine is far ahead, and the others miss much of the text.
    Drawn("screens", 40, 40, ("--seed", "921", "--strength", "0.9", "--marks", "0.2", "--kind", "screen")),
    Drawn("words", 300, 300, ("--seed", "931", "--strength", "1.2", "--kind", "scene"), "--lines"),
)
VOTERS = ("tesseract", *FAST, "rapidocr", "crnn")
SLOW = ("easyocr",)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "votes", help="where pages are drawn")
    out = parser.parse_args().out
    for drawn in SETS:
        draw(drawn, out)
    studies = [read(drawn, out, voters_of(drawn)) for drawn in SETS]
    maps: dict[str, Calibration] = {}
    for engine in VOTERS:
        maps |= calibrated([read(drawn, out, (engine,)) for drawn in SETS])
    for engine in SLOW:
        maps |= calibrated([read(drawn, out, (engine,), drawn.few) for drawn in SETS])
    known = Calibrations(maps)
    known.save(out / shipped.CALIBRATIONS.name, {"pages": "drawn by scripts/fit_votes.py"})
    fitted = fit_on_study(studies, known)
    fitted.model.save(out / shipped.VOTER.name)
    print(f"{fitted.cells} places; character errors {dict(fitted.errors)}, vote {fitted.chosen:.0f}")
    for path in (shipped.CALIBRATIONS, shipped.VOTER):
        print(f"{out / path.name}: {sha256_of(out / path.name)}")


def voters_of(drawn: Drawn) -> tuple[str, ...]:
    """Those that read all of it."""
    return (*VOTERS, *SLOW) if drawn.few == drawn.count else VOTERS


def read(drawn: Drawn, out: Path, engines: tuple[str, ...], limit: int | None = None) -> Study:
    return run_engines(
        str(out / drawn.name),
        ",".join(engines),
        convention="default",
        limit=limit,
        store=True,
        watcher=ProgressShower(),
    )


def calibrated(studies: list[Study]) -> dict[str, Calibration]:
    """One engine's map, over all of its pages."""
    (fit,) = calibrate_study(*studies).fits
    print(f"{fit.label}: {fit.words} words, expected calibration error {fit.raw} -> {fit.held_out}")
    return dict(calibrations([fit]).by_fingerprint)


def draw(drawn: Drawn, out: Path) -> None:
    """Once: the folder is whole when its manifest is there."""
    if (out / drawn.name / "manifest.jsonl").exists():
        return
    command = [sys.executable, "-m", "ocr_plugins", "synth", str(out / drawn.name), "--overwrite", "--quiet"]
    command += [drawn.counted, str(drawn.count), "--workers", "2", *drawn.options]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"{drawn.name} could not be drawn")


if __name__ == "__main__":
    main()
