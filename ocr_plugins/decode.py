"""From the bytes of a file to the pixels of one page.

Read are PNG, JPEG, WebP, BMP, GIF, TIFF, JPEG 2000, PNM and PDF; content decides over the
extension. PDF and TIFF have pages; of an animated GIF, PNG or WebP the first frame is the page.
What the pixels are like, and how many a page may have, see `ocr_plugins.pixels`: sizes are
checked before pixels are decoded.

Everything raises `SourceError`, and OSError where the file itself cannot be read.
"""

from __future__ import annotations

import importlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal

from ocr_plugins import pdf
from ocr_plugins.errors import OcrError, SourceError
from ocr_plugins.pixels import Pixels, check_size, quiet_pillow, stated_dpi, to_pixels, undecodable

if TYPE_CHECKING:
    from PIL import Image

Content = Path | bytes
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


def probe(content: Content, name: str) -> tuple[Format, int]:
    """The format and the number of pages of a file or of bytes, without decoding pixels.

    A lone page's size is checked too, where the header tells it. ``name`` is what messages call it.
    """
    kind = _sniff(content, name)
    if kind == "PDF":
        return kind, pdf.count_pages(content, name)
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
        return pdf.render(content, name, page, dpi), dpi
    with _picture(content, kind, name) as image:
        if page > 1:
            try:
                image.seek(page - 1)
            except EOFError:
                raise SourceError(f"there is no {name}", kind="no_such_page") from None
        check_size(*image.size, name)
        return to_pixels(image, name), stated_dpi(image)


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
def _picture(content: Content, kind: Format, name: str) -> Iterator[Image.Image]:
    module, plugin = _PILLOW[kind]
    opener: Callable[[Any], Image.Image] = getattr(importlib.import_module(f"PIL.{module}"), plugin)
    image: Image.Image | None = None
    with quiet_pillow(), io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
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
            raise undecodable(error, name, f"{name} is a damaged {kind}") from error


def _is_cut(file: Any, kind: Format, image: Any, error: Exception) -> bool:
    """Whether a file that could not be decoded ends before it should."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(8).ljust(8, b"\0")
    file.seek(max(0, size - 64))
    tail = file.read()
    if kind in _ENDS:
        return _ENDS[kind] not in (tail[-1:] if kind == "GIF" else tail)
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
