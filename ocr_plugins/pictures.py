"""Pictures of pages for people, small enough to have many of them in one file."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr_plugins.document import Box
from ocr_plugins.image import PageImage

LONGEST_SIDE = 1600
JPEG_QUALITY = 80
# What antialiasing adds to a black and white page fits into this many greys: four bits a pixel.
GREYS = 16


def encoded(image: PageImage, longest: int = LONGEST_SIDE) -> tuple[str, bytes]:
    """The image, at most so many pixels on its longer side, as JPEG or PNG, whichever is smaller.

    Returns:
        The media type, and the file's bytes.
    """
    grey = _grey(image.pixels)
    picture = Image.fromarray(image.pixels if grey is None else grey)
    if max(picture.size) > longest:
        picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    data = _jpeg(picture)
    if _is_clean(image.pixels if grey is None else grey):
        png = _png(picture, bitonal=grey is not None and _is_bitonal(grey))
        if len(png) < len(data):
            return "image/png", png
    return "image/jpeg", data


def data_uri(image: PageImage) -> str:
    """The image, at most 1600 pixels on its longer side, as a data URI."""
    kind, data = encoded(image)
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def cut_out(
    image: NDArray[np.uint8], box: Box, beside: float, above: float
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """A box with what is around it, in its heights, and where the left top corner of that is in the image.

    At least one pixel, wherever the box is.
    """
    x0, y0, x1, y1 = box
    high = max(y1 - y0, 1.0)
    height, width = image.shape[:2]
    left, right = max(0, int(x0 - beside * high)), min(width, int(np.ceil(x1 + beside * high)))
    top, bottom = max(0, int(y0 - above * high)), min(height, int(np.ceil(y1 + above * high)))
    left, top = min(left, width - 1), min(top, height - 1)
    return image[top : max(bottom, top + 1), left : max(right, left + 1)], (left, top)


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The page in one channel where its colours are only greys, else None."""
    if pixels.ndim == 2:
        return pixels
    red = pixels[:, :, 0]
    if np.array_equal(red, pixels[:, :, 1]) and np.array_equal(red, pixels[:, :, 2]):
        return np.ascontiguousarray(red)
    return None


def _is_clean(pixels: NDArray[np.uint8]) -> bool:
    """Most of the page is exactly one value: only then can PNG win, and it is slow to try."""
    channel = pixels if pixels.ndim == 2 else pixels[:, :, 1]
    return bool(np.bincount(channel.ravel(), minlength=256).max() > channel.size / 2)


def _is_bitonal(grey: NDArray[np.uint8]) -> bool:
    return int(np.count_nonzero(np.bincount(grey.ravel(), minlength=256))) <= 2


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return buffer.getvalue()


def _png(picture: Image.Image, *, bitonal: bool) -> bytes:
    if bitonal:
        step = 255 // (GREYS - 1)
        levels = (np.asarray(picture, dtype=np.uint16) + step // 2) // step
        picture = Image.fromarray(levels.astype(np.uint8)).convert("P")
        picture.putpalette([level * step for level in range(GREYS) for _ in range(3)])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **({"bits": 4} if bitonal else {}))
    return buffer.getvalue()
