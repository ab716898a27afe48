"""Text on a page, drawn by Pillow in free fonts that the machine has, as the ink's coverage.

Everything is made from a seed: words of syllables, rules, tables, a pen's strokes. Coverage is
float32 (h, w), 1 where ink covers the whole pixel.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.float32]
Rng = np.random.Generator

#: Debian packages, and how the file names of the fonts taken from them begin.
FONT_PACKAGES = {
    "fonts-comic-neue": ("ComicNeue-",),
    "fonts-crosextra-carlito": ("Carlito-",),
    "fonts-dejavu": ("DejaVuSans", "DejaVuSerif"),
    "fonts-dkg-handwriting": ("dkg",),
    "fonts-freefont-ttf": ("FreeMono", "FreeSans", "FreeSerif"),
    "fonts-gnutypewriter": ("GNUTypewriter",),
    "fonts-humor-sans": ("Humor-Sans",),
    "fonts-inconsolata": ("Inconsolata",),
    "fonts-jetbrains-mono": ("JetBrainsMono-Regular", "JetBrainsMono-Bold"),
    "fonts-junicode": ("JunicodeTwoBeta-Regular", "JunicodeTwoBeta-Italic", "JunicodeTwoBeta-Bold"),
    "fonts-lato": ("Lato-Regular", "Lato-Bold", "Lato-Italic", "Lato-Light", "Lato-Black"),
    "fonts-liberation": ("LiberationMono-", "LiberationSans", "LiberationSerif-"),
    "fonts-linuxlibertine": ("LinLibertine_R", "LinBiolinum_R"),
    "fonts-oldstandard": ("OldStandard-",),
    "fonts-urw-base35": ("C059-", "NimbusMonoPS-", "NimbusSans", "P052-", "URWBookman-", "Z003-"),
}
#: Fonts that training never sees.
HELD_OUT_PACKAGES = {
    "fonts-cantarell": ("Cantarell-Regular", "Cantarell-Bold"),
    "fonts-courier-prime": ("Courier Prime.", "Courier Prime Bold."),
    "fonts-crosextra-caladea": ("Caladea-",),
    "fonts-ebgaramond": ("EBGaramond12-",),
}
FONTS = Path("/usr/share/fonts")

_ONSETS = "b c d f g h j k l m n p qu r s t v w x z br ch cl cr dr fl gr pl pr sc sh sp st th tr"
_VOWELS = "a e i o u a e i o u ai au ea ee io ou é è ö ü à ç y"
_CODAS = "- - - l m n r s t d ck ng nt rs st x"
_MARKS = (".", ",", ",", ";", ":", "!", "?", "-", "'", '"', ")", "/", "%", "*", "&")


def find_fonts(packages: dict[str, tuple[str, ...]], folder: Path = FONTS) -> list[Path]:
    """The TrueType and OpenType files of these packages, by name. Raises FileNotFoundError without one."""
    starts = tuple(start for names in packages.values() for start in names)
    files = (path for ending in ("ttf", "otf") for path in folder.rglob(f"*.{ending}"))
    found = sorted((path for path in files if path.name.startswith(starts)), key=lambda path: path.name)
    if not found:
        raise FileNotFoundError(f"no font below {folder}: install {', '.join(packages)}")
    return found


@functools.lru_cache(maxsize=512)
def font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def word(rng: Rng) -> str:
    """A made-up word, number, price, date or name."""
    kind = rng.random()
    if kind < 0.12:
        return str(rng.integers(0, 10 ** int(rng.integers(1, 6))))
    if kind < 0.16:
        return f"{rng.integers(0, 999)}.{rng.integers(0, 99):02d}"
    if kind < 0.19:
        return f"{rng.integers(1, 31):02d}/{rng.integers(1, 12):02d}/{rng.integers(1850, 2030)}"
    text = "".join(_syllable(rng) for _ in range(rng.integers(1, 4)))
    if kind > 0.85:
        text = text.capitalize()
    elif kind > 0.8:
        text = text.upper()
    return text + (str(rng.choice(_MARKS)) if rng.random() < 0.15 else "")


def _syllable(rng: Rng) -> str:
    onset, vowel, coda = (rng.choice(parts.split()) for parts in (_ONSETS, _VOWELS, _CODAS))
    return f"{onset}{vowel}{coda}".removesuffix("-")


@functools.lru_cache(maxsize=1)
def _words() -> tuple[str, ...]:
    rng = np.random.default_rng(1906)
    return tuple(word(rng) for _ in range(6000))


def log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def draw_ink(rng: Rng, fonts: Sequence[Path], shape: tuple[int, int]) -> Floats:
    """Coverage of blocks of text, with rules, tables and strokes of a pen at times."""
    height, width = shape
    canvas = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(canvas)
    top = int(rng.integers(-20, 30))
    while top < height:
        top = _draw_block(rng, draw, fonts, top, shape)
        if rng.random() < 0.25:
            _draw_rules(rng, draw, top, shape)
            top += int(rng.integers(4, 60))
        if rng.random() < 0.2:
            top += int(rng.integers(10, height // 2))
    ink = np.asarray(canvas, np.float32) / 255
    if rng.random() < 0.12:
        ink = np.maximum(ink, _scribble(rng, shape))
    if rng.random() < 0.35:
        ink = _turn(ink, rng.normal(0, 2.5))
    return ink


def _draw_block(
    rng: Rng, draw: ImageDraw.ImageDraw, fonts: Sequence[Path], top: int, shape: tuple[int, int]
) -> int:
    height, width = shape
    # Glyphs are about .7 of the em high.
    em = round(log_uniform(rng, 8, 60 if rng.random() < 0.93 else 160) / 0.7)
    face = font(fonts[rng.integers(len(fonts))], em)
    step = max(4, round(em * rng.uniform(0.95, 1.7)))
    left = int(rng.integers(-10, max(1, width // 4)))
    right = width - int(rng.integers(-20, max(1, width // 4)))
    words = _words()
    for _ in range(int(rng.integers(1, 2 + min(10, 320 // em)))):
        if top > height:
            break
        count = int(max(2, (right - left) / (em * 2.6)))
        text = " ".join(words[i] for i in rng.integers(0, len(words), count))
        draw.text((left, top), text, fill=255, font=face)
        if rng.random() < 0.03:
            draw.line((left, top + em, right, top + em), fill=255, width=max(1, em // 16))
        top += step
    return top


def _draw_rules(rng: Rng, draw: ImageDraw.ImageDraw, top: int, shape: tuple[int, int]) -> None:
    height, width = shape
    thick = int(rng.integers(1, 5))
    if rng.random() < 0.5:
        draw.line((rng.integers(0, 40), top, width - rng.integers(0, 40), top), fill=255, width=thick)
        return
    cell_h, cell_w = int(rng.integers(14, 90)), int(rng.integers(30, 200))
    bottom = min(height, top + cell_h * int(rng.integers(1, 6)))
    for y in range(top, bottom + 1, cell_h):
        draw.line((0, y, width, y), fill=255, width=thick)
    for x in range(int(rng.integers(0, cell_w)), width, cell_w):
        draw.line((x, top, x, bottom), fill=255, width=thick)


def _scribble(rng: Rng, shape: tuple[int, int]) -> Floats:
    """A pen's strokes: smooth curves of changing direction."""
    height, width = shape
    page = np.zeros(shape, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        steps = rng.normal(0, 1, (60, 2)).cumsum(0)
        steps = cv2.GaussianBlur(steps, (1, 9), 0)
        scale = log_uniform(rng, 2, 12)
        points = (steps * scale + rng.uniform(0, 1, 2) * (width, height)).round().astype(np.int32)
        cv2.polylines(page, [points], False, 255, int(rng.integers(1, 5)), cv2.LINE_AA)
    return page.astype(np.float32) / 255


def _turn(ink: Floats, degrees: float) -> Floats:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.clip(cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_CUBIC), 0, 1)


def draw_letter(rng: Rng, face: Path, em: int, shape: tuple[int, int]) -> tuple[Floats, str]:
    """Coverage of one column of text in one font, and the text."""
    height, width = shape
    canvas = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(canvas)
    # English, which OCR engines read anywhere, has no accents.
    words = [word for word in _words() if word.isascii()]
    margin, lines = 2 * em, []
    for top in range(margin, height - margin, round(1.5 * em)):
        count = int(rng.integers(2, 5)) if rng.random() < 0.15 else 30
        line = ""
        for i in rng.integers(0, len(words), count):
            longer = f"{line} {words[i]}".strip()
            if draw.textlength(longer, font(face, em)) > width - 2 * margin:
                break
            line = longer
        draw.text((margin, top), line, fill=255, font=font(face, em))
        lines.append(line)
    return np.asarray(canvas, np.float32) / 255, "\n".join(lines)
