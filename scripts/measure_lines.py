"""How well the line finder `components` finds the lines of real pages.

Where the ground truth has boxes of lines: the share of them that is found, each by a line of its own, and
the share of the found ones that is one of them. On all pages: what Tesseract reads of the lines that were
cut out, against what it reads of the whole page by its own layout analysis. Both are character error rates
that do not depend on the reading order.

Prints a Markdown table. The corpora are not part of this repository; OCR_PLUGINS_CORPORA names their folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from corpora import convention_of, place_of
from ocr_plugins.adapters.components import ComponentsDetector, ComponentsOptions

from ocr_plugins.combined import cut_out
from ocr_plugins.corpus import Item, gather
from ocr_plugins.document import Box, Line, Page, Polygon
from ocr_plugins.evaluation import get_convention
from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.runs import score_item

CORPUS = (
    *("unlv", "oldbooks", "ehri_typed_en", "tapuscorpus_fr", "fondue_en_print", "scribe_benchmark", "funsd"),
    "sroie",
)
_FRAME, _LARGE = 10, 32  # pixels
_SAME = 0.5  # of what two boxes cover together: they are the same line


def crops(image: PageImage, plain: bool) -> tuple[Sequence[Polygon], list[Any]]:
    """The lines of a page and their pictures; plain ones hold what neighbours reach into them."""
    finder = ComponentsDetector(ComponentsOptions())
    if plain:
        (polygons,) = finder.detect([image])
        return polygons, [cut_out(image.pixels, polygon) for polygon in polygons]
    lines = finder.find(image.pixels)
    return lines.polygons, list(lines.crops())


def framed(pixels: Any) -> Any:
    """With paper around it: of larger print, Tesseract reads less well what touches the edge."""
    edge = _FRAME if len(pixels) >= _LARGE else 0
    width = ((edge, edge), (edge, edge), (0, 0))[: pixels.ndim]
    return np.pad(pixels, width, constant_values=int(np.quantile(pixels, 0.9)))


def read_by_lines(image: PageImage, reader: Any, plain: bool) -> tuple[Sequence[Polygon], str, float]:
    started = time.perf_counter()
    polygons, pictures = crops(image, plain)
    seconds = time.perf_counter() - started
    lines = [PageImage(pixels=framed(pixels), level="line", dpi=image.dpi) for pixels in pictures]
    texts = [result.text if isinstance(result, Page) else "" for result in reader.read(lines)]
    return polygons, "\n".join(text for text in texts if text), seconds


def matched(found: Sequence[Box], wanted: Sequence[Box]) -> int:
    """Pairs of boxes that are the same line, each box in one pair at most."""
    pairs = sorted(
        ((_shared(f, w), i, j) for i, f in enumerate(found) for j, w in enumerate(wanted)), reverse=True
    )
    left: set[int] = set()
    right: set[int] = set()
    for share, i, j in pairs:
        if share >= _SAME and i not in left and j not in right:
            left.add(i)
            right.add(j)
    return len(left)


def _shared(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1; across, and what the lesser has of the other, down."""
    rates = []
    for axis in (0, 1):
        low, high = max(one[axis], other[axis]), min(one[axis + 2], other[axis + 2])
        lesser = min(one[axis + 2] - one[axis], other[axis + 2] - other[axis])
        whole = max(one[axis + 2], other[axis + 2]) - min(one[axis], other[axis])
        rates.append(max(high - low, 0) / max(whole if axis == 0 else lesser, 1e-6))
    return min(rates)


def truth_boxes(folder: Path) -> dict[str, list[Box]]:
    rows = (json.loads(line) for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines())
    return {row["id"]: [tuple(line["box"]) for line in row.get("lines", ())] for row in rows}


def kept(path: Path | None, key: str, read: Any) -> str:
    """What ``read`` gives, read once."""
    known = json.loads(path.read_text("utf-8")) if path and path.exists() else {}
    if key not in known:
        known[key] = read()
        if path:
            path.write_text(json.dumps(known), "utf-8")
    return str(known[key])


def measured(
    items: Sequence[Item], arguments: argparse.Namespace, convention: str, boxes: Any
) -> Iterator[list[float]]:
    """Of each page: characters, errors by lines, errors by page, found, matched, wanted, seconds."""
    reader = open_engine("tesseract", workers=0)
    for item in items:
        image = item.ref.load()
        polygons, by_lines, seconds = read_by_lines(image, reader, arguments.plain)
        by_page = kept(arguments.keep, item.id, lambda image=image: next(iter(reader.read([image]))).text)
        scores = [
            score_item(item, page_of(image, text), get_convention(convention)) for text in (by_lines, by_page)
        ]
        wanted = boxes.get(item.id, [])
        same = matched([polygon.box for polygon in polygons], wanted)
        length, errors = scores[0].char_length, [score.order_free_errors or 0 for score in scores]
        if arguments.verbose:
            said = " ".join(f"{100 * count / length:.2f}" for count in errors)
            print(item.id, len(polygons), said, f"{seconds:.2f} s", file=sys.stderr)
        yield [length, *errors, len(polygons), same, len(wanted), seconds]


def page_of(image: PageImage, text: str) -> Page:
    lines = tuple(Line(text=line) for line in text.splitlines())
    return Page(source=image.source, page=1, size=image.size, lines=lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", default=",".join(CORPUS))
    parser.add_argument("--limit", type=int, default=5, help="at most this many pages of each")
    parser.add_argument(
        "--plain", action="store_true", help="cut rectangles, with what is in them of neighbours"
    )
    parser.add_argument("--keep", type=Path, help="a file that keeps what Tesseract read of whole pages")
    parser.add_argument("--verbose", action="store_true", help="a line on stderr for each page")
    arguments = parser.parse_args()
    print("| corpus | pages | CER by lines | CER by page | lines found | right | s a page |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for corpus in arguments.corpora.split(","):
        place = place_of(corpus)
        items = gather(place, limit=arguments.limit).items
        rows = list(measured(items, arguments, convention_of(corpus), truth_boxes(place)))
        length, ours, theirs, found, same, wanted, seconds = (
            sum(column) for column in zip(*rows, strict=True)
        )
        boxed = f"{same / wanted:.3f} | {same / found:.3f}" if wanted else "- | -"
        print(
            f"| {corpus} | {len(rows)} | {100 * ours / length:.2f} | {100 * theirs / length:.2f} "
            f"| {boxed} | {seconds / len(rows):.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
