"""EasyOCR's runtimes against upstream: prints a Markdown table.

The engines read each page by turns, so that the ratios hold where the seconds depend on what else
the machine does. The pages are a sample and some of the corpus unlv, which is not part of this
repository: OCR_PLUGINS_CORPORA names its folder's parent.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from ocr_plugins.document import Page, PageError
from ocr_plugins.engine import Engine
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.evaluation import get_convention, score_page
from ocr_plugins.evaluation.corpus import aggregate
from ocr_plugins.host import open_engine
from ocr_plugins.manifest import ManifestRow, load_manifest
from ocr_plugins.samples import samples_manifest

CORPORA = Path(os.environ.get("OCR_PLUGINS_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
DEFAULT = "easyocr"
REFERENCE = "easyocr:quantize=false"
SPECS = (DEFAULT, REFERENCE, "easyocr:runtime=exact", "easyocr:runtime=fast")


def read(engine: Engine, row: ManifestRow) -> tuple[Page, float]:
    image = row.ref().load()
    started = time.perf_counter()
    (page,) = engine.read([image])
    seconds = time.perf_counter() - started
    if isinstance(page, PageError):
        sys.exit(str(page))
    return page, seconds


def measure(
    rows: list[ManifestRow], first: ManifestRow, engines: dict[str, Engine]
) -> dict[str, list[tuple[Page, float]]]:
    found: dict[str, list[tuple[Page, float]]] = {spec: [] for spec in engines}
    for engine in engines.values():
        read(engine, first)  # which pays for what is made on first use
    for place, row in enumerate(rows):
        turns = list(engines)
        for spec in turns[place % len(turns) :] + turns[: place % len(turns)]:
            found[spec].append(read(engines[spec], row))
    return found


def differing(pages: list[Page], reference: list[Page]) -> float:
    """Share of the reference's characters."""
    errors = sum(Levenshtein.distance(a.text, b.text) for a, b in zip(pages, reference, strict=True))
    return errors / sum(len(page.text) for page in reference)


def table(
    rows: list[ManifestRow], engines: dict[str, Engine], found: dict[str, list[tuple[Page, float]]]
) -> str:
    lines = [
        f"| {len(rows)} pages | runtime | seconds a page | times as fast | characters that differ | CER |",
        "|---|---|---|---|---|---|",
    ]
    convention = get_convention("default")
    reference = [page for page, _ in found[REFERENCE]]
    for spec, results in found.items():
        pages, times = [page for page, _ in results], [seconds for _, seconds in results]
        ratio = statistics.median(b / a for a, (_, b) in zip(times, found[DEFAULT], strict=True))
        scores = [score_page(row.text, page, convention) for row, page in zip(rows, pages, strict=True)]
        cer = aggregate(scores, convention).cer or 0.0
        lines.append(
            f"| `{spec}` | {engines[spec].info.runtime} | {statistics.median(times):.1f} | {ratio:.2f} "
            f"| {100 * differing(pages, reference):.2f} % | {100 * cer:.2f} % |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=3, help="of the corpus; the sample letter comes on top")
    parser.add_argument("--corpus", type=Path, default=CORPORA / "unlv", help="folder with manifest.jsonl")
    parser.add_argument(
        "--engines", default=",".join(SPECS), help=f"specs, among them {DEFAULT}, {REFERENCE}"
    )
    arguments = parser.parse_args()
    rows = list(load_manifest(arguments.corpus / "manifest.jsonl").rows[: arguments.pages])
    samples = {row.id: row for row in load_manifest(samples_manifest()).rows}
    rows.append(samples["letter"])
    engines: dict[str, Engine] = {}
    for spec in arguments.engines.split(","):
        try:
            # However busy the machine is.
            engines[spec] = open_engine(f"{spec}:timeout=3600")
        except EngineUnavailableError as error:
            print(f"not measured, {spec}: {error}\n")
    print(table(rows, engines, measure(rows, samples["line"], engines)))
    for engine in engines.values():
        engine.close()


if __name__ == "__main__":
    main()
