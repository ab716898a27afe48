"""What each preprocessing step gains or costs an engine: CER with and without it on real corpora.

Prints a Markdown table: the CER of the engine alone, and for each step the difference in percentage
points with a 95 % interval (paired bootstrap over the documents). What was read is kept in the store, so
an interrupted call goes on where it was. The corpora are not part of this repository;
OCR_PLUGINS_CORPORA names their folder. `photographs` are drawn here (photographs.py).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import marked_tables
import numpy as np
import photographs
from corpora import ROOT, convention_of, place_of

import ocr_plugins
from ocr_plugins.runs import EngineRun, Study

CORPUS = (
    *("icdar2013_born_digital", "funsd", "sroie", "unlv", "oldbooks", "fondue_en_print", "scribe_benchmark"),
    *("ehri_typed_en", "tapuscorpus_fr", "stanford_letters", "peer_fixtures", "photographs"),
)
# Enlarging and isolating bring text to the edge: both want a margin.
STEPS = (
    *("auto", "orient", "dewarp", "border", "deskew", "rescale+pad", "pad", "grey", "invert"),
    *("contrast", "flatten", "median", "smooth", "nlmeans", "despeckle", "otsu", "sauvola", "wolf"),
    *("enhance", "learned", "letters+pad"),
)
# Pages made here tell nothing of real ones: they do not count in the mean.
OWN = "photographs"
START = "<!-- table: scripts/measure_steps.py -->"
SAMPLES = 2000


def counts(run: EngineRun) -> np.ndarray:
    """(pages, 2): errors and length of each page, in the pages' order."""
    return np.array([(s.char_errors or 0, s.char_length) for s in run.scores.values()], float)


def difference(with_step: np.ndarray, without: np.ndarray) -> tuple[float, float, float]:
    """The difference of the CERs in percentage points, and its interval."""
    rng = np.random.default_rng(1)
    drawn = rng.integers(0, len(without), (SAMPLES, len(without)))

    def rate(pages: np.ndarray) -> np.ndarray:
        return 100 * pages[..., 0].sum(axis=-1) / pages[..., 1].sum(axis=-1)

    low, high = np.percentile(rate(with_step[drawn]) - rate(without[drawn]), [2.5, 97.5])
    return float(rate(with_step) - rate(without)), float(low), float(high)


def cell(found: tuple[float, float, float]) -> str:
    middle, low, high = found
    text = f"{middle:+.2f} [{low:+.2f}, {high:+.2f}]"
    # Bold where the interval leaves no doubt that it helps.
    return f"**{text}**" if high < 0 else text


def column(study: Study, steps: list[str]) -> list[str]:
    """The engine's CER, and what each step changes."""
    plain, *others = study.runs
    if plain.error:
        sys.exit(str(plain.error))
    base = counts(plain)
    cells = [f"{100 * base[:, 0].sum() / base[:, 1].sum():.2f}"]
    for step, run in zip(steps, others, strict=True):
        if run.error:
            print(f"{step}: {run.error}", file=sys.stderr)
        cells.append("" if run.error else cell(difference(counts(run), base)))
    return cells


def folder_of(corpus: str) -> Path:
    if corpus == OWN:
        photographs.write(ROOT / "build" / OWN)
        return ROOT / "build" / OWN
    return place_of(corpus)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="tesseract")
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--corpora", default=",".join(CORPUS))
    parser.add_argument("--limit", type=int, default=20, help="at most this many pages of each")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--store", default=None, help="where what was read is kept")
    parser.add_argument("--write", action="store_true", help="put the table into docs/ACCURACY.md")
    arguments = parser.parse_args()
    steps = arguments.steps.split(",")
    engines = [arguments.engine, *(f"{arguments.engine}:pre={step}" for step in steps)]
    corpora = arguments.corpora.split(",")
    columns: list[list[str]] = []
    ratios: list[list[float]] = []
    for corpus in corpora:
        study = ocr_plugins.compare(
            folder_of(corpus),
            engines,
            limit=arguments.limit,
            convention=convention_of(corpus),
            workers=arguments.workers,
            store=arguments.store,
        )
        cells = column(study, steps)
        pages = len(study.runs[0].results)
        columns.append([f"{corpus} ({pages})", *cells])
        sums = [counts(run)[:, 0].sum() if not run.error else np.nan for run in study.runs]
        if corpus != OWN:
            ratios.append([float((s + 1e-9) / (sums[0] + 1e-9)) for s in sums[1:]])
        print(f"{corpus}: {cells}", file=sys.stderr, flush=True)
    mean = np.exp(np.mean(np.log(np.array(ratios)), axis=0))
    names = [f"{arguments.engine} alone, CER %", *steps]
    lines = [f"| step | {' | '.join(one[0] for one in columns)} | errors, of those without |"]
    lines.append("|---|" + "---|" * (len(columns) + 1))
    for place, name in enumerate(names):
        last = f"{mean[place - 1]:.3f}" if place else ""
        lines.append(f"| {name} | {' | '.join(one[place + 1] for one in columns)} | {last} |")
    text = "\n".join(lines)
    print(text)
    if arguments.write:
        marked_tables.put(text, ROOT / "docs" / "ACCURACY.md", START)


if __name__ == "__main__":
    main()
