"""PDF files -> the number of their pages, and the pixels of one, by PDFium."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ocr_plugins.errors import SourceError
from ocr_plugins.pixels import Pixels, check_size, copied

# PDFium is not made for threads.
_PDFIUM_LOCK = threading.RLock()
# Sizes in floating-point numbers are off by so much at most, as a share.
_ROUNDING = 1e-6


def count_pages(content: Path | bytes, name: str) -> int:
    """The number of pages. Raises SourceError for a file that cannot be opened."""
    with opened(content, name) as document:
        return len(document)


def render(content: Path | bytes, name: str, page: int, dpi: float) -> Pixels:
    """Page ``page`` (from 1), without its alpha; in grey where it has no colour."""
    import pypdfium2

    with opened(content, name) as document:
        # Forms of the XFA kind make pypdfium2 log a warning.
        if document.get_formtype() == pypdfium2.raw.FORMTYPE_ACRO_FORM:
            document.init_forms()
        if page > len(document):
            raise SourceError(f"there is no {name}", kind="no_such_page")
        # PDFium rounds up: without this, 216 pt at 300 dpi, 900.0000000000001, would be 901 pixels.
        scale = dpi / 72 * (1 - _ROUNDING)
        width, height = (math.ceil(side * scale) for side in document.get_page_size(page - 1))
        check_size(width, height, name, "lower the dpi")
        sheet = document[page - 1]
        bitmap = sheet.render(scale=scale, rev_byteorder=True)
        try:
            view = bitmap.to_numpy()[:, :, :3]
            grey = (view[:, :, 0] == view[:, :, 1]).all() and (view[:, :, 0] == view[:, :, 2]).all()
            return copied(view[:, :, 0] if grey else view)
        finally:
            bitmap.close()
            sheet.close()


@contextmanager
def opened(content: Path | bytes, name: str) -> Iterator[Any]:
    """A PDF by PDFium, which no other thread may use meanwhile. Raises SourceError."""
    import pypdfium2

    with _PDFIUM_LOCK:
        # PDFium opens no document without pages but sets no error for it either, and the last
        # error stays: so provoke one that our file, which could be read, cannot have.
        pypdfium2.raw.FPDF_LoadDocument(b"", None)
        try:
            document = pypdfium2.PdfDocument(_for_pdfium(content))
        except pypdfium2.PdfiumError as error:
            raise _unopened(pypdfium2.raw.FPDF_GetLastError(), name) from error
        try:
            yield document
        except pypdfium2.PdfiumError as error:
            hint = "export the PDF again, or try to repair it: qpdf IN OUT"
            raise SourceError(f"{name} could not be rendered", hint, "corrupt") from error
        finally:
            document.close()


def _unopened(code: int, name: str) -> SourceError:
    from pypdfium2 import raw

    if code == raw.FPDF_ERR_FILE:
        return SourceError(f"{name} has no pages", "export it again", "no_pages")
    if code == raw.FPDF_ERR_PASSWORD:
        hint = "remove the password: qpdf --password=... --decrypt IN OUT"
        return SourceError(f"{name} is encrypted", hint, "encrypted")
    if code == raw.FPDF_ERR_SECURITY:
        return SourceError(f"{name} is encrypted in an unknown way", "print it to a new PDF", "encrypted")
    hint = "export it again, or try to repair it: qpdf IN OUT"
    return SourceError(f"{name} is a damaged PDF", hint, "corrupt")


def _for_pdfium(content: Path | bytes) -> Path | bytes:
    if isinstance(content, bytes):
        return content
    # As pypdfium2 does it, but without taking a leading ~ for a home folder.
    path = content.resolve()
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return path.read_bytes()
    return path
