"""Every format, mode and kind of damage, made on the fly."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from ocr_plugins.decode import check_size, decode, from_array, from_pil, probe
from ocr_plugins.errors import CallError, SourceError

RNG = np.random.default_rng(7)
COLOUR = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (30, 40), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (30, 40), dtype=np.uint16)
LOSSLESS = ["PNG", "BMP", "TIFF", "PPM"]


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def pdf(*sizes: tuple[float, float], draw: bytes = b"") -> bytes:
    """A PDF with pages of these sizes in points, each with ``draw`` as its content."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>"]
    kids = b" ".join(b"%d 0 R" % (3 + i) for i in range(len(sizes)))
    objects.append(b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(sizes)))
    content = 3 + len(sizes)
    for width, height in sizes:
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %g %g]/Contents %d 0 R>>" % (width, height, content)
        )
    objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(draw), draw))
    return assembled(objects)


def assembled(objects: list[bytes], trailer: bytes = b"") -> bytes:
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    tail = b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        trailer,
        len(data),
    )
    return data + head + tail


def rc4(key: bytes, data: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def encrypted_pdf(password: bytes) -> bytes:
    """Standard security handler, revision 2 (ISO 32000-1, 7.6.3): 40-bit RC4."""
    pad = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
    padded, file_id = (password + pad)[:32], b"0123456789abcdef"
    owner = rc4(hashlib.md5((b"owner" + pad)[:32], usedforsecurity=False).digest()[:5], padded)
    seed = padded + owner + struct.pack("<i", -4) + file_id
    user = rc4(hashlib.md5(seed, usedforsecurity=False).digest()[:5], pad)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>",
        b"<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -4>>" % (owner.hex().encode(), user.hex().encode()),
    ]
    name = file_id.hex().encode()
    return assembled(objects, b"/Encrypt 4 0 R/ID[<%s><%s>]" % (name, name))


def png(header: tuple[int, int, int, int], *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand: (width, height, depth, colour type) and chunks after the header."""
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", struct.pack(">IIBBBBB", *header, 0, 0, 0)), *chunks, (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data


def kind_of(data: bytes, name: str = "scan.png") -> str:
    """The kind of error that reading raises, in whichever step."""

    def read() -> None:
        probe(data, name)
        decode(data, name)

    with pytest.raises(SourceError) as caught:
        read()
    assert name in caught.value.message
    return caught.value.kind


@pytest.mark.parametrize("file_format", LOSSLESS)
def test_grey_stays_grey_and_colour_is_rgb(file_format: str) -> None:
    for array in (GREY, COLOUR):
        pixels, _ = decode(encoded(Image.fromarray(array), file_format), "x")
        assert pixels.dtype == np.uint8
        assert pixels.flags.c_contiguous
        np.testing.assert_array_equal(pixels, array)


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "GIF", "JPEG2000"])
def test_other_formats_are_read(file_format: str) -> None:
    smooth = np.repeat(np.linspace(0, 255, 40, dtype=np.uint8)[None], 30, axis=0)
    colour = np.stack([smooth, smooth[:, ::-1], np.full_like(smooth, 90)], axis=2)
    pixels, _ = decode(encoded(Image.fromarray(colour), file_format, quality=95), "x")
    assert pixels.shape == (30, 40, 3)
    assert np.abs(pixels.astype(int) - colour).mean() < 8


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "group4"])
def test_tiff_compressions(compression: str | None) -> None:
    image = Image.fromarray(GREY > 127)
    pixels, _ = decode(encoded(image, "TIFF", compression=compression), "x")
    np.testing.assert_array_equal(pixels, np.where(GREY > 127, 255, 0))


@pytest.mark.parametrize("file_format", [*LOSSLESS, "GIF"])
def test_one_bit(file_format: str) -> None:
    pixels, _ = decode(encoded(Image.fromarray(GREY > 127), file_format), "x")
    np.testing.assert_array_equal(pixels, np.where(GREY > 127, 255, 0))


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PPM"])
def test_16_bits_are_scaled_over_the_whole_range(file_format: str) -> None:
    deep = DEEP.copy()
    deep[0, :4] = 0, 128, 129, 65535
    pixels, _ = decode(encoded(Image.fromarray(deep), file_format), "x")
    np.testing.assert_array_equal(pixels, np.rint(deep / 257).astype(np.uint8))
    assert list(pixels[0, :4]) == [0, 0, 1, 255]


def tiff(tags: dict[int, tuple[int, int]], strip: bytes) -> bytes:
    """A little-endian TIFF with one strip: tag -> (type, value)."""
    count = len(tags) + 2
    entries = {**tags, 273: (4, 8 + 2 + 12 * count + 4), 279: (4, len(strip))}
    body = b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in sorted(entries.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, count) + body + struct.pack("<I", 0) + strip


def test_16_bit_tiff_where_white_is_zero() -> None:
    tags = {256: (4, 40), 257: (4, 30), 258: (3, 16), 259: (3, 1), 262: (3, 0), 277: (3, 1), 278: (4, 30)}
    pixels, _ = decode(tiff(tags, DEEP.astype("<u2").tobytes()), "x")
    np.testing.assert_array_equal(pixels, 255 - np.rint(DEEP / 257).astype(np.uint8))


def test_12_bit_tiff_reaches_white() -> None:
    tags = {256: (4, 4), 257: (4, 4), 258: (3, 12), 259: (3, 1), 262: (3, 1), 277: (3, 1), 278: (4, 4)}
    pixels, _ = decode(tiff(tags, b"\x00\x0f\xff" * 8), "x")
    np.testing.assert_array_equal(pixels, np.tile([0, 255], (4, 2)))


def test_tiff_of_floats() -> None:
    unit = (GREY / 255).astype(np.float32)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(unit), "TIFF"), "x")[0], GREY)
    assert kind_of(encoded(Image.fromarray(unit * 900), "TIFF")) == "unsupported_image"


def test_32_bit_integers() -> None:
    np.testing.assert_array_equal(
        decode(encoded(Image.fromarray(DEEP.astype(np.int32)), "TIFF"), "x")[0],
        np.rint(DEEP / 257).astype(np.uint8),
    )
    assert kind_of(encoded(Image.fromarray(DEEP.astype(np.int32) - 70_000), "TIFF")) == "unsupported_image"


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255 if colour.ndim == 3 else alpha / 255
    return np.floor(colour * share + 255 * (1 - share) + 0.5 - 1e-9).astype(np.uint8)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_transparency_is_on_white(file_format: str) -> None:
    alpha = RNG.integers(0, 256, (30, 40), dtype=np.uint8)
    alpha[0, :2] = 0, 255
    pixels, _ = decode(encoded(Image.fromarray(np.dstack([COLOUR, alpha])), file_format), "x")
    assert np.abs(pixels.astype(int) - on_white(COLOUR, alpha)).max() <= 1
    assert list(pixels[0, 0]) == [255, 255, 255]
    np.testing.assert_array_equal(pixels[0, 1], COLOUR[0, 1])
    grey, _ = decode(encoded(Image.fromarray(np.dstack([GREY, alpha])), file_format), "x")
    assert grey.shape == (30, 40)
    assert np.abs(grey.astype(int) - on_white(GREY, alpha)).max() <= 1


def test_a_transparent_colour_of_png_is_white() -> None:
    grey = np.full((8, 8), 90, np.uint8)
    grey[0] = 7
    pixels, _ = decode(encoded(Image.fromarray(grey), "PNG", transparency=7), "x")
    assert (pixels[0] == 255).all()
    assert (pixels[1:] == 90).all()
    colour = np.full((8, 8, 3), 90, np.uint8)
    colour[0] = 1, 2, 3
    pixels, _ = decode(encoded(Image.fromarray(colour), "PNG", transparency=(1, 2, 3)), "x")
    assert (pixels[0] == 255).all()
    assert (pixels[1:] == 90).all()


def palette_image(colours: list[int]) -> tuple[Image.Image, np.ndarray]:
    indices = np.arange(64, dtype=np.uint8).reshape(8, 8) % (len(colours) // 3)
    image = Image.fromarray(indices, "P")
    image.putpalette(colours)
    return image, np.array(colours, np.uint8).reshape(-1, 3)[indices]


@pytest.mark.parametrize("file_format", ["PNG", "GIF", "BMP", "TIFF"])
def test_palettes(file_format: str) -> None:
    image, wanted = palette_image([10, 20, 30, 200, 0, 0, 255, 255, 255])
    np.testing.assert_array_equal(decode(encoded(image, file_format), "x")[0], wanted)


def test_a_palette_of_greys_is_grey() -> None:
    image, wanted = palette_image([0, 0, 0, 77, 77, 77, 255, 255, 255])
    np.testing.assert_array_equal(decode(encoded(image, "PNG"), "x")[0], wanted[..., 0])


@pytest.mark.parametrize(("file_format", "transparency"), [("PNG", 1), ("PNG", bytes([255, 0])), ("GIF", 1)])
def test_a_palette_with_transparency(transparency: int | bytes, file_format: str) -> None:
    image, wanted = palette_image([10, 20, 30, 200, 0, 0, 0, 0, 255])
    wanted[(wanted == [200, 0, 0]).all(axis=2)] = 255
    np.testing.assert_array_equal(
        decode(encoded(image, file_format, transparency=transparency), "x")[0], wanted
    )


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_cmyk(file_format: str) -> None:
    ink = np.zeros((16, 16, 4), np.uint8)
    ink[:8, :, 3] = 255
    ink[8:, :, 1] = ink[8:, :, 2] = 255
    data = encoded(Image.fromarray(ink, "CMYK"), file_format)
    if file_format == "JPEG":
        assert b"Adobe" in data  # stored inverted, as Photoshop does
    pixels, _ = decode(data, "x")
    assert pixels.shape == (16, 16, 3)
    assert pixels[:7].max() < 12
    assert np.abs(pixels[9:].astype(int) - [255, 0, 0]).max() < 12


def test_lab_becomes_rgb() -> None:
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    flat = Image.new("RGB", (20, 20), (200, 40, 60))
    lab = to_lab.apply(flat)
    assert lab is not None
    pixels, _ = decode(encoded(lab, "TIFF"), "x")
    assert np.abs(pixels.astype(int) - [200, 40, 60]).max() <= 6


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "RGBX", "RGBa", "La", "PA", "1", "I;16", "I;16B"])
def test_modes_of_pillow(mode: str) -> None:
    image = Image.fromarray(GREY).convert("I;16") if mode == "I;16B" else Image.fromarray(COLOUR)
    for step in [*{"RGBa": ["RGBA"], "La": ["LA"], "PA": ["P"], "I;16": ["L"]}.get(mode, []), mode]:
        image = image.convert(step)
    pixels, _ = from_pil(image, "x")
    grey = mode in ("La", "1", "I;16", "I;16B")
    assert pixels.shape == ((30, 40) if grey else (30, 40, 3))


TURNED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: np.rot90(p, 2),
    4: np.flipud,
    5: lambda p: np.swapaxes(p, 0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(np.swapaxes(p, 0, 1), 2),
    8: lambda p: np.rot90(p, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied_once(orientation: int, file_format: str) -> None:
    # What is stored is the upright picture turned by the inverse of what a reader must do.
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(TURNED[orientation](COLOUR)))
    options = {"lossless": True} if file_format == "WEBP" else {}
    pixels, _ = decode(encoded(stored, file_format, exif=exif, **options), "x")
    np.testing.assert_array_equal(pixels, COLOUR)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_of_jpeg(orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(TURNED[orientation](COLOUR)))
    plain, _ = decode(encoded(stored, "JPEG"), "x")
    turned, _ = decode(encoded(stored, "JPEG", exif=exif), "x")
    np.testing.assert_array_equal(TURNED[orientation](turned), plain)


def test_exif_of_an_image_in_memory_is_applied() -> None:
    exif = Image.Exif()
    exif[274] = 6
    data = encoded(Image.fromarray(np.ascontiguousarray(np.rot90(COLOUR))), "PNG", exif=exif)
    np.testing.assert_array_equal(from_pil(Image.open(io.BytesIO(data)), "x")[0], COLOUR)


def test_broken_exif_does_not_cost_the_page() -> None:
    data = encoded(Image.fromarray(GREY), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0")
    with warnings.catch_warnings(record=True) as seen:
        assert decode(data, "x")[0].shape == (30, 40)
    assert not seen


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "BMP"])
@pytest.mark.parametrize(
    ("stated", "wanted"), [((300, 300), 300), ((200, 196), 200), ((204, 98), None), ((1, 1), None)]
)
def test_dpi_of_the_file(file_format: str, stated: tuple[int, int], wanted: int | None) -> None:
    dpi = decode(encoded(Image.fromarray(GREY), file_format, dpi=stated), "x")[1]
    assert dpi == (None if wanted is None else pytest.approx(wanted, abs=0.1))


def test_dpi_that_would_make_a_poster_is_not_believed() -> None:
    data = encoded(Image.new("L", (2480, 100)), "PNG", dpi=(96, 96))
    assert decode(data, "x")[1] is None
    assert decode(encoded(Image.new("L", (100, 100)), "PNG"), "x")[1] is None


def test_first_frame_of_an_animation() -> None:
    frames = [Image.fromarray(np.full((8, 8), value, np.uint8)) for value in (10, 200)]
    for file_format in ("GIF", "PNG", "WEBP"):
        options = {"lossless": True} if file_format == "WEBP" else {}
        data = encoded(frames[0], file_format, save_all=True, append_images=frames[1:], **options)
        assert probe(data, "x")[1] == 1
        assert np.abs(decode(data, "x")[0].astype(int) - 10).max() == 0


def test_pages_of_a_tiff() -> None:
    frames = [Image.fromarray(np.full((8 + i, 8), 50 * i, np.uint8)) for i in range(4)]
    data = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert probe(data, "x") == ("TIFF", 4)
    for page in (3, 1, 4, 2):
        pixels, _ = decode(data, "x", page)
        assert pixels.shape == (7 + page, 8)
        assert (pixels == 50 * (page - 1)).all()
    with pytest.raises(SourceError) as caught:
        decode(data, "x", 5)
    assert caught.value.kind == "no_such_page"


def test_pdf_is_rendered_at_the_dpi(tmp_path: Path) -> None:
    data = pdf((72, 36), (144, 72), draw=b"1 0 0 rg 0 0 36 36 re f")
    assert probe(data, "x.pdf") == ("PDF", 2)
    pixels, dpi = decode(data, "x.pdf", 1, 100.0)
    assert (pixels.shape, dpi) == ((50, 100, 3), 100.0)
    assert list(pixels[25, 25]) == [255, 0, 0]
    assert list(pixels[25, 75]) == [255, 255, 255]
    file = tmp_path / "x.pdf"
    file.write_bytes(data)
    assert decode(file, "x.pdf", 2, 72.0)[0].shape == (72, 144, 3)
    with pytest.raises(SourceError, match="there is no"):
        decode(file, "page 3 of x.pdf", 3)


def test_pdf_without_colour_is_grey() -> None:
    pixels, _ = decode(pdf((72, 36), draw=b"0.5 g 0 0 36 36 re f"), "x.pdf", 1, 72.0)
    assert pixels.shape == (36, 72)
    assert abs(int(pixels[18, 18]) - 128) <= 1
    assert pixels[18, 60] == 255


def test_values_in_pdf_forms_are_drawn() -> None:
    appearance = b"0 g 0 0 20 20 re f"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 40 40]/Annots[4 0 R]>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[10 10 30 30]/AP<</N 5 0 R>>>>",
        b"<</Type/XObject/Subtype/Form/BBox[0 0 20 20]/Length %d>>stream\n%s\nendstream"
        % (len(appearance), appearance),
    ]
    pixels, _ = decode(assembled(objects), "x.pdf", 1, 72.0)
    assert pixels[20, 20] < 60 if pixels.ndim == 2 else pixels[20, 20].min() < 60


def test_pdf_path_that_is_no_unicode(tmp_path: Path) -> None:
    file = Path(str(tmp_path / "scan\udce9.pdf"))
    file.write_bytes(pdf((72, 72)))
    assert decode(file, "x.pdf", 1, 72.0)[0].shape == (72, 72)


@pytest.mark.parametrize("password", [b"secret", b""])
def test_encrypted_pdf(password: bytes) -> None:
    data = encrypted_pdf(password)
    if not password:
        # Only printing is restricted: everybody may look at it.
        assert probe(data, "x.pdf") == ("PDF", 1)
        return
    with pytest.raises(SourceError) as caught:
        probe(data, "x.pdf")
    assert caught.value.kind == "encrypted"
    assert "qpdf" in caught.value.hint


def test_pdf_without_pages() -> None:
    file = io.BytesIO()
    document = pypdfium2.PdfDocument.new()
    document.save(file)
    document.close()
    # PDFium remembers its last error: one that came before must not be taken for this one's.
    for before in (b"%PDF-1.4\n", encrypted_pdf(b"secret")):
        with pytest.raises(SourceError):
            probe(before, "before.pdf")
        assert kind_of(file.getvalue(), "x.pdf") == "no_pages"


@pytest.mark.parametrize("data", [b"%PDF-1.4\n", b"%PDF-1.4\nnothing at all", pdf((72, 72))[:60]])
def test_corrupt_pdf(data: bytes) -> None:
    assert kind_of(data, "x.pdf") == "corrupt"


def test_size_of_a_pdf_page_is_checked_before_rendering() -> None:
    with pytest.raises(SourceError) as caught:
        decode(pdf((14400, 100)), "plan.pdf", 1, 300.0)
    assert caught.value.kind == "too_large"
    assert "lower the dpi" in caught.value.hint
    with pytest.raises(SourceError) as caught:
        decode(pdf((72, 72)), "plan.pdf", 1, 3.0)
    assert caught.value.kind == "too_small"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello, world\n", "is text, not PNG"),
        ("Grüße".encode("latin-1"), "is text, not PNG"),
        ("hi".encode("utf-16"), "is text, not PNG"),
        (b"<!DOCTYPE html><title>Log in</title>", "is a web page, not PNG"),
        (b"<?xml version='1.0'?><svg/>", "is an SVG or XML file"),
        (b"PK\x03\x04" + bytes(40), "is a ZIP archive or Office document"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "is a HEIC or AVIF photo"),
        (b"%!PS-Adobe-3.0 EPSF", "is PostScript"),
        (bytes(range(1, 200)), "is of an unknown format"),
        (b"BMW 320 is a car, not a bitmap", "is text"),
        (b"P5 is a class of ships", "is text"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        probe(data, "scan.png")
    assert caught.value.kind == "not_an_image"
    assert words in caught.value.message
    assert caught.value.hint


def test_empty() -> None:
    assert kind_of(b"") == "empty_file"


NOISE = Image.fromarray(RNG.integers(0, 256, (60, 60, 3), dtype=np.uint8))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("WEBP", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "jpeg"}),
        ("JPEG2000", {}),
        ("PPM", {}),
    ],
)
def test_truncated(file_format: str, options: dict[str, Any], share: float, capfd: Any) -> None:
    data = encoded(NOISE, file_format, **options)
    assert kind_of(data[: int(len(data) * share)]) == "truncated"
    assert capfd.readouterr() == ("", "")


def test_truncated_gif() -> None:
    data = encoded(NOISE, "GIF")
    cut = next(data[:n] for n in range(len(data) // 2, len(data)) if data[n - 1 : n] != b";")
    assert kind_of(cut) == "truncated"


def test_another_librarys_flag_does_not_make_half_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = encoded(NOISE, "JPEG")
    assert kind_of(data[: len(data) // 2]) == "truncated"
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_damage_in_the_middle_is_corrupt() -> None:
    data = bytearray(encoded(NOISE, "PNG"))
    data[200:400] = bytes(200)
    assert kind_of(bytes(data)) == "corrupt"


def test_a_tiff_of_an_unknown_kind_is_quietly_unsupported(capfd: Any, caplog: Any) -> None:
    tags = {256: (4, 9), 257: (4, 9), 258: (3, 7), 259: (3, 1), 262: (3, 1), 277: (3, 99), 278: (4, 9)}
    with caplog.at_level(logging.DEBUG):
        assert kind_of(tiff(tags, bytes(99)), "a.tif") == "unsupported_image"
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_limits_are_checked_from_the_header() -> None:
    # These files hold no pixels: reaching the decoder would give another kind.
    assert kind_of(png((30_000, 40, 8, 0))) == "too_large"
    assert kind_of(png((20_000, 20_001, 8, 2)), "bomb.png") == "too_large"
    assert kind_of(png((1, 1, 8, 0))) == "too_small"
    assert kind_of(png((500, 3, 8, 0))) == "too_small"
    with pytest.raises(SourceError, match="split it, or raise OCR_PLUGINS_MAX_SIDE"):
        probe(png((30_000, 40, 8, 0)), "strip.png")


def test_limits_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_PLUGINS_MAX_SIDE", "30")
    with pytest.raises(SourceError, match="more than 30 px"):
        check_size(31, 10, "x")
    monkeypatch.setenv("OCR_PLUGINS_MAX_SIDE", "40_000")
    check_size(40_000, 10, "x")
    monkeypatch.setenv("OCR_PLUGINS_MAX_PIXELS", "1000")
    with pytest.raises(SourceError, match="OCR_PLUGINS_MAX_PIXELS"):
        check_size(40, 40, "x")
    for bad in ("many", "-1", "0", "1e6"):
        monkeypatch.setenv("OCR_PLUGINS_MAX_PIXELS", bad)
        with pytest.raises(CallError, match="OCR_PLUGINS_MAX_PIXELS"):
            check_size(40, 40, "x")


def test_pillows_own_size_limit_is_not_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(GREY), "PNG"), "x")[0], GREY)


def test_bands_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocr_plugins.decode._BAND_PIXELS", 130)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(COLOUR), "PNG"), "x")[0], COLOUR)


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (GREY, GREY),
        (GREY[..., None], GREY),
        (COLOUR, COLOUR),
        (GREY > 127, np.where(GREY > 127, 255, 0)),
        (DEEP, np.rint(DEEP / 257)),
        (GREY / 255, GREY),
        ((COLOUR / 255).astype(np.float32), COLOUR),
        (np.dstack([COLOUR, np.full((30, 40), 255, np.uint8)]), COLOUR),
        (np.dstack([COLOUR, np.zeros((30, 40), np.uint8)]), np.full((30, 40, 3), 255)),
        (np.zeros((5, 5, 4)), np.full((5, 5, 3), 255)),
        (GREY[::-1, ::2], GREY[::-1, ::2]),
    ],
)
def test_arrays(array: np.ndarray, wanted: np.ndarray) -> None:
    pixels = from_array(array, "x")
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert not np.shares_memory(pixels, array)
    np.testing.assert_array_equal(pixels, wanted)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(9, np.uint8), "shape"),
        (np.zeros((9, 9, 2), np.uint8), "shape"),
        (np.zeros((2, 9, 9, 3), np.uint8), "list of arrays"),
        (np.zeros((9, 9), np.int64), "int64"),
        (np.zeros((9, 9), object), "object"),
        (np.full((9, 9), 1.5), "outside"),
        (np.full((9, 9), -0.1), "outside"),
        (np.full((9, 9), np.nan), "outside"),
    ],
)
def test_arrays_that_are_no_page(array: np.ndarray, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        from_array(array, "x")
    assert caught.value.kind == "unsupported_array"
    assert words in str(caught.value)


def test_an_empty_array_is_too_small() -> None:
    with pytest.raises(SourceError, match="at least 4 px"):
        from_array(np.zeros((0, 9), np.uint8), "x")


def test_a_pillow_image_whose_file_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(GREY).save(file)
    with Image.open(file) as image:
        pass
    with pytest.raises(SourceError) as caught:
        from_pil(image, "image-1")
    assert caught.value.kind == "corrupt"


SEEDS = [
    encoded(Image.fromarray(COLOUR), file_format)
    for file_format in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "JPEG2000", "PPM")
] + [encoded(Image.fromarray(COLOUR), "TIFF", compression="tiff_lzw"), pdf((72, 72))]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.sampled_from(SEEDS), data=st.data())
def test_no_damage_raises_anything_else(seed: bytes, data: st.DataObject, capfd: Any) -> None:
    broken = bytearray(seed)
    places = st.integers(0, min(len(seed), 400) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=5)):
        broken[place] = value
    with contextlib.suppress(SourceError):
        _, pages = probe(bytes(broken), "x")
        decode(bytes(broken), "x", pages, 30.0)
    assert capfd.readouterr() == ("", "")
