"""Pictures in memory -> pixels: NumPy arrays and Pillow images as uint8, grey or RGB, upright.

Bit depth, colour spaces, transparency (on white), EXIF orientation and the limits of a page's
size are settled here and nowhere else. Grey pictures give (height, width), all others
(height, width, 3) in RGB. Each side has at least 4 px, the longest at most 20,000
(``OCR_PLUGINS_MAX_SIDE``), and a page at most 400 megapixels (``OCR_PLUGINS_MAX_PIXELS``).

Everything raises `SourceError`.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import math
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import CallError, OcrError, SourceError

if TYPE_CHECKING:
    from PIL import Image

Pixels = NDArray[np.uint8]

MIN_SIDE = 4
Allocate = Callable[[tuple[int, ...]], Pixels]
_ALLOCATE: ContextVar[Allocate | None] = ContextVar("allocate", default=None)
_BAND_PIXELS = 4_000_000
_LOGGER = logging.getLogger("PIL")
_LOGGER.addHandler(logging.NullHandler())
_PILLOW_LOCK = threading.RLock()


def to_grey(pixels: Pixels) -> Pixels:
    """(h, w), whatever the image was: by ITU-R BT.601 from RGB."""
    import cv2

    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


@contextmanager
def allocated_by(allocate: Allocate) -> Iterator[None]:
    """Images that are loaded inside lie where ``allocate`` puts them, given their shape."""
    token = _ALLOCATE.set(allocate)
    try:
        yield
    finally:
        _ALLOCATE.reset(token)


def new_pixels(shape: tuple[int, ...]) -> Pixels:
    """An array of any content for the pixels of a page."""
    allocate = _ALLOCATE.get()
    return np.empty(shape, np.uint8) if allocate is None else allocate(shape)


def from_array(array: NDArray[Any], name: str) -> Pixels:
    """A copy of an array as pixels: uint8, uint16, bool or float in [0, 1].

    Its shape is (h, w), (h, w, 1), (h, w, 3) RGB or (h, w, 4) RGBA.
    """
    array = np.asarray(array)
    check_array(array, name)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind == "f":
        # Written so that a NaN fails it.
        if not (array.min() >= 0 and array.max() <= 1):
            raise SourceError(
                f"{name} holds floats outside [0, 1]",
                "divide by the largest value possible, or pass uint8",
                "unsupported_array",
            )
        array = np.rint(array * 255).astype(np.uint8)
    elif array.dtype.itemsize == 2:
        array = _to_8_bits(array, 65535)
    return copied(_on_white(array) if array.ndim == 3 and array.shape[2] == 4 else array)


def copied(array: NDArray[np.uint8]) -> Pixels:
    """The same values in `new_pixels`."""
    pixels = new_pixels(array.shape)
    pixels[...] = array
    return pixels


def check_array(array: NDArray[Any], name: str) -> None:
    """Raises SourceError for an array whose type, shape or size cannot be a page."""
    shape = array.shape
    if not (array.ndim == 2 or (array.ndim == 3 and shape[2] in (1, 3, 4))):
        hint = "pass a list of arrays" if array.ndim == 4 else "pass (h, w), (h, w, 3) RGB or (h, w, 4) RGBA"
        raise SourceError(f"{name} has the shape {shape}", hint, "unsupported_array")
    if not (array.dtype in (np.bool_, np.uint8, np.uint16) or array.dtype.kind == "f"):
        hint = "pass uint8, uint16, bool, or float in [0, 1]"
        raise SourceError(f"{name} has the type {array.dtype}", hint, "unsupported_array")
    check_size(shape[1], shape[0], name)


def from_pil(image: Image.Image, name: str) -> tuple[Pixels, float | None]:
    """A Pillow image, its current frame, as (pixels, dpi)."""
    check_size(*image.size, name)
    with quiet_pillow():
        try:
            return to_pixels(image, name), stated_dpi(image)
        except OcrError:
            raise
        except Exception as error:
            message = f"{name} is a damaged image, or its file was closed"
            raise undecodable(error, name, message) from error


def to_pixels(image: Image.Image, name: str) -> Pixels:
    """The pixels of an open image. Pillow's errors get through, see `undecodable`."""
    image.load()
    grey, convert = _converter(image, name)
    width, height = image.size
    pixels = new_pixels((height, width) if grey else (height, width, 3))
    # By bands, because each conversion holds the picture several times over.
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        pixels[top:bottom] = convert(image.crop((0, top, width, bottom)))
    try:
        orientation = image.getexif().get(274, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF raises anything, and the pixels are good
        orientation = 1
    return _upright(pixels, orientation)


def stated_dpi(image: Image.Image) -> float | None:
    """The stated resolution, or None: 72 is what programs write that do not know it."""
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (math.isfinite(x) and math.isfinite(y) and 75 <= x <= 2400 and abs(x - y) <= 0.1 * x):
        return None
    return round(x, 2) if max(image.size) <= 24 * x else None


def limits() -> tuple[int, int]:
    """(most pixels, longest side in pixels) of a page. Raises CallError for a bad variable."""
    found = []
    for variable, default in (("OCR_PLUGINS_MAX_PIXELS", 400_000_000), ("OCR_PLUGINS_MAX_SIDE", 20_000)):
        text = os.environ.get(variable, "").strip() or str(default)
        if not re.fullmatch(r"0*[1-9][0-9_]{0,17}", text):
            raise CallError(f"{variable} is {text!r}", "set it to a whole number above 0, or unset it")
        found.append(int(text))
    return found[0], found[1]


def check_size(width: int, height: int, name: str, way_out: str = "split it") -> None:
    """Raises SourceError for a page outside the limits. ``way_out`` begins the hint."""
    most, longest = limits()
    if min(width, height) < MIN_SIDE:
        raise SourceError(
            f"{name} has {width}x{height} px", f"a page has at least {MIN_SIDE} px a side", "too_small"
        )
    if max(width, height) > longest:
        raise SourceError(
            f"{name} has {width}x{height} px, more than {longest} px on a side",
            f"{way_out}, or raise OCR_PLUGINS_MAX_SIDE",
            "too_large",
        )
    if width * height > most:
        raise SourceError(
            f"{name} has {width}x{height} px, more than {most / 1e6:g} megapixels",
            f"{way_out}, or raise OCR_PLUGINS_MAX_PIXELS",
            "too_large",
        )


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Pillow without warnings, log records and lines on stderr, and strict about truncated files."""
    from PIL import ImageFile

    # All of this is process-wide (other libraries set the flag for truncated files): hence the lock.
    with _PILLOW_LOCK, warnings.catch_warnings(), _silent_libtiff():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        propagate, _LOGGER.propagate = _LOGGER.propagate, False
        lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            _LOGGER.propagate = propagate
            ImageFile.LOAD_TRUNCATED_IMAGES = lenient


@contextmanager
def _silent_libtiff() -> Iterator[None]:
    # libtiff prints what Pillow raises anyway. Its handler is put back, because with system
    # packages other libraries use the same libtiff.
    set_handler = _libtiff_handler_setter()
    handler = set_handler(None)
    try:
        yield
    finally:
        set_handler(handler)


@functools.cache
def _libtiff_handler_setter() -> Callable[[int | None], int | None]:
    from PIL import _imaging

    # Looked up through Pillow's extension module, this is of the libtiff that Pillow uses, whatever
    # its file is called. Where libtiff is built in and hidden, it keeps printing.
    try:
        setter = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (AttributeError, OSError):
        return lambda _: None
    setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
    return cast("Callable[[int | None], int | None]", setter)


def undecodable(error: Exception, name: str, message: str) -> SourceError:
    """What Pillow's ``error`` means; ``message`` is for damage, the usual case."""
    if isinstance(error, MemoryError):
        return SourceError(f"{name} does not fit into memory", "split it or scale it down", "out_of_memory")
    if type(error).__name__ == "DecompressionBombError":
        return SourceError(f"{name} is too large", "split it or scale it down", "too_large")
    if re.search("unknown pixel mode|samples per pixel|Unsupported BMP", str(error)):
        hint = "save it with 8 bits a channel, in grey or RGB"
        return SourceError(f"{name} is of a kind that cannot be read", hint, "unsupported_image")
    return SourceError(message, "save or scan it again", "corrupt")


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    turned = {
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.swapaxes(0, 1),
        6: lambda p: p[::-1].swapaxes(0, 1),
        7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
        8: lambda p: p[:, ::-1].swapaxes(0, 1),
    }.get(orientation)
    return pixels if turned is None else copied(turned(pixels))


def _converter(image: Image.Image, name: str) -> tuple[bool, Callable[[Image.Image], NDArray[Any]]]:
    """Whether the image is grey, and what turns a band of it into uint8 grey or RGB."""
    mode = image.mode
    if mode == "F" or mode.startswith("I"):
        return True, _number_converter(image, name)
    if mode == "LAB":
        from PIL import ImageCms

        to_rgb = ImageCms.buildTransform(
            ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
        )
        return False, lambda band: np.asarray(to_rgb.apply(band))
    grey = mode in ("1", "L", "LA", "La")
    if mode in ("P", "PA"):
        colours = np.array(image.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
        grey = bool((colours == colours[:, :1]).all())
    alpha = image.has_transparency_data
    target = ("L" if grey else "RGB") + ("A" if alpha else "")

    def convert(band: Image.Image) -> NDArray[Any]:
        array = np.asarray(band.convert(target))
        return _on_white(array) if alpha else array

    return grey, convert


def _number_converter(image: Image.Image, name: str) -> Callable[[Image.Image], NDArray[Any]]:
    full, inverted = (1 if image.mode == "F" else 65535), False
    tags = getattr(image, "tag_v2", None)
    if tags is not None and image.mode.startswith("I;16"):
        full = 4095 if tags.get(258) == (12,) else full
        # "White is zero" is not undone by Pillow at this depth.
        inverted = tags.get(262) == 0
    if image.mode in ("I", "F"):
        low, high = cast("tuple[float, float]", image.getextrema())
        if not (low >= 0 and high <= full):
            raise SourceError(
                f"{name} has values from {low:g} to {high:g}, for which white is not known",
                "save it with 8 or 16 bits",
                "unsupported_image",
            )

    def convert(band: Image.Image) -> NDArray[Any]:
        values = np.nan_to_num(np.asarray(band))
        scaled = np.rint(values * 255).astype(np.uint8) if image.mode == "F" else _to_8_bits(values, full)
        return 255 - scaled if inverted else scaled

    return convert


def _to_8_bits(array: NDArray[Any], full: int) -> Pixels:
    wide = array.astype(np.uint32)
    wide *= 255
    wide += full // 2
    wide //= full
    return wide.astype(np.uint8)


def _on_white(array: NDArray[Any]) -> Pixels:
    """(h, w, 2 or 4) with alpha last as grey or RGB on white, exact to the nearest integer."""
    alpha = array[..., -1:].astype(np.uint16)
    blended = array[..., :-1] * alpha
    blended += 255 * (255 - alpha) + 127
    blended //= 255
    return np.ascontiguousarray((blended[..., 0] if blended.shape[2] == 1 else blended).astype(np.uint8))
