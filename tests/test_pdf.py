"""PDF files: rendered at the dpi, or one clear error."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path

import pypdfium2
import pytest
from pictures import assembled, kind_of, pdf

from ocr_plugins.decode import decode, probe
from ocr_plugins.errors import SourceError


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


@pytest.mark.parametrize(
    ("points", "dpi", "pixels"), [(216, 300.0, 900), (612, 150.0, 1275), (595.28, 300.0, 2481)]
)
def test_a_pdf_page_has_no_pixel_too_many(points: float, dpi: float, pixels: int) -> None:
    assert decode(pdf((points, 36)), "x.pdf", 1, dpi)[0].shape[1] == pixels


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
    link = tmp_path / "link.pdf"
    link.symlink_to(file)
    for path in (file, link):
        assert decode(path, "x.pdf", 1, 72.0)[0].shape == (72, 72)


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
