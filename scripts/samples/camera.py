"""What a camera sees: a page on a desk, a line of an old ledger and a painted sign."""

import numpy as np

from samples.drawing import Document, Face, FloatArray, Sheet
from samples.effects import (
    FloatImage,
    blur,
    cloud,
    grain,
    homography,
    rotation,
    to_float,
    to_image,
    warp,
    warp_lines,
)
from samples.texts import HANDBOOK, paragraphs


def photo(rng: np.random.Generator) -> Document:
    """A page of a handbook photographed from one side, with a shadow across it and a slight blur."""
    sheet = Sheet((148, 210), 230, background=(246, 243, 234))
    ink, soft = (44, 40, 38), (110, 104, 98)
    left, width = 20.0, 108.0
    sheet.text(left, 18, "Walking the Merrow Coast", Face("caladea-italic", 9.5, soft))
    sheet.text(left + width, 18, "27", Face("caladea", 9.5, soft), align="right", same_line=True)
    sheet.rule(left, 20.5, left + width, 20.5, 0.15, (150, 144, 136))
    sheet.text(left, 35, "4. Crossing the causeway", Face("caladea-bold", 17, ink))
    y = 46.0
    for paragraph in paragraphs(HANDBOOK):
        y = sheet.paragraph(left, y, width, paragraph, Face("caladea", 10.8, ink), 5.5) + 2.6
    y += 2
    sheet.rectangle(left, y, left + width, y + 30, outline=(150, 144, 136), width=0.3)
    sheet.text(left + 5, y + 8, "Safe crossing times, June", Face("caladea-bold", 10.8, ink))
    for index, cells in enumerate((("Sat 8", "06:10", "11:30"), ("Sun 9", "06:55", "12:15"), ("Mon 10", "07:40", "13:00"))):  # fmt: skip  # noqa: E501
        for number, (x, cell) in enumerate(zip((5, 44, 83), cells, strict=True)):
            sheet.text(
                left + x, y + 14.6 + 5.6 * index, cell, Face("caladea", 10.8, ink), same_line=number > 0
            )

    size = (1240, 1640)
    page = to_float(sheet.image)
    page += (3.5 * cloud(rng, sheet.image.size, (5, 7)))[..., None]
    width_px, height_px = sheet.image.size
    corners = [(0, 0), (width_px, 0), (width_px, height_px), (0, height_px)]
    # The camera stands low and to the right: the far edge is shorter and the left side smaller.
    matrix = homography(corners, [(176, 108), (1072, 150), (1166, 1560), (70, 1484)])
    small = blur(to_image(page), 0.9)
    picture = to_float(warp(small, matrix, size, (246, 243, 234)))
    blank = to_image(np.full((height_px, width_px), 255, dtype=np.float32))
    cover = to_float(blur(warp(blank, matrix, size, 0), 0.8))[..., None] / 255

    desk = wood(rng, size)
    contact = to_float(blur(warp(blank, matrix, size, 0), 16)) / 255
    desk *= 1 - 0.6 * np.roll(contact, (14, -12), (0, 1))[..., None]
    view = picture * cover + desk * (1 - cover)

    # Light falls from the upper left; the arm that holds the camera shades the lower right.
    across, down = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    light = 1.08 - 0.2 * across - 0.14 * down
    edge = (0.62 * across + 0.8 * down - 0.97) / 0.07
    light = light * (1 - 0.27 / (1 + np.exp(-edge)))
    view = view * light[..., None] * np.array([1.0, 0.975, 0.93])
    # The focus is on the near edge, so the far one is a little softer.
    sharp = to_float(blur(to_image(view), 0.7))
    hazy = to_float(blur(to_image(view), 1.3))
    focus = np.clip(1.15 * down, 0, 1)[..., None]
    view = sharp * focus + hazy * (1 - focus) + 3.0 * grain(rng, size, 0.7)[..., None]
    return Document(
        "photo", to_image(view.astype(np.float32)), warp_lines(sheet.lines, matrix), "photo",
        suffix=".jpg", save={"quality": 78},
    )  # fmt: skip


def wood(rng: np.random.Generator, size: tuple[int, int]) -> FloatArray:
    """A desk top of dark wood, (height, width, 3): long fibres over slow waves of colour."""
    waves = cloud(rng, size, (3, 26)) + 0.5 * cloud(rng, size, (5, 90))
    fibres = cloud(rng, size, (14, size[1] // 2))
    tone = 1 + 0.16 * waves + 0.1 * fibres
    return np.asarray(tone[..., None] * np.array([112.0, 78.0, 54.0]))


def old_paper(rng: np.random.Generator, size: tuple[int, int]) -> FloatImage:
    """Browned paper, (height, width, 3), with stains and fibres."""
    stain = 9 * cloud(rng, size, (7, 2)) + 4 * cloud(rng, size, (40, 6)) + 2.2 * grain(rng, size, 1)
    return np.asarray(stain[..., None] + np.array([226.0, 211.0, 180.0]), dtype=np.float32)


def line_crop(rng: np.random.Generator) -> Document:
    """One line cut from an old printed account book, with its old-style figures and browned paper."""
    sheet = Sheet((1300, 200), 300, unit=1)
    face = Face("garamond-italic", 11.5)
    sheet.text(30, 110, "Received of Mrs. Agnes Thorley, for 14 yards of blue serge, £2 16s. 4d.", face)
    matrix = rotation(0.3, sheet.image.size)
    ink = (255 - to_float(blur(warp(sheet.image, matrix, sheet.image.size, 255), 1.0))) / 255
    ink *= np.clip(
        0.84 + 0.25 * cloud(rng, sheet.image.size, (30, 5)) + 0.1 * grain(rng, ink.shape[::-1], 1), 0.2, 1
    )
    paper = old_paper(rng, sheet.image.size)
    page = paper * (1 - ink[..., None]) + np.array([62.0, 46.0, 36.0]) * ink[..., None]
    lines = warp_lines(sheet.lines, matrix)
    quads = np.array([word.quad for word in lines[0]])
    margin = np.array([22, 14])
    x0, y0 = quads.min(axis=(0, 1)) - margin
    x1, y1 = quads.max(axis=(0, 1)) + margin
    left, top = int(x0), int(y0)
    image = to_image(page.astype(np.float32)).crop((left, top, int(x1), int(y1)))
    cut = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], dtype=float)
    return Document(
        "line",
        image,
        warp_lines(lines, cut),
        "line",
        level="line",
        dpi=300,
        suffix=".jpg",
        save={"quality": 82},
    )


def scene(rng: np.random.Generator) -> Document:
    """A word from a painted board, seen from below and to one side."""
    sheet = Sheet((1200, 420), 96, unit=1, background=(24, 84, 98))
    # Four boards, each with a tint and a seam of its own, under one coat of paint.
    board = to_float(sheet.image)
    shades = rng.normal(0, 5, 4)
    for index in range(4):
        board[index * 105 : (index + 1) * 105] += shades[index]
        if index:
            board[index * 105 - 3 : index * 105 + 1] *= 0.55
            board[index * 105 + 1 : index * 105 + 3] *= 1.15
    board += (5 * cloud(rng, (1200, 420), (8, 200)))[..., None]
    sheet.image.paste(to_image(board))
    sheet.rectangle(26, 26, 1174, 394, outline=(214, 186, 120), width=7, radius=26)
    sheet.text(600, 300, "BOATHOUSE", Face("bebas", 196, (236, 226, 200)), align="centre", tracking=9)
    for x, y in ((58, 58), (1142, 58), (58, 362), (1142, 362)):
        sheet.draw.ellipse((x - 10, y - 8, x + 12, y + 14), fill=(14, 46, 54))
        sheet.draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=(168, 160, 142))
        sheet.draw.line((x - 6, y - 5, x + 6, y + 5), fill=(80, 76, 68), width=3)

    # Where the paint has flaked, the grey wood shows; rain has left streaks.
    worn = cloud(rng, (1200, 420), (150, 40)) + 0.7 * cloud(rng, (1200, 420), (10, 5))
    flaked = np.clip((worn - 0.95) * 5, 0, 1)[..., None]
    painted = to_float(sheet.image) * (1 - 0.8 * flaked) + np.array([132.0, 124.0, 112.0]) * 0.8 * flaked
    painted *= (1 + 0.06 * cloud(rng, (1200, 420), (120, 3)))[..., None]

    size = (520, 224)
    corners = [(60, 60), (1140, 60), (1140, 360), (60, 360)]
    matrix = homography(corners, [(22, 10), (500, 34), (512, 190), (10, 214)])
    view = to_float(warp(blur(to_image(painted.astype(np.float32)), 1.6), matrix, size, (24, 84, 98)))
    across, down = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    # Leaves between the sun and the board break the light into patches.
    dapple = 1 / (1 + np.exp(-6 * (cloud(rng, size, (8, 5)) + 0.15)))
    view *= ((0.72 + 0.42 * dapple) * (1.1 - 0.22 * across - 0.1 * down))[..., None]
    view = to_float(blur(to_image(view), 0.8)) + 3.5 * grain(rng, size, 0.6)[..., None]
    return Document(
        "scene", to_image(view.astype(np.float32)), warp_lines(sheet.lines, matrix), "scene",
        level="word", suffix=".jpg", save={"quality": 84},
    )  # fmt: skip
