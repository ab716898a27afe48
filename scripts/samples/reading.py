"""Pages to read: a newsletter, a typescript, a screen and a short report of two pages."""

import re
from pathlib import Path
from time import gmtime

import numpy as np

from samples.drawing import A4, Colour, Document, Face, Sheet
from samples.effects import (
    blur,
    cloud,
    draw_dust,
    grain,
    grey_levels,
    rotation,
    to_float,
    to_image,
    warp,
    warp_lines,
)
from samples.texts import ARTICLE_LEFT, ARTICLE_RIGHT, CODE, REPORT_1, REPORT_2, TYPESCRIPT, paragraphs


def article(_rng: np.random.Generator) -> Document:
    """A newsletter page in two justified columns with broken words, scanned at 200 dpi."""
    sheet = Sheet(A4, 200, background=248)
    ink, soft = 30, 90
    left, right = 22.0, 188.0
    gutter, middle = 8.0, 105.0
    column = middle - gutter / 2 - left

    sheet.text(middle, 33, "The Lantern", Face("garamond-bold", 44, ink), align="centre", tracking=0.3)
    sheet.rule(left, 39, right, 39, 0.6, ink)
    strip = Face("lato", 8.5, soft)
    sheet.text(left, 44.2, "News from Quarry Bay", strip)
    sheet.text(middle, 44.2, "No. 118", strip, align="centre", same_line=True)
    sheet.text(right, 44.2, "Winter 2023", strip, align="right", same_line=True)
    sheet.rule(left, 47, right, 47, 0.2, ink)
    sheet.text(left, 63, "Mending mornings at the icehouse", Face("garamond-bold", 27, ink))
    sheet.text(left, 71, "A repair café on Ferry Street saves toasters, radios and a few long friendships", Face("garamond-italic", 14.5, 60))  # fmt: skip  # noqa: E501
    sheet.text(left, 79, "By Desmond Achterberg", Face("lato-bold", 9, soft))

    body, leading, indent = Face("garamond", 12.2, ink), 5.35, 4.2
    for index, story in enumerate((ARTICLE_LEFT, ARTICLE_RIGHT)):
        x, y = left + index * (column + gutter), 89.4
        if index == 0:
            _workbench(sheet, x, 86.0, column, 52.0)
            y = 143.2
            caption = Face("garamond-italic", 10.5, 60)
            y = sheet.paragraph(
                x, y, column, "Open every first Saturday, from 9 a.m. to 2 p.m.", caption, 4.6
            )
            y += 3.4
        for number, paragraph in enumerate(paragraphs(story)):
            # An indent opens each paragraph but the first of a column.
            opening = indent if number else 0.0
            y = sheet.paragraph(
                x, y, column, paragraph.replace("|", "\u00ad"), body, leading, justify=True, indent=opening
            )
        if index == 1:
            y += 4
            sheet.rectangle(x, y, x + column, y + 37, fill=226)
            sheet.text(x + 5, y + 8.5, "Before you come", Face("lato-bold", 11.5, ink))
            notes = Face("lato", 9.5, ink)
            y += 15.5
            for note in (
                "Bring one object per visit, with its cable.",
                "Empty and clean it first, please.",
                "No microwave ovens or gas appliances.",
                "Questions? repair@lantern.example.org",
            ):
                sheet.text(x + 5, y, note, notes)
                y += 5.6
    sheet.rule(left, 277, right, 277, 0.2, ink)
    sheet.text(left, 282, "The Lantern is delivered free to 2,150 households.", strip)
    sheet.text(right, 282, "3", strip, align="right", same_line=True)

    matrix = rotation(-0.2, sheet.image.size)
    page = blur(warp(sheet.image, matrix, sheet.image.size, 248), 0.65)
    image = grey_levels(page, 18)
    return Document("article", image, warp_lines(sheet.lines, matrix), "article", dpi=200)


def _workbench(sheet: Sheet, x: float, y: float, width: float, height: float) -> None:
    """A cut in two greys in place of a photograph: a window, a lamp and a kettle on a bench."""
    sheet.rectangle(x, y, x + width, y + height, fill=198)
    sheet.rectangle(x + 8, y + 7, x + 34, y + 31, fill=238)
    sheet.rule(x + 21, y + 7, x + 21, y + 31, 0.9, 150)
    sheet.rule(x + 8, y + 19, x + 34, y + 19, 0.9, 150)
    sheet.rectangle(x, y + 42, x + width, y + height, fill=108)
    sheet.rectangle(x, y + 42, x + width, y + 43.4, fill=70)

    def polygon(points: list[tuple[float, float]], fill: Colour) -> None:
        sheet.draw.polygon([(sheet.px(x + px), sheet.px(y + py)) for px, py in points], fill=fill)

    # The light of the lamp, its shade, arm and foot.
    polygon([(53, 20), (63, 15), (76, 42), (44, 42)], 222)
    polygon([(50, 20), (56, 9), (61, 11), (66, 14)], 62)
    sheet.stroke([(x + 57, y + 11), (x + 68, y + 18), (x + 72, y + 30), (x + 70, y + 41)], 1.1, 62)
    sheet.rectangle(x + 65, y + 40.4, x + 76, y + 42, fill=62, radius=0.7)
    # The kettle: body, lid, spout and handle.
    polygon([(45, 42), (47, 31), (57, 31), (60, 42)], 132)
    sheet.rectangle(x + 50.5, y + 28.8, x + 53.5, y + 31, fill=132, radius=0.8)
    polygon([(57.4, 34), (62, 31), (62.6, 32), (58.6, 38)], 132)
    sheet.stroke([(x + 47, y + 32), (x + 41.5, y + 33), (x + 42.5, y + 38.5), (x + 45.6, y + 39)], 0.9, 132)
    # A jar of screws and a spool.
    sheet.rectangle(x + 13, y + 34, x + 21, y + 42, fill=226, outline=120, width=0.4, radius=1)
    sheet.rectangle(x + 14, y + 38, x + 20, y + 41.4, fill=120, radius=0.6)
    sheet.rectangle(x + 26, y + 36.5, x + 33, y + 42, fill=84, radius=0.4)
    sheet.rectangle(x + 25, y + 36, x + 34, y + 37.2, fill=150)
    sheet.rectangle(x + 25, y + 40.8, x + 34, y + 42, fill=150)


def typescript(rng: np.random.Generator) -> Document:
    """A carbon-grey typescript of the fifties: uneven strokes, dirt, and 1.5 degrees of skew, at 150 dpi."""
    sheet = Sheet((215.9, 279.4), 150, background=255)
    face = Face("typewriter", 12.4)
    font = sheet.font(face)
    # Each type bar has faults of its own, the same at every stroke; the finger adds a little more.
    chars = sorted(set(TYPESCRIPT))
    lift = dict(zip(chars, rng.normal(0, 0.55, len(chars)), strict=True))
    weight = dict(zip(chars, rng.normal(0, 16, len(chars)), strict=True))

    def strike(_index: int, char: str, at: tuple[float, float]) -> None:
        dx, dy = rng.normal(0, 0.3, 2)
        grey = int(np.clip(74 + weight[char] + rng.normal(0, 20), 20, 150))
        sheet.draw.text((at[0] + dx, at[1] + lift[char] + dy), char, fill=grey, font=font, anchor="ls")

    y = 27.0
    for line in TYPESCRIPT.split("\n"):
        if line.strip():
            sheet.monospaced(27, y, line, face, strike)
        y += 4.9

    # The ribbon prints its weave and fades in patches; the sheet has yellowed towards its edges.
    size = sheet.image.size
    fading = np.clip(0.9 + 0.22 * cloud(rng, size, (9, 12)) + 0.16 * grain(rng, size, 1), 0.25, 1.15)
    ink = (255 - to_float(blur(sheet.image, 0.55))) * fading
    columns, rows = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))
    paper = 226 + 6 * cloud(rng, size, (4, 5)) - 16 * np.maximum(np.abs(columns), np.abs(rows)) ** 6
    page = np.clip(paper - ink * 0.86, 0, 255)
    # The two punch holes of a binder show the dark lid behind the sheet.
    for centre in (0.34, 0.66):
        x, hole = 0.045 * size[0], centre * size[1]
        distance = np.hypot((columns + 1) / 2 * size[0] - x, (rows + 1) / 2 * size[1] - hole)
        page = np.where(distance < 17, 92 - 20 * np.clip((hole - distance) / hole, 0, 1), page)
    page = page.astype(np.float32)
    draw_dust(page, rng, 150, 96)
    matrix = rotation(1.5, size)
    turned = to_float(warp(to_image(page), matrix, size, 92))
    turned += 5 * grain(rng, size, 1)
    image = grey_levels(to_image(turned), 64)
    return Document(
        "typescript", image, warp_lines(sheet.lines, matrix), "typescript",
        dpi=150, suffix=".jpg", save={"quality": 66},
    )  # fmt: skip


CODE_TOKENS = re.compile(
    r'(?P<string>"""[^"]*"""|"[^"]*")|(?P<comment>#.*)|(?P<number>\b\d+\b)|(?P<decorator>@\w+)'
    r"|(?P<keyword>\b(?:from|import|class|def|for|in|if|or|continue|return)\b)"
    r"|(?P<type>\b(?:str|float|int|Path|Reading)\b)"
)
CODE_COLOURS: dict[str, Colour] = {
    "string": (195, 202, 134),
    "comment": (121, 132, 150),
    "number": (222, 160, 110),
    "decorator": (222, 184, 120),
    "keyword": (198, 146, 220),
    "type": (120, 190, 206),
}


def screenshot(_rng: np.random.Generator) -> Document:
    """A code editor with a dark theme, as a 96 dpi screen shows it."""
    sheet = Sheet((920, 640), 96, unit=1, background=(30, 34, 42))
    text, quiet, bar = (205, 210, 218), (142, 150, 163), (38, 43, 53)
    interface = Face("dejavu", 9, text)

    sheet.rectangle(0, 0, 920, 34, fill=(24, 27, 34))
    for x, colour in ((20, (236, 106, 94)), (40, (244, 191, 79)), (60, (97, 197, 84))):
        sheet.draw.ellipse((x - 6, 11, x + 6, 23), fill=colour)
    sheet.text(460, 21, "nightly_export.py – Tidewater Studio", Face("dejavu", 9, quiet), align="centre")

    # The activity bar: icons without text.
    sheet.rectangle(0, 34, 48, 612, fill=(26, 29, 37))
    sheet.rectangle(0, 50, 2, 82, fill=(120, 170, 240))
    sheet.rectangle(15, 56, 29, 76, outline=text, width=2, radius=2)
    sheet.rectangle(20, 52, 34, 71, outline=text, width=2, radius=2)
    sheet.draw.ellipse((14, 102, 29, 117), outline=quiet, width=2)
    sheet.draw.line((27, 115, 35, 123), fill=quiet, width=3)
    for x, y in ((18, 150), (18, 172), (32, 156)):
        sheet.draw.ellipse((x - 4, y - 4, x + 4, y + 4), outline=quiet, width=2)
    sheet.draw.line((18, 154, 18, 168), fill=quiet, width=2)
    sheet.draw.line((32, 160, 21, 169), fill=quiet, width=2)

    sheet.rectangle(48, 34, 920, 68, fill=bar)
    sheet.rectangle(48, 34, 216, 68, fill=(30, 34, 42))
    sheet.rectangle(48, 34, 216, 35, fill=(120, 170, 240))
    sheet.text(66, 56, "nightly_export.py", interface)
    for x, name in ((236, "settings.toml"), (364, "test_export.py")):
        sheet.text(x, 56, name, Face("dejavu", 9, quiet), same_line=True)

    code = Face("jetbrains", 9.75, text)
    font = sheet.font(code)
    base = 94.0
    for line in CODE.split("\n"):
        colours: list[Colour] = [text] * len(line)
        for match in CODE_TOKENS.finditer(line):
            colours[match.start() : match.end()] = [CODE_COLOURS[match.lastgroup or ""]] * len(match[0])

        def glyph(index: int, char: str, at: tuple[float, float], colours: list[Colour] = colours) -> None:
            sheet.draw.text(at, char, fill=colours[index], font=font, anchor="ls")

        if line.startswith("    sent = 0"):
            sheet.rectangle(49, base - 15, 919, base + 5, fill=(37, 42, 52))
        if line.strip():
            sheet.monospaced(72, base, line, code, glyph)
        base += 20.4
    # The scroll bar, and the status bar along the foot of the window.
    sheet.rectangle(908, 72, 914, 420, fill=(58, 64, 76), radius=3)
    sheet.rectangle(0, 612, 920, 640, fill=(24, 27, 34))
    status = Face("dejavu", 8.25, (178, 186, 198))
    sheet.text(16, 630, "main", status)
    for x, part in ((72, "0 errors, 2 warnings"), (548, "Ln 19, Col 13"), (664, "Spaces: 4"), (752, "UTF-8"), (814, "Python 3.12")):  # fmt: skip  # noqa: E501
        sheet.text(x, 630, part, status, same_line=True)
    return Document("screenshot", sheet.image, sheet.lines, "screenshot", dpi=96)


def two_pages(folder: Path) -> None:
    """Write `two_pages.pdf`, a scan of two black-and-white pages, and its text, pages split by form feeds."""
    pages, texts = [], []
    for number, report in enumerate((REPORT_1, REPORT_2), start=1):
        title, *body = paragraphs(report)
        sheet = Sheet((148, 210), 150)
        y = 28.0
        sheet.text(20, y, title, Face("caladea-bold", 17))
        y += 12
        for paragraph in body:
            y = sheet.paragraph(20, y, 108, paragraph, Face("caladea", 11), 5.8) + 3
        sheet.text(74, 194, f"Page {number} of 2", Face("caladea", 9), align="centre")
        pages.append(sheet.image.point(lambda value: 255 if value > 150 else 0).convert("1"))
        texts.append("\n".join(" ".join(word.text for word in line) for line in sheet.lines))
    # A fixed date keeps the file the same from run to run.
    date = gmtime(0)
    pages[0].save(
        folder / "two_pages.pdf", save_all=True, append_images=pages[1:], resolution=150,
        creationDate=date, modDate=date, title="Weather Station Report",
    )  # fmt: skip
    (folder / "two_pages.txt").write_text("\f".join(texts) + "\n", encoding="utf-8")
