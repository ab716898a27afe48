"""A picture of a comparison, for whoever shows no widgets."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image, ImageDraw, ImageFont

from ocr_plugins.image import PageImage

from .state import Cell, View

_HEIGHT, _ASIDE = 720, 460
# As in the widget: where readings differ, and by how much.
_INK, _FAINT, _DOUBT = (30, 30, 30), (110, 110, 110), (213, 94, 0)
_LEAST_DOUBT = 0.05


def pictured(image: PageImage, view: View) -> bytes:
    """The page with the words in doubt marked, and what is known of each engine beside it, as PNG."""
    page = Image.fromarray(image.pixels).convert("RGB")
    page.thumbnail((2 * _HEIGHT, _HEIGHT))
    scale = page.width / image.size[0]
    marks = Image.new("RGBA", page.size)
    brush = ImageDraw.Draw(marks)
    for cell in _doubtful(view):
        x0, y0, x1, y1 = (value * scale for value in cell["box"] or ())
        shade = 60 + round(120 * (1 - cell["learned"]["probability"]))
        brush.rectangle((x0, y0, x1, y1), fill=(*_DOUBT, shade))
    page.paste(marks, mask=marks)
    sheet = Image.new("RGB", (page.width + _ASIDE, max(page.height, 60 + 24 * len(view["engines"]))), "white")
    sheet.paste(page)
    _write(ImageDraw.Draw(sheet), page.width + 20, view)
    buffer = io.BytesIO()
    # Few colours: it is saved with the notebook.
    sheet.quantize(64).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _write(brush: ImageDraw.ImageDraw, left: int, view: View) -> None:
    font = ImageFont.load_default(15)
    brush.text((left, 12), view["title"], _INK, font)
    rows = [
        ("engine", "words", "s"),
        *((e["label"], _words(view, e["label"]), _seconds(e["seconds"])) for e in view["engines"]),
    ]
    for number, (label, words, seconds) in enumerate(rows):
        top = 44 + 24 * number
        colour = _INK if number else _FAINT
        brush.text((left, top), label[:32], colour, font)
        brush.text((left + 340, top), words, colour, font, anchor="ra")
        brush.text((left + 420, top), seconds, colour, font, anchor="ra")
    brush.text((left, 60 + 24 * len(rows)), "Run the notebook, or trust it, for the widget.", _FAINT, font)


def _doubtful(view: View) -> Iterator[Cell]:
    for line in view["lines"]:
        for cell in line:
            if cell["box"] and cell["learned"]["probability"] < 1 - _LEAST_DOUBT:
                yield cell


def _words(view: View, label: str) -> str:
    return f"{len(view['layers'][label]) // 4}" if label in view["layers"] else "failed"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f}"
