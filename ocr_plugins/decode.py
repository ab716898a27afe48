"""From the bytes of a file to the pixels of one page: image formats, PDF, limits.

The one place where pictures are opened: EXIF orientation, transparency (on white), bit depth
and colour spaces are settled here and nowhere else. Content decides over the extension.

* Read are PNG, JPEG, WebP, BMP, GIF, TIFF, JPEG 2000, PNM and PDF. PDF and TIFF have pages;
  of an animated GIF, PNG or WebP the first frame is the page.
* Grey sources give (height, width), all others (height, width, 3) in RGB, uint8. A PDF page
  without any colour counts as grey.
* Sizes are checked before pixels are decoded: each side at least 4 px, the longest at most
  20,000 (``OCR_PLUGINS_MAX_SIDE``), at most 400 megapixels (``OCR_PLUGINS_MAX_PIXELS``).

Everything raises `SourceError`, and OSError where the file itself cannot be read.
"""

from __future__ import annotations

import ctypes
import importlib
import io
import logging
import math
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import CallError, OcrError, SourceError

if TYPE_CHECKING:
    from PIL import Image

Content = Path | bytes
Pixels = NDArray[np.uint8]
Format = Literal["PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF", "JPEG 2000", "PNM", "PDF"]

EXTENSIONS: dict[str, Format] = {
    ".bmp": "BMP",
    ".gif": "GIF",
    ".jp2": "JPEG 2000",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".pbm": "PNM",
    ".pdf": "PDF",
    ".pgm": "PNM",
    ".png": "PNG",
    ".pnm": "PNM",
    ".ppm": "PNM",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WebP",
}
MIN_SIDE = 4
PAGED: frozenset[Format] = frozenset({"PDF", "TIFF"})

# Pillow's classes are called directly: Image.open would apply its own size limit, which is
# a global, and try formats that start other programs.
_PILLOW: dict[Format, tuple[str, str]] = {
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "WebP": ("WebPImagePlugin", "WebPImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "JPEG 2000": ("Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "PNM": ("PpmImagePlugin", "PpmImageFile"),
}
_MAGIC: tuple[tuple[Format, re.Pattern[bytes]], ...] = (
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("WebP", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("BMP", re.compile(rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL)),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("TIFF", re.compile(rb"II[*+]\0|MM\0[*+]")),
    ("JPEG 2000", re.compile(rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51")),
    ("PNM", re.compile(rb"P[1-6]\s+(#[^\n]*\s+)*[0-9]")),
    ("PDF", re.compile(rb".{0,1019}%PDF-", re.DOTALL)),
)
_RESEMBLES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("a HEIC or AVIF photo", re.compile(rb".{4}ftyp(hei|hev|mif|msf|avi)", re.DOTALL)),
    ("a video", re.compile(rb".{4}ftyp", re.DOTALL)),
    ("a web page", re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)", re.IGNORECASE)),
    ("an SVG or XML file", re.compile(rb"(\xef\xbb\xbf)?\s*<(\?xml|svg)")),
    ("a ZIP archive or Office document", re.compile(rb"PK\x03\x04")),
    ("an old Office document", re.compile(rb"\xd0\xcf\x11\xe0")),
    ("PostScript", re.compile(rb"%!PS|\xc5\xd0\xd3\xc6")),
    ("a Photoshop file", re.compile(rb"8BPS")),
    ("a DjVu file", re.compile(rb"AT&TFORM")),
    ("a gzip archive", re.compile(rb"\x1f\x8b")),
    ("text", re.compile(rb"\xff\xfe|\xfe\xff|[\t\n\f\r\x1b\x20-\x7e\x80-\xff]+\Z")),
)
_ENDS: dict[Format, bytes] = {
    "PNG": b"IEND",
    "JPEG": b"\xff\xd9",
    "JPEG 2000": b"\xff\xd9",
    "GIF": b";",
}
_BAND_PIXELS = 4_000_000
_LOGGER = logging.getLogger("PIL")
_LOGGER.addHandler(logging.NullHandler())
_PILLOW_LOCK = threading.RLock()
_PDFIUM_LOCK = threading.RLock()


def probe(content: Content, name: str) -> tuple[Format, int]:
    """The format and the number of pages of a file or of bytes, without decoding pixels.

    A lone page's size is checked too, where the header tells it. ``name`` is what messages call it.
    """
    kind = _sniff(content, name)
    if kind == "PDF":
        with _pdf(content, name) as document:
            return kind, len(document)
    with _picture(content, kind, name) as image:
        pages = int(getattr(image, "n_frames", 1)) if kind in PAGED else 1
        if pages == 1:
            check_size(*image.size, name)
    return kind, pages


def decode(content: Content, name: str, page: int = 1, dpi: float = 300.0) -> tuple[Pixels, float | None]:
    """Page ``page`` (from 1) of a file or of bytes as (pixels, dpi).

    A PDF is rendered at ``dpi``, which is then returned; of other formats it is the file's own
    resolution, or None where it states none that is plausible.
    """
    kind = _sniff(content, name)
    if kind == "PDF":
        return _render(content, name, page, dpi), dpi
    with _picture(content, kind, name) as image:
        if page > 1:
            try:
                image.seek(page - 1)
            except EOFError:
                raise SourceError(f"there is no {name}", kind="no_such_page") from None
        check_size(*image.size, name)
        return _to_pixels(image, name), _dpi(image)


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
    return (
        _on_white(array) if array.ndim == 3 and array.shape[2] == 4 else np.array(array, np.uint8, order="C")
    )


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
    with _quiet_pillow():
        try:
            return _to_pixels(image, name), _dpi(image)
        except OcrError:
            raise
        except Exception as error:
            raise _undecodable(error, f"{name} is a damaged image, or its file was closed") from error


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


def _sniff(content: Content, name: str) -> Format:
    if isinstance(content, bytes):
        head = content[:4096]
    else:
        with content.open("rb") as file:
            head = file.read(4096)
    if not head:
        raise SourceError(f"{name} is empty", "copy or download it again", "empty_file")
    for kind, pattern in _MAGIC:
        if pattern.match(head):
            return kind
    looks = next((text for text, pattern in _RESEMBLES if pattern.match(head)), "of an unknown format")
    expected = EXTENSIONS.get(PurePath(name).suffix.lower(), "an image or PDF")
    hint = "read are " + ", ".join(dict.fromkeys(EXTENSIONS.values()))
    if looks == "a web page":
        hint = "open it in a browser: it may be an error or log-in page"
    raise SourceError(f"{name} is {looks}, not {expected}", hint, "not_an_image")


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Pillow without warnings, log records and libtiff's lines on stderr, strict about truncated files."""
    from PIL import ImageFile, _imaging

    # All of this is process-wide (other libraries set the flag for truncated files): hence the lock.
    with _PILLOW_LOCK, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        propagate, _LOGGER.propagate = _LOGGER.propagate, False
        lenient = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        set_handler = getattr(ctypes.CDLL(_imaging.__file__), "TIFFSetErrorHandler", None)
        if set_handler is not None:
            set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            handler = set_handler(None)
        try:
            yield
        finally:
            _LOGGER.propagate = propagate
            ImageFile.LOAD_TRUNCATED_IMAGES = lenient
            if set_handler is not None:
                set_handler(handler)


@contextmanager
def _picture(content: Content, kind: Format, name: str) -> Iterator[Image.Image]:
    module, plugin = _PILLOW[kind]
    opener: Callable[[Any], Image.Image] = getattr(importlib.import_module(f"PIL.{module}"), plugin)
    image: Image.Image | None = None
    with _quiet_pillow(), io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        try:
            image = opener(file)
            yield image
        except OcrError:
            raise
        except Exception as error:  # damaged files make Pillow raise almost anything
            if isinstance(error, OSError) and error.errno is not None:
                raise
            if _is_cut(file, kind, image, error):
                message, hint = f"{name} is a truncated {kind}", "copy or download it again"
                raise SourceError(message, hint, "truncated") from error
            raise _undecodable(error, f"{name} is a damaged {kind}") from error


def _undecodable(error: Exception, message: str) -> SourceError:
    name = message.split(" is a ")[0]
    if isinstance(error, MemoryError):
        return SourceError(f"{name} does not fit into memory", "split it or scale it down", "out_of_memory")
    if type(error).__name__ == "DecompressionBombError":
        return SourceError(f"{name} is too large", "split it or scale it down", "too_large")
    if re.search("unknown pixel mode|samples per pixel|Unsupported BMP", str(error)):
        hint = "save it with 8 bits a channel, in grey or RGB"
        return SourceError(f"{name} is of a kind that cannot be read", hint, "unsupported_image")
    return SourceError(message, "save or scan it again", "corrupt")


def _is_cut(file: Any, kind: Format, image: Any, error: Exception) -> bool:
    """Whether a file that could not be decoded ends before it should."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(8).ljust(8, b"\0")
    file.seek(max(0, size - 64))
    tail = file.read()
    if kind in _ENDS:
        return _ENDS[kind] not in tail[-64 if kind != "GIF" else -1 :]
    if kind == "WebP":
        return bool(int.from_bytes(head[4:], "little") + 8 > size)
    if kind == "BMP":
        return bool(int.from_bytes(head[2:6], "little") > size)
    if kind == "TIFF":
        # A directory has at least one entry of 12 bytes.
        if int.from_bytes(head[4:], "big" if head[:2] == b"MM" else "little") + 18 > size:
            return True
        tags = getattr(image, "tag_v2", {})
        for starts, counts in ((273, 279), (324, 325)):
            spans = zip(tags.get(starts, ()), tags.get(counts, ()), strict=False)
            if any(start + count > size for start, count in spans):
                return True
    return "truncated" in str(error).lower() or "unexpected end" in str(error).lower()


def _dpi(image: Image.Image) -> float | None:
    """The stated resolution, or None: 72 is what programs write that do not know it."""
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (math.isfinite(x) and math.isfinite(y) and 75 <= x <= 2400 and abs(x - y) <= 0.1 * x):
        return None
    return round(x, 2) if max(image.size) <= 24 * x else None


def _to_pixels(image: Image.Image, name: str) -> Pixels:
    image.load()
    grey, convert = _converter(image, name)
    width, height = image.size
    pixels = np.empty((height, width) if grey else (height, width, 3), np.uint8)
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
    return pixels if turned is None else np.ascontiguousarray(turned(pixels))


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


@contextmanager
def _pdf(content: Content, name: str) -> Iterator[Any]:
    import pypdfium2

    with _PDFIUM_LOCK:
        try:
            document = pypdfium2.PdfDocument(_for_pdfium(content))
        except pypdfium2.PdfiumError as error:
            raise _unopened_pdf(content, name) from error
        try:
            yield document
        except pypdfium2.PdfiumError as error:
            hint = "export the PDF again, or try to repair it: qpdf IN OUT"
            raise SourceError(f"{name} could not be rendered", hint, "corrupt") from error
        finally:
            document.close()


def _unopened_pdf(content: Content, name: str) -> SourceError:
    import pypdfium2

    # PDFium opens no document without pages but sets no error for it either, and the last error
    # stays: so provoke one that our file, which could be read, cannot have, and try again.
    raw = pypdfium2.raw
    raw.FPDF_LoadDocument(b"", None)
    with suppress(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(_for_pdfium(content)).close()
    code = raw.FPDF_GetLastError()
    if code == raw.FPDF_ERR_FILE:
        return SourceError(f"{name} has no pages", "export it again", "no_pages")
    if code == raw.FPDF_ERR_PASSWORD:
        hint = "remove the password: qpdf --password=... --decrypt IN OUT"
        return SourceError(f"{name} is encrypted", hint, "encrypted")
    if code == raw.FPDF_ERR_SECURITY:
        return SourceError(f"{name} is encrypted in an unknown way", "print it to a new PDF", "encrypted")
    hint = "export it again, or try to repair it: qpdf IN OUT"
    return SourceError(f"{name} is a damaged PDF", hint, "corrupt")


def _for_pdfium(content: Content) -> bytes | str:
    if isinstance(content, bytes):
        return content
    path = str(content.absolute())
    try:
        path.encode()
    except UnicodeEncodeError:
        return content.read_bytes()
    return path


def _render(content: Content, name: str, page: int, dpi: float) -> Pixels:
    import pypdfium2

    with _pdf(content, name) as document:
        # Forms of the XFA kind make pypdfium2 log a warning.
        if document.get_formtype() == pypdfium2.raw.FORMTYPE_ACRO_FORM:
            document.init_forms()
        if page > len(document):
            raise SourceError(f"there is no {name}", kind="no_such_page")
        scale = dpi / 72
        width, height = (math.ceil(side * scale) for side in document.get_page_size(page - 1))
        check_size(width, height, name, "lower the dpi")
        sheet = document[page - 1]
        bitmap = sheet.render(scale=scale, rev_byteorder=True)
        try:
            view = bitmap.to_numpy()[:, :, :3]
            grey = (view[:, :, 0] == view[:, :, 1]).all() and (view[:, :, 0] == view[:, :, 2]).all()
            return np.array(view[:, :, 0] if grey else view, order="C")
        finally:
            bitmap.close()
            sheet.close()
