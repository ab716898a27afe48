"""Every mode of a picture becomes uint8, grey or RGB, upright and on white."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pictures import COLOUR, DEEP, GREY, RNG, encoded, kind_of, tiff
from PIL import Image, ImageCms

from ocr_plugins.decode import decode
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.pixels import check_size, from_array, from_pil


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PPM"])
def test_16_bits_are_scaled_over_the_whole_range(file_format: str) -> None:
    deep = DEEP.copy()
    deep[0, :4] = 0, 128, 129, 65535
    pixels, _ = decode(encoded(Image.fromarray(deep), file_format), "x")
    np.testing.assert_array_equal(pixels, np.rint(deep / 257).astype(np.uint8))
    assert list(pixels[0, :4]) == [0, 0, 1, 255]


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


def test_bands_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocr_plugins.pixels._BAND_PIXELS", 130)
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
