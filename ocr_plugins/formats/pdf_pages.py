"""Pages that come out of a PDF: where their pixels lie on them, and copies with more on them.

The copies are the source's own objects: vectors, images, fonts, links. A run of pages that is the
whole file keeps the file's outline, forms and metadata too.
"""

from __future__ import annotations

import copy
import ctypes
import io
import itertools
import logging
import math
import operator
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ocr_plugins.errors import SourceError
from ocr_plugins.formats.pdf_images import Picture
from ocr_plugins.formats.pdf_text_layer import Matrix
from ocr_plugins.pdf import opened as opened_by_pdfium
from ocr_plugins.source import DEFAULT_DPI, PageRef

if TYPE_CHECKING:
    import pikepdf

# Its records tell, with tracebacks, what it mended.
logging.getLogger("pikepdf").addHandler(logging.NullHandler())

#: What the resources of pages call the text's font.
FONT = "OcrPluginsText"
_REPAIR = "export the PDF again, or try to repair it: qpdf IN OUT"


@dataclass(frozen=True, slots=True)
class View:
    """How a PDF's page looks when it is rendered: its size in pixels, where they lie, its text."""

    size: tuple[int, int]
    to_user_space: Matrix
    has_text: bool


def view_of(ref: PageRef, content: Path | bytes, name: str, size: tuple[int, int] | None) -> View:
    """A PDF's page as PDFium shows it, with what that makes of boxes and rotation.

    Args:
        ref: the page; its dpi is what it was rendered at.
        content: the file, or its bytes.
        name: what messages call the page.
        size: (width, height) in pixels of the page as it was read; None takes the rendered one.

    Raises:
        SourceError: PDFium cannot open the file or the page.
    """
    from pypdfium2 import raw

    with opened_by_pdfium(content, name) as document:
        page = document[ref.page - 1]
        if size is None:
            scale = (ref.dpi or DEFAULT_DPI) / 72
            width, height = (max(1, math.ceil(side * scale)) for side in page.get_size())
        else:
            width, height = size

        def user(x: int, y: int) -> tuple[float, float]:
            found = ctypes.c_double(), ctypes.c_double()
            raw.FPDF_DeviceToPage(page, 0, 0, width, height, 0, x, y, *found)
            return found[0].value, found[1].value

        (e, f), (x1, y1), (x2, y2) = user(0, 0), user(width, 0), user(0, height)
        matrix = Matrix((x1 - e) / width, (y1 - f) / width, (x2 - e) / height, (y2 - f) / height, e, f)
        has_text = bool(page.get_textpage().get_text_range().strip())
        return View((width, height), matrix, has_text)


class PdfCopy:
    """A copy of a PDF whose pages get text.

    Args:
        path: of the copy.
        ref: one of the pages; what is read as long as this lives.
        content: the file, or its bytes.
        name: what messages call the file.

    Raises:
        SourceError: the file is encrypted, with whatever password, or damaged.
    """

    def __init__(self, path: Path, ref: PageRef, content: Path | bytes, name: str) -> None:
        import pikepdf

        self.path = path
        self._name = name
        self._content = content
        # A remote file lives as long as a reference to it.
        self._ref = ref
        self._layers: dict[int, bytes] = {}
        with ExitStack() as opened, _as_source_errors(name):
            # Names of files need not be Unicode, which pikepdf wants.
            file: BinaryIO = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
            opened.enter_context(file)
            self._pdf = opened.enter_context(pikepdf.open(file))
            #: How many pages it has.
            self.pages = len(self._pdf.pages)
            self._opened = opened.pop_all()
        if self._pdf.is_encrypted:
            self.discard()
            hint = "remove the restrictions, if you may: qpdf --decrypt IN OUT"
            raise SourceError(f"{name} is encrypted", hint, "encrypted")

    def has_room_for(self, ref: PageRef, content: Path | bytes) -> bool:
        """Whether the page is one of this file's that was not added yet."""
        same = content is self._content or (isinstance(content, Path) and content == self._content)
        return same and ref.page not in self._layers

    def add(self, page: int, layer: bytes) -> None:
        """Puts text on a page, by its number from 1. Raises SourceError for one that is not there."""
        if page > self.pages:
            raise SourceError(f"{self._name} is a damaged PDF", _REPAIR, "corrupt")
        self._layers[page] = layer

    def save(self) -> None:
        """Writes the copy with all its pages. Raises SourceError where the file is damaged."""
        with _as_source_errors(self._name), self._opened:
            for number, layer in self._layers.items():
                add_layer(self._pdf, self._pdf.pages[number - 1], layer)
            self._pdf.save(self.path, deterministic_id=True)

    def discard(self) -> None:
        self._opened.close()


def save_page(path: Path, size: tuple[float, float], layer: bytes, picture: Picture | None) -> None:
    """Writes a PDF of one page.

    Args:
        path: the file to make.
        size: (width, height) of the page in points.
        layer: operators of the text.
        picture: what fills the page.
    """
    import pikepdf
    from pikepdf import Dictionary

    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=size)
        del page.obj["/Contents"]
        if picture is not None:
            page.obj.Resources = Dictionary(XObject=Dictionary(Im=picture.copied_to(pdf)))
            place = picture.turn.then(Matrix(size[0], 0, 0, size[1], 0, 0))
            numbers = " ".join(f"{number:.5f}" for number in place)
            page.obj.Contents = pikepdf.Stream(pdf, f"q {numbers} cm /Im Do Q\n".encode("ascii"))
        add_layer(pdf, page, layer)
        pdf.save(path, min_version="1.5")


def join(parts: Iterable[tuple[Path, int]], path: Path) -> None:
    """Makes one PDF of pages of several, each by its file and number from 1.

    Raises:
        SourceError: one of the files is damaged.
    """
    import pikepdf

    groups = itertools.groupby(parts, key=operator.itemgetter(0))
    pages = [{"file": str(file), "range": ",".join(str(n) for _, n in group)} for file, group in groups]
    # Copied from object to object, pictures would all come into memory; qpdf's own job leaves them on disk.
    job = pikepdf.Job(
        {"empty": "", "outputFile": str(path), "noWarn": "", "deterministicId": "", "pages": pages}
    )
    with _as_source_errors(path.name):
        job.run()


def add_layer(pdf: pikepdf.Pdf, page: pikepdf.Page, layer: bytes) -> None:
    """Draws ``layer`` on a page, if there is any; its font is set by `set_font`.

    It comes before the page's own content, because what that leaves behind may be any coordinate
    system; the text is invisible, so nothing hides it.
    """
    import pikepdf
    from pikepdf import Array, Dictionary, Name

    if layer:
        # Several pages may share one dictionary.
        resources = copy.copy(page.obj.get("/Resources", Dictionary()))
        resources.Font = copy.copy(resources.get("/Font", Dictionary()))
        page.obj.Resources = resources
        own = page.obj.get("/Contents")
        before = [] if own is None else list(own.as_list()) if isinstance(own, Array) else [own]
        stream = pikepdf.Stream(pdf, zlib.compress(layer), Filter=Name.FlateDecode)
        page.obj.Contents = Array([stream, *before])


def set_font(page: pikepdf.Page, font: pikepdf.Object) -> None:
    """Gives a page with a text layer the font of its text."""
    page.obj.Resources.Font["/" + FONT] = font


@contextmanager
def _as_source_errors(name: str) -> Iterator[None]:
    import pikepdf

    try:
        yield
    except pikepdf.PasswordError as error:
        hint = "remove the password: qpdf --password=... --decrypt IN OUT"
        raise SourceError(f"{name} is encrypted", hint, "encrypted") from error
    except pikepdf.PdfError as error:
        raise SourceError(f"{name} is a damaged PDF", _REPAIR, "corrupt") from error
