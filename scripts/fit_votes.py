"""Fits what votes rest on and comes with the package, the calibrations, and a voter, on drawn pages alone.

    python scripts/fit_votes.py

Draws the pages into build/votes, reads them (hours on two cores; the store keeps what is read, so the same
command goes on after a stop), fits, writes ocr_plugins/ensemble/weights, and prints the hashes that
ocr_plugins/ensemble/shipped.py has to know. The voter stays in build/votes: on real documents it is no better
than a vote by confidence.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from corpora import ROOT

from ocr_plugins.api import run_engines
from ocr_plugins.calibrating import calibrate_study, calibrations
from ocr_plugins.console import ProgressShower
from ocr_plugins.ensemble import shipped
from ocr_plugins.ensemble.calibration import Calibrations
from ocr_plugins.voter_fitting import fit_on_study
from ocr_plugins.weights import sha256_of


@dataclass(frozen=True)
class Drawn:
    """Pages of one strength of damage."""

    name: str
    pages: int
    seed: int
    strength: float


# Who reads best depends on the damage, and so does how far it is ahead.
SETS = (
    Drawn("mild", 50, 901, 0.6),
    Drawn("plain", 50, 902, 1.1),
    Drawn("hard", 40, 903, 1.7),
)
# On pages that are read well there is little to see of how confidence falls.
CALIBRATED_ON = ("plain", "hard")
VOTERS = ("tesseract", "rapidocr", "crnn")
# Debian's models are the fast ones: another engine, nearly for free.
FAST = Path("/usr/share/tesseract-ocr/5/tessdata")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "votes", help="where pages are drawn")
    parser.add_argument("--more", default="", help="engines that are calibrated besides, joined by commas")
    parser.add_argument("--limit", type=int, default=20, help="pages of each set that those read")
    arguments = parser.parse_args()
    for drawn in SETS:
        draw(drawn, arguments.out)
    calibrated = [*VOTERS, *filter(None, arguments.more.split(","))]
    maps: dict[str, object] = {}
    pages = [str(arguments.out / name) for name in CALIBRATED_ON]
    for engine in calibrated:
        study = run_engines(
            pages,
            engine,
            convention="default",
            limit=None if engine in VOTERS else arguments.limit,
            store=True,
            watcher=ProgressShower(),
        )
        fits = calibrate_study(study)
        maps |= calibrations(fits).by_fingerprint
        for fit in fits:
            print(f"{fit.label}: {fit.words} words, expected calibration error {fit.raw} -> {fit.held_out}")
    known = Calibrations(maps)  # type: ignore[arg-type]
    known.save(shipped.CALIBRATIONS, {"pages": "drawn by scripts/fit_votes.py"})
    engines = [*VOTERS, *([f"fast=tesseract:model_dir={FAST}"] if FAST.exists() else [])]
    studies = [
        run_engines(
            str(arguments.out / drawn.name),
            ",".join(engines),
            convention="default",
            store=True,
            watcher=ProgressShower(),
        )
        for drawn in SETS
    ]
    fitted = fit_on_study(studies, known)
    fitted.model.save(arguments.out / "voter.json")
    print(
        f"{fitted.cells} places; character errors {dict(fitted.errors)}, vote {fitted.chosen:.0f}, ", end=""
    )
    print(f"best choice {fitted.least:.0f}")
    for path in shipped.SHA256:
        print(f"{path.name}: {sha256_of(path)}")


def draw(drawn: Drawn, out: Path) -> None:
    """Once: the folder is whole when its manifest is there."""
    if (out / drawn.name / "manifest.jsonl").exists():
        return
    command = [sys.executable, "-m", "ocr_plugins", "synth", str(out / drawn.name), "--overwrite", "--quiet"]
    command += ["--pages", str(drawn.pages), "--seed", str(drawn.seed), "--workers", "2"]
    command += ["--strength", str(drawn.strength)]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"{drawn.name} could not be drawn")


if __name__ == "__main__":
    main()
