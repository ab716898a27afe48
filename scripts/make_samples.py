"""Make the sample documents that ship with ocr-plugins: images with exact ground truth.

    python scripts/make_samples.py [--out DIR]

Every document is drawn, so its text, its words and their boxes are known. The run is seeded: the same fonts
and the same versions of Pillow and NumPy give the same files.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from samples.camera import line_crop, photo, scene
from samples.drawing import Document
from samples.fonts import MissingFontsError, require_fonts
from samples.office import form, invoice, letter, receipt
from samples.reading import article, screenshot, two_pages, typescript

SEED = 20240914
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "ocr_plugins" / "samples"
MAKERS: tuple[Callable[[np.random.Generator], Document], ...] = (
    letter,
    receipt,
    invoice,
    form,
    article,
    typescript,
    screenshot,
    photo,
    line_crop,
    scene,
)


def generator(name: str) -> np.random.Generator:
    """A generator of a document's own, so that a change to one document leaves the others as they are."""
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


def save(document: Document, folder: Path) -> dict[str, object]:
    """Write the image and return the document's line of the manifest."""
    name = f"{document.id}{document.suffix}"
    options = dict(document.save)
    if document.dpi is not None:
        options["dpi"] = (document.dpi, document.dpi)
    document.image.save(folder / name, optimize=True, **options)
    record: dict[str, object] = {"id": document.id, "image": name, "text": document.text}
    record |= {"level": document.level, "lang": "en", "domain": document.domain, "group": document.id}
    if document.dpi is not None:
        record["dpi"] = document.dpi
    record["license"] = "Apache-2.0"
    record["words"] = [{"text": w.text, "box": w.box(document.image.size)} for w in document.words]
    return record


def main(arguments: Sequence[str] | None = None) -> int:
    """Make all samples; returns the exit status."""
    parser = argparse.ArgumentParser(description="Make the sample documents of ocr-plugins.")
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="folder to write to (default: %(default)s)"
    )
    out: Path = parser.parse_args(arguments).out
    try:
        require_fonts()
    except MissingFontsError as error:
        print(error, file=sys.stderr)
        return 1
    extras = out / "extras"
    extras.mkdir(parents=True, exist_ok=True)
    records = [save(make(generator(make.__name__)), out) for make in MAKERS]
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    (out / "manifest.jsonl").write_text("".join(lines), encoding="utf-8")
    two_pages(extras)
    total = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{len(records)} documents, {total / 1e6:.2f} MB, in {out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
