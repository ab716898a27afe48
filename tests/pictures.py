"""Pictures and files made on the fly, and what goes wrong in reading them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocr_plugins.decode import decode, probe
from ocr_plugins.errors import SourceError

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


def png(header: tuple[int, int, int, int], *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand: (width, height, depth, colour type) and chunks after the header."""
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", struct.pack(">IIBBBBB", *header, 0, 0, 0)), *chunks, (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data


def tiff(tags: dict[int, tuple[int, int]], strip: bytes) -> bytes:
    """A little-endian TIFF with one strip: tag -> (type, value)."""
    count = len(tags) + 2
    entries = {**tags, 273: (4, 8 + 2 + 12 * count + 4), 279: (4, len(strip))}
    body = b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in sorted(entries.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, count) + body + struct.pack("<I", 0) + strip


def kind_of(data: bytes, name: str = "scan.png") -> str:
    """The kind of error that reading raises, in whichever step."""

    def read() -> None:
        probe(data, name)
        decode(data, name)

    with pytest.raises(SourceError) as caught:
        read()
    assert name in caught.value.message
    return caught.value.kind
