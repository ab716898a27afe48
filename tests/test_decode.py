"""Every format and kind of damage: what a file is, its pages, and what is wrong with it."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import COLOUR, GREY, LOSSLESS, RNG, encoded, kind_of, pdf, png, tiff
from PIL import Image, ImageFile

from ocr_plugins.decode import decode, probe
from ocr_plugins.errors import SourceError


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


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_a_damaged_tiff_prints_nothing(compression: str, capfd: Any) -> None:
    data = bytearray(encoded(NOISE, "TIFF", compression=compression))
    data[20:60] = b"\xff" * 40
    assert kind_of(bytes(data)) == "corrupt"
    assert capfd.readouterr() == ("", "")


def test_limits_are_checked_from_the_header() -> None:
    # These files hold no pixels: reaching the decoder would give another kind.
    assert kind_of(png((30_000, 40, 8, 0))) == "too_large"
    assert kind_of(png((20_000, 20_001, 8, 2)), "bomb.png") == "too_large"
    assert kind_of(png((1, 1, 8, 0))) == "too_small"
    assert kind_of(png((500, 3, 8, 0))) == "too_small"
    with pytest.raises(SourceError, match="split it, or raise OCR_PLUGINS_MAX_SIDE"):
        probe(png((30_000, 40, 8, 0)), "strip.png")


def test_pillows_own_size_limit_is_not_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(GREY), "PNG"), "x")[0], GREY)


SEEDS = [
    encoded(Image.fromarray(COLOUR), file_format)
    for file_format in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "JPEG2000", "PPM")
] + [encoded(Image.fromarray(COLOUR), "TIFF", compression="tiff_lzw"), pdf((72, 72))]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
