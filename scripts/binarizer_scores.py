"""What the learned binariser gains or loses against Otsu, Sauvola and Wolf: tables in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import corpora
import cv2
import numpy as np
from degrade import BAD, ORDINARY, Bytes, make_sample, photograph_page, to_bytes
from draw_ink import HELD_OUT_PACKAGES, draw_letter, find_fonts

from ocr_plugins.document import PageError
from ocr_plugins.engine import Engine
from ocr_plugins.evaluation import get_convention, score_page
from ocr_plugins.evaluation.corpus import aggregate
from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.manifest import load_manifest
from ocr_plugins.pixels import to_grey
from ocr_plugins.preprocess.binarise import Otsu, Sauvola, Wolf
from ocr_plugins.preprocess.learned import binarise, enhance

REAL = ("sroie", "ehri_typed_en", "tapuscorpus_fr", "funsd", "icdar2013_born_digital")
# Other pages than those of any training, in other fonts.
SEED = 77
PAGES = 30
METHODS: dict[str, Callable[[Bytes], Bytes]] = {
    "otsu": lambda grey: Otsu().apply(grey).pixels,
    "sauvola": lambda grey: Sauvola().apply(grey).pixels,
    "wolf": lambda grey: Wolf().apply(grey).pixels,
    "learned": binarise,
}
#: What Tesseract reads: the page as it is, made black and white, and made even without that.
VARIANTS: dict[str, Callable[[Bytes], Bytes]] = {"as is": lambda page: page} | {
    name: lambda page, method=method: method(to_grey(page))  # type: ignore[misc]
    for name, method in {**METHODS, "enhanced grey": enhance}.items()
}
Cells = dict[str, str]


def pixels_table() -> str:
    """F-measure, and the Distance Reciprocal Distortion, of the pixels of generated pages."""
    rows = {}
    for kind, severity in (("clean", 0.0), ("ordinary", ORDINARY), ("bad", BAD)):
        rng, fonts = np.random.default_rng(SEED), find_fonts(HELD_OUT_PACKAGES)
        samples = [make_sample(rng, fonts, (640, 640), severity) for _ in range(PAGES)]
        rows[f"{kind}, {PAGES} pages"] = {
            name: _pixel_scores([(sample.ink > 127, method(sample.grey) < 128) for sample in samples])
            for name, method in METHODS.items()
        }
    return _table("F-measure in % / DRD, of pixels", rows, METHODS)


def _pixel_scores(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> str:
    pairs = [(truth, found) for truth, found in pairs if truth.any()]
    measures = [100 * f_measure(*pair) for pair in pairs]
    return f"{np.mean(measures):.1f} / {np.median([drd(*pair) for pair in pairs]):.1f}"


def f_measure(truth: np.ndarray, found: np.ndarray) -> float:
    """Of the pixels of ink, boolean (h, w)."""
    return float(2 * (truth & found).sum() / max(1, truth.sum() + found.sum()))


def drd(truth: np.ndarray, found: np.ndarray) -> float:
    """Distance Reciprocal Distortion (Lu, Kot, Shi, IEEE Signal Processing Letters 11, 2004): 0 is best.

    What is wrong weighs as much as its surroundings of 5 x 5 in the truth differ from it, per block of
    8 x 8 that holds both ink and paper.
    """
    y, x = np.mgrid[-2:3, -2:3]
    weights = 1 / np.maximum(1, np.hypot(y, x)) * ((y != 0) | (x != 0))
    weights = (weights / weights.sum()).astype(np.float32)
    near = cv2.filter2D(truth.astype(np.float32), -1, weights, borderType=cv2.BORDER_REPLICATE)
    wrong = truth != found
    distortion = np.where(found, 1 - near, near)[wrong].sum()
    height, width = (side // 8 * 8 for side in truth.shape)
    blocks = truth[:height, :width].reshape(height // 8, 8, width // 8, 8).mean((1, 3))
    return float(distortion / max(1, ((blocks > 0) & (blocks < 1)).sum()))


def generated_table() -> str:
    """Tesseract's CER on generated letters, evenly lit."""
    return _table("CER of Tesseract in %, generated letters", {"6 letters": _letters(_print)}, VARIANTS)


def photographs_table() -> str:
    """Tesseract's CER on the same letters, photographed."""
    return _table(
        "CER of Tesseract in %, the same photographed", {"6 letters": _letters(photograph_page)}, VARIANTS
    )


def _print(_: np.random.Generator, ink: np.ndarray) -> Bytes:
    return to_bytes(0.95 - 0.85 * ink)


def _letters(finish: Callable[[np.random.Generator, np.ndarray], Bytes], count: int = 6) -> Cells:
    rng, fonts = np.random.default_rng(SEED), find_fonts(HELD_OUT_PACKAGES)
    pages = []
    for number in range(count):
        ink, text = draw_letter(rng, fonts[rng.integers(len(fonts))], int(rng.integers(20, 36)), (1754, 1240))
        grey = finish(np.random.default_rng(SEED + number), ink)
        pages.append((PageImage(pixels=grey, dpi=150), text))
    return _error_rates(pages)


def corpora_table(limit: int) -> str:
    """Tesseract's CER on the first pages of real corpora, those that this machine has."""
    rows = {}
    for name in REAL:
        manifest = corpora.FOLDER / name / "manifest.jsonl"
        if manifest.exists():
            chosen = load_manifest(manifest).rows[:limit]
            pages = [(row.ref().load(), row.text) for row in chosen]
            rows[f"{name}, {len(pages)} pages"] = _error_rates(pages)
    return _table("CER of Tesseract in %", rows, VARIANTS)


def _error_rates(pages: list[tuple[PageImage, str]]) -> Cells:
    engine = open_engine("tesseract")
    try:
        return {name: _error_rate(engine, pages, variant) for name, variant in VARIANTS.items()}
    finally:
        engine.close()


def _error_rate(engine: Engine, pages: list[tuple[PageImage, str]], variant: Callable[[Bytes], Bytes]) -> str:
    convention = get_convention("default")
    scores = []
    for image, text in pages:
        (page,) = engine.read([PageImage(pixels=variant(image.pixels), dpi=image.dpi)])
        if isinstance(page, PageError):
            raise SystemExit(str(page))
        scores.append(score_page(text, page, convention))
    return f"{100 * (aggregate(scores, convention).cer or 0):.2f}"


def _table(title: str, rows: dict[str, Cells], columns: Iterable[str]) -> str:
    columns = list(columns)
    lines = [f"| {title} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(cells[c] for c in columns)} |" for name, cells in rows.items()]
    return "\n".join(lines) + "\n"
