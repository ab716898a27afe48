"""The picture of a page as an image for a PDF: as it is where PDF can hold it, else without loss.

JPEG, JPEG 2000 and most PNG files go in as they are, encoded by nobody again. Everything else goes
in as the pixels that engines were given (see `ocr_plugins.pixels`): black and white as CCITT
group 4, the rest as deflated rows, or as JPEG on request.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr_plugins.formats.pdf_text_layer import Matrix
from ocr_plugins.pixels import quiet_pillow, stated_dpi
from ocr_plugins.source import PageRef

if TYPE_CHECKING:
    import pikepdf
    from PIL import Image

    from ocr_plugins.pixels import Pixels

# What it says of colour profiles is nothing that a user could act on.
logging.getLogger("img2pdf").addHandler(logging.NullHandler())

_HEAD = 1024
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_JP2 = b"\0\0\0\x0cjP  \r\n\x87\n"
#: Magic bytes -> Pillow's module and class, and the modes that a PDF can hold as they are.
_AS_IT_IS: dict[bytes, tuple[str, str, frozenset[str]]] = {
    _JPEG: ("JpegImagePlugin", "JpegImageFile", frozenset({"L", "RGB", "CMYK"})),
    _JP2: ("Jpeg2KImagePlugin", "Jpeg2KImageFile", frozenset({"L", "RGB"})),
    _PNG: ("PngImagePlugin", "PngImageFile", frozenset({"L", "RGB", "P", "I;16", "I"})),
}
# Where the unit square, y up, goes for each EXIF orientation: 6 is a picture to be turned right.
_TURNS: dict[int, Matrix] = {
    1: Matrix(1, 0, 0, 1, 0, 0),
    2: Matrix(-1, 0, 0, 1, 1, 0),
    3: Matrix(-1, 0, 0, -1, 1, 1),
    4: Matrix(1, 0, 0, -1, 0, 1),
    5: Matrix(0, -1, -1, 0, 1, 1),
    6: Matrix(0, -1, 1, 0, 0, 1),
    7: Matrix(0, 1, 1, 0, 0, 0),
    8: Matrix(0, 1, -1, 0, 1, 0),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An image, encoded for a PDF.

    ``pdf`` is a PDF whose only page holds nothing but it, ``size`` is (width, height) in pixels when
    it stands upright, ``turn`` maps the unit square so that it does, and ``dpi`` is what the picture
    states.
    """

    pdf: bytes
    size: tuple[int, int]
    turn: Matrix = _TURNS[1]
    dpi: float | None = None

    def copied_to(self, pdf: pikepdf.Pdf) -> pikepdf.Object:
        """The image as an indirect object of ``pdf``."""
        import pikepdf

        source = pikepdf.open(io.BytesIO(self.pdf))
        image = next(iter(source.pages[0].obj.Resources.XObject.as_dict().values()))
        return pdf.copy_foreign(image)


def is_pdf(content: Path | bytes | None) -> bool:
    """Whether a file that could be opened is a PDF and no picture."""
    head = _head(content)
    return b"%PDF-" in head and not head.startswith((*_AS_IT_IS, b"II", b"MM"))


def picture_of(ref: PageRef, jpeg_quality: int | None = None) -> Picture:
    """The picture of a page.

    Args:
        ref: where it is.
        jpeg_quality: 1 to 100 makes JPEG of grey and coloured pictures that are none; None keeps
            every pixel.

    Raises:
        SourceError: it cannot be had.
    """
    found = _as_it_is(ref.content(), lossy=jpeg_quality is not None)
    if found is not None:
        return found
    image = ref.load()
    return Picture(_wrapped(_encoded(image.pixels, jpeg_quality)), image.size, dpi=image.dpi)


def _as_it_is(content: Path | bytes | None, *, lossy: bool) -> Picture | None:
    """A file that needs no new encoding; None for all others, damaged ones among them."""
    head = _head(content)
    magic = next((magic for magic in _AS_IT_IS if head.startswith(magic)), None)
    if content is None or magic is None or (lossy and magic == _PNG):
        return None
    module, plugin, modes = _AS_IT_IS[magic]
    try:
        data = content if isinstance(content, bytes) else content.read_bytes()
        with quiet_pillow():
            image: Image.Image = _opener(module, plugin)(io.BytesIO(data))
            orientation = image.getexif().get(274, 1)
            odd = "transparency" in image.info or image.info.get("interlace") or _is_animated(image)
            if image.mode not in modes or odd:
                return None
            dpi = stated_dpi(image)
        turn = _TURNS.get(orientation, _TURNS[1])
        size = image.size if turn.a else image.size[::-1]
        return Picture(_wrapped(data), size, turn, dpi)
    except Exception:  # noqa: BLE001 - what is wrong with the file is told when its pixels are loaded
        return None


def _is_animated(image: Image.Image) -> bool:
    return bool(getattr(image, "is_animated", False))


def _head(content: Path | bytes | None) -> bytes:
    if content is None or isinstance(content, bytes):
        return (content or b"")[:_HEAD]
    try:
        with content.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""  # told when it is loaded


def _opener(module: str, plugin: str) -> Callable[[Any], Image.Image]:
    import importlib

    opener: Callable[[Any], Image.Image] = getattr(importlib.import_module(f"PIL.{module}"), plugin)
    return opener


def _encoded(pixels: Pixels, jpeg_quality: int | None) -> bytes:
    """A file that a PDF can hold: TIFF stands for CCITT group 4."""
    from PIL import Image

    image, file = Image.fromarray(pixels), io.BytesIO()
    with quiet_pillow():
        if pixels.ndim == 2 and bool(((pixels == 0) | (pixels == 255)).all()):
            image.convert("1", dither=Image.Dither.NONE).save(file, "TIFF")
        elif jpeg_quality is not None:
            image.save(file, "JPEG", quality=jpeg_quality)
        else:
            image.save(file, "PNG")
    return file.getvalue()


def _wrapped(data: bytes) -> bytes:
    """A PDF with one image, by img2pdf, which re-encodes nothing but TIFF."""
    import img2pdf
    from PIL import Image

    # The size was checked against limits of our own; Pillow's is a global that img2pdf cannot pass.
    with quiet_pillow(), warnings.catch_warnings(action="ignore"):
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            pdf: bytes = img2pdf.convert(
                [data],
                engine=img2pdf.Engine.internal,
                first_frame_only=True,
                nodate=True,
                rotation=img2pdf.Rotation.none,
                layout_fun=lambda *_: (100, 100, 100, 100),
            )
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    return pdf
