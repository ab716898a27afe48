"""How many numbers are read rightly: single handwritten digits of a corpus, and numbers that are drawn.

    python scripts/measure_numbers.py

Prints a table. What is drawn is of another seed than what engines learnt from, but by the same code.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from corpora import place_of
from PIL import Image

from ocr_plugins.api import run_engines
from ocr_plugins.console import ProgressShower
from ocr_plugins.document import Page
from ocr_plugins.glimpses.drawing import handwritten, house_number
from ocr_plugins.glimpses.network import LONGEST
from ocr_plugins.synth.fonts import find_fonts

ENGINES = "hog:weights=digits,dram,tesseract,rapidocr,crnn"
SEED = 20_260


def drawn(folder: Path, kind: str, count: int) -> Path:
    """A corpus of numbers, its pictures and its manifest."""
    rng, fonts = np.random.default_rng(SEED), find_fonts()
    folder.mkdir()
    rows = []
    while len(rows) < count:
        number = house_number(rng, fonts, LONGEST) if kind == "houses" else handwritten(rng, LONGEST)
        name = f"{len(rows):04}.png"
        Image.fromarray(number.picture).save(folder / name)
        rows.append(json.dumps({"id": name, "image": name, "text": number.text, "level": "word"}))
    (folder / "manifest.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return folder


def shares(place: Path, engines: str) -> dict[str, float]:
    with (place / "manifest.jsonl").open(encoding="utf-8") as file:
        wanted = {row["id"]: str(row["text"]) for row in map(json.loads, file)}
    study = run_engines(str(place), engines, convention="default", store=False, watcher=ProgressShower())
    found = {}
    for run in study.runs:
        pages = {id_: result for id_, result in run.results.items() if isinstance(result, Page)}
        if len(pages) < len(wanted):
            raise SystemExit(f"{run.label} failed on {len(wanted) - len(pages)} pictures: see above")
        right = sum("".join(page.text.split()) == wanted[id_] for id_, page in pages.items())
        found[run.label] = right / len(wanted)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", default=ENGINES)
    parser.add_argument("--count", type=int, default=500, help="of drawn numbers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        places = {
            "digits by hand: mnist_digits": place_of("mnist_digits"),
            "numbers by hand, drawn": drawn(Path(folder) / "hands", "hands", arguments.count),
            "numbers on houses, drawn": drawn(Path(folder) / "houses", "houses", arguments.count),
        }
        found = {name: shares(place, arguments.engines) for name, place in places.items()}
    labels = list(next(iter(found.values())))
    print(f"\n| share read rightly | {' | '.join(labels)} |\n|---|{'---:|' * len(labels)}")
    for name, by_engine in found.items():
        print(f"| {name} | {' | '.join(f'{by_engine[label]:.3f}' for label in labels)} |")


if __name__ == "__main__":
    main()
