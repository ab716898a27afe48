"""Searchable PDF: the pages as they were, with the text that was read lying invisibly over them.

A page that comes out of a PDF is copied, so that its drawings, pictures and links stay what they are;
all others become a page with their picture. What goes in without loss, and what as it is, see
`ocr_plugins.formats.pdf_images`; where the text stands, `ocr_plugins.formats.pdf_text_layer`.

The file is put together from one small PDF a page, or a run of pages of one PDF, in a hidden folder
beside it; so no more than one page is held in memory. The same pages give the same bytes.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ocr_plugins.document import Page
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.formats.base import Format, Sheet
from ocr_plugins.formats.pdf_font import GlyphlessFont
from ocr_plugins.formats.pdf_images import Picture, is_pdf, picture_of
from ocr_plugins.formats.pdf_pages import FONT, PdfCopy, join, save_page, set_font, view_of
from ocr_plugins.formats.pdf_text_layer import Matrix, text_layer
from ocr_plugins.paths import short_name, shown
from ocr_plugins.source import DEFAULT_DPI, PageRef

if TYPE_CHECKING:
    import pikepdf

#: What becomes of a page of a PDF that has text already.
ExistingText = Literal["refuse", "keep", "replace"]

_NEEDED = ("pikepdf", "img2pdf", "fontTools")
# As the adapter of Tesseract guesses it: as if as wide as a sheet of A4, in inches.
_SHEET_WIDTH, _LEAST_DPI, _MOST_DPI = 8.27, 100.0, 400.0
# A page's sides in points: ISO 32000-1, Annex C.
_LEAST_SIDE, _MOST_SIDE = 3.0, 14400.0


class PdfWriter:
    """Writes one searchable PDF; see `ocr_plugins.formats.base.Writer`.

    Args:
        path: the file to make; its folder is made too.
        existing_text: what becomes of a page of a PDF that has text already: ``refuse`` raises
            SourceError, ``keep`` takes the page as it is and leaves out what was read, ``replace``
            puts a picture of the page in its place, with what was read.
        jpeg_quality: 1 to 100 makes JPEG of grey and coloured pictures that are none, which is
            smaller and loses something; None keeps every pixel.
        language: of the text, as in BCP 47; None takes the first language it was read in.

    Raises:
        CallError: an unknown setting, a path that is no Unicode, or what the format needs is not
            installed.
    """

    def __init__(
        self,
        path: Path,
        *,
        existing_text: ExistingText = "refuse",
        jpeg_quality: int | None = None,
        language: str | None = None,
    ) -> None:
        _check(path, existing_text, jpeg_quality)
        self._path = path
        self._existing_text = existing_text
        self._jpeg_quality = jpeg_quality
        self._language = language
        self._folder = path.with_name(f".{path.name}.part")
        self._started = False
        self._font = GlyphlessFont()
        self._copy: PdfCopy | None = None
        self._broken: SourceError | None = None
        self._pages: list[tuple[Path, int]] = []
        # For each page, whether it has a text layer.
        self._drawn: list[bool] = []
        self._files = 0
        self._sources: set[str] = set()

    def add(self, sheet: Sheet) -> None:
        """Writes the next page.

        Raises:
            SourceError: its picture cannot be had or its size is not known; or, of the kind
                ``has_text``, it has text already.
        """
        ref = sheet.ref
        content = ref.content() if ref is not None else None
        self._start()
        if ref is not None and content is not None and is_pdf(content):
            self._add_copy(sheet.page, ref, content)
        else:
            self._add_picture(sheet.page, ref)
        self._sources.add(sheet.page.source)
        if self._language is None and sheet.page.provenance is not None:
            self._language = str(sheet.page.provenance.options.get("lang", "")).split("+")[0] or None

    def close(self) -> None:
        """Ends the file and gives it its name. A file without pages is not made.

        Raises:
            SourceError: a PDF that pages came from is damaged.
        """
        try:
            if self._pages:
                self._finished(self._parts_in_one()).replace(self._path)
        finally:
            self.discard()

    def discard(self) -> None:
        if self._copy is not None:
            self._copy.discard()
            self._copy = None
        if self._started:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._started = False
        self._pages = []

    def _start(self) -> None:
        if not self._started:
            # A run that was killed may have left one.
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
            self._started = True

    def _add_copy(self, page: Page, ref: PageRef, content: Path | bytes) -> None:
        name = _name(ref)
        view = view_of(ref, content, name, page.size)
        if view.has_text and self._existing_text == "refuse":
            hint = "to go on, take --existing-text keep or --existing-text replace"
            raise SourceError(f"{name} has text already", hint, "has_text")
        if view.has_text and self._existing_text == "replace":
            self._add_picture(page, ref)
            return
        copy = self._copy
        if copy is None or not copy.has_room_for(ref, content):
            copy = PdfCopy(self._new_file(), ref, content, short_name(ref.source))
        layer = b"" if view.has_text else text_layer(page, view.size, view.to_user_space, self._font, FONT)
        copy.add(ref.page, layer)
        if copy is not self._copy:
            self._end_copy()
            self._copy = copy
        self._pages.append((copy.path, ref.page))
        self._drawn.append(bool(layer))

    def _add_picture(self, page: Page, ref: PageRef | None) -> None:
        picture = None if ref is None else picture_of(ref, self._jpeg_quality)
        pixels = page.size or (picture.size if picture else None)
        if pixels is None:
            hint = "give its picture, or OCR output that tells the page's size"
            raise SourceError(f"{short_name(page.source)} has no size", hint, "no_size")
        size = _points(pixels, _dpi(page, picture))
        layer = text_layer(page, pixels, Matrix.to_user_space(pixels, *size), self._font, FONT)
        path = self._new_file()
        save_page(path, size, layer, picture)
        self._pages.append((path, 1))
        self._drawn.append(bool(layer))

    def _end_copy(self) -> None:
        if self._copy is not None:
            copy, self._copy = self._copy, None
            try:
                copy.save()
            except SourceError as error:
                # Told at the end: the page that is being added has nothing to do with it.
                self._broken = self._broken or error

    def _parts_in_one(self) -> Path:
        """All pages in their order; a PDF that all came from keeps its outline and whatever it has."""
        files = {path for path, _ in self._pages}
        copy = self._copy
        self._end_copy()
        if self._broken is not None:
            raise self._broken
        if copy is not None and self._pages == [(copy.path, n) for n in range(1, copy.pages + 1)]:
            return copy.path
        whole = self._new_file()
        join(self._pages, whole)
        for path in files:
            path.unlink()
        return whole

    def _finished(self, joined: Path) -> Path:
        """The whole file, still under another name."""
        import pikepdf

        whole = self._new_file()
        with pikepdf.open(joined, access_mode=pikepdf.AccessMode.stream) as pdf:
            if any(self._drawn):
                font = self._font.embedded(pdf)
                for page, drawn in zip(pdf.pages, self._drawn, strict=True):
                    if drawn:
                        set_font(page, font)
            self._describe(pdf)
            pdf.save(whole, deterministic_id=True, min_version="1.5")
        return whole

    def _describe(self, pdf: pikepdf.Pdf) -> None:
        from pikepdf import String

        with pdf.open_metadata(set_pikepdf_as_editor=False) as about:
            with warnings.catch_warnings(action="ignore"):  # about dates that are none
                about.load_from_docinfo(pdf.docinfo)
            about["pdf:Producer"] = f"ocr-plugins {importlib.metadata.version('ocr-plugins')}"
            if not about.get("dc:title"):
                (source,) = self._sources if len(self._sources) == 1 else (self._path.stem,)
                about["dc:title"] = shown(short_name(source))
        if self._language and "/Lang" not in pdf.Root:
            pdf.Root.Lang = String(self._language)

    def _new_file(self) -> Path:
        self._files += 1
        return self._folder / f"{self._files:06}.pdf"


def _check(path: Path, existing_text: str, jpeg_quality: int | None) -> None:
    if existing_text not in get_args(ExistingText):
        raise CallError(
            f"existing text is to be {existing_text!r}", f"choose one of {', '.join(get_args(ExistingText))}"
        )
    if jpeg_quality is not None and not 1 <= jpeg_quality <= 100:
        raise CallError(f"the JPEG quality is {jpeg_quality!r}", "choose a number from 1 to 100")
    if shown(str(path)) != str(path):
        raise CallError(f"the path {shown(str(path))} is no Unicode", "choose another folder for PDF files")
    missing = [module for module in _NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        raise CallError(
            f"the format pdf needs {' and '.join(missing)}, not installed here",
            'pip install "ocr-plugins[pdf]"',
            "not_installed",
        )


def _name(ref: PageRef) -> str:
    name = short_name(ref.source)
    return f"page {ref.page} of {name}" if ref.pages > 1 else name


def _dpi(page: Page, picture: Picture | None) -> float:
    if page.dpi is not None:
        return page.dpi
    if picture is None:
        return DEFAULT_DPI
    if picture.dpi is not None:
        return picture.dpi
    return min(max(min(picture.size) / _SHEET_WIDTH, _LEAST_DPI), _MOST_DPI)


def _points(pixels: tuple[int, int], dpi: float) -> tuple[float, float]:
    """A page's size in points. What is too slim for both limits is widened."""
    dpi = max(min(dpi, 72 * min(pixels) / _LEAST_SIDE), 72 * max(pixels) / _MOST_SIDE)
    width, height = (max(_LEAST_SIDE, _side(side, dpi / 72)) for side in pixels)
    return width, height


def _side(pixels: int, scale: float) -> float:
    # Whoever renders the page rounds up (PDFium from 32 bits): a hair too long is a pixel too many.
    points = round(pixels / scale, 3)
    return points if math.ceil(float(np.float32(points)) * scale) <= pixels else round(points - 0.001, 3)


PDF = Format(
    name="pdf",
    ending=".pdf",
    help="searchable PDF: the pages, with their text over them",
    open=PdfWriter,
    many=True,
)
