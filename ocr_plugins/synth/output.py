"""Synthetic lines and pages as manifests with images, and as a contact sheet to look at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import CallError
from ocr_plugins.synth.fonts import FontSet, load_font
from ocr_plugins.synth.lines import LineSample
from ocr_plugins.synth.pages import PageSample
from ocr_plugins.synth.sheets import Corners

Told = Callable[[int], None]

_IMAGES = "images"
_SHEET_WIDTH, _SHEET_GAP, _CAPTION_EM = 1500, 6, 17
_PAGE_HEIGHT = 900
_GROUND, _CAPTION = 235, 60


def check_folder(out: Path, overwrite: bool) -> None:
    """Raises CallError where the folder holds something, or is a file."""
    if out.is_file():
        raise CallError(f"{out} is a file", "name a folder")
    if not overwrite and out.is_dir() and any(out.iterdir()):
        raise CallError(f"folder {out} is not empty", "name a new one, or add --overwrite")


def write_lines(samples: Iterable[LineSample], out: Path, *, start: int = 0, told: Told | None = None) -> int:
    """Writes lines as a manifest and an image each; returns how many.

    Args:
        start: the number of the first sample, which ids and file names follow.
        told: is called with how many are written, after each.
    """
    rows = (
        (f"line-{number:06d}", sample.pixels, {"text": sample.text, "level": "line"}, None)
        for number, sample in enumerate(samples, start)
    )
    return _write(rows, out, told)


def write_pages(samples: Iterable[PageSample], out: Path, *, start: int = 0, told: Told | None = None) -> int:
    """Writes pages as a manifest, with the boxes of lines and words, and an image each; returns how many."""
    rows = (
        (f"page-{number:05d}", sample.pixels, _page_row(sample), sample.dpi)
        for number, sample in enumerate(samples, start)
    )
    return _write(rows, out, told)


def _page_row(sample: PageSample) -> dict[str, Any]:
    words = [word for line in sample.lines for word in line.words]
    return {
        "text": sample.text,
        "level": "page",
        "lang": "en",
        "domain_detail": sample.kind,
        "dpi": sample.dpi,
        "lines": [{"text": line.text, "box": _rounded(line.box)} for line in sample.lines],
        "words": [{"text": word.text, "box": _rounded(word.box)} for word in words],
    }


def _rounded(box: Corners) -> list[float]:
    return [round(float(value), 1) for value in box]


def _write(
    rows: Iterable[tuple[str, NDArray[np.uint8], dict[str, Any], int | None]], out: Path, told: Told | None
) -> int:
    (out / _IMAGES).mkdir(parents=True, exist_ok=True)
    count = 0
    # A manifest appears when it is whole, so that nobody takes half of one for all.
    unfinished = out / "manifest.jsonl.part"
    with unfinished.open("w", encoding="utf-8") as file:
        for name, pixels, row, dpi in rows:
            image = f"{_IMAGES}/{name}.png"
            _save(pixels, out / image, dpi)
            size = [int(pixels.shape[1]), int(pixels.shape[0])]
            record = {"id": name, "image": image, **row, "size": size, "domain": "synthetic"}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
            if told is not None:
                told(count)
    unfinished.replace(out / "manifest.jsonl")
    return count


def _save(pixels: NDArray[np.uint8], path: Path, dpi: int | None) -> None:
    from PIL import Image

    image = Image.fromarray(pixels)
    if not np.any((pixels != 0) & (pixels != 255)):
        image = image.convert("1", dither=Image.Dither.NONE)
    if dpi is None:
        image.save(path)
    else:
        image.save(path, dpi=(dpi, dpi))


def line_sheet(samples: Sequence[LineSample], fonts: FontSet) -> NDArray[np.uint8]:
    """A picture of lines with their texts below them, in two columns; uint8 (h, 1500)."""
    half = _SHEET_WIDTH // 2
    tiles = [_captioned(sample.pixels, sample.text, half - 2 * _SHEET_GAP, fonts) for sample in samples]
    middle = (len(tiles) + 1) // 2
    columns = [np.vstack(part) for part in (tiles[:middle], tiles[middle:]) if part]
    height = max(len(column) for column in columns)
    sheet = np.full((height + _SHEET_GAP, _SHEET_WIDTH), _GROUND, np.uint8)
    for place, column in enumerate(columns):
        left = _SHEET_GAP + place * half
        sheet[_SHEET_GAP : _SHEET_GAP + len(column), left : left + column.shape[1]] = column
    return sheet


def _captioned(pixels: NDArray[np.uint8], text: str, width: int, fonts: FontSet) -> NDArray[np.uint8]:
    import cv2
    from PIL import Image, ImageDraw

    if pixels.shape[1] > width:
        size = (width, max(1, round(pixels.shape[0] * width / pixels.shape[1])))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    tile = np.full((pixels.shape[0] + _CAPTION_EM + 2 * _SHEET_GAP, width), _GROUND, np.uint8)
    tile[: pixels.shape[0], : pixels.shape[1]] = pixels
    picture = Image.fromarray(tile)
    font = load_font(_caption_face(fonts), _CAPTION_EM)
    while len(text) > 1 and font.getlength(text) > width:
        text = text[:-2].rstrip("…") + "…"
    ImageDraw.Draw(picture).text((0, pixels.shape[0] + 1), text, _CAPTION, font)
    return np.asarray(picture)


def _caption_face(fonts: FontSet) -> str:
    plain = [face for face in fonts.faces if not face.bold and not face.italic] or list(fonts.faces)
    return max(plain, key=lambda face: (face.kind == "sans", len(face.characters))).path


def page_sheet(samples: Sequence[PageSample]) -> NDArray[np.uint8]:
    """A picture of pages side by side, with the boxes of their words; uint8 (900, w, 3), RGB."""
    import cv2

    tiles = []
    for sample in samples:
        scale = _PAGE_HEIGHT / sample.pixels.shape[0]
        size = (max(1, round(sample.pixels.shape[1] * scale)), _PAGE_HEIGHT)
        small = cv2.resize(sample.pixels, size, interpolation=cv2.INTER_AREA)
        tile = cv2.cvtColor(small, cv2.COLOR_GRAY2RGB)
        for line in sample.lines:
            for word in line.words:
                x0, y0, x1, y1 = (round(value * scale) for value in word.box)
                cv2.rectangle(tile, (x0, y0), (x1, y1), (200, 60, 60), 1)
        tiles.append(np.pad(tile, ((0, 0), (0, _SHEET_GAP), (0, 0)), constant_values=120))
    return np.hstack(tiles)
