"""How well crnn reads real documents, and how fast: the numbers of its model card.

Prints a Markdown table of CER on corpora that it was not trained on, with Tesseract beside it, and the
median seconds a page of both on one thread each, page by page in turn. `--write` puts it into the card.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import marked_tables
from corpora import ROOT, TITLES, convention_of, place_of

import ocr_plugins
from ocr_plugins.corpus import gather
from ocr_plugins.evaluation import CorpusScore
from ocr_plugins.host import open_engine

CORPUS = (
    *("uw3_lines", "unlv", "oldbooks", "ehri_typed_en", "fondue_en_print", "tapuscorpus_fr"),
    *("scribe_benchmark", "funsd", "sroie", "iiit5k_words", "historical_lines", "hooker_lines"),
)
# Corpora whose pages tell how fast an engine is, and so many pages of each.
TIMED, TIMED_PAGES = ("unlv", "oldbooks", "ehri_typed_en"), 4
CARD = ROOT / "ocr_plugins" / "crnn" / "weights" / "standard.md"
_ALONE = "workers=1:threads=1"
START = "<!-- table: scripts/measure_crnn.py -->"


def rows(corpora: list[str], engines: list[str], limit: int | None, store: str | None) -> Iterator[str]:
    """A line of the table a corpus."""
    for corpus in corpora:
        study = ocr_plugins.compare(
            place_of(corpus), engines, limit=limit, convention=convention_of(corpus), store=store
        )
        scores = [study.score(run) for run in study.runs]
        pages = next((score.pages for score in scores if score), 0)
        cells = [_cell(score) for score in scores]
        title = f"{TITLES[corpus]}: {corpus} ({pages})"
        yield f"| {title} | {' | '.join(cells)} |"


def _cell(score: CorpusScore | None) -> str:
    if score is None or score.cer is None or score.micro["cer_order_free"] is None:
        return "-"
    return f"{100 * score.cer:.2f} ({100 * score.micro['cer_order_free']:.2f})"


def speed(engines: list[str]) -> str:
    """Seconds a page, and how many times as fast the first is: medians over the pages."""
    opened = [open_engine(engine) for engine in engines]
    times: list[list[float]] = [[] for _ in opened]
    pages = [item for corpus in TIMED for item in gather(place_of(corpus), limit=TIMED_PAGES).items]
    images = [item.ref.load() for item in pages]
    for engine in opened:
        list(engine.read(images[:1]))
    for image in images:
        for engine, taken in zip(opened, times, strict=True):
            started = time.perf_counter()
            list(engine.read([image]))
            taken.append(time.perf_counter() - started)
    for engine in opened:
        engine.close()
    own, other = (statistics.median(taken) for taken in times)
    ratio = statistics.median(theirs / ours for ours, theirs in zip(*times, strict=True))
    return (
        f"Seconds a page on one thread each, median of {len(images)} pages of {', '.join(TIMED)}: "
        f"crnn {own:.2f}, Tesseract {other:.2f}; page by page {ratio:.1f} times as fast."
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path, help="default: the package's")
    parser.add_argument("--corpora", default=",".join(CORPUS))
    parser.add_argument("--limit", type=int, help="at most this many pages of each; default: all")
    parser.add_argument("--store", default=None, help="where what was read is kept")
    parser.add_argument("--write", action="store_true", help="put the table into the model card")
    arguments = parser.parse_args()
    crnn = f"crnn:weights={arguments.weights.absolute()}" if arguments.weights else "crnn"
    corpora = arguments.corpora.split(",")
    lines = ["| documents (pages or lines) | crnn: CER % (order-free) | Tesseract |", "|---|--:|--:|"]
    lines += rows(corpora, [crnn, "tesseract"], arguments.limit, arguments.store)
    text = "\n".join(lines)
    text += "\n\n" + speed([f"{crnn}:{_ALONE}", f"tesseract:{_ALONE}"])
    print(text)
    if arguments.write:
        marked_tables.put(text, CARD, START)


if __name__ == "__main__":
    main()
