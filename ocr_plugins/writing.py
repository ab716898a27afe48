"""Pages into files: one for each page, or one for each document, in every format that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import SourceError
from ocr_plugins.formats import Format, Sheet, Writer
from ocr_plugins.formats.names import FileStems
from ocr_plugins.source import PageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCome:
    """A page that will be written: ``number`` is None where its source has one page only.

    ``ref`` leads to its picture, None where there is none. ``stem`` and ``document`` name the page's own file
    and that of its document, where names were given before; else they are made of id and source.
    """

    id: str
    source: str
    number: int | None
    ref: PageRef | None
    stem: str = ""
    document: str = ""

    @classmethod
    def of(cls, ref: PageRef) -> Self:
        """A page of its source, called by it."""
        return cls(id=ref.id, source=ref.source, number=ref.page if ref.pages > 1 else None, ref=ref)


class PageFiles:
    """Writes pages as files, in the order in which they come.

    Args:
        formats: what to write each page as.
        join: name, without ending, of the one file that all pages of a folder go into, in formats
            that hold several; None makes one a document.
        failed: is told of each page that could not be written.
    """

    def __init__(
        self, formats: Sequence[Format], *, join: str | None = None, failed: Callable[[PageError], None]
    ) -> None:
        self._formats = formats
        self._join = join
        self._failed = failed
        self._to_come: dict[str, ToCome] = {}
        # The names of pages' own files, and of the documents that pages are in.
        self._pages: dict[str, str] = {}
        self._documents: dict[str, str] = {}
        self._page_stems, self._document_stems = FileStems(), FileStems()
        # Of each folder and format, the name of the document that is being written, and its writer.
        self._open: dict[tuple[Path, str], tuple[str, Writer]] = {}

    def expect(self, pages: Iterable[ToCome]) -> None:
        """Names the pages to come, by their ids. Pages of one source in a row are a document."""
        head: ToCome | None = None
        for page in pages:
            self._to_come[page.id] = page
            self._pages[page.id] = page.stem or self._page_stems.add(page.id, page.source, page.number)
            if page.document:
                self._documents[page.id] = page.document
            elif self._join is not None:
                self._documents[page.id] = self._join
            elif head is not None and page.number and page.source == head.source:
                self._documents[page.id] = self._documents[head.id]
            else:
                head = page
                self._documents[page.id] = self._document_stems.add(page.id, page.source, None)

    def add(self, page: Page, folder: Path) -> None:
        """Writes one page into ``folder``."""
        expected = self._to_come[page.id or ""]
        for one in self._formats:
            writer = self._writer(one, folder, expected.id)
            try:
                writer.add(Sheet(page=page, ref=expected.ref))
            except SourceError as error:
                self._failed(_unwritten(page, error))
            if not one.many:
                writer.close()

    def close(self) -> None:
        """Ends all files that are being written."""
        while self._open:
            self._open.popitem()[1][1].close()

    def _writer(self, one: Format, folder: Path, page_id: str) -> Writer:
        assert one.open is not None  # noqa: S101 - only such formats are chosen
        if not one.many:
            return one.open(folder / (self._pages[page_id] + one.ending))
        name = self._documents[page_id]
        before = self._open.get((folder, one.name))
        if before is not None and before[0] == name:
            return before[1]
        if before is not None:
            before[1].close()
        writer = one.open(folder / (name + one.ending))
        self._open[folder, one.name] = (name, writer)
        return writer


def _unwritten(page: Page, error: SourceError) -> PageError:
    return PageError.of(error, page.source, page=page.page, id=page.id, level=page.level)
