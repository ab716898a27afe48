"""Photographed pages with ground truth: letters drawn here, lit unevenly, half of them lying on a table.

    python scripts/photographs.py FOLDER

writes images and manifest.jsonl, always the same, where the Debian packages of fonts that
`draw_ink.HELD_OUT_PACKAGES` names are installed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from degrade import jpeg, light, noise, texture, to_bytes
from draw_ink import HELD_OUT_PACKAGES, Floats, Rng, draw_letter, find_fonts

PAGES = 12
SEED = 2077
# A sheet's height and width in pixels, and those of the photographs of tilted ones.
SHEET, PHOTOGRAPH = (1754, 1240), (2100, 1600)


def write(folder: Path) -> None:
    """Writes the folder, if it is not there yet."""
    manifest = folder / "manifest.jsonl"
    if manifest.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    fonts = find_fonts(HELD_OUT_PACKAGES)
    rows = []
    for number in range(PAGES):
        rng = np.random.default_rng([SEED, number])
        ink, text = draw_letter(rng, fonts[rng.integers(len(fonts))], int(rng.integers(20, 36)), SHEET)
        image = f"{number:02}.jpg"
        cv2.imwrite(str(folder / image), _photograph(rng, ink, tilted=number % 2 == 1))
        rows.append({"id": image.removesuffix(".jpg"), "image": image, "text": text, "level": "page"})
    manifest.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def _photograph(rng: Rng, ink: Floats, *, tilted: bool) -> np.ndarray:
    paper = rng.uniform(0.75, 0.95) * texture(rng, ink.shape, 0.02)
    scene = paper + (rng.uniform(0.05, 0.3) - paper) * ink
    if tilted:
        scene = _on_a_table(rng, scene)
    scene = scene * light(rng, scene.shape, rng.uniform(0.4, 0.9))
    scene = cv2.GaussianBlur(scene * rng.uniform(0.75, 0.95), (0, 0), rng.uniform(0.6, 1.2))
    return jpeg(to_bytes(noise(rng, scene, rng.uniform(0.01, 0.03))), int(rng.integers(60, 90)))


def _on_a_table(rng: Rng, sheet: Floats) -> Floats:
    """The sheet seen from a hand's height, some degrees from above its middle, on dark wood."""
    height, width = PHOTOGRAPH
    table = rng.uniform(0.15, 0.4) * texture(rng, PHOTOGRAPH, 0.08)
    edges = np.array([(0, 0), (sheet.shape[1], 0), sheet.shape[::-1], (0, sheet.shape[0])], np.float32)
    inset = rng.uniform(0.03, 0.12, (4, 2)) * (width, height)
    inwards = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) + inset * inwards
    matrix = cv2.getPerspectiveTransform(edges, corners.astype(np.float32))
    seen = cv2.warpPerspective(sheet, matrix, (width, height), flags=cv2.INTER_AREA)
    covered = cv2.warpPerspective(np.ones_like(sheet), matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(table * (1 - covered) + seen * covered, np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
