"""Pictures of screens: banners, buttons and captions in many sizes, light on dark and dark on light."""

from __future__ import annotations

import itertools

from ocr_plugins.synth import fields
from ocr_plugins.synth.prose import prose, title
from ocr_plugins.synth.sheets import Sheet
from ocr_plugins.synth.texts import Texts
from ocr_plugins.synth.words import Rng, number, pick, vocabulary

# Ems of texts, of that of the running text.
_SIZES = (0.85, 1.0, 1.0, 1.0, 1.3, 1.8, 2.6)
_FONTS = {"sans": 6, "times": 1, "modern": 1, "condensed": 1}


def screen(sheet: Sheet, known: Texts) -> None:
    """A picture of a web page or an e-mail: boxes below and beside each other, each with a few words."""
    rng = sheet.rng
    y, width, height = 0, *sheet.size
    while y < height - 2 * sheet.em:
        tall = min(round(sheet.em * rng.uniform(2.5, 8)), height - y)
        columns = 1 if rng.random() < 0.5 else number(rng, 2, 3)
        edges = [round(width * place / columns) for place in range(columns + 1)]
        for left, right in itertools.pairwise(edges):
            _box(sheet, known, (left, y, right, y + tall))
        y += tall


def _box(sheet: Sheet, known: Texts, box: tuple[int, int, int, int]) -> None:
    """A patch of colour with text in one size."""
    rng = sheet.rng
    x0, y0, x1, y1 = box
    level = int(rng.uniform(0, 255)) if rng.random() < 0.6 else 0
    sheet.fill(box, level)
    # Against its ground a text has at least a third of the whole range.
    ink = int(rng.uniform(level + 85, 256)) if level < 128 else int(rng.uniform(0, level - 85))
    face = sheet.fonts.choose(rng, _FONTS, "") or sheet.face
    em = round(sheet.em * _SIZES[number(rng, 0, len(_SIZES) - 1)])
    align = pick(rng, ("left", "centre", "right"))
    gap = round(0.4 * sheet.em)
    y = float(y0)
    while y + 1.3 * em < y1 - gap and rng.random() < 0.9:
        y += round(1.3 * em)
        text = known.fit(_words(rng))
        while text and sheet.width_of(text, face, em) > x1 - x0 - 2 * gap:
            text = text.rpartition(" ")[0]
        sheet.write(text, x0 + gap, y, face=face, em=em, width=x1 - x0 - 2 * gap, align=align, ink=ink)


def _words(rng: Rng) -> str:
    kind = pick(rng, ("title", "prose", "capitals", "field"))
    if kind == "prose":
        return prose(rng, number(rng, 15, 70), "en")
    if kind == "field":
        return fields.make(pick(rng, ("date", "amount", "contact", "code", "person")), rng, "en")
    text = title(rng, vocabulary("en"), number(rng, 1, 4))
    return text.upper() if kind == "capitals" else text
