"""What each reading order gains: reads real corpora once, puts each page in every order and scores it.

Prints a Markdown table of CERs. What was read is kept in the store, so an interrupted call goes on where
it was. The corpora are not part of this repository; OCR_PLUGINS_CORPORA names their folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

from corpora import ROOT, TITLES, convention_of, place_of

import ocr_plugins
from ocr_plugins.document import Page
from ocr_plugins.evaluation import aggregate
from ocr_plugins.layout import reorder
from ocr_plugins.runs import Study, score_item

SAMPLES = ROOT / "ocr_plugins" / "samples" / "manifest.jsonl"
# The engines' own order is what the others start from.
ENGINES = "tesseract:order=engine,rapidocr:order=engine,easyocr:order=engine"
CORPUS = (
    *("samples", "funsd", "scribe_benchmark", "unlv", "sroie", "oldbooks", "fondue_en_print"),
    *("ehri_typed_en", "tapuscorpus_fr", "icdar2013_born_digital", "peer_fixtures"),
)


def by_top(page: Page) -> Page:
    """The page's lines from top to bottom, and no more."""
    lines = list(page.iter_lines())
    if page.level == "page" and all(line.polygon is not None for line in lines):
        lines.sort(key=lambda line: line.polygon.box[1::-1] if line.polygon else (0.0, 0.0))
    return replace(page, lines=tuple(lines), regions=())


ORDERS: dict[str, Callable[[Page], Page]] = {
    "engine": lambda page: page,
    "sorted": by_top,
    "rows": lambda page: reorder(page, "rows"),
    "auto": lambda page: reorder(page, "auto"),
}


def rates(study: Study) -> Iterator[tuple[str, int, list[float]]]:
    """Engine, pages, and the CER in each of the orders."""
    for run in study.runs:
        if run.error is not None:
            print(run.error, file=sys.stderr)
            continue
        found = []
        for order in ORDERS.values():
            scores = []
            for item in study.corpus.items:
                result = run.results[item.id]
                moved = order(result) if isinstance(result, Page) else result
                scores.append(score_item(item, moved, study.convention))
            found.append(aggregate(scores, study.convention).to_dict()["cer"])
        yield run.label.partition(":")[0], len(run.results), [float(str(rate)) for rate in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", default=ENGINES, help="specs that keep the engine's own order")
    parser.add_argument("--corpora", default=",".join(CORPUS))
    parser.add_argument("--limit", type=int, default=10, help="at most this many pages of each")
    parser.add_argument("--store", default=None, help="where what was read is kept")
    arguments = parser.parse_args()
    print("| documents | engine | pages |", " | ".join(ORDERS), "|")
    print("|---|---|--:|" + "--:|" * len(ORDERS))
    for corpus in arguments.corpora.split(","):
        own = corpus == "samples"
        place = SAMPLES if own else place_of(corpus)
        title, convention = "made by this project" if own else TITLES[corpus], convention_of(corpus)
        study = ocr_plugins.compare(
            place, arguments.engines, limit=arguments.limit, convention=convention, store=arguments.store
        )
        for engine, pages, found in rates(study):
            cells = " | ".join(f"{100 * rate:.2f}" for rate in found)
            print(f"| {title}: {corpus} | {engine} | {pages} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
