"""What an office sends and files: a letter, a receipt, an invoice and a form."""

import numpy as np
from PIL import Image, ImageDraw

from samples.drawing import A4, Document, Face, Sheet
from samples.effects import (
    bilevel,
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
from samples.texts import DECLARATION, INVOICE_ROWS, LETTER, PAYMENT, paragraphs

# A signature, as a pen goes: millimetres from its left end and from its baseline, downwards.
SIGNATURE = [
    (0.0, 1.0), (2.5, -5.5), (5.0, -11.0), (6.2, -9.0), (4.6, -2.0), (3.2, 2.5), (5.0, 0.5), (7.5, -3.2),
    (9.0, -2.0), (8.6, 0.2), (10.4, -0.6), (11.6, -2.8), (12.6, -0.2), (14.2, -2.4), (15.4, -0.2),
    (17.2, -2.2), (18.6, -8.6), (19.6, -9.4), (19.4, -4.0), (19.8, -0.4), (22.0, -2.0), (24.0, -1.2),
    (25.8, -2.4), (29.5, -1.4), (36.0, -2.6), (42.0, -4.4), (30.0, 2.4), (16.0, 4.2),
]  # fmt: skip
OTHER_SIGNATURE = [
    (0.0, 0.4), (3.5, -5.0), (6.5, -10.0), (8.0, -9.0), (9.0, -3.0), (9.8, 0.8), (6.0, -3.4), (4.6, -4.2),
    (11.0, -4.6), (13.0, -2.8), (14.6, -0.4), (16.4, -3.2), (15.0, -3.6), (14.4, -1.0), (17.0, -0.4),
    (20.0, -7.6), (20.8, -9.6), (19.6, -8.0), (19.2, -2.6), (20.4, -0.2), (22.4, -3.0), (24.0, -0.8),
    (25.6, -2.6), (27.4, -0.4), (31.0, -2.0), (35.0, -7.8), (36.4, -9.0), (34.4, -4.0), (35.2, -0.6),
    (39.0, -1.8), (47.0, -1.4), (54.0, -3.0),
]  # fmt: skip


def letter(rng: np.random.Generator) -> Document:
    """A business letter, well printed and cleanly scanned at 200 dpi."""
    sheet = Sheet(A4, 200, background=250)
    ink, soft = 28, 96
    left, width = 27.0, 156.0

    # Letterhead: a compass mark, the name, and one quiet line of contact details.
    sheet.draw.ellipse([round(sheet.px(v)) for v in (left, 18, left + 13, 31)], fill=52)
    centre = left + 6.5
    for dx, dy in ((0.0, 5.2), (5.2, 0.0)):
        points = [(centre + dx, 24.5 + dy), (centre + dy / 5, 24.5 - dx / 5), (centre - dx, 24.5 - dy)]
        points.append((centre - dy / 5, 24.5 + dx / 5))
        sheet.draw.polygon([(sheet.px(x), sheet.px(y)) for x, y in points], fill=250)
    sheet.text(left + 17, 24.6, "Brightwater Survey Partners", Face("lato-black", 17, 44))
    sheet.text(left + 17, 30.2, "Land, water and boundary surveys since 1987", Face("lato", 9, soft))
    sheet.rule(left, 36.5, left + width, 36.5, 0.25, 150)

    body, leading = Face("caladea", 11, ink), 5.6
    y = 50.0
    for line in ("Ms. Marisol Peña", "Harrow & Finch Orchards", "88 Cidermill Road", "Ashcombe, OR 97555"):
        sheet.text(left, y, line, body)
        y += leading
    y += 6
    sheet.text(left, y, "14 March 2024", body)
    y += leading
    sheet.text(left, y, "Our reference: BSP-2217/03", body)
    y += 11.2
    sheet.text(left, y, "Survey of the northern boundary, parcels 41 and 42", Face("caladea-bold", 11.5, ink))
    y += 9.4
    sheet.text(left, y, "Dear Ms. Peña,", body)
    y += 8.6
    for paragraph in paragraphs(LETTER):
        y = sheet.paragraph(left, y, width, paragraph, body, leading) + 3.4
    y += 1.5
    sheet.text(left, y, "Yours sincerely,", body)
    sheet.stroke([(left + 2 + dx, y + 16 + dy) for dx, dy in SIGNATURE], 0.55, 70)
    y += 28
    sheet.text(left, y, "Tobias Renwick", Face("caladea-bold", 11, ink))
    y += leading
    sheet.text(left, y, "Licensed surveyor", body)
    y += 10
    sheet.text(left, y, "Enclosures: boundary sketch (2 pages), order form", Face("caladea", 9.5, ink))

    sheet.rule(left, 276.0, left + width, 276.0, 0.25, 150)
    sheet.text(
        left + width / 2, 281.5,
        "410 Tannery Lane, Suite 6 · Millbrook, OR 97556 · (555) 014-2260 · brightwater.example.com",
        Face("lato", 8.5, soft), align="centre",
    )  # fmt: skip

    # A flatbed scan: barely turned, a little soft, and a paper that is not quite even.
    matrix = rotation(0.15 + 0.05 * rng.random(), sheet.image.size)
    page = blur(warp(sheet.image, matrix, sheet.image.size, 250), 0.6)
    image = grey_levels(page, 16)
    return Document("letter", image, warp_lines(sheet.lines, matrix), "letter", dpi=200)


def receipt(rng: np.random.Generator) -> Document:
    """A till receipt: thermal dots at 203 dpi, faint and banded, on paper that has been in a pocket."""
    sheet = Sheet((640, 1560), 203, unit=1)
    face, bold = Face("dejavu-mono", 7.9), Face("dejavu-mono-bold", 7.9)
    large = Face("dejavu-mono-bold", 11.5)
    left, right, step = 60.0, 580.0, 32.0
    y = 96.0

    def centred(text: str, kind: Face = face, gap: float = step) -> None:
        nonlocal y
        sheet.text(320, y, text, kind, align="centre")
        y += gap

    def row(name: str, amount: str, kind: Face = face, indent: float = 0) -> None:
        nonlocal y
        sheet.text(left + indent, y, name, kind)
        sheet.text(right, y, amount, kind, align="right", same_line=True)
        y += step

    def dashes() -> None:
        nonlocal y
        for x in range(int(left), int(right), 16):
            sheet.draw.rectangle((x, y - 9, x + 8, y - 8), fill=0)
        y += step

    centred("Café Almendra", large, 40)
    centred("Bakery & Grocery")
    centred("27 Quayside Street, Port Linden")
    centred("Tel. 555-0173")
    y += 14
    row("09/21/2023 17:46", "Till 04")
    row("Receipt 0048-13927", "Cashier: Inés")
    dashes()
    for name, amount in (
        ("Sourdough loaf 800 g", "6.40"),
        ("Olive oil, extra virgin", "11.95"),
        ("Jalapeño relish 210 ml", "4.25"),
        ("Gruyère, aged 0.312 kg", "8.58"),
        ("Oat crackers", "3.10"),
    ):
        row(name, amount)
    row("Lemons", "2.97")
    sheet.text(left + 34, y, "3 x 0.99", face)
    y += step
    row("Ground coffee, dark 500 g", "9.75")
    row("Paper bag", "0.15")
    row("Coffee club -10%", "-0.98")
    dashes()
    row("Subtotal", "46.17")
    row("Sales tax 4.5%", "2.08")
    y += 12
    row("TOTAL USD", "48.25", large)
    y += 8
    row("Card ending in 7702", "48.25")
    row("Approval code", "031846")
    row("Change", "0.00")
    dashes()
    centred("Items sold: 10")
    centred("You earned 46 points today.")
    centred("Returns within 14 days")
    centred("with this receipt, please.")
    y += 18
    centred("Thank you and see you soon!", bold)
    y += 10
    # The bar code under which the till files the sale.
    x = 128
    while x < 512:
        bar, gap = rng.integers(1, 5, 2) * 2
        sheet.draw.rectangle((x, y - 16, x + bar - 1, y + 46), fill=0)
        x += int(bar + gap)
    height = int(y + 100)

    # The head burns whole dots; some of its dots are weak, and the feed roller leaves faint bands.
    dots = to_float(sheet.image.crop((0, 0, 640, height))) < 128
    heat = 0.74 + 0.1 * cloud(rng, (640, height), (3, 7))
    heat *= 1 - 0.22 * np.clip(cloud(rng, (640, height), (1, 26)), 0, 1)
    weak = rng.random(640) < 0.03
    heat[:, weak] *= 0.6
    heat *= 1 - 0.12 * np.abs(grain(rng, (640, height), 1))
    burnt = np.where(dots, np.clip(heat, 0.1, 1), 0).astype(np.float32)
    ink = to_float(blur(to_image(burnt * 255), 0.9)) / 255

    # Soft creases across the paper catch the light on one side and lose it on the other.
    shade = 4 * cloud(rng, (640, height), (4, 6))
    rows, columns = np.arange(height)[:, None], np.arange(640)[None, :]
    for position, slope in ((0.36, 0.03), (0.71, -0.05)):
        distance = (rows - height * position - slope * columns) / 9.0
        shade += -9 * distance * np.exp(-(distance**2) / 2)
    paper = np.stack([244 + shade, 243 + shade, 238 + shade], axis=-1)
    tint = np.array([92.0, 92.0, 104.0])
    printed = paper * (1 - ink[..., None]) + tint * ink[..., None]

    # The cutter's teeth at both ends, on the pale lid of the scanner, slightly turned.
    size = (720, height + 80)
    mask = Image.new("L", (640, height), 255)
    teeth = ImageDraw.Draw(mask)
    for x in range(0, 640, 16):
        teeth.polygon([(x, 0), (x + 16, 0), (x + 8, 8)], fill=0)
        teeth.polygon([(x, height), (x + 16, height), (x + 8, height - 8)], fill=0)
    shift = np.array([[1, 0, 40], [0, 1, 40], [0, 0, 1]], dtype=float)
    matrix = rotation(-0.5, size) @ shift
    cover = to_float(warp(mask, matrix, size, 0))[..., None] / 255
    shadow = to_float(blur(warp(mask, matrix, size, 0), 9))[..., None] / 255
    lid = np.full((size[1], size[0], 3), 232.0) - 66 * np.roll(shadow, (4, 4), (0, 1))
    picture = to_float(warp(to_image(printed.astype(np.float32)), matrix, size, (232, 232, 232)))
    image = to_image((picture * cover + lid * (1 - cover)).astype(np.float32)).convert("L")
    return Document(
        "receipt", image, warp_lines(sheet.lines, matrix), "receipt",
        dpi=200, suffix=".jpg", save={"quality": 72},
    )  # fmt: skip


def invoice(_rng: np.random.Generator) -> Document:
    """An invoice with a table, as it leaves the accounting program: clean, at 150 dpi, in colour."""
    sheet = Sheet(A4, 150, background=(255, 255, 255))
    ink, soft, accent = (33, 37, 41), (98, 106, 114), (22, 92, 86)
    left, right = 20.0, 190.0
    body, bold = Face("carlito", 10.5, ink), Face("carlito-bold", 10.5, ink)

    sheet.rectangle(0, 0, 210, 5, fill=accent)
    for offset, shade in ((0.0, accent), (4.2, (92, 150, 142)), (8.4, (168, 204, 198))):
        sheet.rectangle(left + offset, 17, left + offset + 3.2, 29, fill=shade, radius=0.8)
    sheet.text(left + 16, 23.2, "Tamarack Joinery Supply", Face("carlito-bold", 17, accent))
    sheet.text(
        left + 16, 28.8,
        "3150 Sawmill Way, Cedar Falls, ME 04555 · (555) 019-4480 · billing@tamarack.example.com",
        Face("carlito", 9, soft),
    )  # fmt: skip
    sheet.text(left, 47, "Invoice", Face("carlito-bold", 26, ink))

    # The key facts, as a band of four columns.
    sheet.rectangle(left, 53, right, 68, fill=(238, 244, 243), radius=1.2)
    columns = (left + 5, left + 48, left + 91, left + 134)
    facts = (
        ("Invoice no.", "INV-20458"),
        ("Invoice date", "02 May 2024"),
        ("Due date", "01 June 2024"),
        ("Customer no.", "C-7713"),
    )
    for y, part, face in ((59.0, 0, Face("carlito", 9, soft)), (64.6, 1, bold)):
        for index, (x, fact) in enumerate(zip(columns, facts, strict=True)):
            sheet.text(x, y, fact[part], face, same_line=index > 0)

    y = 80.0
    sheet.text(left, y, "Bill to", Face("carlito-bold", 9.5, accent))
    for line in ("Noémie Castellan", "Castellan & Daughters Cabinetmakers", "9 Ropewalk Court, Unit B", "Eastport, ME 04556"):  # fmt: skip  # noqa: E501
        y += 5.2
        sheet.text(left, y, line, bold if line.startswith("Noémie") else body)

    # The table: a dark head, hairlines between the rows, numbers set flush right.
    top = 111.0
    ends = (left + 3, left + 27, left + 117, left + 142, right - 3)
    sheet.rectangle(left, top, right, top + 8.5, fill=accent)
    head = Face("carlito-bold", 10, (255, 255, 255))
    titles = ("Item", "Description", "Quantity", "Unit price", "Amount")

    def table_row(y: float, cells: tuple[str, ...], face: Face) -> None:
        for index, (x, cell) in enumerate(zip(ends, cells, strict=True)):
            sheet.text(x, y, cell, face, align="left" if index < 2 else "right", same_line=index > 0)

    table_row(top + 5.8, titles, head)
    y = top + 8.5
    for cells in INVOICE_ROWS:
        table_row(y + 5.6, cells, body)
        y += 8.2
        sheet.rule(left, y, right, y, 0.12, (196, 204, 204))

    y += 3
    for label, amount, face in (
        ("Subtotal", "1,880.20", body),
        ("Trade discount 5%", "-94.01", body),
        ("Sales tax 5.5%", "98.24", body),
        ("Total due (USD)", "1,884.43", Face("carlito-bold", 12.5, accent)),
    ):
        y += 6.4
        if label.startswith("Total"):
            sheet.rule(left + 100, y - 4.2, right, y - 4.2, 0.4, accent)
            y += 1.8
        sheet.text(left + 142, y, label, face, align="right")
        sheet.text(right - 3, y, amount, face, align="right", same_line=True)

    y += 16
    sheet.text(left, y, "Payment", Face("carlito-bold", 9.5, accent))
    y = sheet.paragraph(left, y + 5.4, 170, paragraphs(PAYMENT)[0], body, 5.2)
    sheet.text(left, y + 3, "Goods remain our property until paid in full. Thank you for your order!", body)
    sheet.rule(left, 279, right, 279, 0.12, (196, 204, 204))
    sheet.text(left, 284, "Tamarack Joinery Supply, Inc. · Tax ID 55-0183927", Face("carlito", 8.5, soft))
    sheet.text(right, 284, "Page 1 of 1", Face("carlito", 8.5, soft), align="right", same_line=True)
    image = sheet.image.quantize(48, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return Document("invoice", image, sheet.lines, "invoice", dpi=150)


def form(rng: np.random.Generator) -> Document:
    """A printed form filled in on a typewriter, then scanned in black and white at 200 dpi."""
    sheet = Sheet(A4, 200)
    left, right = 18.0, 192.0
    label, typed = Face("carlito", 8.5), Face("courier", 12)

    sheet.text(left, 24, "County of Greenmere", Face("carlito-bold", 11))
    sheet.text(left, 33, "Application for a Library Card", Face("carlito-bold", 19))
    sheet.text(left, 40, "Please type or print in capital letters. Fields marked * are required.", Face("carlito", 10))  # fmt: skip  # noqa: E501
    y = 46.0

    def section(title: str) -> None:
        nonlocal y
        sheet.rectangle(left, y, right, y + 7, fill=0)
        sheet.text(left + 2.5, y + 5, title, Face("carlito-bold", 10.5, 255))
        y += 7

    def fields(*boxes: tuple[float, str, str]) -> None:
        """One row of boxes (share of the width, label, value): a line of labels, then one of values."""
        nonlocal y
        height = 14.0
        x = left
        starts = []
        for share, _, _ in boxes:
            starts.append(x)
            x += share * (right - left)
            sheet.rectangle(starts[-1], y, x, y + height, outline=0, width=0.25)
        for index, (start, (_, name, _)) in enumerate(zip(starts, boxes, strict=True)):
            sheet.text(start + 2, y + 4.2, name, label, same_line=index > 0)
        for index, (start, (_, _, value)) in enumerate(zip(starts, boxes, strict=True)):
            # The typist lines the carriage up by eye.
            dx, dy = rng.uniform(-0.4, 0.8), rng.uniform(-0.4, 0.4)
            sheet.text(start + 3 + dx, y + 11 + dy, value, typed, same_line=index > 0)
        y += height

    def choice(question: str, *options: tuple[str, bool]) -> None:
        """A row of tick boxes; a tick is a mark, not text."""
        nonlocal y
        height = 10.5
        sheet.rectangle(left, y, right, y + height, outline=0, width=0.25)
        sheet.text(left + 2, y + 6.6, question, Face("carlito", 10))
        x = left + 58
        for option, ticked in options:
            sheet.rectangle(x, y + 3.2, x + 4.2, y + 7.4, outline=0, width=0.25)
            if ticked:
                sheet.stroke([(x + 0.5, y + 4.6), (x + 1.9, y + 6.9), (x + 5.4, y + 1.6)], 0.5, 0)
            end = sheet.text(x + 6.4, y + 6.6, option, Face("carlito", 10), same_line=True)
            x = end + 9
        y += height

    section("1. Applicant")
    fields((0.5, "Last name *", "MÜLLER-OKAFOR"), (0.5, "First and middle name *", "ADAEZE RUTH"))
    fields((0.3, "Date of birth *", "07/30/1991"), (0.35, "Telephone", "555-0128"), (0.35, "Card no. (if renewing)", "GM 204 881"))  # fmt: skip  # noqa: E501
    fields((1.0, "E-mail address", "a.okafor@mail.example.org"))
    y += 4
    section("2. Home address")
    fields((0.7, "Street and number *", "1406 WILLOW BEND ROAD"), (0.3, "Apartment", "3C"))
    fields((0.5, "City *", "GREENMERE"), (0.2, "State *", "VT"), (0.3, "ZIP code *", "05559"))
    choice("Lived in the county for", ("less than 1 year", False), ("1 to 5 years", True), ("longer", False))
    y += 4
    section("3. Your card")
    choice("Type of card", ("Adult", True), ("Student", False), ("Senior", False), ("Visitor", False))
    choice("Send notices by", ("E-mail", True), ("Text message", False), ("Post", False))
    fields((0.55, "Branch where you will pick up the card *", "NORTH HILL BRANCH"), (0.45, "Language for notices", "ENGLISH"))  # fmt: skip  # noqa: E501
    y += 4
    section("4. Declaration")
    width = right - left
    y = sheet.paragraph(left, y + 6.5, width, paragraphs(DECLARATION)[0], Face("carlito", 10.5), 5.2)
    y += 16
    sheet.text(left + 2, y - 2, "April 9, 2024", typed)
    sheet.stroke([(left + 84 + dx, y - 2 + dy) for dx, dy in OTHER_SIGNATURE], 0.45, 0)
    sheet.rule(left, y, left + 62, y, 0.25)
    sheet.rule(left + 74, y, right, y, 0.25)
    sheet.text(left, y + 4.4, "Date", label)
    sheet.text(left + 74, y + 4.4, "Signature of applicant", label, same_line=True)
    y += 9
    section("For staff use only")
    fields((0.25, "Proof of address seen", "LEASE"), (0.25, "Entered by", "K. VOSS"), (0.25, "Date", "04/11/2024"), (0.25, "Card expires", "04/2027"))  # fmt: skip  # noqa: E501
    y += 7
    sheet.text(left, y, "Form GL-12 (rev. 01/2022)", label)
    sheet.text(right, y, "Keep a copy for your records", label, align="right", same_line=True)

    # Black and white at a fixed threshold: strokes break or fill, and dust becomes specks.
    matrix = rotation(-0.35, sheet.image.size)
    page = to_float(blur(warp(sheet.image, matrix, sheet.image.size, 255), 0.9))
    page += 26 * grain(rng, sheet.image.size, 0.6)
    draw_dust(page, rng, 90, 0)
    image = bilevel(to_image(page), 136)
    return Document("form", image, warp_lines(sheet.lines, matrix), "form", dpi=200)
