"""Whole pages: letters, reports, forms, receipts, typescript, books and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ocr_plugins.synth import fields, texts
from ocr_plugins.synth.prose import prose, title
from ocr_plugins.synth.screens import screen
from ocr_plugins.synth.sheets import PlacedWord, Sheet
from ocr_plugins.synth.texts import Texts
from ocr_plugins.synth.words import Rng, names, number, pick, vocabulary


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of page.

    ``inches`` is its width and height, ``points`` the smallest and largest size of running text, ``kinds``
    weighs the fonts and ``modes`` how it is scanned, as in `profiles.Profile`. ``dpi`` is its resolution
    where it is no scan. A kind without a share comes only where it is named.
    """

    share: float
    make: Callable[[Sheet, Texts], None]
    inches: tuple[float, float]
    points: tuple[float, float]
    kinds: Mapping[str, float]
    modes: Mapping[str, float]
    dpi: int = 0


def _text(sheet: Sheet, known: Texts, length: int) -> str:
    return known.fit(prose(sheet.rng, length, "en"))


def _paragraphs(
    sheet: Sheet, known: Texts, x: int, y: float, width: int, bottom: float, *, justify: bool, leading: float
) -> float:
    """Running text down to the bottom."""
    rng = sheet.rng
    indent = sheet.em * rng.uniform(1, 3) if rng.random() < 0.6 else 0.0
    gap = 0.0 if indent and rng.random() < 0.7 else sheet.em * rng.uniform(0.5, 1.1)
    while y + leading * sheet.em < bottom:
        text = _text(sheet, known, number(rng, 120, 900))
        y = sheet.paragraph(text, x, y, width, leading=leading, indent=indent, justify=justify, bottom=bottom)
        y += gap
        if rng.random() < 0.1 and y + 3 * leading * sheet.em < bottom:
            y = _heading(sheet, known, x, y, width)
    return y


def _heading(sheet: Sheet, known: Texts, x: int, y: float, width: int) -> float:
    rng = sheet.rng
    text = title(rng, vocabulary("en"), number(rng, 1, 6))
    em = round(sheet.em * rng.uniform(1.0, 1.5))
    y += em * 1.8
    face = sheet.styled(bold=True) if rng.random() < 0.7 else sheet.face
    text = known.fit(text.upper() if rng.random() < 0.3 else text)
    while " " in text and sheet.width_of(text, face, em) > width:
        text = text.rsplit(" ", 1)[0]
    sheet.write(text, x, y, face=face, em=em, width=width, align="centre" if rng.random() < 0.3 else "left")
    return y + em * 0.4


def letter(sheet: Sheet, known: Texts) -> None:
    rng, english = sheet.rng, names("en")
    x, y, width = sheet.inches(rng.uniform(0.8, 1.3)), float(sheet.inches(rng.uniform(0.6, 1.2))), 0
    width = sheet.size[0] - 2 * x
    step = sheet.em * rng.uniform(1.1, 1.35)
    if rng.random() < 0.6:
        face = sheet.fonts.choose(rng, {"sans": 2, "times": 1, "modern": 1}, "") or sheet.face
        sheet.write(
            known.fit(pick(rng, english.companies)),
            x,
            y,
            face=face,
            em=round(1.6 * sheet.em),
            width=width,
            align="centre",
        )
        y += 1.5 * step
        sheet.write(known.fit(fields.address(rng, english)), x, y, width=width, align="centre")
        y += step
        if rng.random() < 0.5:
            sheet.rule(x, y, x + width, y)
        y += 2 * step
    sheet.write(known.fit(fields.date(rng)), x if rng.random() < 0.5 else x + width / 2, y)
    y += 2 * step
    for kind in ("person", "job", "company", "address", "address"):
        sheet.write(known.fit(fields.make(kind, rng, "en")), x, y)
        y += step
    y += step
    sheet.write(
        known.fit(f"Dear {pick(rng, ('Mr.', 'Mrs.', 'Dr.', 'Ms.'))} {pick(rng, english.last)}:"), x, y
    )
    y += 0.8 * step
    bottom = sheet.size[1] * rng.uniform(0.6, 0.85)
    y = _paragraphs(sheet, known, x, y, width, bottom, justify=rng.random() < 0.3, leading=step / sheet.em)
    y += 2 * step
    for text in (
        pick(rng, ("Sincerely,", "Yours truly,", "Very truly yours,")),
        "",
        fields.person(rng, english),
    ):
        if y < sheet.size[1] - step:
            sheet.write(known.fit(text), x, y)
        y += 1.5 * step


def report(sheet: Sheet, known: Texts) -> None:
    """Headings, one or two columns, a running head or a page number, a list of references at times."""
    rng = sheet.rng
    x, top = sheet.inches(rng.uniform(0.7, 1.1)), sheet.inches(rng.uniform(0.7, 1.1))
    width, bottom = sheet.size[0] - 2 * x, sheet.size[1] - top
    leading = rng.uniform(1.08, 1.35)
    if rng.random() < 0.5:
        sheet.write(
            known.fit(title(rng, vocabulary("en"), 4)),
            x,
            top,
            em=round(0.85 * sheet.em),
            width=width,
            align="centre",
        )
    y = _heading(sheet, known, x, top + sheet.em, width)
    columns = 2 if rng.random() < 0.55 else 1
    gap = sheet.inches(rng.uniform(0.2, 0.4))
    column = (width - gap * (columns - 1)) // columns
    for place in range(columns):
        left = x + place * (column + gap)
        _paragraphs(sheet, known, left, y, column, bottom, justify=rng.random() < 0.7, leading=leading)
    sheet.write(known.fit(fields.page_number(rng)), x, bottom + 2.2 * sheet.em, width=width, align="centre")


def book(sheet: Sheet, known: Texts) -> None:
    rng = sheet.rng
    x, top = sheet.inches(rng.uniform(0.5, 0.8)), sheet.inches(rng.uniform(0.6, 0.9))
    width, bottom = sheet.size[0] - 2 * x, sheet.size[1] - sheet.inches(0.6)
    head = known.fit(title(rng, vocabulary("en"), 3).upper())
    words = sheet.write(str(number(rng, 1, 500)), x, top, line=False)
    words += sheet.write(head, x, top, em=round(0.85 * sheet.em), width=width, align="centre", line=False)
    sheet.add(words)
    _paragraphs(sheet, known, x, top + sheet.em, width, bottom, justify=True, leading=rng.uniform(1.1, 1.4))


def typescript(sheet: Sheet, known: Texts) -> None:
    rng = sheet.rng
    x, y = sheet.inches(rng.uniform(0.8, 1.4)), float(sheet.inches(rng.uniform(0.7, 1.2)))
    width, step = sheet.size[0] - x - sheet.inches(0.6), sheet.em * rng.uniform(1.2, 2.1)
    sheet.write(known.fit(fields.page_number(rng)), x, y, width=width, align="centre")
    y += 2 * step
    if rng.random() < 0.5:
        placed = sheet.write(
            known.fit(title(rng, vocabulary("en"), 4).upper()), x, y, width=width, align="centre"
        )
        if placed and rng.random() < 0.6:
            sheet.rule(placed[0].box[0], y + 0.2 * sheet.em, placed[-1].box[2], y + 0.2 * sheet.em)
        y += step
    bottom = sheet.size[1] * rng.uniform(0.7, 0.94)
    _paragraphs(sheet, known, x, y, width, bottom, justify=False, leading=step / sheet.em)


def form(sheet: Sheet, known: Texts) -> None:
    """Labels with values on rules, in one or two columns, and a table at times."""
    rng = sheet.rng
    x, y = sheet.inches(0.6), float(sheet.inches(rng.uniform(0.6, 1.0)))
    width, step = sheet.size[0] - 2 * x, sheet.em * rng.uniform(1.7, 2.6)
    y = _heading(sheet, known, x, y, width)
    filled = sheet.fonts.choose(rng, {"typewriter": 3, "sans": 1, "mono": 1}, "") or sheet.face
    while y < sheet.size[1] * 0.6:
        y += step
        columns = 1 if rng.random() < 0.5 else 2
        words: list[PlacedWord] = []
        for place in range(columns):
            left = x + place * width // columns
            found = sheet.write(known.fit(fields.label(rng)), left, y, line=False)
            words += found
            right = left + width // columns - sheet.em
            start = (found[-1].box[2] if found else left) + 0.5 * sheet.em
            value = known.fit(
                fields.make(pick(rng, ("date", "person", "code", "amount", "quantity")), rng, "en")
            )
            if rng.random() < 0.8 and start + sheet.width_of(value, filled) < right:
                words += sheet.write(value, start, y, face=filled, line=False)
            if rng.random() < 0.6:
                sheet.rule(start, y + 0.25 * sheet.em, right, y + 0.25 * sheet.em)
        sheet.add(words)
    _grid(sheet, known, x, y + step, width, sheet.size[1] - sheet.inches(0.8))


def table(sheet: Sheet, known: Texts) -> None:
    rng = sheet.rng
    x, y = sheet.inches(rng.uniform(0.5, 1.0)), float(sheet.inches(rng.uniform(0.6, 1.0)))
    width, bottom = sheet.size[0] - 2 * x, sheet.size[1] - sheet.inches(0.7)
    y = _heading(sheet, known, x, y, width)
    y = sheet.paragraph(_text(sheet, known, 300), x, y, width)
    _grid(sheet, known, x, y + sheet.em, width, bottom)


def _grid(sheet: Sheet, known: Texts, x: int, y: float, width: int, bottom: float) -> None:
    """A table of numbers with names at the left, with rules or without."""
    rng = sheet.rng
    columns, step = number(rng, 3, 6), sheet.em * rng.uniform(1.35, 2.0)
    edges = [x + round(width * (0.3 + 0.7 * place / columns)) for place in range(columns + 1)]
    kinds = [pick(rng, ("amount", "quantity", "date", "code", "quantity")) for _ in range(columns)]
    ruled, top = rng.random(), y
    bold = sheet.styled(bold=True)
    first = True
    while y + step < bottom:
        y += step
        name = known.fit(title(rng, vocabulary("en"), number(rng, 1, 2)))
        words = sheet.write(
            _shortened(sheet, name, edges[0] - x - sheet.em), x + 0.2 * sheet.em, y, line=False
        )
        for left, right, kind in zip(edges, edges[1:], kinds, strict=False):
            room = right - left - 0.4 * sheet.em
            text = fields.label(rng).strip(":") if first else fields.make(kind, rng, "en")
            text = _shortened(sheet, known.fit(text), room)
            face = bold if first else sheet.face
            words += sheet.write(text, left, y, face=face, width=room, align="right", line=False)
        sheet.add(words)
        if ruled < 0.3 or (first and ruled < 0.7):
            sheet.rule(x, y + 0.35 * sheet.em, x + width, y + 0.35 * sheet.em)
        first = False
    if ruled < 0.2:
        for edge in (x, *edges):
            sheet.rule(edge, top + 0.4 * step, edge, y + 0.35 * sheet.em)


def _shortened(sheet: Sheet, text: str, room: float) -> str:
    while text and sheet.width_of(text) > room * 0.95:
        text = text.rsplit(" ", 1)[0] if " " in text else text[:-1]
    return text


def receipt(sheet: Sheet, known: Texts) -> None:
    rng, english = sheet.rng, names("en")
    x, y = sheet.inches(0.15), float(sheet.inches(0.3))
    width, step = sheet.size[0] - 2 * x, sheet.em * rng.uniform(1.15, 1.5)
    for kind in ("company", "address", "contact", "date"):
        text = _shortened(sheet, known.fit(fields.make(kind, rng, "en").upper()), width)
        sheet.write(text, x, y, width=width, align="centre")
        y += step
    sheet.rule(x, y, x + width, y)
    for _ in range(number(rng, 3, 14)):
        y += step
        if y > sheet.size[1] - 7 * step:
            break
        what = known.fit(" ".join(vocabulary("en").draw(rng, number(rng, 1, 3))).upper())
        _item(sheet, _shortened(sheet, what, 0.6 * width), _price(rng), x, y, width)
    sheet.rule(x, y + 0.5 * step, x + width, y + 0.5 * step)
    y += 0.5 * step
    for name in ("SUBTOTAL", "TAX", "TOTAL", "CASH", "CHANGE"):
        y += step
        _item(sheet, name, _price(rng), x, y, width)
    sheet.write(
        known.fit(pick(rng, ("THANK YOU", "Please come again", f"Goods sold to {english.last[0]}"))),
        x,
        y + 2 * step,
        width=width,
        align="centre",
    )


def _price(rng: Rng) -> str:
    return f"{number(rng, 0, 99)}.{number(rng, 0, 99):02d}"


def _item(sheet: Sheet, name: str, price: str, x: int, y: float, width: int) -> None:
    words = sheet.write(name, x, y, line=False)
    sheet.add([*words, *sheet.write(price, x, y, width=width, align="right", line=False)])


_PRINT = {"bilevel": 5, "grey": 2, "copied": 1.5, "thresholded": 1, "clean": 1, "coarse": 0.5}
#: Kinds of pages, by name.
LAYOUTS: Mapping[str, Layout] = {
    "letter": Layout(
        0.2, letter, (8.5, 11), (10, 12.5), {"times": 4, "sans": 3, "typewriter": 3}, {**_PRINT, "faxed": 1}
    ),
    "report": Layout(
        0.22, report, (8.5, 11), (9, 12), {"times": 5, "modern": 3, "book": 1, "sans": 1.5}, _PRINT
    ),
    "book": Layout(0.18, book, (5.2, 8.2), (9, 11.5), {"modern": 5, "book": 4, "times": 2}, _PRINT),
    "typescript": Layout(
        0.14,
        typescript,
        (8.3, 11.7),
        (11, 13),
        {"typewriter": 1},
        {"grey": 4, "bilevel": 3, "thresholded": 2},
    ),
    "form": Layout(
        0.1, form, (8.5, 11), (8, 10.5), {"sans": 4, "times": 2}, {"bilevel": 3, "coarse": 2, "copied": 1}
    ),
    "table": Layout(0.08, table, (8.5, 11), (8, 11), {"times": 3, "sans": 3, "condensed": 1}, _PRINT),
    "receipt": Layout(
        0.08, receipt, (3.1, 6.5), (8, 10), {"mono": 3, "sans": 2, "condensed": 1}, {"thermal": 3, "grey": 1}
    ),
    "screen": Layout(0.0, screen, (6, 3), (7.5, 14), {"sans": 5, "times": 1}, {"screen": 1}, dpi=96),
}
#: What the texts of pages are fitted to.
PAGE_TEXTS = texts.REPORT
